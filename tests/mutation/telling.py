"""Stories told to mutants, each in a child of its own; imported when mutants are in the path.

Only the rules under trial are asked: rules do not know of each other (rules.md G1), so what a story
compares is the same, and the stories that reach a function are those that can tell its mutants.
"""

import signal
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import import_module
from time import process_time
from typing import NamedTuple

from mutmut.mutation import trampoline
from mutmut.utils.format_utils import mangled_name_from_mutant_name

from alerts import evaluation
from alerts.rules import RULES
from models.findings import CANNOT_DECIDE
from tests.mutation.forks import KILLED, outcomes
from tests.stories.runner import Story, stories
from tests.stories.whole import WAYS, Way, at_once, expected

OTHER_WAYS_SECONDS = 2
"""So long, by the right rules, stories are told to a mutant in each way but at once."""
FAILURES = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, NameError),
    *(RuntimeError, TypeError, ValueError),
)
PATIENCE = 30
"""So many times as long as the right rules, and a second, a story may take."""
ANEW_SECONDS = 120
"""So long all stories may take of rules that were imported anew."""


class Trial(NamedTuple):
    """A story told in one way, with the time it takes under the right rules."""

    story: Story
    way: Way
    seconds: float

    def is_passed(self) -> bool:
        """Whether the rules give the whole answer; a mutant that breaks down does not."""
        asked = [rule for rule in RULES if rule.id in {*self.story.rules, CANNOT_DECIDE}]
        evaluation.IMMEDIATE = tuple(rule for rule in asked if not rule.at_close)
        evaluation.AT_CLOSE = tuple(rule for rule in asked if rule.at_close)
        try:
            return list(self.way(self.story)) == expected(self.story)
        except FAILURES:
            return False


def _killer_of_imported() -> int | None:
    """Tell all stories to rules imported under the mutant: its function is called by imports only.

    Such a function makes a table of states or factors; it was called before the mutant was chosen.
    """
    signal.setitimer(signal.ITIMER_VIRTUAL, ANEW_SECONDS)
    for name in [name for name in sys.modules if name.startswith(("alerts", "models", "tests"))]:
        del sys.modules[name]
    try:
        anew = import_module(__name__)
    except FAILURES:
        return 0
    trials = (anew.Trial(story, anew.at_once, 0) for story in anew.stories())
    return next((place for place, trial in enumerate(trials) if not trial.is_passed()), None)


def _forget_answers() -> None:
    """Empty what functions of the domain and of the rules keep: the right ones filled it."""
    for name, module in sys.modules.items():
        if name.startswith(("alerts.rules", "models")):
            for each in vars(module).values():
                if hasattr(each, "cache_clear"):
                    each.cache_clear()


class Telling:
    """Which stories reach which function, in the order in which its mutants hear them."""

    def __init__(self) -> None:
        self.trials: list[Trial] = []
        self._by_function: dict[str, list[int]] = defaultdict(list)
        self._tell_the_right_rules()

    def _tell_the_right_rules(self) -> None:
        reached: set[str] = set()
        trampoline.get_mutant_under_test = lambda: "stats"
        trampoline.record_trampoline_hit = lambda name, **_: reached.add(name)
        for way in WAYS:
            for story in stories():
                reached.clear()
                start = process_time()
                trial = Trial(story, way, 0)
                assert trial.is_passed(), f"{story.place} {way.__name__}: the right rules fail"
                for function in reached:
                    self._by_function[function].append(len(self.trials))
                self.trials.append(trial._replace(seconds=process_time() - start))
        for function, reaching in self._by_function.items():
            self._by_function[function] = self._in_order(reaching)

    def _in_order(self, reaching: list[int]) -> list[int]:
        """At once before the other ways, the shortest first, and of those some of every table."""
        chosen: list[int] = []
        for way in WAYS:
            of_way = [place for place in reaching if self.trials[place].way is way]
            of_way.sort(key=lambda place: self.trials[place].seconds)
            if way is not at_once:
                of_way = self._some_of_every_table(of_way)
            chosen += of_way
        return chosen

    def _some_of_every_table(self, places: list[int]) -> list[int]:
        ranks: dict[str, int] = defaultdict(int)
        ranked = []
        for place in places:
            table = self.trials[place].story.place.partition(":")[0]
            ranked.append((ranks[table], place))
            ranks[table] += 1
        chosen: list[int] = []
        seconds = 0.0
        for _, place in sorted(ranked):
            seconds += self.trials[place].seconds
            if seconds < OTHER_WAYS_SECONDS:
                chosen.append(place)
        return chosen

    def outcomes(self, mutants: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Each mutant with what became of it."""
        for mutant, code, killer in outcomes(mutants, self._killer):
            order = self._by_function.get(mangled_name_from_mutant_name(mutant))
            if code == KILLED and order:  # what killed one of a function is told the next first
                order.remove(killer)
                order.insert(0, killer)
            yield mutant, code

    def _killer(self, mutant: str) -> int | None:
        reaching = self._by_function.get(mangled_name_from_mutant_name(mutant))
        if not reaching:
            return _killer_of_imported()
        _forget_answers()
        for place in reaching:
            trial = self.trials[place]
            signal.setitimer(signal.ITIMER_VIRTUAL, 1 + PATIENCE * trial.seconds)
            if not trial.is_passed():
                return place
        return None
