"""The page of the feeds says of each account how far it reaches, what is missing, what waits."""

import re
from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert

from models import facts as f
from models.findings import Finding, LevelWord, Step
from models.identity import mask_account
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
        *("on time", "0", "0", "2024-03-01 Fri", "1"),
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
    assert ("—", "not registered", "1") == (cells[0], cells[2], cells[9])


def test_page_is_reached_and_filtered_by_its_address(client: TestClient) -> None:
    """The navigation leads to it; an unknown filter is refused."""
    assert 'href="/feeds"' in client.get("/").text
    assert 422 == client.get("/feeds", params={"only": "all"}).status_code
    assert "No feed fits" in client.get("/feeds", params=EN | {"bank": "none"}).text
