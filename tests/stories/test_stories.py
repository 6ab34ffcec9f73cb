"""The rules and their oracle both say what the boundary stories say."""

import pytest

from alerts.evaluation import Supervision
from models.findings import CANNOT_DECIDE, Finding
from tests.engine import TWICE, in_order, law, tell
from tests.oracle import Answer, oracle
from tests.stories.runner import (
    INSTITUTION,
    Expectation,
    Story,
    stories,
    under_trial,
)

STORIES = stories()
TOLD_TWICE = [story for story in STORIES if set(story.rules) <= TWICE]
"""Those of the rules that the oracle knows."""


def _as_told(finding: Finding) -> Expectation:
    """A finding in the words of a story."""
    told = Expectation(
        finding.rule,
        finding.subject,
        str(finding.day),
        finding.level,
        finding.amount_fen,
        finding.kind,
    )
    return told._replace(day="") if finding.rule == CANNOT_DECIDE else told


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
        found = map(_as_told, in_order(supervision))
        assert expected == (close.line, under_trial(story, found))


@pytest.mark.parametrize("story", TOLD_TWICE, ids=lambda story: f"{story.place} {story.title}")
def test_the_oracle_tells_the_story(story: Story) -> None:
    """The oracle agrees with the stories, so that both are held to the same text."""
    for close in story.closes:
        answer = oracle(story.told, INSTITUTION, close.day, law().calendar)

        assert (close.line, close.expected) == (close.line, under_trial(story, _said(answer)))
