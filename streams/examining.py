"""Examines the rules on simulated institutions in memory: each played day by day against its truth.

Nothing is written. What was found is compared with what was planted by `streams.scoring`.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import chain
from multiprocessing import get_context
from typing import NamedTuple

import msgspec

from alerts.evaluation import Law, Supervision
from alerts.rules.risk import FACTOR
from alerts.wording import RULES as WORDINGS
from alerts.wording.shape import CALM, WHILE
from config.load import load_calendar
from config.policy_load import load_policy
from models.findings import CANNOT_DECIDE, Change, Finding, Level
from models.keys import content_hash, encode, fact_id
from models.working_days import add_months
from streams.collecting import collect_rarely
from streams.simulator.archetypes import PROFILES
from streams.simulator.delivery import Delivered, deliveries
from streams.simulator.judge import Wrong
from streams.simulator.making import Made, Maker
from streams.simulator.plan import Day, Institution
from streams.simulator.plant import PLANTS
from streams.simulator.season import Season
from streams.simulator.trials import TRIALS

RUNAWAY = "runaway-risk"
TOLD_BY_SIGNS = frozenset({"missing-inflow", "inflow-collapse", "presale-surge"})
"""Of these the truth has only the plain cases; what else they tell, the story's signs explain."""
JUDGED = frozenset(kind.partition("/")[0] for kind in (*PLANTS, *TRIALS)) - TOLD_BY_SIGNS
"""The rules of which the truth is whole."""
_INSTITUTIONS_A_TASK = 4

SIGN_OF: dict[str, str] = {
    "presale-surge": "presale",
    "owner-changed": "owner",
    "several-accounts": "owner",
    "teaching-stopped": "lessons",
    "timeout-confirmed": "lessons",
    "inflow-collapse": "inflow",
    "missing-inflow": "outside",
    "payment-outside-account": "outside",
    "refund-late": "refunds",
    "refund-unanswered": "refunds",
    "refund-surge": "requests",
    "complaint-surge": "complaints",
    "payroll-missed": "wages",
    "rent-missed": "rent",
    "outflow-large": "outflow",
    "outflow-split": "outflow",
    "outflow-related-party": "outflow",
    "release-ahead": "outflow",
    "coverage-short": "outflow",
    "reserve-short": "outflow",
}
"""The trouble of the simulated story of which a rule, or a factor of the risk, speaks."""

Name = tuple[str, str]
"""Rule and subject: what a finding or a wrong of one institution is about."""


class City(msgspec.Struct, frozen=True):
    """Which city is examined: the arguments of its simulation."""

    seed: int
    institutions: int
    months: int
    start: date
    profile: str = ""


class Warned(msgspec.Struct, frozen=True):
    """From the close of `day` on this level of risk is shown (0: none), for this reason first."""

    day: Day
    level: int
    factor: str = ""


class Examined(msgspec.Struct, frozen=True):
    """What the examination of one institution gave."""

    seed: int
    institution: str
    archetype: str
    days: int
    planted: tuple[tuple[str, str, bool], ...]
    """Rule, subject, and whether it was found, of every wrong of the truth."""
    unplanned: tuple[tuple[str, str, Day], ...]
    warned: tuple[Warned, ...]
    signs: dict[str, Day]
    closed: Day | None
    fails: bool
    sudden: bool


class Played(NamedTuple):
    """An institution after its last day, with every change of findings by its day."""

    supervision: Supervision
    changes: list[tuple[Day, Change]]


def examine(cities: Iterable[City], processes: int, default_city: str) -> Iterator[Examined]:
    """Examine every institution of these cities in so many processes, in order."""
    tasks = [
        (city, range(first, min(first + _INSTITUTIONS_A_TASK, city.institutions + 1)))
        for city in cities
        for first in range(1, city.institutions + 1, _INSTITUTIONS_A_TASK)
    ]
    if processes == 1:
        _begin(default_city)
        yield from chain.from_iterable(map(_examine_some, tasks))
        return
    with get_context("spawn").Pool(processes, _begin, (default_city,)) as pool:
        yield from chain.from_iterable(pool.imap(_examine_some, tasks))


def play(inst: Institution, law: Law) -> Played:
    """Supervise an institution as if its files came in day by day, closing each day."""
    by_day = deliveries(inst)
    supervision = Supervision(inst.id, law)
    changes: list[tuple[Day, Change]] = []
    for day in range(inst.first, inst.last + 1):
        _add(supervision, by_day.get(day, ()))
        changes += [(day, change) for change in supervision.evaluate(date.fromordinal(day))]
    return Played(supervision, changes)


def _begin(default_city: str) -> None:
    collect_rarely()
    _LAW[:] = [Law(load_policy(default_city=default_city), load_calendar())]


_LAW: list[Law] = []
"""The law of this process, loaded once when it begins."""


@cache
def _maker(city: City) -> Maker:
    first = city.start.toordinal()
    last = add_months(city.start, city.months).toordinal() - 1
    season = Season(load_calendar(), first, last)
    return Maker(city.seed, city.institutions, season, PROFILES.get(city.profile))


def _examine_some(task: tuple[City, Sequence[int]]) -> list[Examined]:
    city, indexes = task
    found = [examine_one(city.seed, _maker(city).make(index), _LAW[0]) for index in indexes]
    # The ledgers refer to each other in circles; left to the rare collector they fill the memory.
    gc.collect()
    return found


def examine_one(seed: int, made: Made, law: Law) -> Examined:
    """Play one institution and compare what was found with the truth about it."""
    inst = made.inst
    played = play(inst, law)
    stood = _History(inst, law, played)
    story = inst.story
    truth = {(wrong.rule, wrong.subject) for wrong in made.wrongs}
    return Examined(
        seed=seed,
        institution=inst.id,
        archetype=story.archetype,
        days=(story.closed or inst.last + 1) - inst.first,
        planted=tuple(
            (wrong.rule, wrong.subject, stood.at_its_end(wrong)) for wrong in made.wrongs
        ),
        unplanned=tuple((*name, day) for name, day in stood.beside(truth)),
        warned=_warnings(played.changes),
        signs=story.signs,
        closed=story.closed,
        fails=story.fails,
        sudden=story.sudden,
    )


def top_factor(finding: Finding) -> str:
    """The factor that a risk names first."""
    factors = (step.name for step in finding.formula if step.name.startswith(FACTOR))
    return next(factors, "").removeprefix(FACTOR)


def _warnings(changes: list[tuple[Day, Change]]) -> tuple[Warned, ...]:
    found = []
    for day, change in changes:
        if change.finding.rule == RUNAWAY:
            level = 0 if change.change == "cleared" else Level[change.finding.level.upper()]
            found.append(Warned(day, int(level), top_factor(change.finding)))
    return tuple(found)


class _History:
    """What stood when: as it was shown, and, where late facts say otherwise, as is known now."""

    def __init__(self, inst: Institution, law: Law, played: Played) -> None:
        self._inst, self._law = inst, law
        self._spans: dict[Name, list[tuple[Day, Day]]] = {}
        self._known_now: dict[Day, set[Name]] = {}
        self._last = inst.last
        open_since: dict[Name, Day] = {}
        for day, change in played.changes:
            name = (change.finding.rule, change.finding.subject)
            if change.change == "raised":
                open_since[name] = day
            elif change.change == "cleared":
                self._spans.setdefault(name, []).append((open_since.pop(name), day - 1))
        for name, day in open_since.items():
            self._spans.setdefault(name, []).append((day, inst.last))

    def at_its_end(self, wrong: Wrong) -> bool:
        """Whether a wrong is found at the close of the last day on which it is one."""
        name = (wrong.rule, wrong.subject)
        until = self._last if wrong.until is None else wrong.until
        if any(first <= until <= last for first, last in self._spans.get(name, ())):
            return True
        return until < self._last and name in self._by_now(until)

    def beside(self, truth: set[Name]) -> Iterator[tuple[Name, Day]]:
        """What stood though the truth knows of no such wrong, with its first day.

        What a late fact took back was right when it was shown, so it does not count; nor does what
        tells of a trouble of the story that had begun, where the truth has no lines of that rule.
        """
        signs = self._inst.story.signs
        for name, spans in sorted(self._spans.items()):
            wording = WORDINGS.get(name[0])
            if name in truth or name[0] in (CANNOT_DECIDE, RUNAWAY) or wording is None:
                continue
            began = signs.get(SIGN_OF.get(name[0], ""))
            for first, last in spans:
                if name[0] not in JUDGED and began is not None and began <= first:
                    continue
                stands = last == self._last
                is_state = wording.stands == WHILE or (wording.stands == CALM and name[0] in JUDGED)
                if stands or (is_state and name in self._by_now(last)):
                    yield name, first
                    break

    def _by_now(self, day: Day) -> set[Name]:
        """What stands at the close of a day by all that is known now."""
        if day not in self._known_now:
            supervision = Supervision(self._inst.id, self._law, date.fromordinal(day))
            for told in deliveries(self._inst).values():
                _add(supervision, told)
            supervision.evaluate(date.fromordinal(day))
            self._known_now[day] = {(key[0], key[2]) for key in supervision.standing}
        return self._known_now[day]


def _add(supervision: Supervision, told: Iterable[Delivered]) -> None:
    for stated_at, fact in told:
        digest = content_hash(encode(fact))
        supervision.add(fact_id(fact), digest, fact, stated_at, stated_at)
