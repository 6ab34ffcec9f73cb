"""Pages of one camt statement (`StmtPgntn`): joined where they follow one another in a message.

A page alone is no statement: without the others its entries would close days of which the rest is
missing, so it waits with the reason.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from lxml.etree import _Element as Element

from models.money import format_yuan
from streams.feeds.camt_xml import find, words
from streams.feeds.records import Closing, Declared, Opening

_OF_STATEMENT = ("StmtPgntn", "RptPgntn", "NtfctnPgntn")
_NUMBER_LENGTH_MAX = 9

ALL_PAGES = "have all pages sent in one file, the first page first"
"""What mends it: the pages of several files are not joined."""

Balances = list[tuple[str, Opening | Closing]]
"""Each booked balance of a page with `opening` or `closing` before it."""


class Page(NamedTuple):
    """What a statement says of its page; `number` is 0 where it is no number.

    `is_own` is False where the pages are those of the message: which of its statements goes on in
    the next message cannot be told.
    """

    told: str
    number: int
    is_last: bool
    is_own: bool
    statement: str
    sequence: str

    @property
    def is_whole(self) -> bool:
        """Whether this is the only page."""
        return self.number == 1 and self.is_last

    @property
    def waits(self) -> bool:
        """Whether the next page may follow."""
        return self.is_own and self.number > 0 and not self.is_last

    def goes_on(self, after: "Page") -> bool:
        """Whether this is the page behind another one, of the same statement."""
        is_same = self.statement == after.statement or "" != self.sequence == after.sequence
        return after.waits and self.is_own and is_same and self.number == after.number + 1


def page_of(statement: Element) -> Page | None:
    """The page that a statement, report or notification is, None where it names none."""
    own = next((one for n in _OF_STATEMENT if (one := find(statement, n)) is not None), None)
    page = own if own is not None else find(statement.getparent(), "GrpHdr", "MsgPgntn")
    if page is None:
        return None
    text, last = words(page, "PgNb"), words(page, "LastPgInd")
    is_number = text.isascii() and text.isdecimal() and len(text) <= _NUMBER_LENGTH_MAX
    return Page(
        told=f"page {text}, last page: {last}",
        number=int(text) if is_number else 0,
        is_last=last in ("true", "1"),
        is_own=own is not None,
        statement=words(statement, "Id"),
        sequence=words(statement, "ElctrncSeqNb") or words(statement, "LglSeqNb"),
    )


def page_fault(page: Page, *, is_first_here: bool) -> str:
    """What the last of the pages at hand waits for; `is_first_here` where it goes on from page 1.

    Nothing of a page is told before the others are there.
    """
    has_first = is_first_here or page.number == 1
    awaited = [] if has_first else ["the pages before it"]
    awaited += [] if page.is_last else ["the pages behind it"]
    if not awaited:
        return ""
    return f"{page.told}; {' and '.join(awaited)} are awaited: {ALL_PAGES}"


def seam_fault(page: Page, before: Balances, after: Balances) -> tuple[str, int]:
    """What does not fit between two pages, with the gap: a page opens as the one before closed.

    Some banks repeat the balances of the whole statement on every page.
    """

    def told(balances: Balances) -> dict[tuple[str, str], int]:
        return {(what, one.currency): one.balance_fen for what, one in balances}

    first, second = told(before), told(after)
    if first == second:
        return "", 0
    for (what, currency), opening_fen in second.items():
        closing_fen = first.get(("closing", currency))
        if what == "opening" and closing_fen not in (None, opening_fen):
            assert closing_fen is not None, "not in the tuple above"
            shown = f"{format_yuan(opening_fen)}, the page before closes with"
            detail = f"page {page.number} opens with {shown} {format_yuan(closing_fen)}"
            return detail, abs(opening_fen - closing_fen)
    return "", 0


def summed(summaries: list[Declared]) -> Iterator[Declared]:
    """What the pages declare: the same on each is of the statement, else each speaks of itself."""
    if not summaries:
        return
    unique = list(dict.fromkeys(summaries))
    total = unique[0]
    for one in unique[1:]:
        total = msgspec.structs.replace(
            total,
            entries=_plus(total.entries, one.entries),
            credits=_plus(total.credits, one.credits),
            debits=_plus(total.debits, one.debits),
            credit_fen=_plus(total.credit_fen, one.credit_fen),
            debit_fen=_plus(total.debit_fen, one.debit_fen),
            sum_fen=_plus(total.sum_fen, one.sum_fen),
            net_fen=_plus(total.net_fen, one.net_fen),
        )
    yield total


def _plus(one: int | None, other: int | None) -> int | None:
    """None where a page does not say: then nothing can be compared."""
    return None if one is None or other is None else one + other
