"""What differs between two policies: values, texts and the hashes of rules."""

from collections.abc import Iterator
from datetime import date

import msgspec

from models.policy import NATIONAL, AreaPolicy, DatedValue, Policy, RulePolicy, Value

CLAUSE = "clause"
"""The name under which a rule's legal text is compared with the values."""

Place = tuple[str, str, str, date]


class Difference(msgspec.Struct, frozen=True):
    """One dated value, or one text, that is not alike in both; None where there is none."""

    area: str
    rule: str
    name: str
    since: date
    before: Value | None
    after: Value | None
    basis_before: str | None
    basis_after: str | None


class Rehashed(msgspec.Struct, frozen=True):
    """A rule whose findings in an area carry another hash; None where it is not judged."""

    area: str
    rule: str
    before: str | None
    after: str | None


def differences(before: Policy, after: Policy) -> list[Difference]:
    """Each value and text that differs, by where it was written, rule, name and first day."""
    old, new = _written(before), _written(after)
    found = []
    for place in sorted(old.keys() | new.keys()):
        one, other = old.get(place), new.get(place)
        told = [(each.value, each.basis) if each else (None, None) for each in (one, other)]
        if told[0] != told[1]:
            (was, basis_was), (now, basis_now) = told
            found.append(Difference(*place, was, now, basis_was, basis_now))
    return found


def rehashed(before: Policy, after: Policy) -> list[Rehashed]:
    """Each rule whose hash changes, by area; differences() names the contracts of their own."""
    old, new = _hashes(before), _hashes(after)
    return [
        Rehashed(*place, old.get(place), new.get(place))
        for place in sorted(old.keys() | new.keys())
        if old.get(place) != new.get(place)
    ]


def _hashes(policy: Policy) -> dict[tuple[str, str], str]:
    return {
        (name, rule): area.hash(rule)
        for name, area in _areas(policy).items()
        for rule in area.rules
    }


def _areas(policy: Policy) -> dict[str, AreaPolicy]:
    return {name: policy.area(name) for name in (NATIONAL, *policy.cities())}


def _written(policy: Policy) -> dict[Place, DatedValue]:
    """Every value once, by where it was written, though many areas are judged by it."""
    rules = [rule for area in _areas(policy).values() for rule in area.rules.values()]
    rules += [
        rule
        for contracts in policy.exceptions.values()
        for own in contracts.values()
        for rule in own.values()
    ]
    return {
        (each.area, rule.rule, name, each.since): each
        for rule in rules
        for name, each in _dated(rule)
    }


def _dated(rule: RulePolicy) -> Iterator[tuple[str, DatedValue]]:
    for clause in rule.clauses:
        yield CLAUSE, DatedValue(clause.since, (), clause.basis, clause.area)
    for parameter in rule.parameters:
        for value in parameter.values:
            yield parameter.name, value
