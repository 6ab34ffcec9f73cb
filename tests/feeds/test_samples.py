"""Real files of other projects, beside the checkout: our figures against those of two others."""

import csv
from collections import Counter
from decimal import Decimal

import pytest

from streams.feeds.parse import parse_lines
from streams.feeds.records import FeedRefused
from tests.house import ROOT

SAMPLES = ROOT.parent / "shared" / "samples"
AGREED = {"ElementTree=lxml XPath", "own=mt-940"}
"""What the manifest says of files for which two unlike methods gave the same sums."""

WITHOUT_FIGURE = {
    "camt/camt053.v2.wrong.xml": "no statement stands in the message",
    "mt940/self-provided-account_identification.sta": "neither an opening :60F: nor a closing",
}
"""Refused, and a part of the reason: they state neither an amount nor a balance."""

WITH_FIGURES = {
    "mt940/self-provided-gv_codes.sta": "cut: the statement has no closing :62F:",
    "mt940/self-provided-sparkassen.sta": "stands before any :20:",
}
"""Refused, and a part of the reason, of the files whose figures agree."""

OF_NO_FORMAT = {
    "mt940/self-provided-empty_non_swift.sta": "before any :20:",
    "mt940/self-provided-invalid_statement.sta": "no bank profile and no register table",
}
REFUSED = {**WITHOUT_FIGURE, **WITH_FIGURES, **OF_NO_FORMAT}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    """The rows of the manifest."""
    if not SAMPLES.exists():
        pytest.skip(f"{SAMPLES} is missing: it holds files of others, which are no part of this")
    with (SAMPLES / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_figures_of_real_files_are_those_of_two_others(rows: list[dict[str, str]]) -> None:
    """What is read is right to the fen and proves as told; what is refused is listed with why."""
    refused = {}
    for row in rows:
        try:
            _compare(row)
        except FeedRefused as error:
            refused[row["file"]] = error.reason

    assert REFUSED.keys() == refused.keys()
    assert all(REFUSED[name] in reason for name, reason in refused.items()), refused


def test_nineteen_of_twenty_files_whose_figures_agree_are_read(rows: list[dict[str, str]]) -> None:
    """Of 46 files on which two methods agree 44 state a figure, and 42 of those are read."""
    agreed = [row for row in rows if row["agree"] in AGREED]
    stating = {row["file"] for row in agreed if _states_a_figure(row)}
    read = stating - REFUSED.keys()

    assert (46, 44, 42) == (len(agreed), len(stating), len(read))
    assert WITHOUT_FIGURE.keys() == {row["file"] for row in agreed} - stating
    assert WITH_FIGURES.keys() == stating - read
    assert len(read) >= Decimal("0.95") * len(stating)


def _states_a_figure(row: dict[str, str]) -> bool:
    return row["entries"] != "0" or bool(row["opening"] or row["closing"])


def _compare(row: dict[str, str]) -> None:
    lines = list(parse_lines(SAMPLES / row["file"]))
    entries = [line for line in lines if line["type"] == "entry"]
    for column, direction in (("sum_credit", "C"), ("sum_debit", "D")):
        expected = _stated(row[column])
        sums: Counter[str] = Counter()
        for entry in entries:
            amount_fen = entry["amount_fen"]
            assert isinstance(amount_fen, int)
            currency = "?" if "?" in expected else str(entry["currency"])
            sums[currency] += amount_fen * (entry["direction"] == direction)
        assert expected == +sums, row["file"]
    assert int(row["entries"]) == len(entries), row["file"]
    if row["format"].startswith("camt"):
        # The manifest counts messages of MT940, of which several may be pages of a statement.
        assert int(row["statements"]) == sum(line["type"] == "end" for line in lines), row["file"]
    proofs = [line["ok"] for line in lines if line.get("name") == "opening+entries=closing"]
    if row["balance_ok"] != "none stated":
        assert row["balance_ok"] == f"{sum(map(bool, proofs))}/{len(proofs)}", row["file"]


def _stated(cell: str) -> dict[str, int]:
    """`EUR:8.850` or several by blanks as hundredths per currency; 0 is none, `?` is any."""
    sums = {}
    for part in cell.replace("|", " ").split():
        currency, colon, amount = part.partition(":")
        if colon and Decimal(amount):
            sums[currency] = int(Decimal(amount) * 100)
    return sums
