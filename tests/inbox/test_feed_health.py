"""The page of the feeds says of each account how far it reaches, what is missing, what waits."""

import re
from datetime import date

import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert

from alerts.inbox.journal import token
from alerts.inbox.unconfirmed import late_of
from models import facts as f
from models.findings import Finding, LevelWord, Step
from models.identity import mask_account
from models.keys import fact_id
from models.store import tables
from models.store.engine import writing
from tests.inbox import world

OTHER = "6217009999990000001"
EN = {"lang": "en"}


def row(client: TestClient, account: str, **query: str) -> list[str]:
    """The cells of an account's row, as plain text."""
    page = client.get("/feeds", params=EN | query).text
    for found in re.findall(r"<tr data-row>(.*?)</tr>", page, re.DOTALL):
        cells = [
            " ".join(re.sub(r"<[^>]+>", "", cell).split())
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", found, re.DOTALL)
        ]
        if cells[1] == mask_account(account):
            return cells
    return []


def about(rule: str, subject: str, level: LevelWord, day: date, *steps: Step) -> Finding:
    """A finding about a feed."""
    return Finding(
        rule=rule,
        kind="data",
        level=level,
        institution="NC-0001",
        subject=subject,
        day=day,
        amount_fen=None,
        evidence=(),
        formula=steps,
        policy="0" * 16,
    )


def balance(day: date) -> f.BalanceReported:
    """An opening balance of the account of the world."""
    return f.BalanceReported(account=world.ACCOUNT, day=day, what="opening", balance_fen=1)


def test_account_in_order(inbox: FastAPI, client: TestClient) -> None:
    """Bank, institution, last entry and statement, nothing missing, proved from its first day."""
    world.tell(inbox.state.inbox.engine, [balance(date(2024, 3, 1)), balance(date(2024, 3, 4))])

    expected = [
        *("ccb", mask_account(world.ACCOUNT), world.NAME, "2024-03-04 Mon", "2024-03-04 Mon"),
        *("on time", "0", "0", "2024-03-01 Fri", "0", "1"),
    ]
    assert expected == row(client, world.ACCOUNT)


@pytest.mark.parametrize(
    ("finding", "place", "cell", "since"),
    [
        (
            about(
                *("statement-gap", f"statement:{world.ACCOUNT}/S-2", "yellow", date(2024, 3, 2)),
                Step("statement_begins", "", "2024-03-03"),
            ),
            *(6, "1", "2024-03-03 Sun"),
        ),
        (
            about("statement-broken", f"statement:{world.ACCOUNT}/S-1", "yellow", date(2024, 3, 2)),
            *(7, "1", "2024-03-03 Sun"),
        ),
        (
            about("statement-broken", f"statement:{world.ACCOUNT}/S-9", "yellow", date(2024, 3, 4)),
            *(7, "1", "—"),
        ),
        (
            about("feed-silent", f"account:{world.ACCOUNT}", "orange", date(2024, 3, 2)),
            *(5, "▲Orange silent", "2024-03-01 Fri"),
        ),
    ],
    ids=["gap", "broken", "last-broken", "silent"],
)
def test_what_is_wrong_is_counted(
    client: TestClient, finding: Finding, place: int, cell: str, since: str
) -> None:
    """A gap or a broken statement begins the proof anew; silence is told with its level."""
    app = client.app
    assert isinstance(app, FastAPI)
    world.tell(app.state.inbox.engine, [balance(date(2024, 3, 1))], [finding])

    cells = row(client, world.ACCOUNT, only="wanting")
    assert (cell, since) == (cells[place], cells[8])


def test_other_accounts_are_not_mixed_in(inbox: FastAPI, client: TestClient) -> None:
    """A finding about another account says nothing about this one."""
    found = about("statement-gap", f"statement:{world.ACCOUNT}9/S", "yellow", date(2024, 3, 2))
    world.tell(inbox.state.inbox.engine, [], [found])
    assert "0" == row(client, world.ACCOUNT)[6]


def test_registered_account_that_never_reported(inbox: FastAPI, client: TestClient) -> None:
    """An account whose feed never began is late; filters by bank and by want find it."""
    stated = f.AccountStated(
        account=OTHER,
        institution="NC-0002",
        valid_from=date(2024, 1, 1),
        purpose="dedicated",
        name="x",
        bank="boc",
    )
    world.tell(inbox.state.inbox.engine, [stated])

    for query in ({}, {"bank": "boc"}, {"only": "wanting"}):
        cells = row(client, OTHER, **query)
        assert ["—", "—", "never came"] == cells[3:6], query
    assert [] == row(client, OTHER, bank="ccb")


def test_unregistered_account_with_held_rows(inbox: FastAPI, client: TestClient) -> None:
    """Of an account that nobody registered it is told what waits."""
    with writing(inbox.state.inbox.engine) as connection:
        connection.execute(
            insert(tables.HELD).values(
                file_id=1,
                position="row 9",
                reason="x",
                statement="S",
                account=world.UNREGISTERED,
                body="",
                first_seen=world.SEEN,
                tries=1,
                state="waiting",
            )
        )
    cells = row(client, world.UNREGISTERED)
    assert ("—", "not registered", "1") == (cells[0], cells[2], cells[10])


def test_page_is_reached_and_filtered_by_its_address(client: TestClient) -> None:
    """The navigation leads to it; an unknown filter is refused."""
    assert 'href="/feeds"' in client.get("/").text
    assert 422 == client.get("/feeds", params={"only": "all"}).status_code
    assert "No feed fits" in client.get("/feeds", params=EN | {"bank": "none"}).text


def announced(serial: str, day: date, amount_fen: int = 5_000) -> f.EntryAnnounced:
    """A pending credit of the account of the world."""
    return f.EntryAnnounced(
        account=world.ACCOUNT,
        booking_date=day,
        serial=serial,
        status="PENDING",
        amount_fen=amount_fen,
        direction="C",
    )


def booked(serial: str, day: date, amount_fen: int = 5_000) -> f.EntryBooked:
    """A booked credit of the account of the world."""
    return f.EntryBooked(
        account=world.ACCOUNT,
        booking_date=day,
        serial=serial,
        amount_fen=amount_fen,
        direction="C",
    )


@pytest.mark.parametrize(
    ("day", "count"),
    [(date(2024, 3, 4), "1"), (date(2024, 3, 5), "0"), (date(2024, 3, 1), "1")],
)
def test_pending_entry_is_overdue_from_the_second_working_day(
    inbox: FastAPI, client: TestClient, day: date, count: str
) -> None:
    """Closed to Wednesday, 6 March: Monday's is overdue and linked, Tuesday's is not yet."""
    one = announced("P1", day)
    world.tell(inbox.state.inbox.engine, [one, msgspec.structs.replace(one, status="INFO")])

    assert count == row(client, world.ACCOUNT)[9]
    page = client.get("/feeds", params=EN | {"only": "wanting"}).text
    assert (count == "1") == (token(fact_id(one)) in page)


@pytest.mark.parametrize(
    ("facts", "late"),
    [
        ([], ["P1", "P2"]),
        ([booked("P1", date(2024, 3, 4))], ["P2"]),
        ([booked("P1", date(2024, 3, 6)), booked("P2", date(2024, 3, 1))], []),
        ([booked("P1", date(2024, 2, 29)), booked("P2", date(2024, 3, 1))], ["P1"]),
        ([booked("R9", date(2024, 3, 5))], ["P2"]),
        ([booked("R9", date(2024, 2, 29))], ["P1", "P2"]),
        ([booked("R9", date(2024, 3, 5), 5_001)], ["P1", "P2"]),
        ([booked("R8", date(2024, 3, 4)), booked("R9", date(2024, 3, 4))], []),
    ],
)
def test_booked_entry_confirms_by_serial_or_one_by_amount(
    facts: list[f.EntryBooked], late: list[str]
) -> None:
    """On its day or later; what is booked before was another, and each confirms one."""
    pending = {
        one.serial: one
        for one in (announced("P1", date(2024, 3, 1)), announced("P2", date(2024, 3, 1)))
    }

    assert tuple(late) == late_of(pending, facts)


def test_rent_of_each_month_is_confirmed_by_its_own_booking() -> None:
    """A serial made of content comes again; one from a reference is of one entry."""
    days = (date(2024, 2, 1), date(2024, 3, 1))
    rent = {f"{day}": announced("fp-1", day) for day in days}
    again = {f"{day}": announced("R1", day) for day in days}

    assert ("2024-03-01",) == late_of(rent, [booked("fp-1", days[0])])
    assert () == late_of(rent, [booked("fp-1", day) for day in days])
    assert () == late_of(again, [booked("R1", days[1])])
