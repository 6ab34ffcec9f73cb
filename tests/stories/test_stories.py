"""The rules and their oracle both say what the boundary stories say."""

import pytest

from alerts.evaluation import Supervision
from tests.engine import as_answer, in_order, law, tell
from tests.oracle import Answer, oracle
from tests.stories.runner import (
    INSTITUTION,
    Expectation,
    Story,
    stories,
    under_trial,
)

STORIES = stories()


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
    supervision = Supervision(INSTITUTION, law())
    tell(supervision, story.told)
    for close in story.closes:
        supervision.evaluate(close.day)

        expected = (close.line, close.expected)
        assert expected == (close.line, under_trial(story, _said(as_answer(in_order(supervision)))))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.place} {story.title}")
def test_the_oracle_tells_the_story(story: Story) -> None:
    """The oracle agrees with the stories, so that both are held to the same text."""
    for close in story.closes:
        answer = oracle(story.told, INSTITUTION, close.day, law().calendar)

        assert (close.line, close.expected) == (close.line, under_trial(story, _said(answer)))
