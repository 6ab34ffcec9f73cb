"""The rules and their oracle both say what the boundary stories say."""

import pytest

from alerts.evaluation import Supervision
from tests.engine import TWICE, in_order, law, tell
from tests.oracle import Answer, oracle
from tests.stories.runner import INSTITUTION, Expectation, Story, stories, under_trial
from tests.stories.whole import WAYS, Way, as_told, expected, written

STORIES = stories()
RENEW = "where the difference is meant: python -m tests.stories.whole, and read what it changes"
TOLD_TWICE = [
    story
    for story in STORIES
    if set(story.rules) <= TWICE
    and all(close.day.year in law().calendar.years for close in story.closes)
]
"""Those of the rules that the oracle knows, in the years whose calendar it needs."""


def _said(answer: Answer) -> set[Expectation]:
    found = {
        Expectation(x.rule, x.subject, str(x.day), x.level, x.amount_fen, x.kind)
        for x in answer.findings
    }
    undecided = {
        Expectation("cannot-decide", f"{rule}/{subject}", "", "blue", None, "data")
        for rule, subject in answer.undecided
    }
    return found | undecided


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.place} {story.title}")
def test_the_rules_tell_the_story(story: Story) -> None:
    """At every close of a story exactly the expected findings of its rules stand."""
    supervision = Supervision(story.institution, law())
    tell(supervision, story.told)
    for close in story.closes:
        supervision.evaluate(close.day)

        expected = (close.line, close.expected)
        found = map(as_told, in_order(supervision))
        assert expected == (close.line, under_trial(story, found))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: str(way.__name__))
@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.place} {story.title}")
def test_however_a_story_is_told_it_gives_its_whole_answer(story: Story, way: Way) -> None:
    """Formula, evidence and what is missing are those of `whole/`, renewed by command alone."""
    assert expected(story) == list(way(story)), RENEW


def test_every_whole_answer_has_its_story() -> None:
    """The files of whole answers hold the stories in their order, and no others."""
    told = [f"{story.place.partition(':')[0]} {story.title}" for story in STORIES]

    assert told == written(), RENEW


@pytest.mark.parametrize("story", TOLD_TWICE, ids=lambda story: f"{story.place} {story.title}")
def test_the_oracle_tells_the_story(story: Story) -> None:
    """The oracle agrees with the stories, so that both are held to the same text."""
    for close in story.closes:
        answer = oracle(story.told, INSTITUTION, close.day, law().calendar)

        assert (close.line, close.expected) == (close.line, under_trial(story, _said(answer)))
