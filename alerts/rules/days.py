"""States of an institution that are judged day by day, with hysteresis (rules.md G3, G4).

A rule says of one day which level it sees by the facts of days up to it. What stands follows from
the series of those answers alone: it stands from the first day on which a level is seen until none
was seen for `calm_days` days, at the highest level of those days. So a figure that flickers about
its limit is one finding, and what comes back after a calm is a new run. A day that cannot be
decided neither begins nor breaks a run.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from mypy_extensions import mypyc_attr

from alerts.rules.view import LEVEL_WORDS, View, day_step
from models.findings import Finding, Kind, LevelWord, Step


@mypyc_attr(acyclic=True)
class Unknown:  # noqa: PLW1641 -- compared, never a key
    """Why a day cannot be decided: the name of the field that is missing."""

    __slots__ = ("missing",)

    def __init__(self, missing: str) -> None:
        self.missing = missing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and self.missing == other.missing


Seen = LevelWord | Unknown | None
"""What a rule sees of a day: a level, why it cannot decide, or nothing to report."""


class Shown(NamedTuple):
    """What a finding tells of the last day on which a level was seen."""

    amount_fen: int | None
    evidence: Iterable[str]
    formula: tuple[Step, ...]


class State:
    """A rule about the days of an institution.

    `see` is asked once of each day, and again when facts touched that day or one before; `show`
    only of what stands.
    """

    def __init__(
        self,
        rule: str,
        subject: str,
        kind: Kind,
        see: Callable[[View, int], Seen],
        show: Callable[[View, int], Shown],
    ) -> None:
        self.rule = rule
        self.subject = subject
        self.kind = kind
        self.see = see
        self.show = show
        self.name = f"{rule}/{subject}"
        """That of what was seen of the days, in the day series."""


class _Day(NamedTuple):
    """What was seen of a day; of the run that stands then the first day and the last with a level.

    `calm` counts the days since, and `unknown` is the first day that cannot be decided for the same
    reason. 0 is no day.
    """

    seen: Seen = None
    start: int = 0
    last: int = 0
    calm: int = 0
    unknown: int = 0


class Standing(NamedTuple):
    """The level that stands at the close of a day, since when, and when it was last seen."""

    level: LevelWord
    start: int
    last: int


def standing(view: View, state: State, day: int) -> Standing | Unknown | None:
    """What stands at the close of a day; why it cannot be decided; or nothing."""
    series = view.ledger.series
    place = day - series.first
    if place < 0:
        return None
    days = _days(view, state, day)
    today = days[place]
    if today is _NOTHING:
        return None
    if isinstance(today.seen, Unknown):
        return today.seen
    if not today.start:
        return None
    calm_days = _calm_days(view, state, day)
    levels: list[LevelWord] = []
    known = 0
    while known < calm_days and place >= 0 and days[place].start == today.start:
        seen = days[place].seen
        if not isinstance(seen, Unknown):
            known += 1
            if seen is not None:
                levels.append(seen)
        place -= 1
    return Standing(max(levels, key=LEVEL_WORDS.index), today.start, today.last)


def judge(view: View, state: State) -> list[Finding]:
    """The finding that stands at the close of as_of, or the answer "cannot decide"."""
    found = standing(view, state, view.as_of)
    if found is None:
        return []
    if isinstance(found, Unknown):
        place = view.as_of - view.ledger.series.first
        since = _days(view, state, view.as_of)[place].unknown
        return [view.undecided(state.rule, state.subject, day=since, missing=found.missing)]
    shown = state.show(view, found.last)
    seen_on = (day_step("last_seen", found.last),) if found.last < view.as_of else ()
    return [
        view.finding(
            state.rule,
            state.subject,
            kind=state.kind,
            level=found.level,
            day=found.start,
            amount_fen=shown.amount_fen,
            evidence=shown.evidence,
            formula=(*shown.formula, *seen_on),
        )
    ]


def at_least(
    steps: tuple[tuple[int, LevelWord], ...] | None, amount: int, per: int = 1
) -> LevelWord | None:
    """The highest level whose number, times `per`, the amount reaches (G10); as `reached`."""
    level: LevelWord | None = None
    for number, word in steps or ():
        if amount >= number * per:
            level = word
    return level


def reached(
    steps: tuple[tuple[int, LevelWord], ...] | None, holds: Callable[[int], bool]
) -> LevelWord | None:
    """The highest level whose step holds (G10), None when none does or no steps are in force."""
    level: LevelWord | None = None
    for number, word in steps or ():
        if holds(number):
            level = word
    return level


def _calm_days(view: View, state: State, day: int) -> int:
    return view.number(state.rule, "calm_days", day) or 1


def _days(view: View, state: State, day: int) -> list[_Day]:
    """What was seen of every day from the first through this one."""
    see = state.see
    series = view.ledger.series
    values: list[_Day] = series.memos(state.name)
    before = values[-1] if values else _NOTHING
    for each in range(series.first + len(values), day + 1):
        seen = see(view, each)
        if seen is not None or before is not _NOTHING:
            before = _next(view, state, before, seen, each)
        else:  # nearly every day of nearly every institution
            before = _NOTHING
        values.append(before)
    return values


def _next(view: View, state: State, before: _Day, seen: Seen, day: int) -> _Day:
    if isinstance(seen, Unknown):
        since = before.unknown if before.seen == seen else day
        return _Day(seen, before.start, before.last, before.calm, since)
    if seen is not None:
        return _Day(seen, before.start or day, day)
    if before.calm + 1 >= _calm_days(view, state, day):
        return _NOTHING
    return _Day(None, before.start, before.last, before.calm + 1)


_NOTHING: Final = _Day()
