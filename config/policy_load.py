"""Load the policy of all areas from `config/policy`; every error names the file and the key.

`national/<rule-id>.yaml` declares a rule and each of its parameters. `province/<area>/` and
`city/<area>/` hold files of the same name with the values and texts that differ there,
`contract/<institution>.yaml` the values that single contracts have of their own, and
`areas.yaml` says which cities there are and in which province each lies.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from config.load import ConfigError, read_yaml
from config.policy_shapes import (
    SWITCH,
    UNITS,
    WORDS,
    AreaRule,
    City,
    ClauseShape,
    Contracts,
    NationalRule,
    Override,
    ValueShape,
    Word,
)
from models.policy import (
    LEVEL_WORDS,
    MATCHING,
    NATIONAL,
    NO_LEGAL_TEXT,
    AreaPolicy,
    Clause,
    DatedValue,
    Parameter,
    Policy,
    RulePolicy,
    Rules,
    Value,
    nearest,
)

POLICY = Path(__file__).parent / "policy"

_Content = TypeVar("_Content")


def load_policy(
    folder: Path = POLICY, default_city: str = "nanchang", rules: Collection[str] | None = None
) -> Policy:
    """Load the policy of every city in `areas.yaml`; an unknown city gets the default city's.

    `rules`: the ids that may be there, and all have to be; None accepts any. Raises ConfigError,
    one line with file and key for each fault in any file.
    """
    reader = _Reader(folder)
    cities = reader.cities(default_city)
    national = reader.national(rules)
    provinces = {city.province for city in cities.values() if city.province}
    by_province = {name: reader.area(f"province/{name}", national) for name in sorted(provinces)}
    by_city = {
        name: reader.area(f"city/{name}", by_province[city.province] if city.province else national)
        for name, city in cities.items()
    }
    exceptions = reader.contracts(national)
    if reader.faults:
        raise ConfigError("\n".join(reader.faults))
    areas = {name: AreaPolicy(name, told) for name, told in by_city.items()}
    areas[NATIONAL] = AreaPolicy(NATIONAL, national)
    spellings = {city.name + ending: name for name, city in cities.items() for ending in ("", "市")}
    return Policy(areas, default_city, spellings, exceptions)


class _Reader:
    """Reads the files of a folder, and goes on after a fault so that all are told at once."""

    def __init__(self, folder: Path) -> None:
        self.faults: list[str] = []
        self._folder = folder

    def cities(self, default_city: str) -> dict[str, City]:
        """The cities of areas.yaml; faults: areas that it does not name."""
        path = self._folder / "areas.yaml"
        cities = self._read(path, TypeAdapter(dict[Word, City]))
        if cities is None:
            return {}
        if default_city not in cities:
            self._fault(path, default_city, "the default city is missing")
        names = [city.name for city in cities.values()]
        for name, city in cities.items():
            if names.count(city.name) > 1:
                self._fault(path, f"{name}.name", f"{city.name} is the name of several cities")
        self._check_folders(cities)
        return cities

    def national(self, known: Collection[str] | None) -> dict[str, RulePolicy]:
        """The files that declare the rules and all of their parameters."""
        rules = {}
        paths = self._files(self._folder / NATIONAL)
        for path in paths:
            told = self._read(path, TypeAdapter(NationalRule))
            if told is not None and self._is_named(path, told.rule):
                rules[told.rule] = self._declared(path, told)
        names = {path.stem for path in paths}
        for missing in sorted((set(known or ()) | {MATCHING}) - names):
            self.faults.append(f"{self._folder / NATIONAL / missing}.yaml: the file is missing")
        for unknown in sorted(names - set(known)) if known else ():
            self._fault(self._folder / NATIONAL / f"{unknown}.yaml", "rule", "no rule has this id")
        declared = {f"{rule}.{each.name}" for rule in rules for each in rules[rule].parameters}
        for rule, policy in rules.items():
            for unknown in sorted(set(policy.uses) - declared):
                path = self._folder / NATIONAL / f"{rule}.yaml"
                self._fault(path, "uses", f"nobody declares {unknown}")
        return rules

    def area(self, place: str, wider: dict[str, RulePolicy]) -> dict[str, RulePolicy]:
        """An area's files over what holds around it; an area without a folder adds nothing."""
        rules = dict(wider)
        folder = self._folder / place
        for path in self._files(folder) if folder.is_dir() else ():
            told = self._read(path, TypeAdapter(AreaRule))
            if told is None or not self._is_named(path, told.rule):
                continue
            if told.rule in wider:
                nearer = self._override(path, "", place, wider[told.rule], told)
                rules[told.rule] = nearest(wider[told.rule], nearer)
                self._check_gaps(path, rules[told.rule])
            elif not (self._folder / NATIONAL / path.name).is_file():
                self._fault(path, "rule", f"{told.rule} has no file in national/")
        return rules

    def contracts(self, national: dict[str, RulePolicy]) -> dict[str, dict[str, Rules]]:
        """The values that single contracts have of their own, by institution and number."""
        found: dict[str, dict[str, Rules]] = {}
        folder = self._folder / "contract"
        for path in self._files(folder) if folder.is_dir() else ():
            told = self._read(path, TypeAdapter(Contracts))
            if told is None:
                continue
            if path.stem != told.institution:
                fault = f"{told.institution!r} must be the file's name without .yaml"
                self._fault(path, "institution", fault)
            found[told.institution] = {
                number: self._exceptions(path, number, own, national)
                for number, own in told.contracts.items()
            }
        return found

    def _exceptions(
        self,
        path: Path,
        number: str,
        own: dict[str, Override],
        national: dict[str, RulePolicy],
    ) -> Rules:
        rules = {}
        place = f"contract/{path.stem}/{number}"
        for rule, told in own.items():
            key = f"contracts.{number}.{rule}"
            if rule not in national:
                self._fault(path, key, f"{rule} has no file in national/")
            elif not national[rule].per_contract:
                self._fault(path, key, f"{rule} cannot differ by contract")
            else:
                rules[rule] = self._override(path, f"{key}.", place, national[rule], told)
        for name, parameter in [each for told in own.values() for each in told.parameters.items()]:
            if any(each.basis == NO_LEGAL_TEXT for each in parameter.values):
                self._fault(
                    path, f"contracts.{number}", f"{name} needs the ground of the exception"
                )
        return rules

    def _declared(self, path: Path, told: NationalRule) -> RulePolicy:
        parameters = []
        for name, parameter in told.parameters.items():
            key = f"parameters.{name}"
            if parameter.unit not in UNITS:
                self._fault(path, f"{key}.unit", f"{parameter.unit!r} is none of {sorted(UNITS)}")
            values = self._values(path, key, NATIONAL, parameter.values)
            declared = Parameter(name, parameter.unit, parameter.description, values)
            self._check_alike(path, key, declared, values)
            parameters.append(declared)
        policy = RulePolicy(
            told.rule,
            self._clauses(path, "clauses", NATIONAL, told.clauses),
            tuple(parameters),
            tuple(sorted(told.uses)),
            told.per_contract,
        )
        self._check_gaps(path, policy)
        return policy

    def _override(
        self, path: Path, within: str, place: str, wider: RulePolicy, told: Override
    ) -> RulePolicy:
        declared = {parameter.name: parameter for parameter in wider.parameters}
        parameters = []
        for name, parameter in told.parameters.items():
            key = f"{within}parameters.{name}"
            if name not in declared:
                self._fault(path, key, "national/ does not declare it")
                continue
            values = self._values(path, key, place, parameter.values)
            self._check_alike(path, key, declared[name], values)
            parameters.append(Parameter(name, "", "", values))
        clauses = self._clauses(path, f"{within}clauses", place, told.clauses)
        return RulePolicy(wider.rule, clauses, tuple(parameters))

    def _values(
        self, path: Path, key: str, place: str, told: list[ValueShape]
    ) -> tuple[DatedValue, ...]:
        self._check_dates(path, f"{key}.values", told)
        for index, each in enumerate(told):
            if each.basis.lower().startswith("project default") and each.basis != NO_LEGAL_TEXT:
                fault = f"write {NO_LEGAL_TEXT!r} or the text that gives the value"
                self._fault(path, f"{key}.values.{index}.basis", fault)
        return tuple(DatedValue(each.since, each.value, each.basis, place) for each in told)

    def _clauses(
        self, path: Path, key: str, place: str, told: list[ClauseShape]
    ) -> tuple[Clause, ...]:
        self._check_dates(path, key, told)
        for index, each in enumerate(told):
            if each.basis.lower().startswith("project default"):
                fault = "a clause quotes a legal text; without one, leave the clause out"
                self._fault(path, f"{key}.{index}.basis", fault)
        return tuple(Clause(each.since, each.basis, place) for each in told)

    def _read(self, path: Path, shape: TypeAdapter[_Content]) -> _Content | None:
        try:
            return shape.validate_python(read_yaml(path))
        except ConfigError as error:
            self.faults.append(str(error))
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                place = ".".join(str(part) for part in fault["loc"]) or "the file"
                self._fault(path, place, fault["msg"])
        return None

    def _files(self, folder: Path) -> list[Path]:
        paths = self._inside(folder)
        for path in paths:
            if path.suffix != ".yaml":
                self.faults.append(f"{path}: only files <id>.yaml belong here")
        return [path for path in paths if path.suffix == ".yaml"]

    def _inside(self, folder: Path) -> list[Path]:
        try:
            return sorted(folder.iterdir())
        except OSError as error:
            self.faults.append(f"{folder}: the folder cannot be read: {error}")
            return []

    def _is_named(self, path: Path, rule: str) -> bool:
        if path.stem != rule:
            self._fault(path, "rule", f"{rule!r} must be the file's name without .yaml")
        return path.stem == rule

    def _fault(self, path: Path, key: str, text: str) -> None:
        self.faults.append(f"{path}: {key}: {text}")

    def _check_folders(self, cities: dict[str, City]) -> None:
        provinces = {city.province for city in cities.values() if city.province}
        known = {"province": provinces, "city": set(cities)}
        here = {"areas.yaml", NATIONAL, "contract", *known}
        for path in self._inside(self._folder):
            if path.name not in here:
                self.faults.append(f"{path}: only {sorted(here)} belong here")
        for kind, areas in known.items():
            folder = self._folder / kind
            for area in self._inside(folder) if folder.exists() else ():
                if area.name not in areas:
                    self.faults.append(f"{area}: areas.yaml names no such {kind}")

    def _check_dates(self, path: Path, key: str, told: Sequence[ClauseShape]) -> None:
        for earlier, later in pairwise(told):
            if earlier.since >= later.since:
                fault = f"since {later.since} does not come after {earlier.since}"
                self._fault(path, key, fault)

    def _check_gaps(self, path: Path, policy: RulePolicy) -> None:
        """From a rule's first clause on, its values hold: no law is quoted without its number.

        Numbers that only nearer areas give may begin later than a wider area's clause.
        """
        clause = next(iter(policy.clauses), None)
        for each in policy.parameters:
            value = next(iter(each.values), None)
            if clause and value and value.since > clause.since:
                fault = f"a gap: the clause holds since {clause.since}, the value {value.since}"
                if value.area in {NATIONAL, clause.area}:
                    self._fault(path, f"parameters.{each.name}.values", fault)

    def _check_alike(
        self, path: Path, key: str, declared: Parameter, values: tuple[DatedValue, ...]
    ) -> None:
        """Hold values to the unit, and steps to the direction, in which they were declared."""
        first = next(iter(declared.values or values), None)
        for index, each in enumerate(values):
            fault = _step_fault(each.value)
            kinds = (isinstance(each.value, bool), isinstance(each.value, tuple))
            if kinds != (declared.unit == SWITCH, declared.unit == WORDS):
                fault = f"{each.value!r} does not fit the unit {declared.unit}"
            elif first and _direction(first.value) != _direction(each.value):
                fault = fault or "the steps run the other way, or are steps beside plain numbers"
            if fault:
                self._fault(path, f"{key}.values.{index}.value", fault)


def _step_fault(value: Value) -> str | None:
    if not isinstance(value, dict):
        return None
    if set(value) != set(LEVEL_WORDS):
        return f"exactly {', '.join(LEVEL_WORDS)} are needed"
    if _direction(value) == 0:
        return "the steps must rise, or fall, from each level to the next"
    return None


def _direction(value: Value) -> int | None:
    """Say whether steps rise (1), fall (-1) or do neither (0); None for what is no steps."""
    if not isinstance(value, dict):
        return None
    pairs = list(pairwise(value.get(word, 0) for word in LEVEL_WORDS))
    return all(low < high for low, high in pairs) - all(low > high for low, high in pairs)
