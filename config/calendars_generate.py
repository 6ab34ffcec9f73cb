"""Write `config/calendars/<year>.yaml` from the data of chinesecalendar, a development dependency.

Run `python -m config.calendars_generate` after a new release of it, and read the difference.
"""

import calendar
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import chinese_calendar
from chinese_calendar.constants import Holiday

from config.load import CALENDARS

FIRST_YEAR = 2019
LAST_YEAR = 2026


def calendar_text(year: int) -> str:
    """Give the YAML text of one year's calendar file."""
    holidays: list[str] = []
    make_up_days: list[str] = []
    day = date(year, 1, 1)
    while day.year == year:
        is_weekend = day.weekday() >= calendar.SATURDAY
        if chinese_calendar.is_workday(day) == is_weekend:
            line = f"  {day.isoformat()}: {_holiday_name(day)}\n"
            (make_up_days if is_weekend else holidays).append(line)
        day += timedelta(days=1)
    source = f"chinesecalendar {version('chinesecalendar')}"
    return (
        f"# Working days of {year} in mainland China, where they differ from Monday to Friday.\n"
        "# Source: the State Council's yearly notice on the arrangement of holidays,\n"
        f"# by way of {source}. Written by config/calendars_generate.py.\n"
        f"year: {year}\n"
        f"source: State Council yearly notice, via {source}\n"
        "# Days off that fall Monday to Friday.\n"
        f"holidays:\n{''.join(holidays)}"
        "# Saturdays and Sundays that are worked instead (调休), with the holiday they are for.\n"
        f"make_up_days:\n{''.join(make_up_days)}"
    )


def write_calendars(folder: Path = CALENDARS) -> None:
    """Write the files of all years into a folder, replacing what is there."""
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        (folder / f"{year}.yaml").write_text(calendar_text(year), encoding="utf-8")


def _holiday_name(day: date) -> str:
    _, english = chinese_calendar.get_holiday_detail(day)
    return Holiday(english).chinese if english else "unnamed"


if __name__ == "__main__":
    write_calendars()
