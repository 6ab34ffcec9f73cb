"""Bank exports that are web pages: their table rows as delimited text, row by row.

Many banks name such a page `.xls`. Its rows are counted as they stand in the page.
"""

import csv
import io
import re

from lxml import etree

from streams.feeds.records import Data, FeedRefused
from streams.feeds.rows import Rows
from streams.feeds.text import encoding_of

BYTES_MAX = 50_000_000
"""A page of 50,000 rows has some 20 MB."""

_HEAD_BYTES = 4_096
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_CHINESE = {"gbk", "gb2312", "gb18030", "cp936"}
_TABLE = re.compile(r"<(/?)table[\s>/]", re.IGNORECASE)
_COLUMNS_MAX = 500


def web_rows(data: Data) -> Rows:
    """The rows of all tables of a page in their order.

    Raises FeedRefused for a page that ends inside a table, for it is cut, and for one that is not
    in the encoding that it declares.
    """
    if len(data) > BYTES_MAX:
        reason = f"a web page of {len(data):,} bytes is too large; save the sheet as CSV"
        raise FeedRefused(reason, "byte 0")
    text = _decode(data)
    marks = [match.group(1) for match in _TABLE.finditer(text)]
    if marks.count("") != marks.count("/"):
        raise FeedRefused("a table of the web page is not closed: it is cut", f"byte {len(data)}")
    found = io.StringIO()
    writer = csv.writer(found, lineterminator="\n")
    parsed = etree.iterparse(
        io.BytesIO(text.encode()), events=("end",), tag="tr", html=True, encoding="utf-8"
    )
    try:
        for _, row in parsed:
            # A row around another table: the inner rows were read when they ended.
            if row.find(".//table") is None:
                writer.writerow(_cells(row))
            row.clear()
    except etree.XMLSyntaxError as error:
        raise FeedRefused(f"the web page cannot be read: {error}", "byte 0") from error
    return Rows(found.getvalue().encode(), "utf-8")


def _decode(data: Data) -> str:
    whole = bytes(data)
    declared = _CHARSET.search(whole[:_HEAD_BYTES])
    encoding = encoding_of(data)
    if declared and not whole.startswith(b"\xef\xbb\xbf"):
        name = declared.group(1).decode().lower()
        if name not in {*_CHINESE, "utf-8", "utf8"}:
            raise FeedRefused(f"the encoding {name!r} is not read", f"byte {declared.start()}")
        encoding = "gb18030" if name in _CHINESE else "utf-8"
    try:
        return whole.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise FeedRefused(f"is not the {encoding} it declares", f"byte {error.start}") from error


def _cells(row: etree._Element) -> list[str]:
    """The texts of a row; a cell over several columns is followed by empty ones."""
    cells: list[str] = []
    for cell in row.iterchildren("td", "th"):
        cells.append(" ".join("".join(map(str, cell.itertext())).split()))
        span = cell.get("colspan", "1").strip()
        if span.isascii() and span.isdecimal() and 1 < int(span) <= _COLUMNS_MAX:
            cells.extend([""] * (int(span) - 1))
    return cells
