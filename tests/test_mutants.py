"""Every deliberately wrong engine of tests/mutants makes the suite fail; the right one does not."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from alerts.evaluation import Supervision
from models import facts as f
from models.store.engine import open_store
from streams.monitor import Batch
from streams.replay import verify
from tests.engine import as_answer, in_order, law, standing, tell
from tests.mutants import MUTANTS, Mutant
from tests.oracle import Answer, oracle
from tests.stories import runner
from tests.stories.runner import INSTITUTION as STORY_INSTITUTION
from tests.stories.runner import stories, under_trial
from tests.stories.whole import as_told
from tests.strategies import INSTITUTION, Drawn, histories
from tests.streams import told as shell

HISTORIES = 60
FOLDER = Path(__file__).parent / "mutants"
DRAWN: list[tuple[Drawn, Answer]] = []


@settings(
    max_examples=HISTORIES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(histories())
def _draw(drawn: Drawn) -> None:
    answer = oracle(drawn.told, INSTITUTION, drawn.closed_day, law().calendar)
    DRAWN.append((drawn, answer))


@pytest.fixture(scope="module", autouse=True)
def _histories() -> None:
    """The oracle answers once, before any engine is wrong."""
    if not DRAWN:
        _draw()


def _faults(folder: Path) -> Iterator[str]:
    """What is wrong with the engine as it is now, cheapest trial first."""
    yield from _faults_of_stories()
    yield from _faults_of_a_late_class()
    yield from _faults_of_histories()
    yield from _faults_of_the_store(folder)


def _faults_of_stories() -> Iterator[str]:
    for story in stories():
        supervision = Supervision(story.institution, law())
        tell(supervision, story.told)
        for close in story.closes:
            supervision.evaluate(close.day)
            found = map(as_told, in_order(supervision))
            if close.expected != under_trial(story, found):
                yield f"{story.place} {story.title}"


def _faults_of_histories() -> Iterator[str]:
    random = Random(7)  # noqa: S311 -- the same order in every run
    for drawn, expected in DRAWN:
        at_once = standing(drawn.told, INSTITUTION, drawn.closed_day)
        answer = as_answer(at_once)
        if (expected.findings, expected.undecided) != (answer.findings, answer.undecided):
            yield "the oracle does not agree"
        supervision = Supervision(INSTITUTION, law())
        shuffled = [*drawn.told, *drawn.told[:5]]
        random.shuffle(shuffled)
        for start in range(0, len(shuffled), 7):
            tell(supervision, shuffled[start : start + 7])
            supervision.evaluate(drawn.closed_day if start % 2 else None)
        supervision.evaluate(drawn.closed_day)
        if at_once != in_order(supervision):
            yield "the order matters"


def _faults_of_a_late_class() -> Iterator[str]:
    """Two hours released for two pupils, then the class session in which both were taught."""
    story = next(runner.read(FOLDER / "late-class.txt"))
    *before, lesson = story.told
    assert isinstance(lesson.fact, f.LessonDelivered)
    supervision = Supervision(story.institution, law())
    for portion in (before, [lesson]):
        tell(supervision, portion)
        supervision.evaluate(story.closes[0].day)
    if in_order(supervision) != standing(story.told, STORY_INSTITUTION, story.closes[0].day):
        yield "a class session that comes late is forgotten"


def _faults_of_the_store(folder: Path) -> Iterator[str]:
    engine = open_store(f"sqlite:///{folder / 'escrow.db'}")
    monitor = shell.monitor_of(engine)
    account, broken = shell.account("62-A", "JG-1"), shell.broken("62-A")
    steps = (
        Batch(0, shell.tell(account, broken), seen_at=shell.NOON),
        Batch(1, shell.tell(broken, stated_at="2024-03-06T12:00:00Z"), seen_at=shell.NOON),
        Batch(2, close=date(2024, 3, 31)),
    )
    for batch in steps:
        if monitor.handle(batch).skipped:
            yield f"batch {batch.offset} was skipped"
    yield from verify(engine, law())


def test_the_right_engine_passes(tmp_path: Path) -> None:
    """Without a mutant no trial finds a fault."""
    assert [] == list(_faults(tmp_path))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_engine_is_noticed(
    mutant: Mutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least one trial fails under each mutant; an engine that breaks down is noticed too."""
    mutant(monkeypatch)
    try:
        fault = next(_faults(tmp_path), None)
    except (AssertionError, LookupError, RuntimeError, ValueError) as error:
        fault = repr(error)

    assert fault is not None
