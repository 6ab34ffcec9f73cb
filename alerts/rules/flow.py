"""What families pay, against what they pay in that season (rules.md C).

Inflow is tuition and what payment companies settle. It is judged by the last day through which
every dedicated account has reported, so that a late statement is no collapse. Days off count
neither as days nor with their money: public holidays, and for the institution's own weeks before
also vacations. The measure is the year before, its weeks a little earlier and later included, of
which the one counts that is kindest to the institution; where no year is known, its own mean of the
weeks before, provided it was regular.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from mypy_extensions import mypyc_attr

from alerts.rules import days
from alerts.rules.terms import WEEK_DAYS, is_public_holiday, vacation_since
from alerts.rules.view import View, day_step, number, yuan
from models.findings import Finding, Step
from models.ledger import Ledger
from models.working_days import CalendarMissing

SURGE: Final = "presale-surge"
COLLAPSE: Final = "inflow-collapse"
YEAR_DAYS: Final = 364
"""A year in whole weeks: the same weekday."""


@mypyc_attr(acyclic=True)
class _Part:
    """Money in fen, the number of payments and of days over which they came."""

    __slots__ = ("days", "fen", "payments")

    def __init__(self, fen: int, payments: int, days: int) -> None:
        self.fen = fen
        self.payments = payments
        self.days = days


@mypyc_attr(acyclic=True)
class _Running:
    """Running sums outside public holidays, and outside vacations besides with class sessions."""

    __slots__ = (
        *("days", "fen", "payments", "sessions"),
        *("term_days", "term_fen", "term_payments"),
    )

    def __init__(self) -> None:
        self.fen = self.payments = self.days = 0
        self.term_fen = self.term_payments = self.term_days = self.sessions = 0

    def add(self, other: "_Running", sign: int) -> None:
        """Add (1) or take away (-1) other sums."""
        self.fen += sign * other.fen
        self.payments += sign * other.payments
        self.days += sign * other.days
        self.term_fen += sign * other.term_fen
        self.term_payments += sign * other.term_payments
        self.term_days += sign * other.term_days
        self.sessions += sign * other.sessions


_ZERO: Final = _Running()


@mypyc_attr(acyclic=True)
class _Measured:
    """What was found of a day: the window, what it is measured by, and the level.

    `held` is a mean of its own weeks that a fallen inflow is measured by until it has recovered.
    """

    __slots__ = ("expected", "held", "now", "seen", "through")

    def __init__(
        self,
        seen: days.Seen = None,
        now: _Part | None = None,
        expected: _Part | None = None,
        held: _Part | None = None,
        through: int = 0,
    ) -> None:
        self.seen = seen
        self.now = now
        self.expected = expected
        self.held = held
        self.through = through


_NOTHING: Final = _Measured()


def presale_surge(view: View, _subject: str) -> list[Finding]:
    """Charges are a multiple of what the season lets expect, while lessons fall."""
    return days.judge(view, PRESALE_SURGE)


def inflow_collapse(view: View, _subject: str) -> list[Finding]:
    """Inflow fell to a share of what the season lets expect, while money is unearned."""
    return days.judge(view, INFLOW_COLLAPSE)


# ---- sums ----


def _running(view: View, day: int) -> list[_Running]:
    return view.ledger.series.memo("flow", day, _run, view)


def _run(view: View, day: int, before: _Running | None) -> _Running:
    sums = before or _ZERO
    try:
        if is_public_holiday(view.calendar, day):
            return sums
    except CalendarMissing:
        pass  # the rules say so of the day itself
    records = view.ledger.records
    fen, payments = records.inflow_on.get(day, 0), records.payments_on.get(day, 0)
    found = _Running()
    found.add(sums, 1)
    found.fen += fen
    found.payments += payments
    found.days += 1
    if vacation_since(view, day) is None:
        found.term_fen += fen
        found.term_payments += payments
        found.term_days += 1
        found.sessions += records.lessons_on.get(day, 0)
    return found


def _between(view: View, first: int, last: int) -> _Running:
    """The sums over the days from first through last."""
    start = view.ledger.series.first
    if last < start:
        return _ZERO
    sums = _running(view, last)
    after = sums[last - start]
    if first <= start:
        return after
    found = _Running()
    found.add(after, 1)
    found.add(sums[first - 1 - start], -1)
    return found


def _part(view: View, first: int, last: int, *, in_term: bool = False) -> _Part:
    """Of the days from first through last, all within the series, the sums of one kind."""
    start = view.ledger.series.first
    sums = _running(view, last)
    after = sums[last - start]
    before = sums[first - 1 - start] if first > start else _ZERO
    if in_term:
        return _Part(
            after.term_fen - before.term_fen,
            after.term_payments - before.term_payments,
            after.term_days - before.term_days,
        )
    return _Part(after.fen - before.fen, after.payments - before.payments, after.days - before.days)


def _whole(sums: _Running) -> _Part:
    return _Part(sums.fen, sums.payments, sums.days)


def _in_term(sums: _Running) -> _Part:
    return _Part(sums.term_fen, sums.term_payments, sums.term_days)


def _reported_through(view: View, day: int) -> int:
    """The last day, not after this one, through which every dedicated account has reported."""
    series = view.ledger.series
    return series.memo("reported through", day, _through, view.ledger)[day - series.first]


def _through(ledger: Ledger, day: int, _before: int | None) -> int:
    last = ledger.series.memo("reported", day, _reported, ledger)[day - ledger.series.first]
    accounts = ledger.registers.designated_accounts(day)
    return min([last.get(account, 0) for account in accounts], default=0)


def _reported(ledger: Ledger, day: int, before: dict[str, int] | None) -> dict[str, int]:
    last = before or {}
    told = [
        account
        for account in ledger.registers.designated_accounts(day)
        if ledger.series.closing(account, day) is not None
    ]
    return {**last, **dict.fromkeys(told, day)} if told else last


# ---- what the season lets expect ----


def _year_before(view: View, rule: str, last: int, window: int) -> list[_Part] | None:
    """The windows of the year before, shifted by whole weeks; None when that year is not known."""
    shift = view.number(rule, "shift_weeks", last) or 0
    middle = last - YEAR_DAYS
    if middle - shift * WEEK_DAYS - window + 1 < view.ledger.series.first:
        return None
    ends = (middle + weeks * WEEK_DAYS for weeks in range(-shift, shift + 1))
    parts = (_part(view, end - window + 1, end) for end in ends)
    return [part for part in parts if 2 * part.days >= window]


def _own_mean(view: View, rule: str, last: int, window: int) -> _Part | None:
    """The sums of the weeks before the window; None when they are not known or not regular.

    Regular: no stretch of the length of a window brought less than a share of the mean.
    """
    weeks = view.number(rule, "baseline_weeks", last) or 0
    regular_percent = view.number(rule, "regular_percent", last) or 0
    end = last - window
    first = end - weeks * WEEK_DAYS + 1
    if first < view.ledger.series.first:
        return None
    parts: list[_Part] = []
    for begin in range(first, end - window + 2, window):
        part = _part(view, begin, begin + window - 1, in_term=True)
        if 2 * part.days >= window:
            parts.append(part)
    whole = _Part(0, 0, 0)
    for part in parts:
        whole.fen += part.fen
        whole.payments += part.payments
        whole.days += part.days
    if not parts or 2 * whole.days < weeks * WEEK_DAYS:
        return None
    for part in parts:
        if part.fen * whole.days * 100 < regular_percent * whole.fen * part.days:
            return None
    return whole


def _extreme(parts: Iterable[_Part], *, highest: bool) -> _Part | None:
    """The part with the highest or the lowest inflow a day."""
    found: _Part | None = None
    for part in parts:
        if found is None or (part.fen * found.days > found.fen * part.days) == highest:
            found = part
    return found


# ---- the rules ----


def _measure(view: View, rule: str, day: int) -> _Measured:
    series = view.ledger.series
    measure = _measure_surge if rule == SURGE else _measure_collapse
    return series.memo(rule + " measured", day, measure, view)[day - series.first]


def _measure_surge(view: View, day: int, before: _Measured | None) -> _Measured:
    return _carried(view, day, before) or _surge(view, day)


def _measure_collapse(view: View, day: int, before: _Measured | None) -> _Measured:
    return _carried(view, day, before) or _collapse(view, day, before or _NOTHING)


def _carried(view: View, day: int, before: _Measured | None) -> _Measured | None:
    """What was measured the day before where the day brings nothing new; None where it does."""
    if not view.ledger.records.inflow_on:
        return _NOTHING
    return before or _NOTHING if _reported_through(view, day) < day else None


def _surge(view: View, day: int) -> _Measured:
    steps = view.policy.steps(SURGE, "times", day)
    window = view.number(SURGE, "window_days", day)
    least = view.number(SURGE, "payments_least", day) or 0
    if steps is None or window is None:
        return _NOTHING
    sums = _between(view, day - window + 1, day)
    if sums.payments < least or not _lessons_fall(view, day, window, sums):
        return _NOTHING
    known = _year_before(view, SURGE, day, window)
    if known is None:
        now, expected = _in_term(sums), _own_mean(view, SURGE, day, window)
    else:
        now, expected = _whole(sums), _extreme(known, highest=True)
    if expected is None or expected.fen <= 0 or 2 * now.days < window:
        return _NOTHING
    seen = _seen(
        view,
        day,
        days.at_least(steps, now.fen * expected.days, expected.fen * now.days),
    )
    return _Measured(seen, now, expected, through=day)


def _lessons_fall(view: View, day: int, window: int, sums: _Running) -> bool:
    """Whether class sessions a day are fewer, by a share, than in the weeks before."""
    percent = view.number(SURGE, "lessons_percent", day) or 0
    weeks = view.number(SURGE, "baseline_weeks", day) or 0
    end = day - window
    before = _between(view, end - weeks * WEEK_DAYS + 1, end)
    return (
        before.sessions > 0
        and sums.term_days > 0
        and 100 * sums.sessions * before.term_days <= percent * before.sessions * sums.term_days
    )


def _collapse(view: View, day: int, before: _Measured) -> _Measured:
    steps = view.policy.steps(COLLAPSE, "percent", day)
    window = view.number(COLLAPSE, "window_days", day)
    least = view.number(COLLAPSE, "payments_least", day) or 0
    if steps is None or window is None or view.ledger.series.unearned(day) <= 0:
        return _NOTHING
    sums = _between(view, day - window + 1, day)
    known = _year_before(view, COLLAPSE, day, window)
    own: _Part | None = None
    if known is None:
        own = before.held or _own_mean(view, COLLAPSE, day, window)
        now, expected = _in_term(sums), own
    else:
        now, expected = _whole(sums), _extreme(known, highest=False)
    if 2 * now.days < window:
        return before  # a pause: neither fallen nor recovered
    if expected is None or expected.payments * window < least * expected.days:
        return _NOTHING
    seen = _seen(
        view,
        day,
        days.reached(steps, lambda n: 100 * now.fen * expected.days <= n * expected.fen * now.days),
    )
    return _Measured(seen, now, expected, own if seen is not None else None, through=day)


def _seen(view: View, day: int, level: days.Seen) -> days.Seen:
    """The level, or the year whose holidays are not known."""
    if level is not None:
        try:
            is_public_holiday(view.calendar, day)
        except CalendarMissing as missing:
            return days.Unknown(str(missing))
    return level


def _show(view: View, rule: str, day: int) -> days.Shown:
    measured = _measure(view, rule, day)
    now, expected = measured.now, measured.expected
    assert now is not None
    assert expected is not None
    window = view.number(rule, "window_days", measured.through) or 1
    first = measured.through - window + 1
    formula: list[Step] = [
        day_step("judged_through", measured.through),
        yuan("inflow", now.fen),
        number("inflow_days", now.days),
        yuan("expected_inflow", expected.fen * now.days // expected.days),
        yuan("unearned", view.ledger.series.unearned(day)),
    ]
    return days.Shown(now.fen, _inflow_entries(view, first, measured.through), tuple(formula))


def _inflow_entries(view: View, first: int, last: int) -> Iterator[str]:
    ledger = view.ledger
    for day in range(first, last + 1):
        for identifier in ledger.credits_on.get(day, ()):
            final = ledger.entries[identifier].final
            if final is not None and final.kind in {"tuition", "settlement"}:
                yield identifier


def _see_collapse(view: View, day: int) -> days.Seen:
    owed = view.ledger.series.unearned(day) > 0
    return _measure(view, COLLAPSE, day).seen if owed else None


PRESALE_SURGE: Final = days.State(
    SURGE,
    "presale",
    "warning",
    lambda view, day: _measure(view, SURGE, day).seen,
    lambda view, day: _show(view, SURGE, day),
)
INFLOW_COLLAPSE: Final = days.State(
    COLLAPSE,
    "inflow",
    "warning",
    _see_collapse,
    lambda view, day: _show(view, COLLAPSE, day),
)
