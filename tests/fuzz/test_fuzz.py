"""Files that once broke a reader do so no more, and a few fresh changes break none."""

import importlib

import pytest

from tests.fuzz.__main__ import CRASHERS, TARGETS, run


def test_kept_files_break_nothing() -> None:
    """Each was mended together with the file that showed it."""
    outcomes = {}
    for path in sorted(CRASHERS.glob("*/*")):
        target = importlib.import_module(f"tests.fuzz.{path.parent.name}")
        outcomes[path.name] = target.read(path.read_bytes())

    assert set(outcomes.values()) <= {"accepted", "held", "refused"}


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files_are_read_held_or_refused(name: str) -> None:
    """Two seconds of changes: nothing breaks, and every outcome is one of three."""
    outcomes, broken = run(name, 2, seed=1)

    assert {} == broken
    assert outcomes.keys() <= {"accepted", "held", "refused"}
    assert outcomes["refused"] > 0
