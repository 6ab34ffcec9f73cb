"""The shipped calendars agree with their source, and unsound files are refused by name and line."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from config.calendars_generate import calendar_text
from config.load import CALENDARS, ConfigError, load_calendar, read_yaml

YEARS = tuple(range(2019, 2027))

SOUND = """\
year: 2025
source: test
holidays:
  2025-01-01: 元旦
make_up_days:
  2025-01-26: 春节
"""


def write(folder: Path, text: str, name: str = "2025.yaml") -> Path:
    """Write a file into a folder and give its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_day_agrees_with_the_source() -> None:
    """Each day of all shipped years is a working day exactly if chinesecalendar says so."""
    shipped = load_calendar()
    first = date(YEARS[0], 1, 1)
    all_days = [
        first + timedelta(days=n) for n in range((date(YEARS[-1], 12, 31) - first).days + 1)
    ]

    assert shipped.years == YEARS
    assert [] == [
        day for day in all_days if shipped.is_working(day) != chinese_calendar.is_workday(day)
    ]


@pytest.mark.parametrize("year", YEARS)
def test_shipped_file_is_what_the_generator_writes(year: int) -> None:
    """No calendar file was edited by hand."""
    assert calendar_text(year) == (CALENDARS / f"{year}.yaml").read_text(encoding="utf-8")


def test_spring_festival_of_2020_was_prolonged() -> None:
    """The notice of January 2020 that prolonged the festival to 2 February is in the data."""
    shipped = load_calendar()

    assert date(2020, 2, 3) == shipped.add(date(2020, 1, 23), 1)


def test_sound_file_is_loaded(tmp_path: Path) -> None:
    """A calendar of one year is read as it is written."""
    write(tmp_path, SOUND)
    loaded = load_calendar(tmp_path)

    assert loaded.years == (2025,)
    assert not loaded.is_working(date(2025, 1, 1))
    assert loaded.is_working(date(2025, 1, 26))


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("year: 2025", "year: 2024", "2025.yaml: year is 2024"),
        ("year: 2025", "year: '2025'", "year is '2025'"),
        ("source: test", "origin: test", "exactly the keys"),
        ("  2025-01-01: 元旦", "  - 2025-01-01", "holidays must map"),
        ("  2025-01-01: 元旦", "  soon: 元旦", "has 'soon' where a date"),
        ("  2025-01-01: 元旦", "  2025-01-01T08:00:00: 元旦", "where a date"),
        ("  2025-01-01: 元旦", "  2025-01-01:", "no name for 2025-01-01"),
        ("  2025-01-01: 元旦", "  2025-02-30: 元旦", "2025.yaml, line 4: '2025-02-30' is no date"),
        ("  2025-01-01: 元旦", "  2024-01-01: 元旦", "another year: 2024-01-01"),
        ("  2025-01-01: 元旦", "  2025-01-04: 元旦", "2025-01-04 falls on a weekend"),
        ("  2025-01-26: 春节", "  2025-01-27: 春节", "2025-01-27 is no Saturday"),
    ],
)
def test_unsound_file_is_refused(tmp_path: Path, before: str, after: str, reason: str) -> None:
    """A calendar file of another shape or with a day in the wrong place is refused by name."""
    write(tmp_path, SOUND.replace(before, after))

    with pytest.raises(ConfigError, match=reason):
        load_calendar(tmp_path)


def test_folder_without_calendars_is_refused(tmp_path: Path) -> None:
    """A folder without any calendar is an error, not an empty calendar."""
    with pytest.raises(ConfigError, match="no calendar"):
        load_calendar(tmp_path)


def test_missing_year_between_two_is_refused(tmp_path: Path) -> None:
    """A gap between the years is an error at loading."""
    for year in (2023, 2025):
        text = f"year: {year}\nsource: test\nholidays: {{}}\nmake_up_days: {{}}\n"
        write(tmp_path, text, f"{year}.yaml")

    with pytest.raises(ConfigError, match="not consecutive"):
        load_calendar(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\nb: 2\na: 3\n", r"test.yaml, line 3: key 'a' was already given in line 1"),
        ("a:\n  b: 1\n  b: 1\n", r"test.yaml, line 3: key 'b' was already given in line 2"),
        ("- {x: 1, x: 2}\n", r"test.yaml, line 1: key 'x'"),
        ("2025-01-01: a\n2025-01-01: b\n", r"line 2: key '2025-01-01'"),
        ("1: a\n0x1: b\n", r"line 2: key '0x1'"),
        ("a: [1, 2\n", r"test.yaml, line 2: "),
        ("a: 1\n b: 2\n", r"test.yaml, line 2: "),
        ("a: !!python/object:os.system x\n", r"test.yaml, line 1: "),
        ("? [a, b]\n: 1\n", r"test.yaml, line 1: .*unhashable"),
        ("a: 1\n---\nb: 2\n", r"test.yaml, line 2: "),
        ("a: \x01\n", r"test.yaml: "),
    ],
)
def test_unsound_yaml_is_refused_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    """A double key or broken YAML is refused, and the message names file and line."""
    path = write(tmp_path, text, "test.yaml")

    with pytest.raises(ConfigError, match=reason):
        read_yaml(path)


def test_same_key_in_two_mappings_is_allowed(tmp_path: Path) -> None:
    """Only a key given twice in one and the same mapping is an error."""
    path = write(tmp_path, "a: {x: 1}\nb: {x: 2}\n", "test.yaml")

    assert read_yaml(path) == {"a": {"x": 1}, "b": {"x": 2}}


def test_unreadable_file_is_refused_by_name(tmp_path: Path) -> None:
    """A file that is absent or no UTF-8 is refused by its name."""
    gbk = tmp_path / "gbk.yaml"
    gbk.write_bytes("a: 元旦\n".encode("gbk"))

    with pytest.raises(ConfigError, match=r"gbk\.yaml: cannot be read"):
        read_yaml(gbk)
    with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read"):
        read_yaml(tmp_path / "absent.yaml")
