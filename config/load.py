"""Load configuration from files; every error names the file and, where there is one, the line."""

from collections.abc import Hashable
from datetime import date, datetime
from pathlib import Path

import yaml

from models.working_days import WorkingCalendar, YearDays

CALENDARS = Path(__file__).parent / "calendars"

_CALENDAR_KEYS = {"year", "source", "holidays", "make_up_days"}


class ConfigError(ValueError):
    """A configuration file that cannot be used; the message names file, line and reason."""


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader, but a key given twice is an error and so is an impossible date."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        first_lines: dict[object, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if isinstance(key, Hashable) and key in first_lines:
                reason = f"key {key_node.value!r} was already given in line {first_lines[key]}"
                raise yaml.constructor.ConstructorError(None, None, reason, key_node.start_mark)
            if isinstance(key, Hashable):
                first_lines[key] = line
        return super().construct_mapping(node, deep=deep)

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> date | datetime:
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError as error:
            reason = f"{node.value!r} is no date: {error}"
            raise yaml.constructor.ConstructorError(None, None, reason, node.start_mark) from error


_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", _StrictLoader.construct_yaml_timestamp)


def read_yaml(path: Path) -> object:
    """Read one YAML document of a UTF-8 file as plain values (dict, list, str, int, date, …).

    Raises ConfigError, with file and line, for a file that cannot be read, is no valid YAML, holds
    a tag beyond YAML's safe ones, an impossible date, or the same key twice in one mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - derives from the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{place}: {error.problem or error}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error


def load_calendar(folder: Path = CALENDARS) -> WorkingCalendar:
    """Load the working-day calendar from the files `<year>.yaml` of a folder.

    Raises ConfigError for a file of another shape, a day in the wrong list or year, or a year that
    is missing between two others.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigError(f"{folder}: no calendar <year>.yaml is there")
    days_by_year = dict(_read_calendar_year(path) for path in files)
    try:
        return WorkingCalendar(days_by_year)
    except ValueError as error:
        raise ConfigError(f"{folder}: {error}") from error


def _read_calendar_year(path: Path) -> tuple[int, YearDays]:
    content = read_yaml(path)
    if not isinstance(content, dict) or set(content) != _CALENDAR_KEYS:
        raise ConfigError(f"{path}: exactly the keys {sorted(_CALENDAR_KEYS)} are needed")
    year = content["year"]
    if type(year) is not int or path.name != f"{year}.yaml":
        raise ConfigError(f"{path}: year is {year!r} but the file must be named <year>.yaml")
    holidays = _read_calendar_days(path, "holidays", content["holidays"])
    return year, (holidays, _read_calendar_days(path, "make_up_days", content["make_up_days"]))


def _read_calendar_days(path: Path, key: str, value: object) -> frozenset[date]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {key} must map each date to its name, or be {{}}")
    for day, name in value.items():
        if type(day) is not date:
            raise ConfigError(f"{path}: {key} has {day!r} where a date YYYY-MM-DD is needed")
        if not isinstance(name, str):
            raise ConfigError(f"{path}: {key} has no name for {day}")
    return frozenset(value)
