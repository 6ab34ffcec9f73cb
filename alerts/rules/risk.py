"""The composite: how near an institution is to 退费难 or 卷款跑路, and why (rules.md C).

Each factor is a rule that sees the institution on a day; its weight and what a level of it is worth
are policy. The score is their sum, at most 100, and nothing where nothing is owed: then nobody can
lose anything.
"""

from collections.abc import Callable
from datetime import date
from typing import Final, NamedTuple

from alerts.rules import days
from alerts.rules.coverage import level_on as coverage_level
from alerts.rules.debits import related_level_on
from alerts.rules.flow import INFLOW_COLLAPSE, PRESALE_SURGE
from alerts.rules.outflow import level_on as outflow_level
from alerts.rules.people import COMPLAINT_SURGE, OWNER_CHANGED, PATROL, patrol_level_on
from alerts.rules.refund import still_unpaid
from alerts.rules.regular import PAYROLL_MISSED, RENT_MISSED
from alerts.rules.requests import REFUND_SURGE
from alerts.rules.teaching import TEACHING_STOPPED
from alerts.rules.view import LEVEL_WORDS, View, number, yuan
from models.findings import Finding, LevelWord, Step
from models.registers import FOREVER
from models.working_days import CalendarMissing, WorkingCalendar

RULE: Final = "runaway-risk"
SCORE_MAX: Final = 100
FACTOR: Final = "factor:"
"""What the name of a formula's line begins with that tells a factor's contribution."""

LevelOn = Callable[[View, int], LevelWord | None]


class Factor:
    """A rule that says something of a day, and its level on it.

    A deed is remembered: the highest level of the last `memory_days` counts.
    """

    __slots__ = ("is_deed", "level", "memo", "rule", "weight")

    def __init__(self, rule: str, level: LevelOn, *, is_deed: bool = False) -> None:
        self.rule = rule
        self.level = level
        self.is_deed = is_deed
        self.weight = f"weight_{rule.replace('-', '_')}"
        """The name of its weight in the policy."""
        self.memo = f"level of {rule}"
        """That of its levels in the day series."""


class Contribution(NamedTuple):
    """What a factor adds to the score of a day."""

    points: int
    rule: str
    level: LevelWord
    weight: int
    percent: int


def _of(state: days.State) -> Factor:
    def level(view: View, day: int) -> LevelWord | None:
        found = days.standing(view, state, day)
        return found.level if isinstance(found, days.Standing) else None

    return Factor(state.rule, level)


def refunds_level(view: View, day: int) -> LevelWord | None:
    """By how many refunds came late in the last weeks, paid since or not.

    One that is late may be forgotten; who pays several late has trouble to pay.
    """
    steps = view.policy.steps(RULE, "late_refunds", day)
    window = view.number(RULE, "late_refunds_window_days", day)
    if steps is None or window is None or not view.ledger.directory.requests:
        return None
    late = view.ledger.series.memo("late refunds", day, _late_on, view)
    place = day - view.ledger.series.first
    count = sum(late[max(0, place - window + 1) : place + 1])
    return days.at_least(steps, count)


def _late_on(view: View, day: int, _before: int | None) -> int:
    """How many refunds are late from the close of this working day on."""
    working_days = view.number(RULE, "late_refunds_working_days", day)
    if working_days is None:
        return 0
    directory = view.ledger.directory
    late = 0
    for asked in asked_days(view.calendar, working_days, day):
        for each in directory.asked_by_day.get(asked, ()):
            late += still_unpaid(view, directory.requests[each], day) > 0
    return late


def asked_days(calendar: WorkingCalendar, working_days: int, day: int) -> list[int]:
    """The days after which this one is the so-many-th working day, as far as calendars say."""
    found: list[int] = []
    try:
        if working_days > 0 and calendar.is_working_ordinal(day):
            found.append(calendar.latest_ordinal(day, working_days)[0] - 1)
            while not calendar.is_working_ordinal(found[-1]):
                found.append(found[-1] - 1)
    except CalendarMissing:
        pass
    return found


FACTORS: Final = (
    _of(TEACHING_STOPPED),
    _of(PRESALE_SURGE),
    _of(INFLOW_COLLAPSE),
    _of(REFUND_SURGE),
    _of(COMPLAINT_SURGE),
    _of(OWNER_CHANGED),
    _of(PAYROLL_MISSED),
    _of(RENT_MISSED),
    Factor(PATROL, patrol_level_on),
    Factor("refund-late", refunds_level),
    Factor("coverage-short", coverage_level),
    Factor("outflow-large", outflow_level, is_deed=True),
    Factor("outflow-related-party", related_level_on, is_deed=True),
)


def runaway_risk(view: View, _subject: str) -> list[Finding]:
    """The sum of what every factor adds has reached a step."""
    return days.judge(view, RUNAWAY_RISK)


def contributions(view: View, day: int) -> list[Contribution]:
    """What each factor adds on a day, the largest first."""
    percents = {word: percent for percent, word in _percents(view, day)}
    found = []
    for factor in FACTORS:
        level = _worst(view, factor, day) if factor.is_deed else factor.level(view, day)
        if level is None:
            continue
        weight = view.number(RULE, factor.weight, day) or 0
        percent = percents.get(level, 0)
        points = weight * percent // 100
        if points:
            found.append(Contribution(points, factor.rule, level, weight, percent))
    return sorted(found, key=lambda one: (-one.points, one.rule))


def _percents(view: View, day: int) -> tuple[tuple[int, LevelWord], ...]:
    return view.policy.steps(RULE, "level_percent", day) or ()


def _worst(view: View, factor: Factor, day: int) -> LevelWord | None:
    """The highest level of a deed in the days that remember it."""
    memory_days = view.number(RULE, "memory_days", day) or 1
    first = view.ledger.series.first
    levels = view.ledger.series.memo(factor.memo, day, _level_on, (view, factor))
    place = day - first
    worst: LevelWord | None = None
    for each in range(max(0, place - memory_days + 1), place + 1):
        level = levels[each]
        if level is not None and (worst is None or _is_higher(level, worst)):
            worst = level
    return worst


def _is_higher(level: LevelWord, other: LevelWord) -> bool:
    return LEVEL_WORDS.index(level) > LEVEL_WORDS.index(other)


def _level_on(given: tuple[View, Factor], day: int, _before: LevelWord | None) -> LevelWord | None:
    view, factor = given
    return factor.level(view, day)


def _score(found: list[Contribution]) -> int:
    return min(SCORE_MAX, sum(one.points for one in found))


def _see(view: View, day: int) -> days.Seen:
    steps = view.policy.steps(RULE, "score", day)
    if steps is None or view.ledger.series.unearned(day) <= 0:
        return None
    score = _score(contributions(view, day))
    return days.at_least(steps, score)


def _show(view: View, day: int) -> days.Shown:
    found = contributions(view, day)
    unearned_fen = view.ledger.series.unearned(day)
    score, total = _score(found), " + ".join(str(one.points) for one in found)
    is_capped = score < sum(one.points for one in found)
    formula: list[Step] = [
        number("score", score, f"min({SCORE_MAX}, {total})" if is_capped else total)
    ]
    formula += [
        number(FACTOR + one.rule, one.points, f"{one.weight} × {one.percent} %") for one in found
    ]
    formula.append(yuan("unearned", unearned_fen))
    return days.Shown(unearned_fen, (), (*formula, *_projection(view, day, unearned_fen)))


RUNAWAY_RISK: Final = days.State(RULE, "risk", "warning", _see, _show)


# ---- when the money runs out ----


def _projection(view: View, day: int, unearned_fen: int) -> list[Step]:
    """The day on which the balance is gone at the pace of the last days, alone and under a run.

    A run: so many percent of the families ask back at once what they are owed.
    """
    balance_fen = _balance(view, day)
    window = view.number(RULE, "pace_days", day)
    if balance_fen is None or window is None:
        return []
    before_fen = _balance(view, day - window)
    pace_fen = max(0, before_fen - balance_fen) if before_fen is not None else 0
    formula = [
        yuan("balance", balance_fen),
        yuan("outflow_of_the_window", pace_fen),
        number("window_days", window),
        number("balance_gone", _gone_on(day, balance_fen, pace_fen, window)),
    ]
    for name in ("run_low_percent", "run_middle_percent", "run_high_percent"):
        percent = view.number(RULE, name, day)
        if percent is not None:
            left_fen = balance_fen - unearned_fen * percent // 100
            gone_on = _gone_on(day, left_fen, pace_fen, window)
            formula.append(number("balance_gone_after_run", gone_on, f"{percent} %"))
    return formula


def _gone_on(day: int, balance_fen: int, pace_fen: int, window: int) -> str:
    """The day on which a balance is gone at a pace of so many fen in a window of days."""
    if balance_fen <= 0:
        return date.fromordinal(day).isoformat()
    last = day + balance_fen * window // pace_fen if pace_fen > 0 else FOREVER
    return "-" if last >= FOREVER else date.fromordinal(last).isoformat()


def _balance(view: View, day: int) -> int | None:
    """The sum at close over the accounts designated that day; None when one is unknown."""
    balances = [
        view.ledger.series.balance(account, day)
        for account in view.ledger.registers.designated_accounts(day)
    ]
    known = [balance for balance in balances if balance is not None]
    return sum(known) if balances and len(known) == len(balances) else None
