"""The statement around camt entries, and what is found in them that no entry can tell."""

from collections.abc import Iterator
from datetime import date, timedelta

from models.money import format_yuan
from streams.feeds.camt_pages import Balances, Page, page_fault, seam_fault, summed
from streams.feeds.camt_xml import DIRECTIONS, LOCAL, Element, amount_of, day_of_text, find, words
from streams.feeds.records import (
    Check,
    Closing,
    Declared,
    End,
    Entry,
    FeedRefused,
    Opening,
    Record,
    Serials,
)
from streams.feeds.text import end_of_day, parse_day, parse_moment, to_utc

_ONCE = ("Amt", "CdtDbtInd", "RvslInd", "Sts", "BookgDt", "ValDt", "AcctSvcrRef")


class Frame:
    """What an entry needs to know of the statement around it, and what it leaves there.

    It lasts over all pages of the statement. `created` is the text of the bank's moment, empty
    where it tells none; `place` is where the first page stands.
    """

    def __init__(self, message: str, created: str, place: str) -> None:
        self.message = message
        self.place = place
        self.account = ""
        self.statement = ""
        self.currency = ""
        self.begins: date | None = None
        self.ends: date | None = None
        self.serials = Serials()
        self.page: Page | None = None
        self.sequence: int | None = None
        self.created_day = day_of_text(created, place) if created else date.min
        self._created = created
        self._ends_text = ""
        self._is_joined = False
        self._first_number = 0
        self._balances: Balances = []
        self._opened: set[str] = set()
        self._days: set[date] = set()
        self._entry_currency = ""
        self._summaries: list[Declared] = []
        self._checks: list[Check] = []
        self._batches = 0
        self._faults: list[tuple[str, int]] = []
        self._notes: dict[str, tuple[int, str]] = {}

    @property
    def is_statement(self) -> bool:
        """Whether this is camt.053: only that is complete for its period."""
        return self.message == "053"

    @property
    def waits(self) -> bool:
        """Whether its next page may follow."""
        return self.is_statement and self.page is not None and self.page.waits

    def set_period(self, begins: str, ends: str) -> None:
        """The period as the statement writes it, if it tells both ends."""
        if not (begins and ends):
            return
        self.begins = day_of_text(begins, self.place)
        self.ends = day_of_text(ends, self.place)
        self._ends_text = ends
        if self.ends < self.begins:
            raise FeedRefused(f"the period {begins} to {ends} ends first", self.place)

    def join(self, next_page: "Frame") -> bool:
        """Go on with the next page, if this is it."""
        before, page = self.page, next_page.page
        is_same = (self.account, self.message) == (next_page.account, next_page.message)
        if before is None or page is None or not (is_same and page.goes_on(before)):
            return False
        if not self._is_joined:
            self._first_number = before.number
        self.page, self._is_joined = page, True
        self.ends, self._ends_text = next_page.ends, next_page._ends_text  # noqa: SLF001 -- its own
        return True

    def openings(self, balances: Balances) -> Iterator[Opening]:
        """The balances before the first entry, each currency once; a later page opens nothing."""
        for _, balance in balances:
            is_new = balance.currency not in self._opened and not self._is_joined
            if isinstance(balance, Opening) and is_new:
                self._opened.add(balance.currency)
                yield balance

    def add(self, entry: Entry) -> None:
        """Remember the day and the currency of an entry."""
        self._days.add(entry.fact.booking_date)
        self._entry_currency = self._entry_currency or entry.fact.currency

    def end_page(self, balances: Balances, summaries: Iterator[Declared]) -> None:
        """The balances and declared figures of a page, once it is read."""
        if self._is_joined and self.page is not None:
            detail, gap_fen = seam_fault(self.page, self._balances, balances)
            if detail:
                self._fault("pages", detail, gap_fen)
        self._balances = balances
        self._compare_balances()
        self._days |= {one.day for _, one in balances if one.day is not None}
        self._summaries += summaries

    def finish(self) -> Iterator[Record]:
        """What stands behind the entries of the last page that is here."""
        for _, balance in self._balances:
            if isinstance(balance, Closing):
                yield balance
        yield from summed(self._summaries)
        if self.page is not None and self.is_statement:
            lacking = page_fault(self.page, is_first_here=self._first_number == 1)
            if lacking:
                self._fault("pages", lacking)
        yield from self._checks
        yield from self.checks()
        yield self._end()

    def _compare_balances(self) -> None:
        """Two booked balances of one kind and day that differ leave open which one is right."""
        told: dict[tuple[str, str, date | None], int] = {}
        for what, balance in self._balances:
            if balance.interim:
                continue
            first = told.setdefault((what, balance.currency, balance.day), balance.balance_fen)
            if first != balance.balance_fen:
                detail = f"{what} is told as {format_yuan(first)}"
                detail += f" and as {format_yuan(balance.balance_fen)}"
                self._fault("balances", detail, abs(first - balance.balance_fen))

    def _fault(self, name: str, detail: str, gap_fen: int = 0) -> None:
        self._checks.append(self._check(name, detail, gap_fen, ok=False))

    def note_sign(self, kind: str, currency: str) -> None:
        """A balance without a direction is read as a credit, and a check says so."""
        note = Check(
            account=self.account,
            statement=self.statement,
            currency=currency,
            name="balance-direction",
            ok=True,
            detail=f"{kind} has no CdtDbtInd, read as CRDT",
        )
        if note not in self._checks:
            self._checks.append(note)

    def _end(self) -> End:
        days = self._days or {self.created_day}
        begins, ends = min(days), max(days)
        if self.begins is not None and self.ends is not None:
            begins = self.begins
            ends = period_end(begins, self._ends_text, days, self.place)
        if ends == date.min:
            raise FeedRefused("the statement has no date at all", self.place)
        return End(
            account=self.account,
            statement=self.statement,
            currency=self.currency or self._entry_currency or "CNY",
            created=self._created_moment() or end_of_day(ends),
            begins=begins,
            ends=ends,
            position=self.place,
            is_statement=self.is_statement,
            period_declared=self.begins is not None,
            sequence=self.sequence,
        )

    def _created_moment(self) -> str:
        """In UTC; a bank that tells a day alone made the statement at its end."""
        if not self._created:
            return ""
        try:
            if "T" not in self._created:
                return end_of_day(parse_day(self._created))
            return to_utc(parse_moment(self._created))
        except ValueError as error:
            raise FeedRefused(str(error), self.place) from error

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


def period_end(begins: date, text: str, used: set[date], position: str) -> date:
    """The last day of a period that ends at a moment: midnight closes the day before it.

    Some banks write a plain date as midnight; then something is dated on that very day.
    """
    day = day_of_text(text, position)
    is_midnight = "T00:00:00" in text
    if "T24:00" in text and day > begins:
        return day - timedelta(days=1)
    if is_midnight and day > begins and day not in used:
        return day - timedelta(days=1)
    return day


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
