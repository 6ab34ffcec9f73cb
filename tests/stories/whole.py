"""Whole answers of the stories, in `whole/<table>.txt`, renewed by `python -m tests.stories.whole`.

A story expects rule, subject, day, level, amount and kind of a finding. What else an officer reads
of it, the lines of the formula and the evidence, stands here as the rules last gave it:

    story one fen is missing
    close 2024-01-31
    coverage-short coverage 2024-01-04 blue 0.01 warning
      unearned: 4,000.00
      gap: 4,000.00 - 3,999.99 = 0.01
      from a:A/BalanceReported/CNY/closing/2024-01-02

A changed file is a change of what an officer reads: the difference is to be read before it is
committed. `--check` compares and writes nothing.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path

from alerts.evaluation import Supervision
from models.facts import Told
from models.findings import CANNOT_DECIDE, Finding
from models.keys import own_day
from models.money import format_yuan
from models.policy import NATIONAL
from tests.engine import in_order, law, tell
from tests.stories.runner import Expectation, Story, stories, under_trial

FOLDER = Path(__file__).parent / "whole"
LATE_PORTIONS = 8
ONE_DAY = timedelta(days=1)


def as_told(finding: Finding) -> Expectation:
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


def at_once(story: Story) -> Iterator[str]:
    """What stands at each close, of a story told whole before the first of them."""
    supervision = Supervision(story.institution, law())
    tell(supervision, story.told)
    for close in story.closes:
        supervision.evaluate(close.day)
        yield _standing(story, supervision, close.day)


def day_by_day(story: Story) -> Iterator[str]:
    """The same, of a story whose every fact is told on its own day, and the day then closed."""
    supervision = Supervision(story.institution, law())
    portions = [(day, list(told)) for day, told in groupby(story.told, _own_day)]
    portions.sort(key=lambda portion: portion[0])
    for close in story.closes:
        while portions and portions[0][0] < close.day:
            day, told = portions.pop(0)
            tell(supervision, told)
            supervision.evaluate(day)
        supervision.evaluate(close.day - ONE_DAY)
        for _, told in portions:
            tell(supervision, told)
        portions.clear()
        supervision.evaluate(close.day)
        yield _standing(story, supervision, close.day)


def late(story: Story) -> Iterator[str]:
    """The same, of a story told from its end after the first close, a portion at a time."""
    supervision = Supervision(story.institution, law())
    size = 1 + len(story.told) // LATE_PORTIONS
    backwards = story.told[::-1]
    first, *others = story.closes
    supervision.evaluate(first.day)
    for start in range(0, len(backwards), size):
        tell(supervision, backwards[start : start + size])
        supervision.evaluate(first.day)
    yield _standing(story, supervision, first.day)
    for close in others:
        supervision.evaluate(close.day)
        yield _standing(story, supervision, close.day)


Way = Callable[[Story], Iterator[str]]
WAYS: tuple[Way, ...] = (at_once, day_by_day, late)
"""Ways to tell a story that all end in the same findings."""


def expected(story: Story) -> list[str]:
    """The whole answers of a story at its closes, as the file of its table has them."""
    return _stories_of(story.place.partition(":")[0]).get(story.title, [])


def written() -> list[str]:
    """Table and title of every story that has whole answers, in the order of files and lines."""
    tables = sorted(path.name for path in FOLDER.iterdir())
    return [f"{table} {title}" for table in tables for title in _stories_of(table)]


@cache
def _stories_of(table: str) -> dict[str, list[str]]:
    """By title the answers at each close."""
    found: dict[str, list[str]] = {}
    closes: list[str] = []
    for line in (FOLDER / table).read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word == "story":
            closes = found[rest] = []
        elif word == "close":
            closes.append(f"{line}\n")
        elif line:
            closes[-1] += f"{line}\n"
    return found


def _own_day(told: Told) -> date:
    return own_day(told.fact) or date.max


def _standing(story: Story, supervision: Supervision, day: date) -> str:
    found = [x for x in in_order(supervision) if under_trial(story, [as_told(x)])]
    for finding in found:
        assert finding.institution == story.institution
        assert finding.policy in _hashes(_judged_by(finding)), finding
    return f"close {day}\n" + "".join(line for x in found for line in _lines(x))


def _judged_by(finding: Finding) -> str:
    """The rule whose values a finding names; what is no rule cannot decide by its own."""
    rule = finding.subject.partition("/")[0] if finding.rule == CANNOT_DECIDE else finding.rule
    return rule if rule in law().policy.area(NATIONAL).rules else CANNOT_DECIDE


@cache
def _hashes(rule: str) -> set[str]:
    """The hashes of a rule's values everywhere."""
    policy = law().policy
    return {policy.area(city).hash(rule) for city in ("", *policy.cities())}


def _lines(finding: Finding) -> Iterator[str]:
    """The lines of a finding, without the hash of its values, which changes with their text."""
    amount = "-" if finding.amount_fen is None else format_yuan(finding.amount_fen)
    what = f"{finding.rule} {finding.subject} {finding.day}"
    yield f"{what} {finding.level} {amount} {finding.kind}\n"
    if finding.missing:
        yield f"  missing {finding.missing}\n"
    for step in finding.formula:
        how = f"{step.expression} = " if step.expression else ""
        yield f"  {step.name}: {how}{step.value}\n"
    yield from (f"  from {identifier}\n" for identifier in finding.evidence)


def main(arguments: list[str]) -> int:
    """Renew all files, or with `--check` name those that differ; the status."""
    tables: dict[str, str] = {}
    for story in stories():
        table = story.place.partition(":")[0]
        answer = "".join(at_once(story))
        tables[table] = tables.get(table, "") + f"story {story.title}\n{answer}\n"
    differing = []
    for table, text in tables.items():
        path = FOLDER / table
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            differing.append(table)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    sys.stdout.write("".join(f"differs: {table}\n" for table in differing))
    return int("--check" in arguments and bool(differing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
