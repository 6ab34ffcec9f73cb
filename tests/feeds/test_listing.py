"""Days with entries that carry no reference are listed; what has references throughout is not."""

import re
from datetime import date

import pytest

from models.facts import EntriesListed, EntryBooked
from streams.feeds import listing
from streams.feeds.intake import ProvedFile, prove, told
from tests.feeds.made import ccb, ccb_row, proved
from tests.streams.deliveries import statement

DAY = date(2024, 3, 5)
TODAY = date(2024, 3, 20)
ENTRIES = (("C", 300_000, "学费"), ("C", 300_000, "学费"), ("D", 100, "x"), ("D", 100, "y"))
WITH = statement("62-A", DAY, 0, *ENTRIES)
WITHOUT = re.sub("<AcctSvcrRef>.*?</AcctSvcrRef>", "", WITH)
MIXED = re.sub("<AcctSvcrRef>R202403050001</AcctSvcrRef>", "", WITH)


def _listings(file: ProvedFile) -> list[EntriesListed]:
    return [one.fact for one in told(file) if isinstance(one.fact, EntriesListed)]


def _serials(file: ProvedFile) -> set[str]:
    return {one.fact.serial for one in told(file) if isinstance(one.fact, EntryBooked)}


def test_a_statement_with_references_lists_nothing() -> None:
    """No fact more than before where the bank tells entries apart."""
    assert [] == _listings(proved(WITH))
    assert [] == _listings(proved(ccb(ccb_row())))


def test_all_without_references_are_listed() -> None:
    """Each serial once, sorted; equal entries by their place among equals."""
    file = proved(WITHOUT)
    (one,) = _listings(file)

    assert ("62-A", DAY, ()) == (one.account, one.day, one.referenced)
    assert sorted(_serials(file)) == list(one.unreferenced)
    assert 1 == sum(serial.endswith("#2") for serial in one.unreferenced)


def test_a_table_whose_serials_are_empty_is_listed() -> None:
    """The column is there and holds nothing: the rows are known by what they say."""
    rows = [ccb_row("", "", "10.00", "10.00"), ccb_row("", "", "10.00", "20.00")]
    file = proved(ccb(*rows))
    (one,) = _listings(file)

    assert 2 == len(one.unreferenced) == len(_serials(file))


def test_a_listing_says_with_what_the_day_begins_and_ends() -> None:
    """The statement's opening and what was booked before and on the day; else nothing."""
    (whole,) = _listings(proved(WITHOUT))
    assert (0, 599_800) == (whole.opening_fen, whole.closing_fen)
    second = WITHOUT[WITHOUT.index("<Ntry>") : WITHOUT.index("</Stmt>")]
    later = second.replace(f"<Dt>{DAY}</Dt></BookgDt>", "<Dt>2024-03-06</Dt></BookgDt>")
    text = WITHOUT.replace("</Stmt>", f"{later}</Stmt>").replace(">5998.00<", ">11996.00<")
    text = text.replace("<ToDtTm>2024-03-05", "<ToDtTm>2024-03-06")
    balances = [(one.opening_fen, one.closing_fen) for one in _listings(proved(text))]
    assert [(0, 599_800), (599_800, 1_199_600)] == balances
    bare = re.sub("<Bal>.*?</Bal>", "", WITHOUT)
    (one,) = _listings(proved(bare))
    assert (None, None) == (one.opening_fen, one.closing_fen)


def test_beside_one_without_stand_those_of_its_amount() -> None:
    """Another entry of the amount with a reference is listed, other amounts are not."""
    (one,) = _listings(proved(MIXED))

    assert ("R202403050002",) == one.referenced
    assert 1 == len(one.unreferenced)


def test_a_listing_ends_between_two_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above its size a day has several listings, and each amount stands in one of them."""
    monkeypatch.setattr(listing, "LISTED_MAX", 2)
    first, second = _listings(proved(WITHOUT))

    assert {2} == {len(first.unreferenced), len(second.unreferenced)}
    assert set() == set(first.unreferenced) & set(second.unreferenced)
    assert _serials(proved(WITHOUT)) == {*first.unreferenced, *second.unreferenced}


def test_a_large_file_lists_the_same() -> None:
    """Read in two passes, the facts and their number are those of a small file."""
    small = proved(WITHOUT)
    large = prove(WITHOUT.encode(), TODAY, keep_bytes_max=0)

    assert [one.fact for one in told(small)] == [one.fact for one in told(large)]
    assert large.facts == len(list(told(large)))


@pytest.mark.parametrize("order", [(5, 6), (6, 5), (5, 6, 5)])
def test_days_out_of_order_are_listed_whole(order: tuple[int, ...]) -> None:
    """Also where a statement returns to a day, each day is one listing."""
    days = "".join(
        WITHOUT[WITHOUT.index("<Ntry>") : WITHOUT.index("</Stmt>")]
        .replace("<BookgDt><Dt>2024-03-05", f"<BookgDt><Dt>2024-03-0{day}")
        .replace(">学费<", f">学费 {place}<")
        for place, day in enumerate(order)
    )
    text = WITHOUT[: WITHOUT.index("<Bal>")] + days + "</Stmt></BkToCstmrStmt></Document>"
    text = text.replace("<ToDtTm>2024-03-05", "<ToDtTm>2024-03-06")
    listings = _listings(proved(text))

    assert sorted({date(2024, 3, day) for day in order}) == sorted(one.day for one in listings)
    assert _serials(proved(text)) == {each for one in listings for each in one.unreferenced}


def test_what_is_held_lists_nothing() -> None:
    """A statement that does not prove holds its listing with its entries."""
    file = proved(WITHOUT.replace(">6000.00<", ">6000.01<").replace(">5998.00<", ">5998.01<"))

    assert not file.statements[0].consistent
    assert [] == _listings(file)
    assert any("EntriesListed" in one.body for one in file.held)
