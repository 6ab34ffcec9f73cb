"""What the banks delivered of each account: statements, the days they cover, what is contested.

Days are ordinals. Sources: rules.md S1 and D, feeds.md 4.2.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from models import facts as f
from models.registers import FOREVER

if TYPE_CHECKING:
    from models.pairing import Group, Unpaired
    from models.touched import Touched
    from models.versions import Contest

HOME_CURRENCY: Final = "CNY"

Identity = tuple[str, str, str]
"""Account, statement id and currency."""


class Span(NamedTuple):
    """A statement by its last day, its first day and its id; both days included."""

    ends: int
    begins: int
    statement: str


class Feed:
    """The statements of every account in the order of their days.

    Spans are of statements in the home currency: one in another shares their days.
    """

    def __init__(self, touched: Touched) -> None:
        self.statements: dict[Identity, dict[bool, f.StatementReceived]] = defaultdict(dict)
        """By whether it is consistent."""
        self.accepted: set[tuple[str, str]] = set()
        self.contested: dict[str, Contest] = {}
        self.unpaired: dict[str, tuple[Group, Unpaired]] = {}
        self._touched = touched
        self._spans: dict[str, list[Span]] = defaultdict(list)
        self._broken: dict[str, list[tuple[int, int]]] = {}

    # ---- what facts say ----

    def put_statement(self, fact: f.StatementReceived, *, adding: bool) -> None:
        """A statement, consistent or not."""
        identity = (fact.account, fact.statement, fact.currency)
        told = self.statements[identity]
        span = Span(fact.ends.toordinal(), fact.begins.toordinal(), fact.statement)
        if adding:
            told[fact.consistent] = fact
        else:
            told.pop(fact.consistent, None)
        if not (fact.consistent and adding and len(told) == 1):
            self._touched.statements.add(identity)
            self._touched.day(span.begins)
        if fact.currency == HOME_CURRENCY:
            spans = self._spans[fact.account]
            insort(spans, span) if adding else spans.remove(span)
            self._touched.day(span.ends)
            for other in self._begun_within(fact.account, span):
                self._touch(fact.account, other)
            self._touch_next(fact.account, span.ends + 1)

    def accept(self, fact: f.StatementAccepted, *, adding: bool) -> None:
        """An officer accepts a statement whose figures do not prove."""
        identity = (fact.account, fact.statement)
        (self.accepted.add if adding else self.accepted.discard)(identity)
        for full, told in self.statements.items():
            if full[:2] == identity:
                self._touched.statements.add(full)
                for statement in told.values():
                    self._touched.day(statement.begins.toordinal())

    def put_balance(self, fact: f.BalanceReported) -> None:
        """A balance at the start of a statement, or at the end of the one before."""
        day = fact.day.toordinal()
        self._touch_next(fact.account, day if fact.what == "opening" else day + 1)

    def contest(self, identifier: str, contest: Contest | None) -> None:
        """A fact is told with several contents, or is so no more."""
        if contest is not None:
            self.contested[identifier] = contest
        elif self.contested.pop(identifier, None) is None:
            return
        self._touched.contested.add(identifier)

    def hold(self, group: Group, unpaired: Unpaired | None) -> None:
        """Entries that may be others that count, or are held no more."""
        if unpaired is not None:
            self.unpaired[group.subject] = (group, unpaired)
        else:
            self.unpaired.pop(group.subject, None)
        self._touched.unpaired.add(group.subject)

    def _touch_next(self, account: str, day: int) -> None:
        for span in self.next_to(account, day):
            self._touch(account, span)

    def _touch(self, account: str, span: Span) -> None:
        self._touched.spans.add((account, span.statement, HOME_CURRENCY))

    def _begun_within(self, account: str, within: Span) -> list[Span]:
        """The statements that begin on a day of this one, which covers the days before them."""
        spans = self._spans.get(account, ())
        place = bisect_left(spans, (within.begins,))
        return [span for span in spans[place:] if within.begins <= span.begins <= within.ends]

    # ---- answers ----

    def find_broken(self) -> None:
        """Work out anew which days are covered by a statement that does not prove."""
        self._broken.clear()
        for (account, statement, currency), told in self.statements.items():
            broken = told.get(False)
            cleared = True in told or (account, statement) in self.accepted
            if broken is not None and not cleared and currency == HOME_CURRENCY:
                span = (broken.begins.toordinal(), broken.ends.toordinal())
                self._broken.setdefault(account, []).append(span)

    def broken_on(self, account: str, day: int) -> bool:
        """Whether a statement that does not prove covers the day (S1)."""
        return any(first <= day <= last for first, last in self._broken.get(account, ()))

    def broken_days(self, since: int, through: int) -> set[int]:
        """The days, within these two, that a statement that does not prove covers."""
        return {
            day
            for spans in self._broken.values()
            for first, last in spans
            for day in range(max(first, since), min(last, through) + 1)
        }

    def first_day(self) -> int:
        """The first day on which a statement ends, past every day without any."""
        return min((spans[0].ends for spans in self._spans.values() if spans), default=FOREVER)

    def latest(self, account: str, day: int) -> Span | None:
        """The statement with the latest end not after a day."""
        spans = self._spans.get(account, ())
        place = bisect_left(spans, (day + 1,))
        return spans[place - 1] if place else None

    def rhythm_days(self, account: str, day: int, statements: int) -> int | None:
        """The longest way from the end of one to the end of the next, over so many by a day.

        None while there are not so many.
        """
        spans = self._spans.get(account, ())
        place = bisect_left(spans, (day + 1,))
        if place < statements:
            return None
        ends = [span.ends for span in spans[place - statements : place]]
        return max(later - earlier for earlier, later in pairwise(ends))

    def numbers(self, account: str, since: int, through: int) -> set[int]:
        """The bank's numbers of the statements that end on these days, both included."""
        spans = self._spans.get(account, ())
        some = spans[bisect_left(spans, (since,)) : bisect_left(spans, (through + 1,))]
        told = [self.statements[account, one.statement, HOME_CURRENCY] for one in some]
        return {
            fact.sequence for both in told for fact in both.values() if fact.sequence is not None
        }

    def covers(self, account: str, day: int) -> bool:
        """Whether a statement covers the day."""
        spans = self._spans.get(account, ())
        place = bisect_left(spans, (day,))
        return any(span.begins <= day for span in spans[place:])

    def next_to(self, account: str, day: int) -> list[Span]:
        """The statements that begin on the first day, from this one on, on which any begins."""
        spans = self._spans.get(account, ())
        place = bisect_left(spans, (day,))
        if place == len(spans):  # what comes in order is the last
            return []
        begins = [span.begins for span in spans[place:] if span.begins >= day]
        first = min(begins, default=0)
        return [span for span in spans[place:] if span.begins == first]
