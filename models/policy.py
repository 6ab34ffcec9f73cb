"""Policy: which number holds on a day in an area, since when, and by which legal text.

Values are dated: each holds from its first day until the next one begins. A nearer area (city
before province before nation) replaces the wider value from the nearer one's first day on.
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from models.findings import Level, LevelWord
from models.timeline import Timeline

NO_LEGAL_TEXT: Final = "project default, no legal text"
"""The basis of a number that stands in no text: such a number is never shown as law."""

MATCHING: Final = "matching"
"""The name under which the numbers of matching are kept, as if it were a rule."""

NATIONAL: Final = "national"
"""The name of what holds where no area has values of its own."""

Steps = dict[LevelWord, int]
"""One number for each level, blue to red."""

StepTuple = tuple[tuple[int, LevelWord], ...]

Words = tuple[str, ...]
"""Texts that a rule looks for, in the order in which it tries them."""

Value = int | bool | Steps | Words

LEVEL_WORDS: tuple[LevelWord, ...] = ("blue", "yellow", "orange", "red")
assert tuple(level.word for level in Level) == LEVEL_WORDS

_Held = TypeVar("_Held")
_Dated = TypeVar("_Dated", bound="DatedValue | Clause")


class DatedValue(msgspec.Struct, frozen=True):
    """A value from its first day on: a number, a switch, a number for each level, or words.

    `area` is where it was written: `national`, `province/<id>`, `city/<id>` or `contract/<id>`.
    """

    since: date
    value: Value
    basis: str
    area: str = NATIONAL

    @property
    def is_law(self) -> bool:
        """Whether the value stands in a legal text (L), or is this project's default (D)."""
        return self.basis != NO_LEGAL_TEXT


class Clause(msgspec.Struct, frozen=True):
    """The text that a rule watches over, from its first day on; `area` as in DatedValue."""

    since: date
    basis: str
    area: str = NATIONAL


class Parameter(msgspec.Struct, frozen=True):
    """A named value in its unit; `values` ascend by `since` and may be empty."""

    name: str
    unit: str
    description: str
    values: tuple[DatedValue, ...] = ()


class RulePolicy(msgspec.Struct, frozen=True):
    """What holds for one rule in one area.

    `uses` names what the rule's findings depend on besides, as `<rule>.<parameter>`;
    `per_contract` says that single contracts may have values of their own.
    """

    rule: str
    clauses: tuple[Clause, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    uses: tuple[str, ...] = ()
    per_contract: bool = False


Rules = Mapping[str, RulePolicy]
Exceptions = Mapping[str, Mapping[str, Rules]]
"""What single contracts have of their own, by institution, then by the contract's number."""


Dated = dict[str, dict[str, Timeline[_Held]]]
"""By rule, then by name."""


class Tables(NamedTuple):
    """All dated values of an area by their kinds, and the days on which any begins to hold."""

    values: Dated[int | None]
    steps: Dated[StepTuple | None]
    words: Dated[Words]
    begins: list[int]


class AreaPolicy:
    """What holds in one area: every question costs one look-up and one bisection over ordinals."""

    __slots__ = (
        *("_begins", "_clauses", "_digest", "_hashes", "_steps", "_values", "_words"),
        *("area_id", "moves", "rules"),
    )

    def __init__(self, area_id: str, rules: Mapping[str, RulePolicy]) -> None:
        self.area_id = area_id
        self.rules = dict(sorted(rules.items()))
        self.moves: Moves = ()
        """Of who moved, since which day which area counts; empty for an area itself."""
        self._values: Dated[int | None] = {}
        self._steps: Dated[StepTuple | None] = {}
        self._words: Dated[Words] = {}
        for policy in self.rules.values():
            for parameter in policy.parameters:
                self._enter(policy.rule, parameter)
        tables: list[Dated[Any]] = [self._values, self._steps, self._words]
        dated = [each for table in tables for names in table.values() for each in names.values()]
        self._begins = sorted({day for each in dated for day in each.since})
        self._clauses = {rule: _clauses(policy) for rule, policy in self.rules.items()}
        self._hashes = {rule: _sha256(self._hashed(rule))[:16] for rule in self.rules}
        self._digest = _sha256(self._hashes)

    def value(self, rule: str, name: str, ordinal: int) -> int | None:
        """The number in force on a day, of a switch 1 or 0; None before the first value.

        KeyError for a rule, a name or a kind of value that the policy does not declare.
        """
        return self._values[rule][name].at(ordinal)

    def steps(self, rule: str, name: str, ordinal: int) -> StepTuple | None:
        """The numbers of the levels in force on a day, blue to red; None before the first.

        KeyError as in `value`.
        """
        return self._steps[rule][name].at(ordinal)

    def words(self, rule: str, name: str, ordinal: int) -> Words:
        """The words in force on a day; () before the first.

        KeyError as in `value`.
        """
        return self._words[rule][name].at(ordinal)

    def changes(self, after: int, through: int) -> bool:
        """Whether a value of any rule begins to hold on a day in (after, through]."""
        index = bisect_right(self._begins, after)
        return index < len(self._begins) and self._begins[index] <= through

    def alike(self, first: int, last: int) -> list[tuple[int, int]]:
        """The days from first through last as stretches of days of the same values, in order."""
        begins = self._begins[bisect_right(self._begins, first) : bisect_right(self._begins, last)]
        starts = [first, *begins]
        return list(zip(starts, [*(each - 1 for each in begins), last], strict=True))

    def largest(self, rule: str, name: str) -> int:
        """The largest number ever in force, 0 where none is."""
        return max((value or 0 for value in self._values[rule][name].values), default=0)

    def ever(self, rule: str, name: str) -> bool:
        """Whether a number or switch is in force on any day."""
        return any(value is not None for value in self._values[rule][name].values)

    def basis(self, rule: str, ordinal: int) -> str:
        """The legal text that the rule watches over on a day; NO_LEGAL_TEXT where none is."""
        return self._clauses[rule].at(ordinal)

    def hash(self, rule: str) -> str:
        """Sixteen hex digits over all dated values that the rule's findings depend on.

        Descriptions, units and texts do not enter: they change no finding.
        """
        return self._hashes[rule]

    def digest(self) -> str:
        """The SHA-256, in hexadecimal, over the hashes of all rules."""
        return self._digest

    def moved(self, moves: "Moves") -> "AreaPolicy":
        """What held for somebody who is here now: on each day the values of where he was then.

        Hashes and legal texts are those of the last area. `moves` in order, the last one to here.
        """
        joined = AreaPolicy(self.area_id, self.rules)
        joined.moves = moves
        joined._join()
        return joined

    def _join(self) -> None:
        """Take over what the areas of `moves` say, each from its first day on."""
        firsts = [first for first, _ in self.moves]
        tables = [area.tables for _, area in self.moves]
        self._values = _joined(firsts, [each.values for each in tables], None)
        self._steps = _joined(firsts, [each.steps for each in tables], None)
        self._words = _joined(firsts, [each.words for each in tables], ())
        self._begins = sorted({*firsts, *(day for each in tables for day in each.begins)})

    @property
    def tables(self) -> Tables:
        """All dated values, and the days on which any begins to hold."""
        return Tables(self._values, self._steps, self._words, self._begins)

    def _enter(self, rule: str, parameter: Parameter) -> None:
        name = parameter.name
        since = [value.since.toordinal() for value in parameter.values]
        told = [value.value for value in parameter.values]
        plain: list[int | None] = [int(value) for value in told if isinstance(value, int)]
        steps: list[StepTuple | None] = [
            _in_order(value) for value in told if isinstance(value, dict)
        ]
        words = [value for value in told if isinstance(value, tuple)]
        assert len(told) in {len(plain), len(steps), len(words)}, (
            f"{rule}.{name} mixes kinds of values"
        )
        # A parameter that no area gives a value yet answers None, or (), to every question.
        if len(plain) == len(told):
            self._values.setdefault(rule, {})[name] = Timeline(since, plain, None)
        if len(steps) == len(told):
            self._steps.setdefault(rule, {})[name] = Timeline(since, steps, None)
        if len(words) == len(told):
            self._words.setdefault(rule, {})[name] = Timeline(since, words, ())

    def _hashed(self, rule: str) -> object:
        own = self.rules[rule]
        used = {each: _valued(self.rules[each.partition(".")[0]])[each] for each in own.uses}
        return _valued(own) | used


Moves = tuple[tuple[int, AreaPolicy], ...]
"""Since which day which area's values count, in order."""


class Policy:
    """The policies of all areas; a city that has none of its own is judged by the default city's.

    `areas` maps each city's id, and NATIONAL, to what holds there; `ids` maps further spellings of
    a city to its id.
    """

    __slots__ = ("_areas", "_default", "_ids", "_movers", "_overlays", "exceptions")

    def __init__(
        self,
        areas: Mapping[str, AreaPolicy],
        default_city: str,
        ids: Mapping[str, str],
        exceptions: Exceptions | None = None,
    ) -> None:
        self._areas = dict(areas)
        self._default = self._areas[default_city]
        self._ids = dict(ids)
        self.exceptions: Exceptions = exceptions or {}
        self._overlays: dict[tuple[str, str, str], AreaPolicy] = {}
        self._movers: dict[tuple[tuple[int, str], ...], AreaPolicy] = {}

    def area(self, city: str) -> AreaPolicy:
        """What holds in a city, named by its id or in Chinese; an unknown one: the default's."""
        name = city.strip().lower()
        return self._areas.get(self._ids.get(name, name), self._default)

    def places(self, cities: Iterable[tuple[int, str]]) -> AreaPolicy:
        """What holds for somebody in these cities, each since a day, in order; () for nowhere.

        The first counts from ever on: where he was before nobody told.
        """
        moves: list[tuple[int, AreaPolicy]] = []
        for first, city in cities:
            area = self.area(city)
            if not moves or moves[-1][1] is not area:
                moves.append((first if moves else 0, area))
        if len(moves) < 2:
            return moves[0][1] if moves else self.area("")
        key = tuple((first, area.area_id) for first, area in moves)
        if key not in self._movers:
            self._movers[key] = moves[-1][1].moved(tuple(moves))
        return self._movers[key]

    def contract(self, area: AreaPolicy, institution: str, number: str) -> AreaPolicy:
        """What holds for one contract: the area's, but for what the contract has of its own."""
        own = self.exceptions.get(institution, {}).get(number)
        if own is None:
            return area
        if area.moves:
            moves = [(day, self.contract(each, institution, number)) for day, each in area.moves]
            return moves[-1][1].moved(tuple(moves))
        key = (area.area_id, institution, number)
        if key not in self._overlays:
            merged = {rule: nearest(area.rules[rule], nearer) for rule, nearer in own.items()}
            self._overlays[key] = AreaPolicy(area.area_id, {**area.rules, **merged})
        return self._overlays[key]

    def judging(self, city: str, institution: str, subject: str) -> AreaPolicy:
        """What a finding about this subject was judged by: its contract's or its area's."""
        area = self.area(city)
        _, found, named = f"/{subject}".partition("/contract:")
        numbers = [
            number
            for number in self.exceptions.get(institution, ())
            if found and f"{named}/".startswith(f"{number}/")
        ]
        return self.contract(area, institution, max(numbers, key=len, default=""))

    def cities(self) -> tuple[str, ...]:
        """The ids of the cities that are known, in order."""
        return tuple(sorted(self._areas.keys() - {NATIONAL}))

    def digest(self) -> str:
        """The SHA-256, in hexadecimal, over what holds in all areas, the default, all contracts."""
        areas = {city: area.digest() for city, area in self._areas.items()}
        content = {"areas": areas, "default": self._default.area_id, "ids": self._ids}
        if self.exceptions:
            content["contracts"] = {
                f"{institution}\n{number}": [_valued(rule) for rule in rules.values()]
                for institution, contracts in self.exceptions.items()
                for number, rules in contracts.items()
            }
        return _sha256(content)


def nearest(wider: RulePolicy, nearer: RulePolicy) -> RulePolicy:
    """What holds where both areas speak: the nearer one's values from its first day on.

    A parameter keeps the wider area's unit and description; the nearer one declares no new name.
    """
    given = {parameter.name: parameter.values for parameter in nearer.parameters}
    parameters = tuple(
        msgspec.structs.replace(each, values=_continued(each.values, given.pop(each.name, ())))
        for each in wider.parameters
    )
    assert not given, f"{nearer.rule}: {sorted(given)} is declared by no wider area"
    return msgspec.structs.replace(
        wider, clauses=_continued(wider.clauses, nearer.clauses), parameters=parameters
    )


def _joined(firsts: list[int], tables: list[Dated[_Held]], none: _Held) -> Dated[_Held]:
    """The dated values of several areas one after the other, each from its first day on."""
    joined: Dated[_Held] = {}
    for rule, name in sorted({(r, name) for table in tables for r in table for name in table[r]}):
        days: list[int] = []
        values: list[_Held] = []
        for first, after, table in zip(firsts, [*firsts[1:], None], tables, strict=True):
            held = table.get(rule, {}).get(name) or Timeline([], [], none)
            place = bisect_right(held.since, first)
            ends = len(held.since) if after is None else bisect_left(held.since, after)
            days += [first, *held.since[place:ends]]
            values += [held.at(first), *held.values[place:ends]]
        joined.setdefault(rule, {})[name] = Timeline(days, values, none)
    return joined


def _clauses(policy: RulePolicy) -> Timeline[str]:
    since = [clause.since.toordinal() for clause in policy.clauses]
    return Timeline(since, [clause.basis for clause in policy.clauses], NO_LEGAL_TEXT)


def _continued(wider: tuple[_Dated, ...], nearer: tuple[_Dated, ...]) -> tuple[_Dated, ...]:
    if not nearer:
        return wider
    return (*(each for each in wider if each.since < nearer[0].since), *nearer)


def _valued(policy: RulePolicy) -> dict[str, object]:
    """All that can change a finding: the dated values by name, without units and texts."""
    return {
        f"{policy.rule}.{parameter.name}": [
            [value.since.isoformat(), value.value] for value in parameter.values
        ]
        for parameter in policy.parameters
    }


def _in_order(steps: Steps) -> StepTuple:
    return tuple((steps[word], word) for word in LEVEL_WORDS)


def _sha256(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()
