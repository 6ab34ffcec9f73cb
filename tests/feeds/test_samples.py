"""Real files of other projects, beside the checkout: our sums against figures of two others."""

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from streams.feeds.parse import parse_lines
from streams.feeds.records import FeedRefused
from tests.house import ROOT

SAMPLES = ROOT.parent / "shared" / "samples"
REFUSED = {"camt/camt053.v2.wrong.xml": "no statement stands in the message"}


def stated(cell: str) -> dict[str, int]:
    """`EUR:8.850` or several by blanks as hundredths per currency; 0 is none."""
    sums = {}
    for part in cell.replace("|", " ").split():
        currency, colon, amount = part.partition(":")
        if colon and Decimal(amount):
            sums[currency] = int(Decimal(amount) * 100)
    return sums


def test_sums_of_real_camt_files_agree() -> None:
    """At least 95 % of the files on which both oracles agree; each refusal is listed and right."""
    if not SAMPLES.exists():
        pytest.skip(f"{SAMPLES} is missing: it holds files of others, which are no part of this")
    with (SAMPLES / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if _counts(row)]
    refused: dict[str, str] = {}
    for row in rows:
        try:
            _compare(row, SAMPLES / row["file"])
        except FeedRefused as error:
            refused[row["file"]] = error.reason

    assert refused.keys() == REFUSED.keys()
    assert all(REFUSED[name] in reason for name, reason in refused.items())
    assert len(rows) - len(refused) >= Decimal("0.95") * len(rows)


def _counts(row: dict[str, str]) -> bool:
    return row["format"].startswith("camt") and row["agree"] == "ElementTree=lxml XPath"


def _compare(row: dict[str, str], path: Path) -> None:
    lines = list(parse_lines(path))
    sums: dict[object, Counter[str]] = {"C": Counter(), "D": Counter()}
    for line in lines:
        if line["type"] == "entry":
            amount_fen = line["amount_fen"]
            assert isinstance(amount_fen, int)
            sums[line["direction"]][str(line["currency"])] += amount_fen
    assert stated(row["sum_credit"]) == sums["C"], row["file"]
    assert stated(row["sum_debit"]) == sums["D"], row["file"]
    kinds = Counter(str(line["type"]) for line in lines)
    assert (int(row["statements"]), int(row["entries"])) == (kinds["end"], kinds["entry"])
    proofs = [line["ok"] for line in lines if line.get("name") == "opening+entries=closing"]
    if row["balance_ok"] != "none stated":
        assert row["balance_ok"] == f"{sum(map(bool, proofs))}/{len(proofs)}", row["file"]
