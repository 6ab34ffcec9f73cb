"""Lines of delimited text as cells, whichever way they are read, and the same lines once more."""

import csv
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.facts import EntryBooked
from streams.feeds import rows as rows_module
from streams.feeds import table, table_group
from streams.feeds.intake import prove, told
from streams.feeds.records import FeedRefused
from streams.feeds.rows import Place, Rows
from tests.feeds.made import ccb, ccb_row

LINES = st.lists(
    st.sampled_from((
        *("", "a", "a,b,c", ",,", "a,", "学费,二", '"a,b",c', '"a""b",', 'a"b', '"a'),
        *("a\tb", " a , b ", "\u2028,\x85", "a\x0bb,c", "x" * 40),
    )),
    max_size=12,
)  # fmt: skip
ENDS = st.sampled_from(("\n", "\r\n", "\r"))


@given(lines=LINES, delimiter=st.sampled_from(",\t"))
def test_lines_without_quotes_are_divided_as_csv_divides_them(
    lines: list[str], delimiter: str
) -> None:
    """Blank lines are rows of no cells; where there are quotes, only the reader of CSV knows."""
    lines = lines or [""]
    try:
        expected = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        expected = []

    assert expected == Rows(b"", "utf-8", delimiter)._split(lines)


def test_field_beyond_the_limit_of_csv_is_refused_with_its_row() -> None:
    """Also where no quote stands and the short way would not mind."""
    rows = Rows(b"a,b\n" + b"x" * (csv.field_size_limit() + 1) + b",b\n", "utf-8")

    with pytest.raises(FeedRefused, match=r"^row 2: no proper CSV: field larger"):
        list(rows)


@given(data=st.data(), lines=LINES, end=ENDS, apart_bytes=st.sampled_from((1, 9, 100_000)))
def test_rows_are_found_again_wherever_they_stand(
    data: st.DataObject, lines: list[str], end: str, apart_bytes: int
) -> None:
    """Near each other and far apart, some of them or all, forwards and backwards."""
    text = end.join(line for line in lines if '"' not in line)
    rows = Rows(text.encode("gb18030"), "gb18030")
    every = list(rows)
    wanted = [row for row in every if data.draw(st.booleans())]
    if data.draw(st.booleans()):
        wanted.reverse()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_module, "_APART_BYTES_MAX", apart_bytes)
        patch.setattr(rows_module, "BLOCK_ROWS", 3)
        found: list[tuple[Place, list[str]]] = [
            pair
            for places, cells in rows.again([place for place, _ in wanted])
            for pair in zip(places, cells, strict=True)
        ]

    assert wanted == found


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("again", [(), (2,), (2, 5)])
def test_large_exports_tell_serials_apart_like_small_ones(
    again: tuple[int, ...], *, newest_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A serial that comes twice on a day gets its ordinal, on another day it does not."""
    rows = [
        ccb_row(
            f"1-{1 if place in again else place}", "", "1.00", f"{place}.00", day=f"2024030{day}"
        )
        for place, day in zip(range(1, 9), (1, 1, 1, 1, 2, 2, 2, 2), strict=True)
    ]
    content = ccb(*(rows[::-1] if newest_first else rows))

    def serials() -> list[str]:
        file = prove(content, date(2024, 4, 1), "file")
        return [one.fact.serial for one in told(file) if isinstance(one.fact, EntryBooked)]

    small = serials()
    monkeypatch.setattr(table, "ENTRIES_KEPT_MAX", 3)
    monkeypatch.setattr(rows_module, "BLOCK_ROWS", 2)
    monkeypatch.setattr(table_group, "_HASHES_AT_ONCE", 3)

    assert small == serials()
    assert (2 in again) == ("1-1#2" in small)
