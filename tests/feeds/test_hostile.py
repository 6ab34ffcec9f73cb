"""Hostile and broken files: refused with reason and place, or held; never half told."""

from datetime import date

import pytest

from models.facts import EntryBooked
from streams.feeds.intake import told
from tests.feeds.made import (
    TODAY,
    balance,
    camt,
    ccb,
    ccb_row,
    day_of_entries,
    entry,
    proved,
    statement,
)

GOOD = day_of_entries(entry())
TABLE = ccb(ccb_row("1-1", "", "10.00", "10.00"), ccb_row("1-2", "", "1.00", "11.00"))
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
XXE = '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
DEEP = "<a>" * 300 + "</a>" * 300


def remark(text: str) -> str:
    """A good message but for this remittance."""
    return day_of_entries(entry(details=f"<TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"))


XML = {
    "DOCTYPE": (GOOD.replace(DECLARATION, DECLARATION + BOMB), "document type"),
    "DOCTYPE alone": ("<!DOCTYPE x><Document/>", "document type"),
    "entity": (remark("&x;").replace(DECLARATION, DECLARATION + XXE), "document type"),
    "undefined entity": (remark("&x;"), "not well-formed"),
    "cut": (GOOD[: len(GOOD) // 2], "cut or not well-formed"),
    "cut at the end": (GOOD[:-3], "cut or not well-formed"),
    "two documents": (GOOD + GOOD.split("\n", 1)[1], "not well-formed"),
    "deep": (remark(DEEP), "not well-formed"),
    "huge text": (remark("x" * 11_000_000), "not well-formed"),
    "negative": (day_of_entries(entry(amount="-1.00")), "negative"),
    "three decimals": (day_of_entries(entry(amount="1.005")), "more than two decimals"),
    "letters": (day_of_entries(entry(amount="1O0.00")), "no amount"),
    "exponent": (day_of_entries(entry(amount="1e3")), "no amount"),
    "empty amount": (day_of_entries(entry(amount="")), "empty"),
    "full-width": (day_of_entries(entry(amount="１.００")), "no amount"),
    "too large": (day_of_entries(entry(amount="99999999999999999.00")), "too large"),
    "direction": (day_of_entries(entry(sign="CREDIT")), "neither CRDT nor DBIT"),
    "date": (day_of_entries(entry(day="2024-02-30")), "no date"),
    "status": (GOOD.replace("<Cd>BOOK</Cd>", "<Cd>BOKO</Cd>"), "'BOKO'"),
    "no account": (GOOD.replace("Othr>", "X>"), "no account"),
    "no statement": (camt(), "no statement"),
    "period": (GOOD.replace("<FrDtTm>2024", "<FrDtTm>2025"), "ends first"),
    "other XML": ('<?xml version="1.0"?><Document><pain/></Document>', "no camt"),
    "page": ("<html><body/></html>", "no bank profile"),
    "encoding": (GOOD.replace("UTF-8", "EBCDIC"), "'ebcdic' is not read"),
}


@pytest.mark.parametrize("name", XML)
def test_hostile_xml_is_refused(name: str) -> None:
    """The receipt names the reason and the place, and not one fact is told."""
    content, reason = XML[name]
    file = proved(content)

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert file.refusal.position
    assert "refused" == file.receipt().outcome
    assert [] == list(told(file))


def row(**changes: str) -> bytes:
    """A table whose second row is changed."""
    changed = {"serial": "1-2", "credit": "1.00", "balance_after": "11.00", **changes}
    return ccb(ccb_row("1-1", "", "10.00", "10.00"), ccb_row(**changed))


CSV = {
    "letters": (row(credit="1O.00"), "no amount", "row 3"),
    "three decimals": (row(credit="1.005"), "more than two decimals", "row 3"),
    "both columns": (row(debit="1.00"), "both a debit", "row 3"),
    "no amount": (row(credit=""), "neither a debit", "row 3"),
    "separators": (row(credit="1,00.00").replace(b"1,00.00", b'"1,00.00"'), "no amount", "row 3"),
    "serial": (row(serial=""), "no serial", "row 3"),
    "serial later": (
        ccb(ccb_row("", "", "10.00", "10.00"), ccb_row("1-2", "", "1.00", "11.00")),
        "the rows before have none",
        "row 3",
    ),
    "lost digits": (row(serial="6.217E+18"), "no serial", "row 3"),
    "account": (row(account="3.6E+19"), "no account number", "row 3"),
    "currency": (row(currency="银元"), "no known currency", "row 3"),
    "date": (row(day="20240230"), "no date", "row 3"),
    "quote": (TABLE.replace(b",1-2,", b',"1-2,'), "quote is not closed", "row 3"),
    "quote swallows": (TABLE.replace(b",1-1,", b',"1-1,').replace(b",1-2,", b',1-2",'), "", ""),
    "unquoted separator": (row(credit="1,000.00"), "cells where the heading has", "row 3"),
    "fewer cells": (TABLE.replace(b",1-2,,,", b",1-2,"), "cells where the heading has", "row 3"),
    "NUL": (TABLE.replace(b"1-2", b"1\x002"), "NUL", "byte"),
    "half a character": (TABLE[:-10] + b"\xff\xff" + TABLE[-10:], "neither UTF-8", "byte"),
    "latin": ("Größe;Betrag\n1;2\n".encode("latin-1"), "", ""),
    "UTF-16": (TABLE.decode("gb18030").encode("utf-16"), "UTF-16", "byte 0"),
    "unknown heading": (b"a,b,c\n1,2,3\n", "no bank profile and no register", "row 1"),
    "zip": (b"PK\x03\x04" + TABLE, "cut or damaged", "byte 0"),
    "xls": (b"\xd0\xcf\x11\xe0" + TABLE, "cannot be read", "byte 0"),
    "empty": (b"", "empty", "byte 0"),
    "blank": (b"\r\n \r\n", "empty", "byte 0"),
}


@pytest.mark.parametrize("name", CSV)
def test_hostile_table_is_refused(name: str) -> None:
    """The receipt names the reason and the row, and not one fact is told."""
    content, reason, place = CSV[name]
    file = proved(content)

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert file.refusal.position.startswith(place)
    assert [] == list(told(file))


@pytest.mark.parametrize("length", range(0, len(TABLE), 7))
def test_cut_table_is_refused_or_whole_up_to_its_last_row(length: int) -> None:
    """However a table is cut, no half row is ever told."""
    file = proved(TABLE[:length])
    serials = {"1-1", "1-2"}

    assert {one.fact.serial for one in told(file) if isinstance(one.fact, EntryBooked)} <= serials


def test_broken_balance_holds_its_statement_and_no_other() -> None:
    """The gap is a fact; entries and balances of the broken statement wait with the arithmetic."""
    broken = statement(balance("OPBD", "0.00"), balance("CLBD", "100.01"), entry(), number="S1")
    sound = statement(
        balance("OPBD", "0.00"), balance("CLBD", "100.00"), entry("R9"), number="S2", account="B"
    )
    file = proved(camt(broken, sound))

    assert [("S1", False, 1), ("S2", True, 0)] == [
        (one.statement, one.consistent, one.gap_fen) for one in file.statements
    ]
    assert 3 == len(file.held)
    assert {"S1"} == {one.statement for one in file.held}
    assert "0.00 + 100.00 - 0.00 = 100.00, closing 100.01: gap 0.01" in file.held[0].reason
    assert ["R9"] == [one.fact.serial for one in told(file) if isinstance(one.fact, EntryBooked)]
    assert "held" == file.receipt().outcome


def test_entry_outside_of_its_period_waits_alone() -> None:
    """The statement proves and is accepted; the entry with the wrong day is held."""
    file = proved(day_of_entries(entry(), entry("R2", day="2024-03-01"), closing="1200.00"))

    assert date(2024, 3, 5) == file.accepted_until
    assert ["booked on 2024-03-01, outside of its period 2024-03-05 to 2024-03-05"] == [
        one.reason for one in file.held
    ]


def test_entry_of_the_future_waits_alone() -> None:
    """A row dated after today is held, the others of the table are told."""
    assert TODAY == date(2024, 3, 31)
    period = ccb(ccb_row("1-1", "", "1.00", "1.00"), ccb_row("1-2", "", "1.00", "2.00"))
    text = period.decode("gb18030").replace("\r\n", "\r\n", 1)
    text = "起止日期,20240301-20240331\r\n" + text.replace(
        "20240305,转账存入,,1-2", "20240401,转账存入,,1-2"
    )
    file = proved(text.encode("gb18030"))

    assert ["booked on 2024-04-01, after today 2024-03-31"] == [one.reason for one in file.held]
    assert ["1-1"] == [one.fact.serial for one in told(file) if isinstance(one.fact, EntryBooked)]


def test_statement_that_is_not_over_waits() -> None:
    """Its closing is not final, so nothing of it is told and no day is closed by it."""
    future = GOOD.replace("2024-03-05", "2024-04-05")
    file = proved(future)

    assert {} == file.counts
    assert file.accepted_until is None
    assert 3 == len(file.held)
