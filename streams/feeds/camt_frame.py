"""The statement around camt entries, and what is found in them that no entry can tell."""

from collections.abc import Iterator
from datetime import date

from lxml.etree import _Element as Element

from models.money import format_yuan
from streams.feeds.camt_xml import DIRECTIONS, LOCAL, amount_of, find, words
from streams.feeds.records import Check, FeedRefused, Serials

_ONCE = ("Amt", "CdtDbtInd", "RvslInd", "Sts", "BookgDt", "ValDt", "AcctSvcrRef")
_PAGES = ("StmtPgntn", "RptPgntn", "NtfctnPgntn")


class Frame:
    """What an entry needs to know of the statement around it, and what it leaves there."""

    def __init__(self, message: str, created_day: date) -> None:
        self.message = message
        self.created_day = created_day
        self.account = ""
        self.statement = ""
        self.currency = ""
        self.begins: date | None = None
        self.ends: date | None = None
        self.serials = Serials()
        self._batches = 0
        self._faults: list[tuple[str, int]] = []
        self._notes: dict[str, tuple[int, str]] = {}

    @property
    def is_statement(self) -> bool:
        """Whether this is camt.053: only that is complete for its period."""
        return self.message == "053"

    def note(self, what: str, position: str) -> None:
        """Remember what was read otherwise than it is written, and where first."""
        count, first = self._notes.get(what, (0, position))
        self._notes[what] = (count + 1, first)

    def add_count(self, position: str, stated: int | None, found: int) -> None:
        """Compare how many transactions a batch declares with how many it has."""
        self._batches += 1
        if stated not in (None, found):
            self._faults.append((f"{position}: {stated} transactions declared, {found} found", 0))

    def add_sum(self, position: str, amount_fen: int, found_fen: int) -> None:
        """Compare the amount of a batch with the sum of its transactions."""
        if found_fen != amount_fen:
            shown = f"{format_yuan(amount_fen)}, its transactions {format_yuan(found_fen)}"
            self._faults.append((f"{position}: the batch is {shown}", abs(found_fen - amount_fen)))

    def checks(self) -> Iterator[Check]:
        """The check of the batches where there were any, and the notes."""
        if self._batches:
            detail = "; ".join(text for text, _ in self._faults[:3]) or f"{self._batches} batches"
            gap_fen = max((gap for _, gap in self._faults), default=0)
            yield self._check("batch", detail, gap_fen, ok=not self._faults)
        for what, (count, first) in self._notes.items():
            yield self._check("entries-as-read", f"{count} × {what}: {first}")

    def _check(self, name: str, detail: str, gap_fen: int = 0, *, ok: bool = True) -> Check:
        return Check(self.account, self.statement, self.currency, name, ok, detail, gap_fen)


def page_fault(statement: Element) -> str:
    """What a page lacks of its statement, empty where the statement is whole.

    Nothing of a page is told before the others are there.
    """
    page = next(
        (one for name in _PAGES if (one := find(statement, name)) is not None),
        find(statement.getparent(), "GrpHdr", "MsgPgntn"),
    )
    if page is None:
        return ""
    number, is_last = words(page, "PgNb"), words(page, "LastPgInd")
    if number.lstrip("0") == "1" and is_last in ("true", "1"):
        return ""
    return f"page {number}, last page: {is_last}; have all pages sent in one message"


def refuse_twice(ntry: Element, position: str) -> None:
    """What decides the figure of an entry must stand there once."""
    names = [LOCAL[child.tag] for child in ntry]
    twice = [name for name in _ONCE if names.count(name) > 1]
    if twice:
        raise FeedRefused(f"the entry has {twice[0]} more than once", position)


def compare_batch(
    ntry: Element,
    transactions: list[Element],
    frame: Frame,
    position: str,
    posting: tuple[int, str, str],
) -> None:
    """Sum and count of the transactions against the batch: they never touch the balance."""
    batch = find(ntry, "NtryDtls", "Btch")
    if batch is None and len(transactions) < 2:
        return
    text = words(batch, "NbOfTxs")
    if text and not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise FeedRefused(f"NbOfTxs {text!r} is no number", position)
    if not transactions or (len(transactions) == 1 and find(transactions[0], "Amt") is None):
        # Many banks describe a batch as a whole in one transaction without an amount.
        return
    amount_fen, currency, direction = posting
    found_fen = 0
    for one in transactions:
        told = find(one, "Amt")
        if told is None:
            told = find(one, "AmtDtls", "TxAmt", "Amt")
        if told is None or told.get("Ccy", currency) != currency:
            break
        mark = DIRECTIONS.get(words(one, "CdtDbtInd"), direction)
        part_fen = amount_of(told, "Amt of a transaction", position)
        found_fen += part_fen if mark == direction else -part_fen
    else:
        frame.add_sum(position, amount_fen, found_fen)
    frame.add_count(position, int(text) if text else None, len(transactions))
