"""What the generator of exports is asked to write, and the files that it makes of it."""

from collections.abc import Callable
from datetime import date

from streams.simulator.exports import Form, as_page, as_text, export
from streams.simulator.swift import Posting
from tests.feeds.books import xls, xlsx

ACCOUNT = "36050152015000000001"
OPENING_FEN = 1_000_000
DAYS = (date(2024, 3, 1), date(2024, 3, 31))
LAYOUTS = (
    *("icbc-corporate", "icbc-corporate-marked", "icbc-corporate-unmarked", "abc-corporate"),
    *("cmb-corporate", "ccb-corporate", "boc-corporate"),
)


def posting(serial: str, day: int, yuan: int, direction: str = "C", **told: str) -> Posting:
    """A posting of March 2024; `told` changes what is told of it."""
    reversal = bool(told.pop("reversal", ""))
    return Posting(
        booked=date(2024, 3, day),
        amount_fen=yuan * 100 + 5,
        direction="C" if direction == "C" else "D",
        reference=serial,
        name=told.pop("name", "张三"),
        other_account=told.pop("other_account", "6217000000000001"),
        text=told.pop("text", f"学费 HT-{serial[-3:]}"),
        reversal=reversal,
    )


POSTINGS = (
    posting("2024030500000000000000001-1", 5, 3_000),
    posting("2024030500000000000000002-1", 5, 3_000, text="同额 HT-1"),
    # Two that say the same, of one day: parents pay by standing order.
    posting("2024030500000000000000003-1", 5, 1_280, text="同额 HT-1"),
    posting("2024030500000000000000004-1", 5, 1_280, text="同额 HT-1"),
    posting("2024031200000000000000005-1", 12, 12_345, "D", name="青苗培训学校（基本户）"),
    posting("2024031200000000000000006-1", 12, 900, name="李四，王五"),
    # The second of a pair takes the first back.
    posting("2024031200000000000000007-1", 12, 900, "D", reversal="yes", text="冲正"),
    # A batch is one posting.
    posting("2024031300000000000000008-1", 13, 25_600, text="批量代发 32笔", other_account=""),
)
WRITERS: dict[str, Callable[[list[list[str]]], bytes]] = {
    "csv": lambda rows: as_text(rows).encode("gb18030"),
    "tab": lambda rows: as_text(rows, "\t").encode("gb18030"),
    "page": lambda rows: as_page(rows).encode("gb18030"),
    "xls": xls,
    "xlsx": xlsx,
}


def exported(layout: str, how: str = "csv", form: Form | None = None) -> bytes:
    """The file of the postings above."""
    return WRITERS[how](export(layout, ACCOUNT, DAYS, OPENING_FEN, POSTINGS, form))
