"""Tables that are no text of their own: Excel files and web pages, known by content, as rows."""

import re

from streams.feeds.records import Data
from streams.feeds.rows import Rows
from streams.feeds.sheet import sheet_rows
from streams.feeds.sheet_limits import NUMBER_MARK
from streams.feeds.web_table import web_rows

_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_HEAD_BYTES = 65_536
_PAGE = re.compile(
    rb"\A(?:\xef\xbb\xbf)?"
    rb"(?:<\?xml[^>]{0,200}\?>|<!--.{0,2000}?-->|<!doctype\s+html[^>]{0,400}>|\s)*"
    rb"<(?:html|head|meta|style|body|table)[\s>]",
    re.IGNORECASE | re.DOTALL,
)


def converted_rows(data: Data) -> Rows | None:
    """The rows of an Excel file or of a web page; None for what is neither.

    Raises FeedRefused where it is one and cannot be read.
    """
    head = bytes(data[:_HEAD_BYTES])
    if head.startswith(_EXCEL):
        return sheet_rows(data)
    if _PAGE.match(head):
        return web_rows(data)
    return None


def row_as_read(rows: Rows, number: int) -> str:
    """A row of a converted table as people can read it, empty where there is none."""
    for (_, line), cells in rows:
        if line == number:
            return "\t".join(cell.removeprefix(NUMBER_MARK) for cell in cells)
        if line > number:
            break
    return ""
