"""One month of one account delivered as statement, notification and report counts once."""

from datetime import date

import pytest

from models.facts import EntryAnnounced, EntryBooked, Told
from models.keys import fact_id
from streams.feeds.intake import told
from tests.feeds.made import balance, camt, entry, proved, statement

ROOTS = {
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}


def as_message(message: str, content: str) -> str:
    """A statement rewritten as report or notification."""
    root, name = ROOTS[message]
    content = content.replace("BkToCstmrStmt", root).replace("camt.053", f"camt.{message}")
    return content.replace("<Stmt>", f"<{name}>").replace("</Stmt>", f"</{name}>")


def day(*entries: str) -> str:
    """A statement whose closing follows from its credits of 100.00."""
    closing = f"{1000 + 100 * len(entries)}.00"
    return camt(statement(balance("OPBD", "1000.00"), balance("CLBD", closing), *entries))


def facts(*contents: str) -> list[Told]:
    """Everything that these files tell."""
    return [one for content in contents for one in told(proved(content))]


def booked(found: list[Told]) -> dict[str, EntryBooked]:
    """The booked entries by their ids."""
    return {fact_id(one.fact): one.fact for one in found if isinstance(one.fact, EntryBooked)}


@pytest.mark.parametrize("message", ROOTS)
def test_entry_told_twice_is_one_fact_with_two_sightings(message: str) -> None:
    """The bank's own reference makes them one, and their contents are equal."""
    content = day(entry("R1"), entry("R2"))
    found = facts(content, as_message(message, content))

    assert booked(found) == booked(facts(content))
    sightings = [one for one in found if isinstance(one.fact, EntryBooked)]
    assert 4 == len(sightings)
    assert 2 == len({one.file for one in sightings})


@pytest.mark.parametrize("message", ROOTS)
def test_entry_without_the_banks_reference_counts_only_in_the_statement(message: str) -> None:
    """A report that cannot be paired announces; the balance effect is that of the statement."""
    content = day(entry("", details="<TxDtls/>"), entry("", details="<TxDtls/>"))
    found = facts(as_message(message, content), content)

    assert booked(found) == booked(facts(content))
    assert 2 == len(booked(found))
    announced = [one.fact for one in found if isinstance(one.fact, EntryAnnounced)]
    assert ["INFO", "INFO"] == [one.status for one in announced]


def test_five_pairs_that_cannot_be_told_apart_stay_five() -> None:
    """Equal entries keep their ordinals, and none of the notification is added to them."""
    content = day(*[entry("")] * 5)
    found = facts(as_message("054", content), content, as_message("052", content))

    assert 5 == len(booked(found))
    assert 50_000 == sum(fact.amount_fen for fact in booked(found).values())
    announced = {fact_id(one.fact) for one in found if isinstance(one.fact, EntryAnnounced)}
    assert 5 == len(announced)


def test_pending_entry_is_another_fact_than_the_booked_one() -> None:
    """Only the booked one counts."""
    content = day(entry("R1"))
    pending = as_message("052", content).replace("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>")
    found = facts(pending, content)

    assert booked(found) == booked(facts(content))
    (announced,) = [one.fact for one in found if isinstance(one.fact, EntryAnnounced)]
    assert ("PENDING", "R1", date(2024, 3, 5)) == (
        announced.status,
        announced.serial,
        announced.booking_date,
    )
