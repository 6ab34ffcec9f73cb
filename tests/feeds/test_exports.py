"""Each bank's export, in each kind of file, gives back what its generator was asked to write."""

from datetime import date
from pathlib import Path

import pytest

from models.facts import EntryBooked
from streams.feeds.archive import Archive
from streams.feeds.intake import prove, told
from streams.feeds.parse import parse_lines
from streams.simulator.exports import Form, as_text, export
from tests.feeds.books import xlsx
from tests.feeds.exported import (
    ACCOUNT,
    DAYS,
    LAYOUTS,
    OPENING_FEN,
    POSTINGS,
    WRITERS,
    exported,
    posting,
)
from tests.feeds.made import proved

FORMS = {
    "blue": Form(),
    "red ink": Form(ink="red"),
    "newest first": Form(newest_first=True),
    "separators": Form(separators=True),
}
CASES = [
    *((layout, how, "blue") for layout in LAYOUTS for how in WRITERS),
    *((layout, "csv", form) for layout in LAYOUTS for form in FORMS),
]
SUM_FEN = {key: sum(one.amount_fen for one in POSTINGS if one.direction == key) for key in "CD"}


@pytest.mark.parametrize(("layout", "how", "form"), CASES)
def test_parse_gives_back_the_figures(layout: str, how: str, form: str, tmp_path: Path) -> None:
    """Every entry to the fen with its day, direction and texts; both balances; no check fails."""
    path = tmp_path / "export.dat"
    path.write_bytes(exported(layout, how, FORMS[form]))

    lines = list(parse_lines(path))
    entries = [line for line in lines if line["type"] == "entry"]
    assert [
        (one.booked.isoformat(), one.amount_fen, one.direction, one.reversal, one.name)
        for one in POSTINGS
    ] == [
        (
            *(line["booking_date"], line["amount_fen"], line["direction"], line["reversal"]),
            line["counterparty_name"],
        )
        for line in entries
    ]
    assert all(
        one.text in str(line["remittance"]) for one, line in zip(POSTINGS, entries, strict=True)
    )
    assert [one.other_account for one in POSTINGS] == [
        line["counterparty_account"] for line in entries
    ]
    ends = {line["type"]: line["amount_fen"] for line in lines if "day" in line}
    assert OPENING_FEN == ends["opening"]
    assert OPENING_FEN + SUM_FEN["C"] - SUM_FEN["D"] == ends["closing"]
    assert [] == [line for line in lines if line["type"] == "check" and not line["ok"]]
    assert {ACCOUNT} == {line["account"] for line in lines}
    assert len(POSTINGS) == len({(line["booking_date"], line["serial"]) for line in entries})


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_files_of_a_layout_tell_the_same_facts(layout: str) -> None:
    """CSV, tabs, a page, XLS, XLSX, newest first: the entries have the same keys and contents."""
    facts = {
        (how, form): {one.fact for one in told(proved(exported(layout, how, FORMS[form])))}
        for how, form in [*((how, "blue") for how in WRITERS), ("csv", "newest first")]
    }

    assert 1 == len(set(map(frozenset, facts.values())))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_wrong_total_holds_the_statement(layout: str) -> None:
    """One fen in a declared sum is enough; a layout without totals has nothing to compare."""
    file = proved(exported(layout, "csv", Form(misstated_fen=1)))
    declares = layout not in {"icbc-corporate", "ccb-corporate"}

    assert (("declared-sums",) if declares else ()) == file.statements[0].failed


@pytest.mark.parametrize("layout", LAYOUTS)
def test_lost_row_breaks_the_balance(layout: str) -> None:
    """A row that is missing in the middle is missed, also where nothing is declared."""
    rows = export(layout, ACCOUNT, DAYS, OPENING_FEN, POSTINGS)
    del rows[-4]
    file = proved(as_text(rows).encode("gb18030"))

    assert "running-balance" in file.statements[0].failed
    assert [] == [one for one in told(file) if isinstance(one.fact, EntryBooked)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_row_written_twice_breaks_the_balance(layout: str) -> None:
    """A duplicated row is no second payment: its balance does not follow."""
    rows = export(layout, ACCOUNT, DAYS, OPENING_FEN, POSTINGS)
    file = proved(as_text([*rows, rows[-1]]).encode("gb18030"))

    assert "running-balance" in file.statements[0].failed


@pytest.mark.parametrize("how", WRITERS)
@pytest.mark.parametrize("share", [3, 5, 9])
def test_cut_file_tells_nothing_it_cannot_prove(how: str, share: int) -> None:
    """A file cut anywhere is refused, or held by its declared counts."""
    whole = exported("icbc-corporate-marked", how)
    file = proved(whole[: len(whole) * share // 10])

    assert [] == [one for one in told(file) if isinstance(one.fact, EntryBooked)]


def test_rows_without_serials_wait_for_the_end_of_their_day() -> None:
    """Equal entries of half a day would get the ordinals of other ones."""
    content = exported("icbc-corporate")

    early, late = prove(content, date(2024, 3, 13)), prove(content, date(2024, 3, 14))
    assert "no serials" in early.statements[0].reason
    assert {} == dict(early.counts)
    assert len(POSTINGS) == late.counts["EntryBooked"]


@pytest.mark.parametrize(("made", "is_told"), [("03-13 17:00:00", False), ("03-14 08:00:00", True)])
def test_export_says_when_it_was_made(made: str, is_told: bool) -> None:
    """An export without serials that was made on its last day is never whole."""
    above = f"导出时间：2024-{made}\r\n".encode("gb18030")
    file = proved(above + exported("icbc-corporate"))

    assert is_told == (file.counts["EntryBooked"] > 0)


def test_equal_entries_are_told_apart_by_their_ordinal() -> None:
    """Many payments of one content and day, without serials, stay as many."""
    equal = [posting("1", 5, 100)] * 57
    rows = export("icbc-corporate", ACCOUNT, DAYS, 0, equal)
    facts = [one.fact for one in told(proved(as_text(rows).encode("gb18030")))]

    assert 57 == len({one.serial for one in facts if isinstance(one, EntryBooked)})


def test_mark_and_column_must_agree() -> None:
    """借 with an amount among the credits is no entry."""
    content = exported("icbc-corporate").decode("gb18030").replace(",贷,", ",借,", 1)
    file = proved(content.encode("gb18030"))

    assert file.refusal is not None
    assert "in the other column" in file.refusal.reason


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("key", ["account", "serial"])
def test_number_in_a_sheet_is_no_account_and_no_serial(layout: str, key: str) -> None:
    """15 digits are all that a number keeps, so what it shows is never believed."""
    rows: list[list[object]] = [
        list(row) for row in export(layout, ACCOUNT, DAYS, OPENING_FEN, POSTINGS)
    ]
    wanted = {"account": "6217000000000001", "serial": POSTINGS[0].reference}[key]
    places = [(y, x) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell == wanted]
    for y, x in places[:1]:
        rows[y][x] = 6217000000000001
    file = proved(xlsx(rows))

    assert (file.refusal is not None) == bool(places)
    assert file.refusal is None or "a number in a spreadsheet" in file.refusal.reason


def test_amounts_and_days_may_be_numbers_and_dates_of_a_sheet() -> None:
    """What office programs make of money and dates reads as the text did."""
    rows = export("cmb-corporate", ACCOUNT, DAYS, OPENING_FEN, POSTINGS)
    head = next(place for place, row in enumerate(rows) if "交易日" in row)
    money = [rows[head].index(name) for name in ("借方金额", "贷方金额", "余额")]
    day = rows[head].index("交易日")
    typed: list[list[object]] = [list(row) for row in rows]
    for row, plain in zip(typed[head + 1 :], rows[head + 1 :], strict=True):
        for place in money:
            row[place] = float(plain[place]) if plain[place] else None
        row[day] = date.fromisoformat(plain[day])

    assert [one.fact for one in told(proved(xlsx(rows)))] == [
        one.fact for one in told(proved(xlsx(typed)))
    ]


@pytest.mark.parametrize("how", WRITERS)
def test_original_row_is_shown(how: str, tmp_path: Path) -> None:
    """Evidence names a row; the archive shows it, whatever the file is."""
    content = exported("cmb-corporate", how)
    archive = Archive(tmp_path)
    sha256 = archive.put(content)
    last = [one for one in told(proved(content)) if isinstance(one.fact, EntryBooked)][-1]

    assert isinstance(last.fact, EntryBooked)
    assert last.fact.serial in archive.original(sha256, last.position)
    assert "" == archive.original(sha256, "row 9999")
