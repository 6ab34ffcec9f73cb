"""A finding, its identity, and the difference between the findings before and after."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import IntEnum
from hashlib import sha256
from typing import Final, Literal

import msgspec

Kind = Literal["breach", "suspicion", "warning", "data"]
Key = tuple[str, str, str]
CANNOT_DECIDE: Final = "cannot-decide"


class Level(IntEnum):
    """How bad it is; a higher number is worse."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def word(self) -> str:
        """The word that files and pages carry: blue, yellow, orange or red."""
        return self.name.lower()


LevelWord = Literal["blue", "yellow", "orange", "red"]


class Step(msgspec.Struct, frozen=True, gc=False):
    """One line of a formula: what it is, how it came about with its numbers, and the value."""

    name: str
    expression: str
    value: str


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False, gc=False):
    """What a rule found about one subject of one institution (rules.md G1).

    `evidence` holds fact ids in ascending order; `policy` the hash of the rule's own values;
    `missing` names the field without which a rule could not decide, empty otherwise.
    """

    rule: str
    kind: Kind
    level: LevelWord
    institution: str
    subject: str
    day: date
    amount_fen: int | None
    evidence: tuple[str, ...]
    formula: tuple[Step, ...]
    policy: str
    missing: str = ""

    @property
    def key(self) -> Key:
        """At most one finding stands per key."""
        return (self.rule, self.institution, self.subject)

    @property
    def id(self) -> str:
        """Sixteen hex digits of the key's SHA-256."""
        return finding_id(self.key)


class Change(msgspec.Struct, frozen=True):
    """What happened to a finding: raised, changed, or cleared (then as it last stood)."""

    change: Literal["raised", "changed", "cleared"]
    finding: Finding


def finding_id(key: Key) -> str:
    """The id of the finding with this key."""
    return sha256("\n".join(key).encode()).hexdigest()[:16]


def by_key(findings: Iterable[Finding]) -> dict[Key, Finding]:
    """Findings by key; two with one key are a fault of a rule."""
    table: dict[Key, Finding] = {}
    for finding in findings:
        assert finding.key not in table, f"two findings stand for {finding.key}"
        table[finding.key] = finding
    return table


def difference(before: Mapping[Key, Finding], after: Mapping[Key, Finding]) -> Iterator[Change]:
    """The changes that lead from one set of standing findings to another, in order of the keys."""
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            yield Change("raised", new)
        elif new is None and old is not None:
            yield Change("cleared", old)
        elif old is not None and new is not None and old != new:
            yield Change("changed", new)
