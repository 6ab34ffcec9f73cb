"""docs/rules.md: each rule with its subject, its numbers, since when they hold, and by what text.

`python -m alerts.rule_docs` writes the file anew; the numbers come from `config/policy`.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from alerts.texts import RULES
from config.policy_load import load_policy
from models.policy import (
    LEVEL_WORDS,
    MATCHING,
    NATIONAL,
    NO_LEGAL_TEXT,
    AreaPolicy,
    Policy,
    Steps,
)

DOCUMENT = Path(__file__).parent.parent / "docs" / "rules.md"


class RuleWords(NamedTuple):
    """What the catalogue says of one rule beside its numbers."""

    fires: str
    kind: str
    level: str
    subject: str
    amount: str
    day: str
    stands: str
    evaluated: str
    needs: str


_FOR_GOOD = "for good"
_WHILE = "while it holds"
_CHARGE = "`contract:<no>/<day of the charge's first payment>`"
_PAYMENTS = "the charge's payments"
_HELD = "first day the condition held, not before the signature"
_RUN = "first day of the run"
_NOTHING = "nothing of its own"

WORDS: dict[str, RuleWords] = {
    "charge-span": RuleWords(
        fires="one charge pays for a longer span than the limit",
        kind="breach",
        level="orange",
        subject=_CHARGE,
        amount=_PAYMENTS,
        day=_HELD,
        stands=_FOR_GOOD,
        evaluated="immediate",
        needs="start and end",
    ),
    "charge-hours": RuleWords(
        fires="one charge pays for more class hours than the limit;"
        " suspicion when only paid and bonus hours together pass it",
        kind="breach; suspicion",
        level="orange; yellow",
        subject=_CHARGE,
        amount=_PAYMENTS,
        day=_HELD,
        stands=_FOR_GOOD,
        evaluated="immediate",
        needs="hours",
    ),
    "charge-amount": RuleWords(
        fires="the payments of one non-academic charge come to more than the limit",
        kind="breach",
        level="orange",
        subject=_CHARGE,
        amount="the charge's payments since the start of the limit",
        day=_HELD,
        stands=_FOR_GOOD,
        evaluated="immediate",
        needs="academic or not",
    ),
    "charge-while-barred": RuleWords(
        fires="matched tuition is booked on a day without custody or reserve agreement,"
        " or while a suspension, a void licence or an overdue change to non-profit covers it",
        kind="breach",
        level="red",
        subject="`contract:<no>`",
        amount="payments booked on barred days",
        day="first of them, not before the signature",
        stands=_FOR_GOOD,
        evaluated="immediate",
        needs=_NOTHING,
    ),
    "charge-without-contract": RuleWords(
        fires="(a) tuition on a designated account has no contract in time,"
        " or (b) was booked before the contract's signature",
        kind="breach",
        level="yellow",
        subject="`entry:<account>/<booking date>/<serial>`",
        amount="that entry",
        day="(a) the close of the last day of the tolerance;"
        " (b) the earlier of that and the signed day",
        stands="until facts explain it",
        evaluated="at close",
        needs="the calendar",
    ),
    "payment-outside-account": RuleWords(
        fires="tuition goes into an account that is not designated on that day;"
        " suspicion when only a complaint or a contract's payee account says so",
        kind="breach; suspicion",
        level="orange, red above the sum; yellow",
        subject="`account:<no>`",
        amount="sum into it",
        day="first such payment (not before the contract's signature) or report",
        stands=_FOR_GOOD,
        evaluated="immediate",
        needs=_NOTHING,
    ),
    "several-accounts": RuleWords(
        fires="two different accounts are designated on one day,"
        " or the designated account changed too often within the window",
        kind="breach",
        level="yellow",
        subject="`accounts`",
        amount="none",
        day=_RUN,
        stands=_WHILE,
        evaluated="at close",
        needs=_NOTHING,
    ),
    "release-ahead": RuleWords(
        fires="more was released than the contract's schedule allows by the lessons taught",
        kind="breach",
        level="blue to red by points; red when nothing was paid",
        subject="`contract:<no>` or `batch`",
        amount="released - allowed",
        day=_RUN,
        stands=_WHILE,
        evaluated="at close",
        needs="paid hours or schedule",
    ),
    "coverage-short": RuleWords(
        fires="the designated accounts hold less than the unearned money,"
        " at the best of the last closes",
        kind="warning",
        level="blue to red by coverage",
        subject="`coverage`",
        amount="unearned - balance",
        day=_RUN,
        stands=_WHILE,
        evaluated="at close",
        needs="balances; the calendar",
    ),
    "outflow-large": RuleWords(
        fires="the unscheduled outflow of a day or of the window is a large share of the balance",
        kind="warning",
        level="blue to red, the higher of day and window; red when the balance was 0",
        subject="`day:<YYYY-MM-DD>`",
        amount="that day's unscheduled outflow",
        day="that day",
        stands=_FOR_GOOD,
        evaluated="at close",
        needs="balances; counterparty name or account of a debit (without both: that day)",
    ),
    "refund-late": RuleWords(
        fires="something due of a refund request is unpaid after so many working days;"
        " breach when its term is over",
        kind="warning; breach",
        level="blue to red by working days; a breach at least orange",
        subject="`refund:<no>`",
        amount="what is still unpaid",
        day=_RUN,
        stands=_WHILE,
        evaluated="at close",
        needs="the calendar",
    ),
    "statement-broken": RuleWords(
        fires="opening balance and entries do not give the closing balance,"
        " or a running balance does not follow",
        kind="data",
        level="yellow",
        subject="`statement:<account>/<id>`",
        amount="the gap",
        day="statement day",
        stands="until corrected",
        evaluated="immediate",
        needs=_NOTHING,
    ),
    "cannot-decide": RuleWords(
        fires="a rule, or matching, lacks a field that it needs",
        kind="data",
        level="blue",
        subject="`<rule>/<that rule's subject>`, `matching/entry:<...>` or `currency/account:<no>`",
        amount="none",
        day="as for the rule that cannot decide",
        stands="until the field is told",
        evaluated="with the rule that cannot decide",
        needs=_NOTHING,
    ),
}

_HEAD = """# Rules

Written by `python -m alerts.rule_docs` from `config/policy`; a test refuses any difference.

Each finding has the key (rule, institution, subject); at most one stands per key.
A number holds from its first day until the next one begins.
A city's number goes before its province's, and that one before the nation's.
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
    rules = sorted(set(policy.area(NATIONAL).rules) - {MATCHING}, key=list(WORDS).index)
    parts = [_HEAD]
    for rule in rules:
        parts += [_words_part(rule), _texts_part(rule, policy), _numbers_part(rule, policy)]
    return "".join([*parts, _MATCHING, _numbers_part(MATCHING, policy)])


def _words_part(rule: str) -> str:
    name_zh, name_en = RULES[rule]
    rows = [(name, text) for name, text in WORDS[rule]._asdict().items()]
    return f"\n## {rule}\n\n{name_zh} · {name_en}\n" + _table(("", ""), rows)


def _texts_part(rule: str, policy: Policy) -> str:
    """The texts that the rule watches over: the nation's, then what differs in a city."""

    def rows(area: AreaPolicy) -> Iterator[tuple[str, ...]]:
        for clause in area.rules[rule].clauses:
            yield clause.since.isoformat(), clause.basis

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
                yield (*name, _written(each.value), each.since.isoformat(), each.basis)
            if not parameter.values:
                yield (*name, "none", "", "")

    parameters = policy.area(NATIONAL).rules[rule].parameters
    if not parameters:
        return ""
    table = _table(("where", "number", "unit", "value", "since", "basis"), _by_area(policy, rows))
    meanings = "".join(f"- `{each.name}`: {each.description}\n" for each in parameters)
    return f"{table}\n{meanings}"


def _by_area(
    policy: Policy, rows: Callable[[AreaPolicy], Iterator[tuple[str, ...]]]
) -> list[tuple[str, ...]]:
    national = list(rows(policy.area(NATIONAL)))
    told = [(NATIONAL, *row) for row in national]
    for city in policy.cities():
        told += [(city, *row) for row in rows(policy.area(city)) if row not in national]
    return told


def _written(value: int | bool | Steps) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{word} {value[word]}" for word in LEVEL_WORDS)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    DOCUMENT.write_text(rules_markdown(), encoding="utf-8")
