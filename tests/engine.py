"""The program's own findings for facts that a test tells, without store or files."""

from collections.abc import Iterable
from datetime import date
from functools import cache

from alerts.evaluation import Law, Supervision
from config.load import load_calendar
from config.policy_load import load_policy
from models import facts as f
from models.findings import CANNOT_DECIDE, Change, Finding
from models.keys import content_hash, encode, fact_id
from tests.oracle import AT_CLOSE, IMMEDIATE, Answer, Expected

# What else the rules say is proved by stories and worlds alone.
TWICE = {*IMMEDIATE, *AT_CLOSE, "matching", "currency", "pairing"}
"""The rules that the oracle works out a second time."""


@cache
def law() -> Law:
    """The policy and the calendar of this repository."""
    return Law(load_policy(), load_calendar())


def tell(supervision: Supervision, told: Iterable[f.Told]) -> None:
    """Add facts as the shell would: by id, content and the time of their statement."""
    for one in told:
        digest = content_hash(encode(one.fact))
        supervision.add(fact_id(one.fact), digest, one.fact, one.stated_at, one.stated_at)


def standing(told: Iterable[f.Told], institution: str, closed_day: date) -> list[Finding]:
    """What stands when all is told at once and one day is closed, in the order of the keys."""
    supervision = Supervision(institution, law())
    tell(supervision, told)
    supervision.evaluate(closed_day)
    return in_order(supervision)


def in_order(supervision: Supervision) -> list[Finding]:
    """The findings that stand, in the order of their keys."""
    return [supervision.standing[key] for key in sorted(supervision.standing)]


def as_answer(findings: Iterable[Finding]) -> Answer:
    """Findings of the rules that the oracle knows, in its words."""
    answer = Answer(set(), set())
    for x in findings:
        if x.rule == CANNOT_DECIDE:
            rule, _, subject = x.subject.partition("/")
            if rule in TWICE:
                answer.undecided.add((rule, subject))
        elif x.rule in TWICE:
            expected = Expected(x.rule, x.subject, x.day, x.level, x.amount_fen, x.kind)
            answer.findings.add(expected)
    return answer


def replay(changes: Iterable[Change], findings: dict[str, Finding]) -> None:
    """Apply a history of changes to what stood before, by id."""
    for change in changes:
        if change.change == "cleared":
            del findings[change.finding.id]
        else:
            findings[change.finding.id] = change.finding
