"""docs/rules.md: each rule with its subject, its numbers, since when they hold, and by what text.

`python -m alerts.rule_docs` writes the file anew; the numbers come from `config/policy`.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from alerts.wording import RULES
from config.policy_load import load_policy
from models.policy import (
    LEVEL_WORDS,
    MATCHING,
    NATIONAL,
    NO_LEGAL_TEXT,
    AreaPolicy,
    Policy,
    Value,
)

COLUMNS = (*("fires", "kind", "level", "subject", "amount", "day", "stands", "evaluated", "needs"),)
DOCUMENT = Path(__file__).parent.parent / "docs" / "rules.md"


_HEAD = """# Rules

Written by `python -m alerts.rule_docs` from `config/policy`; a test refuses any difference.

Each finding has the key (rule, institution, subject); at most one stands per key.
A number holds from its first day until the next one begins.
The nearest goes first: a contract's own number, then its city's, its province's, the nation's.
A number whose basis is "project default, no legal text" is no law; `config/policy` may change it.
A rule that lacks what it needs answers `cannot-decide` and names the field.
"""

_MATCHING = """
## matching

The numbers by which entries are classed and matched to contracts.
An entry without remittance, counterparty name and account cannot be decided.
"""


def rules_markdown(policy: Policy | None = None) -> str:
    """Write the whole of docs/rules.md."""
    policy = policy or load_policy()
    rules = sorted(set(policy.area(NATIONAL).rules) - {MATCHING}, key=list(RULES).index)
    parts = [_HEAD]
    for rule in rules:
        parts += [_words_part(rule), _texts_part(rule, policy), _numbers_part(rule, policy)]
    return "".join([*parts, _MATCHING, _numbers_part(MATCHING, policy)])


def _words_part(rule: str) -> str:
    wording = RULES[rule]
    rows = [(column, getattr(wording, column)) for column in COLUMNS]
    return f"\n## {rule}\n\n{' · '.join(wording.name)}\n" + _table(("", ""), rows)


def _texts_part(rule: str, policy: Policy) -> str:
    """The texts that the rule watches over: the nation's, then what differs in a city."""

    def rows(area: AreaPolicy) -> Iterator[tuple[str, ...]]:
        for clause in area.rules[rule].clauses:
            yield clause.area, clause.since.isoformat(), clause.basis

    told = _by_area(policy, rows)
    if not told:
        return f"\nLegal text: {NO_LEGAL_TEXT}.\n"
    return _table(("where", "since", "legal text"), told)


def _numbers_part(rule: str, policy: Policy) -> str:
    """The numbers of the rule: the nation's, then what differs in a city."""

    def rows(area: AreaPolicy) -> Iterator[tuple[str, ...]]:
        for parameter in area.rules[rule].parameters:
            name = (f"`{parameter.name}`", parameter.unit.replace("_", " "))
            for each in parameter.values:
                told = (_written(each.value), each.since.isoformat(), each.basis)
                yield (each.area, *name, *told)
            if not parameter.values:
                yield (NATIONAL, *name, "none", "", "")

    parameters = policy.area(NATIONAL).rules[rule].parameters
    if not parameters:
        return ""
    table = _table(("where", "number", "unit", "value", "since", "basis"), _by_area(policy, rows))
    meanings = "".join(f"- `{each.name}`: {each.description}\n" for each in parameters)
    return f"{table}\n{meanings}"


def _by_area(
    policy: Policy, rows: Callable[[AreaPolicy], Iterator[tuple[str, ...]]]
) -> list[tuple[str, ...]]:
    """Each row once, where it is written: the nation's, then those of cities and provinces."""
    areas = [policy.area(name) for name in (NATIONAL, *policy.cities())]
    told = dict.fromkeys(row for area in areas for row in rows(area))
    return sorted(told, key=lambda row: "" if row[0] == NATIONAL else row[0])


def _written(value: Value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{word} {value[word]}" for word in LEVEL_WORDS)
    if isinstance(value, tuple):
        return "、".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    DOCUMENT.write_text(rules_markdown(), encoding="utf-8")
