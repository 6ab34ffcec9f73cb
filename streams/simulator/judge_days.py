"""The truth about money over time: released ahead, coverage, outflow, from a book kept by day."""

from collections import defaultdict
from collections.abc import Iterator

from streams.simulator.book import Book
from streams.simulator.judge import Wrong, windows
from streams.simulator.plan import Day, Entry, Institution, Session, iso
from streams.simulator.season import Season

Standing = tuple[int | None, str] | None

_LEAST_FEN = 100_000
# Shares in percent with their levels, the worst first.
_DAY_STEPS = ((40, "red"), (20, "orange"), (10, "yellow"), (5, "blue"))
_WEEK_STEPS = ((60, "red"), (30, "orange"), (20, "yellow"), (10, "blue"))
_AHEAD_STEPS = ((20, "red"), (10, "orange"), (5, "yellow"))
_COVERAGE_STEPS = ((50, "red"), (80, "orange"), (95, "yellow"), (100, "blue"))
_RANK = ("blue", "yellow", "orange", "red")


class DailyJudge:
    """Plays an institution's days as its bank told them and notes what stands at each close."""

    def __init__(self, inst: Institution, season: Season, entries: list[Entry]) -> None:
        self.inst, self.season = inst, season
        self.book = Book()
        self.days = range(inst.first, inst.last + 1)
        self._entries: dict[Day, list[Entry]] = defaultdict(list)
        self._deferred: dict[Day, list[Entry]] = defaultdict(list)
        for entry in entries:
            self._entries[entry.day].append(entry)
        self._sessions: dict[Day, list[Session]] = defaultdict(list)
        for session in inst.sessions:
            self._sessions[session.day].append(session)
        self._held = {(s.account, s.day) for s in inst.broken if s.corrected is None}
        self._undecided = {s.day for s in inst.broken if s.corrected is None and not s.dropped}
        self.unearned: dict[Day, int] = {}
        self._ahead: dict[str, list[tuple[Day, Standing]]] = defaultdict(list)
        self._named: set[str] = set()
        self._coverage: list[tuple[int, int] | None] = []
        self._outflow: dict[Day, int] = {}
        self.out_wrongs: list[Wrong] = []

    def run(self) -> Iterator[Wrong]:
        """Everything wrong about releases, coverage and outflow."""
        for day in self.days:
            self._play(day)
            self._note_ahead(day)
            self._note_outflow(day)
            self._note_coverage(day)
            self.unearned[day] = self.book.unearned
        last = self.inst.last
        for subject in sorted(self._ahead):
            yield from windows("release-ahead", subject, self._ahead[subject], last)
        yield from windows("coverage-short", "coverage", self._short_days(), last)
        yield from self.out_wrongs

    def _play(self, day: Day) -> None:
        book = self.book
        for entry in (*self._deferred.pop(day, ()), *self._entries.get(day, ())):
            contract = entry.contract
            if entry.meaning == "payment" and contract:
                if day < contract.signed:
                    # Nobody knows of the contract yet, so nothing is owed on it yet.
                    self._deferred[contract.signed].append(entry)
                else:
                    book.pay(contract, entry.amount_fen)
            elif entry.meaning == "refund" and contract:
                book.refund(contract, entry.amount_fen)
            elif entry.meaning == "returned" and contract:
                book.refund(contract, -entry.amount_fen)
            elif entry.meaning in {"release", "named"}:
                book.release(entry.amount_fen, contract)
                if contract:
                    self._named.add(contract.number)
        for session in self._sessions.get(day, ()):
            book.teach(session.present, session.hours)

    def _note_ahead(self, day: Day) -> None:
        book = self.book
        self._ahead["batch"].append((day, _ahead(book.batches - book.free, book.paid)))
        for number in self._named:
            line = book.lines[number]
            standing = _ahead(line.named - line.allowed, line.paid)
            self._ahead[f"contract:{number}"].append((day, standing))

    def _note_outflow(self, day: Day) -> None:
        unscheduled = batch = 0
        named: dict[str, int] = defaultdict(int)
        for entry in self._entries.get(day, ()):
            if entry.account.purpose != "dedicated":
                continue
            if entry.meaning == "other":
                unscheduled += entry.amount_fen
            elif entry.meaning == "release":
                batch += entry.amount_fen
            elif entry.meaning == "named" and entry.contract:
                named[entry.contract.number] += entry.amount_fen
        book = self.book
        unscheduled += min(batch, max(0, book.batches - book.free))
        for number, amount in named.items():
            line = book.lines[number]
            unscheduled += min(amount, max(0, line.named - line.allowed))
        self._outflow[day] = unscheduled
        if unscheduled < _LEAST_FEN or day in self._undecided:
            return
        week = sum(self._outflow.get(earlier, 0) for earlier in range(day - 6, day + 1))
        highest = max(self.close(day, earlier) for earlier in range(day - 7, day))
        by_day = _reached(unscheduled, self.close(day, day - 1), _DAY_STEPS)
        by_week = _reached(week, highest, _WEEK_STEPS)
        levels = [level for level in (by_day, by_week) if level]
        if levels:
            level = max(levels, key=_RANK.index)
            subject = f"day:{iso(day)}"
            self.out_wrongs.append(Wrong("outflow-large", subject, day, None, unscheduled, level))

    def close(self, day: Day, earlier: Day) -> int:
        """What the accounts designated on `day` or before held at the close of an earlier day."""
        return sum(
            self._told_closing(account.number, account.closings, earlier)
            for account in self.inst.accounts
            if account.purpose == "dedicated" and account.valid_from <= day
        )

    def _told_closing(self, number: str, closings: dict[Day, int], day: Day) -> int:
        while (number, day) in self._held:
            day -= 1
        return closings.get(day, 0)

    def _note_coverage(self, day: Day) -> None:
        inst = self.inst
        agreed = any(span.begins <= day <= span.ends for span in inst.custody)
        unearned = self.book.unearned
        if day in self._undecided or (inst.reserve and agreed) or not unearned:
            self._coverage.append(None)
            return
        balance = sum(
            self._told_closing(account.number, account.closings, day)
            for account in inst.designated(day)
        )
        self._coverage.append((balance, unearned))

    def _short_days(self) -> Iterator[tuple[Day, Standing]]:
        closes: list[tuple[int, int] | None] = []
        undecided: list[bool] = []
        for day, close in zip(self.days, self._coverage, strict=True):
            if self.season.working(day):
                closes = [*closes, close][-3:]
                undecided = [*undecided, day in self._undecided][-3:]
            if any(undecided):
                # A broken statement hides the day; it does not end the run.
                continue
            yield day, _short(closes)


def _ahead(excess: int, paid: int) -> Standing:
    if excess <= 0:
        return None
    if paid == 0:
        return excess, "red"
    return excess, next((w for least, w in _AHEAD_STEPS if excess * 100 >= least * paid), "blue")


def _reached(amount: int, base: int, steps: tuple[tuple[int, str], ...]) -> str | None:
    if base == 0:
        return "red"
    return next((word for least, word in steps if amount * 100 >= least * base), None)


def _short(closes: list[tuple[int, int] | None]) -> Standing:
    """How short the best of three closes is; None unless all three are known and short."""
    known = [close for close in closes if close is not None]
    if len(known) < 3:
        return None
    balance, unearned = max(known, key=lambda close: (close[0] * 10**12) // close[1])
    if balance >= unearned:
        return None
    level = next(word for below, word in _COVERAGE_STEPS if balance * 100 < below * unearned)
    last_balance, last_unearned = known[-1]
    return last_unearned - last_balance, level
