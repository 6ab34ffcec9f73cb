"""Try what the stories left on other tests: `python -m tests.mutation.testing`, after them.

pytest collects the tests once, and a child runs them for each mutant of `mutants/left`; `mutmut
run` starts it anew for each, which takes a second before the first test. Hypothesis does not look
for the smallest example: one that fails is enough.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import hypothesis
import pytest
from mutmut.mutation import trampoline
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.utils.file_utils import setup_source_paths, walk_mutatable_files

from tests.mutation.forks import KILLED, LEFT, LEFT_NAMES, outcomes

TESTS = ("tests/models", "tests/alerts/test_exceptions.py")
SECONDS = 200
"""So long the tests of a mutant may take."""


class Trial:
    """A plugin that runs the tests for each mutant instead of once; the right rules come first."""

    def __init__(self, mutants: Sequence[str]) -> None:
        self._mutants = mutants
        self.codes: dict[str, int] = {}
        self._items: list[pytest.Item] = []
        self._order: list[int] = []
        self._session: pytest.Session | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own loop."""
        self._session = session
        self._items = session.items
        self._order = list(range(len(session.items)))
        for mutant, code, killer in outcomes(["", *self._mutants], self._killer):
            assert mutant or not code, f"{self._items[killer].nodeid}: the right rules fail"
            self.codes[mutant] = code
            if code == KILLED:  # what killed one mutant is the first to be tried on the next
                self._order.remove(killer)
                self._order.insert(0, killer)
        return True

    def _killer(self, _mutant: str) -> int | None:
        assert self._session is not None
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        for place in self._order:
            item = self._items[place]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self._session.testsfailed:
                return place
        return None


def main() -> int:
    """Try what is left, and write what is killed where mutmut keeps its results."""
    trial = Trial(LEFT_NAMES.read_text(encoding="utf-8").split())
    set_mutant_under_test("mutant_generation")
    setup_source_paths()
    trampoline.get_mutant_under_test = str
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutants", phases=phases, database=None)
    hypothesis.settings.load_profile("mutants")
    started = Path.cwd()
    os.chdir("mutants")
    pytest.main(["-q", "-s", "-p", "no:cacheprovider", "--tb=no", *TESTS], plugins=[trial])
    os.chdir(started)
    assert trial.codes, "pytest ran no test"
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        tried = data.exit_code_by_key.keys() & trial.codes.keys()
        data.exit_code_by_key.update({name: trial.codes[name] for name in tried})
        data.save()
        if tried:
            left = sum(trial.codes[name] == LEFT for name in tried)
            sys.stdout.write(f"{path}: {len(tried)} mutants tried, {left} left\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
