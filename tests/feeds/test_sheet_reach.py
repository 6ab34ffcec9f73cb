"""How far the cells of a sheet reach is measured exactly wherever it may matter; and its lines."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.feeds import sheet_checks, sheet_child
from streams.feeds.sheet_checks import CELLS_MAX, ROWS_MAX, SheetRefused, check_package
from streams.feeds.sheet_limits import NUMBER_MARK

BLANKS = st.sampled_from((b"", b" ", b"\n\t"))
LETTERS = st.sampled_from(
    (b"", b"A", b"Z", b"AA", b"BZ", b"CA", b"AZ", b"ZZ", b"AAA", b"XFD", b"a")
)
DIGITS = st.sampled_from((
    *(b"", b"0", b"1", b"99999", b"100000", b"099999", b"000100000", b"300000", b"300001"),
    *(b"99", b"142857", b"128206", b"1048576", b"9" * 20, b"9" * 21),
))  # fmt: skip
REFERENCES = st.builds(
    lambda name, before, after, quote, letters, digits: (
        name + before + b"=" + after + quote + letters + digits + quote
    ),
    name=st.sampled_from((b" r", b"r", b"\nr", b'"r', b"colr", b" R")),
    before=BLANKS,
    after=BLANKS,
    quote=st.sampled_from((b'"', b"'")),
    letters=LETTERS,
    digits=DIGITS,
)
TEXTS = st.lists(REFERENCES | st.sampled_from((b"<c", b">", b'"', b"ABC123456")), max_size=8)


@settings(max_examples=2_000)
@given(texts=TEXTS)
def test_what_is_not_looked_at_closely_reaches_nowhere_far(texts: list[bytes]) -> None:
    """Whatever names a cell, however it is written: only a sure piece is not measured."""
    text = b"".join(texts)
    columns, rows = sheet_checks._extent(text)

    if sheet_checks._FAR.search(text) is None:
        assert columns <= 78
        assert rows <= 99_999


def test_what_is_sure_keeps_the_limits() -> None:
    """The box that is passed without being measured lies within them on both sides."""
    assert 78 * 99_999 <= CELLS_MAX
    assert ROWS_MAX >= 99_999


def package(tmp_path: Path, sheet: bytes) -> Path:
    """A ZIP of a book that holds this sheet, stored so that no ratio refuses it."""
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
        book.writestr("xl/worksheets/sheet1.xml", sheet)
    return path


def row(*references: str) -> bytes:
    """A row without a number of its own."""
    cells = "".join(f'<c r="{reference}"/>' for reference in references)
    return f"<row>{cells}</row>".encode()


FILLING = b" " * sheet_checks._PIECE_BYTES
FAR = {
    "its first cell last": row("CW99999", "A1"),
    "rows from the last to the first": row("A99999") + row("CW1"),
    "a column far out and a row far down": row("ZZZ1") + row("A99999"),
    "only the number of a row": b'<row r="300001"/>',
    "blanks and single quotes": b"<row><c r\n= 'A300001'/></row>",
    "zeros before": row("A0000300001"),
    "in the last piece": FILLING * 2 + row("A300001"),
    "the column in another piece": row("CW1") + FILLING * 2 + row("A99999"),
    "over the end of a piece": FILLING[: -len('<row><c r="A30')] + row("A300001"),
}


@pytest.mark.parametrize("name", FAR)
def test_a_sheet_that_reaches_far_is_refused_however_it_says_so(name: str, tmp_path: Path) -> None:
    """Out of order, over the end of a piece, without numbers of rows, in any way of writing."""
    with pytest.raises(SheetRefused, match=r"more than (300,000|10,000,000 cells)"):
        check_package(package(tmp_path, FAR[name]))


@pytest.mark.parametrize(
    "sheet",
    [
        row("CV99999"),
        row("ZZZ1", "A547"),
        row("AG300000"),
        row("AJ1") + FILLING + row("AJ277777"),
        row("ZZZZ9", "a300001") + b'<c clr="A300001"/><c r="300001',
    ],
)
def test_a_sheet_up_to_the_limits_is_let_in(sheet: bytes, tmp_path: Path) -> None:
    """Wide or long, and what only looks like the name of a cell."""
    check_package(package(tmp_path, sheet))


CELLS = st.sampled_from((
    *("", "a", "学费", "1,234.56", 'a"b', "a\nb", "a\rb", " ", "'", "\u2028", "\x85", "\t", "-"),
    *(1, 2.5, True, f"a{NUMBER_MARK}"),
))  # fmt: skip


@given(data=st.data(), width=st.integers(0, 4))
def test_lines_that_are_joined_are_those_that_would_be_written(
    data: st.DataObject, width: int
) -> None:
    """A cell that wants quotes, a number or a line end leaves its rows to the writer of CSV."""
    cells = st.sampled_from(("", "a", "学费", "\u2028", "-"))
    one = data.draw(st.sampled_from((cells, CELLS)))
    rows = data.draw(st.lists(st.lists(one, min_size=width, max_size=width), min_size=1))
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(map(sheet_child._texts, rows))

    assert sheet_child._plain_lines(rows) in ("", written.getvalue())


def test_usual_rows_are_joined() -> None:
    """Else there would be nothing to be compared."""
    assert "a,,b\n,,\n" == sheet_child._plain_lines([["a", "", "b"], ["", "", ""]])
