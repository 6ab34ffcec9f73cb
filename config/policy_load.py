"""Load the policy of all areas from `config/policy`; every error names the file and the key.

`national/<rule-id>.yaml` declares a rule and each of its parameters. `province/<area>/` and
`city/<area>/` hold files of the same name with the values and texts that differ there, and
`areas.yaml` says which cities there are and in which province each lies.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from config.load import ConfigError, read_yaml
from models.policy import (
    LEVEL_WORDS,
    MATCHING,
    NATIONAL,
    AreaPolicy,
    Clause,
    DatedValue,
    Parameter,
    Policy,
    RulePolicy,
    Steps,
    Value,
    nearest,
)

POLICY = Path(__file__).parent / "policy"

SWITCH, WORDS = "switch", "words"
UNITS = {
    *("months", "days", "working_days", "class_hours", "minutes", "fen", "changes"),
    *("percent", "percent_of_paid", "count", "points", SWITCH, WORDS),
}

Word = Annotated[str, Field(min_length=1, pattern=r"\S")]
Rules = dict[str, RulePolicy]
_Content = TypeVar("_Content")


class _Shape(BaseModel):
    """Exactly the declared keys, of exactly the declared types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Clause(_Shape):
    since: date
    basis: Word


class _Value(_Clause):
    value: Value

    @field_validator("value", mode="plain")
    @classmethod
    def _is_a_value(cls, value: object) -> Value:
        """Refuse what is no kind of value, with one message for all kinds."""
        if isinstance(value, list):
            if not value or not all(isinstance(word, str) and word.strip() for word in value):
                raise ValueError(f"{value!r} is no list of words")
            if len(set(value)) < len(value):
                raise ValueError(f"{value!r} has a word twice")
            return tuple(value)
        numbers = value.values() if isinstance(value, dict) else [value]
        if not (
            isinstance(value, bool)
            or all(type(number) is int and number >= 0 for number in numbers)
        ):
            raise ValueError(
                f"{value!r} is no whole number from 0, no switch, no steps of these and no words"
            )
        return cast("int | bool | Steps", value)


class _AreaParameter(_Shape):
    values: list[_Value] = Field(min_length=1)


class _NationalParameter(_Shape):
    unit: Word
    description: Word
    values: list[_Value]


class _AreaRule(_Shape):
    rule: Word
    clauses: list[_Clause] = []
    parameters: dict[Word, _AreaParameter] = {}


class _NationalRule(_Shape):
    rule: Word
    uses: list[Word] = []
    clauses: list[_Clause] = []
    parameters: dict[Word, _NationalParameter]


class _City(_Shape):
    name: Word
    province: Word | None = None


def load_policy(folder: Path = POLICY, default_city: str = "nanchang") -> Policy:
    """Load the policy of every city in `areas.yaml`; an unknown city gets the default city's.

    Raises ConfigError, with file and key, for what no number of law may look like.
    """
    cities = _read(folder / "areas.yaml", TypeAdapter(dict[Word, _City]))
    if default_city not in cities:
        raise ConfigError(f"{folder / 'areas.yaml'}: {default_city}: the default city is missing")
    _check_folders(folder, cities)
    national = _national_rules(folder / NATIONAL)
    provinces = {city.province for city in cities.values() if city.province}
    by_province = {name: _area_rules(folder / "province" / name, national) for name in provinces}
    areas = {NATIONAL: AreaPolicy(NATIONAL, national)}
    for name, city in cities.items():
        wider = by_province[city.province] if city.province else national
        areas[name] = AreaPolicy(name, _area_rules(folder / "city" / name, wider))
    spellings = {city.name + ending: name for name, city in cities.items() for ending in ("", "市")}
    return Policy(areas, default_city, spellings)


def _national_rules(folder: Path) -> Rules:
    """Read the files that declare the rules and all of their parameters."""
    shape = TypeAdapter(_NationalRule)
    rules = {}
    for path in _files(folder):
        told = _read(path, shape)
        _check_name(path, told.rule)
        parameters = []
        for name, parameter in told.parameters.items():
            if parameter.unit not in UNITS:
                fault = f"{parameter.unit!r} is none of {sorted(UNITS)}"
                raise ConfigError(f"{path}: parameters.{name}.unit: {fault}")
            values = _dated_values(path, name, parameter.values)
            parameters.append(Parameter(name, parameter.unit, parameter.description, values))
            _check_alike(path, parameters[-1], values)
        clauses = _clauses(path, told.clauses)
        rules[told.rule] = RulePolicy(
            told.rule, clauses, tuple(parameters), tuple(sorted(told.uses))
        )
    if MATCHING not in rules:
        raise ConfigError(f"{folder / MATCHING}.yaml: the file is missing")
    declared = {f"{rule}.{each.name}" for rule in rules for each in rules[rule].parameters}
    for rule, policy in rules.items():
        for unknown in sorted(set(policy.uses) - declared):
            raise ConfigError(f"{folder / rule}.yaml: uses: nobody declares {unknown}")
    return rules


def _area_rules(folder: Path, wider: Rules) -> Rules:
    """Read an area's files over what holds around it; an area without a folder adds nothing."""
    shape = TypeAdapter(_AreaRule)
    rules = dict(wider)
    for path in _files(folder) if folder.is_dir() else ():
        told = _read(path, shape)
        _check_name(path, told.rule)
        if told.rule not in wider:
            raise ConfigError(f"{path}: rule: {told.rule} has no file in national/")
        declared = {parameter.name: parameter for parameter in wider[told.rule].parameters}
        parameters = []
        for name, parameter in told.parameters.items():
            if name not in declared:
                raise ConfigError(f"{path}: parameters.{name}: national/ does not declare it")
            values = _dated_values(path, name, parameter.values)
            _check_alike(path, declared[name], values)
            parameters.append(Parameter(name, "", "", values))
        nearer = RulePolicy(told.rule, _clauses(path, told.clauses), tuple(parameters))
        rules[told.rule] = nearest(wider[told.rule], nearer)
    return rules


def _read(path: Path, shape: TypeAdapter[_Content]) -> _Content:
    content = read_yaml(path)
    try:
        return shape.validate_python(content)
    except ValidationError as error:
        faults = (
            f"{'.'.join(str(part) for part in fault['loc']) or 'the file'}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise ConfigError(f"{path}: {'; '.join(faults)}") from error


def _files(folder: Path) -> Iterator[Path]:
    for path in _inside(folder):
        if path.suffix != ".yaml":
            raise ConfigError(f"{path}: only <rule-id>.yaml belongs here")
        yield path


def _dated_values(path: Path, name: str, told: list[_Value]) -> tuple[DatedValue, ...]:
    _check_ascending(path, f"parameters.{name}.values", told)
    return tuple(DatedValue(each.since, each.value, each.basis) for each in told)


def _clauses(path: Path, told: list[_Clause]) -> tuple[Clause, ...]:
    _check_ascending(path, "clauses", told)
    return tuple(Clause(each.since, each.basis) for each in told)


def _check_folders(folder: Path, cities: dict[str, _City]) -> None:
    provinces = {city.province for city in cities.values() if city.province}
    known = {"province": provinces, "city": set(cities)}
    here = {"areas.yaml", NATIONAL, *known}
    for path in _inside(folder):
        if path.name not in here:
            raise ConfigError(f"{path}: only {sorted(here)} belong here")
    for kind, areas in known.items():
        for area in _inside(folder / kind) if (folder / kind).exists() else ():
            if area.name not in areas:
                raise ConfigError(f"{area}: areas.yaml names no such {kind}")


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"{folder}: the folder cannot be read: {error}") from error


def _check_name(path: Path, rule: str) -> None:
    if path.name != f"{rule}.yaml":
        raise ConfigError(f"{path}: rule: {rule!r} must be the file's name without .yaml")


def _check_ascending(path: Path, key: str, told: Sequence[_Clause]) -> None:
    for earlier, later in pairwise(told):
        if earlier.since >= later.since:
            fault = f"since {later.since} does not come after {earlier.since}"
            raise ConfigError(f"{path}: {key}: {fault}")


def _check_alike(path: Path, declared: Parameter, values: tuple[DatedValue, ...]) -> None:
    """Hold values to the unit, and steps to the direction, in which the parameter was declared."""
    first = next(iter(declared.values), None)
    for index, each in enumerate(values):
        fault = _step_fault(each.value)
        kinds = (isinstance(each.value, bool), isinstance(each.value, tuple))
        if kinds != (declared.unit == SWITCH, declared.unit == WORDS):
            fault = f"{each.value!r} does not fit the unit {declared.unit}"
        elif first and _direction(first.value) != _direction(each.value):
            fault = "the steps run the other way, or are steps beside plain numbers"
        if fault:
            raise ConfigError(f"{path}: parameters.{declared.name}.values.{index}.value: {fault}")


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
