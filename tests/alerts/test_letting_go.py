"""What a supervision holds goes with it: a worker lets institutions go, and cities are many."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from alerts.evaluation import Supervision
from tests.engine import law, tell
from tests.house import ROOT
from tests.stories.runner import INSTITUTION, read

STORIES = ROOT / "tests" / "stories" / "runaway-risk.txt"


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Nothing is collected meanwhile but what nothing holds any more."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_an_institution_that_is_let_go_is_no_cycle() -> None:
    """Its ledgers go at once, without the garbage collector."""
    story = next(iter(read(STORIES)))
    supervision = Supervision(INSTITUTION, law())
    tell(supervision, story.told)
    for close in story.closes:
        supervision.evaluate(close.day)
    ledgers = [weakref.ref(supervision.ledger), weakref.ref(supervision.all_facts)]
    assert all(ledger() is not None for ledger in ledgers)

    del supervision

    assert [None, None] == [ledger() for ledger in ledgers]
