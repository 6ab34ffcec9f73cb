"""Exports of online banking as CSV, tab text and web pages, changed at any place."""

from streams.simulator.exports import Form
from tests.feeds import made
from tests.feeds.exported import LAYOUTS, exported
from tests.fuzz.bank_file import read_any

TOKENS = (
    *(b",", b"\t", b'"', b'""', b"\r\n", b"\n", b"\r", b"\n\n", b",,,,,,", b"\xef\xbb\xbf", b"\0"),
    *(b"-", b"-1.00", b"1,234.56", b'"1,234.56"', b"(1.00)", b"1e3", b"6.217E+18", b"0.001", b"0"),
    *(b"99999999999999999999.00", b"0.00", b"\xa3\xa4", b"\x80", b"\xef\xbc\x91", b"`", b'="1"'),
    *(b"20240230", b"2024-03-05", b"00000000", b"2024/3/5 9:31:17", b"99991231"),
    *("借,贷,冲正,人民币,美元,合计,查询账号：,总笔数：3".encode("gb18030").split(b",")),
    *(
        b"<tr>",
        b"</tr>",
        b"<td>",
        b"</td>",
        b"<table>",
        b"</table>",
        b"<td colspan='500'>",
        b"&#0;",
    ),
    *(b"<td colspan='0'>", b"charset=utf-8", b"charset=gbk", b"<script>", b"<!--", b"-->", b"&x;"),
)


def seeds() -> list[bytes]:
    """Every layout in every way of writing text, some newest first, in red ink or with separators.

    And one of two accounts, with the totals below the rows.
    """
    forms = (Form(), Form(ink="red", newest_first=True), Form(separators=True, newest_first=True))
    told = [exported(layout, how, form) for layout in LAYOUTS for how in _WAYS for form in forms]
    other = made.ccb_row("2-1", "", "5.00", "105.00", account="36050152015000000002")
    return [
        *told,
        made.ccb(made.ccb_row("1-1", "", "100.00", "1100.00"), other, "总笔数：,2"),
        made.boc("", made.boc_row("1", "100.00", "1100.00"), made.boc_row("2", "1.00", "1101.00")),
    ]


_WAYS = ("csv", "tab", "page")


def read(data: bytes) -> str:
    """Examine one export."""
    return read_any(data)
