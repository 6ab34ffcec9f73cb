"""Many rows read at once are what they are when read singly, or are left to be read singly."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import EntryBooked
from streams.feeds import rows as rows_module
from streams.feeds import table
from streams.feeds.intake import prove, told
from streams.feeds.integrity import checked
from streams.feeds.profiles import load_profiles
from streams.feeds.records import Entry, FeedRefused
from streams.feeds.rows import Rows
from streams.feeds.sniff import sniff
from streams.feeds.table_columns import ColumnReader
from streams.feeds.table_row import Own
from streams.simulator.exports import Form, export
from tests.feeds import made
from tests.feeds.exported import ACCOUNT, DAYS, LAYOUTS, WRITERS, exported, posting

PROFILE = load_profiles()["ccb-corporate"]
HEADING = made.CCB_HEADING.split(",")
AMOUNTS = st.sampled_from((
    *("", "0.00", "100.00", "1,234.56", "12,34.56", "-5.00", "1.2", "5", "(1.00)", "x", ".50"),
    *("90071992547409.92", "90071992547409.93", "999999999999999.00", "１.００", "¥1.00", "-"),
))  # fmt: skip
BALANCES = st.sampled_from(("", "100.00", "-100.00", "1,000.00", "1.005", "--1.00", "x", "-1,0.00"))
ROWS = st.lists(
    st.builds(
        made.ccb_row,
        serial=st.sampled_from(("1-1", "1-2", "", "6.2E+18", "TE-1", "s" * 220)),
        debit=AMOUNTS,
        credit=AMOUNTS,
        balance_after=BALANCES,
        account=st.sampled_from((made.ACCOUNT, "36050152015000000002", "", "1.2E+9")),
        day=st.sampled_from(("20240305", "20240230", "2024-03-06", "")),
        summary=st.sampled_from(("转账存入", "冲正", "")),
        remark=st.sampled_from(("", "学费 HT-1", "转账存入", "原流水 1-1")),
        currency=st.sampled_from(("人民币元", "美元", "", "贝壳")),
    ),
    max_size=4,
)


@settings(max_examples=400, deadline=None)
@given(texts=ROWS, usual=st.booleans())
def test_many_rows_are_read_as_each_of_them(*, texts: list[str], usual: bool) -> None:
    """Whatever stands in a row; an account is known after its first row."""
    known = made.ccb_row("0-1", "", "1.00", "1.00")
    cells = [row.replace("1,234.56", "1234.56").split(",") for row in [known, *texts]]
    if usual:
        cells = [row for row in cells if _singly([row])] * 2
    rows = Rows(b"", "utf-8")
    reader = ColumnReader(PROFILE, HEADING, Own("", ""), rows)
    reader.read(known.split(","), 1)
    places = [(0, line) for line in range(2, len(cells) + 2)]

    many = reader.read_many(places, cells) if cells else None

    if many is not None:
        assert _singly(cells) == list(zip(many.times, many.entries, strict=True))


def _singly(cells: list[list[str]]) -> list[tuple[str, Entry]]:
    reader = ColumnReader(PROFILE, HEADING, Own("", ""), Rows(b"", "utf-8"))
    try:
        return [reader.read(row, line) for line, row in enumerate(cells, start=2)]
    except FeedRefused:
        return []


def test_usual_rows_are_read_at_once() -> None:
    """Else there would be nothing to be compared; amounts may have separators."""
    reader = ColumnReader(PROFILE, HEADING, Own("", ""), Rows(b"", "utf-8"))
    rows = [made.ccb_row("1-1", "", "1.00", "1.00").split(",") for _ in range(3)]
    rows[1][4] = "1,234.56"
    reader.read(rows[0], 1)

    many = reader.read_many([(0, 2), (9, 3), (18, 4)], rows)

    assert many is not None
    assert [100, 123_456, 100] == [entry.fact.amount_fen for entry in many.entries]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_large_exports_are_read_again_and_say_the_same(
    layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the entries that are kept, the rows are read a second time in their order."""
    sniffed = sniff(exported(layout))
    profile = load_profiles()[sniffed.profile]
    kept = list(checked(table.read(sniffed.table, profile)))

    monkeypatch.setattr(table, "ENTRIES_KEPT_MAX", 3)
    monkeypatch.setattr(rows_module, "BLOCK_ROWS", 2)

    assert kept == list(checked(table.read(sniffed.table, profile)))


@pytest.mark.parametrize("newest_first", [False, True])
def test_an_export_beyond_the_kept_entries_is_told_to_the_fen(*, newest_first: bool) -> None:
    """50,001 rows in either order: told from the oldest on, each once, and the balance proves."""
    count = table.ENTRIES_KEPT_MAX + 1
    told_rows = [posting(f"S{number}", 5 + number * 20 // count, number) for number in range(count)]
    data = WRITERS["csv"](
        export("ccb-corporate", ACCOUNT, DAYS, 0, told_rows, Form(newest_first=newest_first))
    )

    file = prove(data, date(2024, 4, 1), "file")
    serials = [one.fact.serial for one in told(file) if isinstance(one.fact, EntryBooked)]

    assert [f"S{number}" for number in range(count)] == serials
    (statement,) = file.statements
    assert statement.consistent
    assert sum(one.amount_fen for one in told_rows) in statement.sums_fen.values()
