"""What payment companies settled is listed with its bills, on the page and by the command."""

import re
from datetime import date
from pathlib import Path

import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from alerts.inbox.journal import token
from models import facts as f
from models.findings import CANNOT_DECIDE, Finding
from models.keys import fact_id
from streams.cli import app
from tests.inbox import world
from tests.inbox.test_metrics import samples

CODE, UNKNOWN = "1900000109", "1900000999"
REGISTERED = f.MerchantCodeStated(
    institution="NC-0001",
    number=CODE,
    valid_from=date(2024, 1, 1),
    company="财付通",
    settles_to=world.ACCOUNT,
)


def row(number: str, day: int, amount_fen: int, fee_e5: int = 0, **other: str) -> f.Fact:
    """A payment of March, or with what="refund" a refund."""
    said = {"merchant_code": CODE, "channel": "wechat", "what": "payment", **other}
    return msgspec.convert(
        {
            **said,
            "number": number,
            "booking_date": date(2024, 3, day),
            "amount_fen": amount_fen,
            "fee_e5": fee_e5,
        },
        f.MerchantTransactionBilled,
    )


def credit(serial: str, day: int, amount_fen: int) -> f.EntryBooked:
    """A transfer of the payment company."""
    return f.EntryBooked(
        account=world.ACCOUNT,
        booking_date=date(2024, 3, day),
        serial=serial,
        amount_fen=amount_fen,
        direction="C",
        counterparty_name="财付通",
        remittance="结算",
    )


TOLD: list[f.Fact] = [
    REGISTERED,
    row("T1", 1, 300_000, 1_800_000),
    row("T2", 1, 50_000, what="refund"),
    credit("J1", 2, 248_200),
    row("T3", 2, 70_000),
    row("T4", 3, 100),
    row("T5", 3, 100, what="refund"),
    credit("J2", 4, 7),
    row("T6", 3, 500, merchant_code=UNKNOWN),
]


@pytest.fixture(autouse=True)
def _told(inbox: FastAPI) -> None:
    findings = [
        Finding(
            rule=CANNOT_DECIDE,
            kind="data",
            level="blue",
            institution="NC-0001",
            subject=subject,
            day=date(2024, 3, 6),
            amount_fen=None,
            evidence=(),
            formula=(),
            policy="0" * 16,
            missing="settlement",
        )
        for subject in (f"matching/bill:{CODE}", f"matching/settlement:{world.ACCOUNT}")
    ]
    world.tell(inbox.state.inbox.engine, TOLD, findings)


def listed(client: TestClient) -> list[list[str]]:
    """The cells of the table on the institution's page."""
    page = client.get("/institutions/NC-0001", params={"lang": "en"}).text
    found = re.search(r'<section id="settlements">(.*?)</section>', page, re.DOTALL)
    table = found.group(1) if found else ""
    return [
        [
            " ".join(re.sub(r"<[^>]+>", "", cell).split())
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", line, re.DOTALL)
        ]
        for line in re.findall(r"<tr data-row>(.*?)</tr>", table, re.DOTALL)
    ]


def test_the_page_lists_bills_with_their_credits(client: TestClient) -> None:
    """The latest first: a credit without a bill, a day of nothing, an open day, a pair."""
    merchant = "1900**0109"

    assert [
        ["no bill explains it", "—", "—", "—", "—", "—", "2024-03-04 Mon", "0.07"],
        ["nothing to settle", merchant, "2024-03-03 Sun", "1.00", "1.00", "0.00", "—", "—"],
        [
            *("settled", merchant, "2024-03-01 Fri", "3,000.00", "500.00", "2,482.00"),
            *("2024-03-02 Sat", "2,482.00"),
        ],
        ["not settled", merchant, "2024-03-02 Sat", "700.00", "0.00", "700.00", "—", "—"],
    ] == listed(client)


def test_an_institution_without_bills_has_no_such_table(client: TestClient) -> None:
    """Nothing is said of payment companies where none delivered."""
    assert 'id="settlements"' not in client.get("/institutions/NC-0002").text


def test_what_has_no_pair_waits_on_the_page_of_held_data(client: TestClient) -> None:
    """Merchant and account are named, masked; rows on an unknown code are beside the accounts."""
    page = client.get("/held", params={"lang": "en"}).text

    assert "Merchant bill 1900000109" in page
    assert "Settlements to 6217***********0123" in page
    assert f"merc***********{UNKNOWN[-4:]}" in page


def test_a_row_of_a_bill_is_evidence_in_words(client: TestClient) -> None:
    """By its kind, with amount and fee."""
    page = client.get(f"/evidence/{token(fact_id(TOLD[1]))}", params={"lang": "en"}).text

    assert "Row of a merchant bill" in page
    assert "3,000.00" in page
    assert "fee in 1/100,000 yuan" in page


def test_metrics_count_what_has_no_pair(client: TestClient) -> None:
    """One merchant, one account."""
    assert {("bill",): 1, ("settlement",): 1} == samples(client, "escrow_settlements_unmatched")


def test_the_command_prints_the_same(tmp_path: Path, inbox: FastAPI) -> None:
    """As a table with masked accounts, and as one object a line."""
    assert inbox.state.inbox
    url = f"sqlite:///{tmp_path / 'store.db'}"
    table = CliRunner().invoke(app, ["settlements", "NC-0001", "--db", url])
    lines = CliRunner().invoke(app, ["settlements", "NC-0001", "--db", url, "--json"])

    assert 0 == table.exit_code, table.output
    assert "6217***********0123" in table.stdout
    told = [msgspec.json.decode(line) for line in lines.stdout.splitlines()]
    assert ["unexplained", "nothing", "settled", "open"] == [line["state"] for line in told]
    assert [7, None, 248_200, None] == [line["credit_fen"] for line in told]
    assert 1_800_000 == told[2]["fees_e5"]
