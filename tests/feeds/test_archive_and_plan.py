"""The archive gives back original bytes by position; folders are played in the order of days."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from streams.feeds.archive import Archive
from streams.feeds.intake import batches, prove, told
from streams.feeds.parse import parse_lines
from streams.feeds.planning import plan
from streams.feeds.records import FeedRefused
from tests.feeds.made import (
    TODAY,
    balance,
    boc,
    boc_row,
    camt,
    ccb,
    ccb_row,
    day_of_entries,
    entry,
    statement,
)

TABLE = ccb(ccb_row("1-1", "", "10.00", "10.00"), ccb_row("1-2", "", "1.00", "11.00"))
REGISTER = "account,institution,valid_from,purpose\n1,JG1,2024-01-01,other\n"


def test_archive_keeps_bytes_once_and_read_only(tmp_path: Path) -> None:
    """The same bytes lie once under their hash, and no half-written file stays."""
    archive = Archive(tmp_path / "archive")
    delivered = tmp_path / "x.csv"
    delivered.write_bytes(TABLE)

    sha256 = archive.put(delivered)
    assert sha256 == archive.put(TABLE) == hashlib.sha256(TABLE).hexdigest()
    path = archive.path(sha256)
    assert TABLE == path.read_bytes()
    assert tmp_path / "archive" / sha256[:2] / sha256[2:4] / sha256 == path
    assert 0o444 == path.stat().st_mode & 0o777
    assert b"{}" == archive.put_receipt(sha256, b"{}").read_bytes()
    assert [".escrow-archive"] == [one.name for one in tmp_path.rglob(".*")]


def test_position_leads_to_the_original(tmp_path: Path) -> None:
    """Every position that a fact carries gives the row or element it was read from."""
    archive = Archive(tmp_path)
    comment = "<!-- <Ntry> --><?x <Ntry> ?>"
    message = camt(
        statement(balance("OPBD", "0.00"), balance("CLBD", "200.00"), comment, entry(), entry("R2"))
    ).replace('encoding="UTF-8"', 'encoding="GBK"')
    for content, expected in (
        (TABLE, {"row 2": "转账存入,,1-1,", "row 3": "转账存入,,1-2,"}),
        (REGISTER.encode(), {"row 2": "1,JG1,2024-01-01,other"}),
        (
            message.encode("gb18030"),
            {
                "entry 1": "<AcctSvcrRef>R1<",
                "entry 2": "<AcctSvcrRef>R2<",
                "balance 1": "<Cd>OPBD<",
                "balance 2": "<Cd>CLBD<",
                "statement 1": "<Id>S1</Id>",
            },
        ),
    ):
        sha256 = archive.put(content)
        file = prove(archive.path(sha256), TODAY, "x")
        seen = {}
        for one in told(file):
            original = archive.original(one.file, one.position)
            name = one.position.partition(" at ")[0]
            assert expected[name] in original
            assert "<Ntry>" not in original[1:]
            seen[name] = original
        assert seen.keys() == expected.keys()

    assert "" == archive.original("0" * 64, "row 1")
    assert "" == archive.original(sha256, "row 99999")
    assert "" == archive.original(sha256, "nowhere")


def test_folder_is_played_by_days(tmp_path: Path) -> None:
    """First what has no day, then day by day, registers before bank files, then by name."""
    files = {
        "b/z.xml": day_of_entries(entry()).encode(),
        "a/contracts-2024-03-05.csv": REGISTER.encode(),
        "accounts.csv": REGISTER.encode(),
        "a.csv": ccb(ccb_row(day="20240304", credit="1.00", balance_after="1.00")),
        "broken.bin": b"\x00",
        "truth.jsonl": b"{}",
        ".hidden": b"x",
        "old/.escrow-archive": b"",
        "old/ab/cd/abcd": REGISTER.encode(),
        "city.db": b"SQLite format 3\0",
        "city.db-wal": b"",
        "month.csv": boc("时间范围,20240301-20240305", boc_row("1", "1.00", "1.00")),
    }
    for name, content in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(content)

    for archive in (None, Archive(tmp_path / "archive")):
        groups = plan([tmp_path / "in"], TODAY, archive)
        assert [
            (None, ["accounts.csv", "broken.bin"]),
            (date(2024, 3, 4), ["a.csv"]),
            (date(2024, 3, 5), ["contracts-2024-03-05.csv", "month.csv", "z.xml"]),
        ] == [(day, [file.name for file in group]) for day, group in groups]


def test_batches_are_of_the_asked_size() -> None:
    """Five facts in twos are three batches."""
    file = prove(TABLE, TODAY)

    assert [2, 2, 1] == [len(batch) for batch in batches(file, 2)]
    assert 5 == file.facts


def test_receipt_sums_what_was_read() -> None:
    """The deliverer can compare counts and sums with his own."""
    receipt = prove(TABLE, TODAY, "x.csv").receipt()

    assert ("accepted", 1, 2, 0, {"CNY C": 1_100}) == (
        receipt.outcome,
        receipt.statements,
        receipt.entries,
        receipt.held,
        receipt.sums_fen,
    )


def test_parse_prints_a_statement_in_order(tmp_path: Path) -> None:
    """Opening, entries, closing, declared, checks, end; each with account and statement."""
    path = tmp_path / "x.xml"
    path.write_text(day_of_entries(entry(), closing="1100.01"), encoding="utf-8")
    lines = list(parse_lines(path))

    assert ["opening", "entry", "closing", "check", "check", "end"] == [
        line["type"] for line in lines
    ]
    assert {"S1"} == {line["statement"] for line in lines}
    assert [("opening+entries=closing", False), ("entry-in-period", True)] == [
        (line["name"], line["ok"]) for line in lines if line["type"] == "check"
    ]
    amounts = [line["amount_fen"] for line in lines if "amount_fen" in line]
    assert [100_000, 10_000, 110_001] == amounts


def test_parse_takes_the_profile_that_it_is_told(tmp_path: Path) -> None:
    """A table read by another bank's profile is refused, and so is no bank file."""
    path = tmp_path / "x.csv"
    path.write_bytes(TABLE)

    assert list(parse_lines(path)) == list(parse_lines(path, "ccb-corporate"))
    with pytest.raises(FeedRefused, match="no heading of boc-corporate"):
        list(parse_lines(path, "boc-corporate"))
    with pytest.raises(FeedRefused, match="no bank profile icbc"):
        list(parse_lines(path, "icbc"))
    path.write_text(REGISTER, encoding="utf-8")
    with pytest.raises(FeedRefused, match="no bank file"):
        list(parse_lines(path))
