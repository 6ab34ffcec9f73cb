"""What the oracle knows of days: releases in monthly parts or after the end, and places."""

from datetime import date, timedelta
from fractions import Fraction

from models import facts as f
from models.working_days import WorkingCalendar, add_months


def share_by_day(c: f.ContractStated, calendar: WorkingCalendar, day: date) -> Fraction | None:
    """The share of what was paid that may be released by a day; None where it is not told."""
    if c.ends is None:
        return None
    if c.release == "after-end":
        return Fraction(day >= calendar.add(c.ends, c.release_working_days or 0))
    if c.begins is None or c.begins > c.ends:
        return None
    if day >= c.ends:
        return Fraction(1)
    months = next(n for n in range(1, 9999) if add_months(c.begins, n) > c.ends)
    over = [n for n in range(1, months) if add_months(c.begins, n) <= day + timedelta(days=1)]
    return Fraction(len(over), months)


def city_on(rows: list[f.InstitutionStated], day: date) -> str:
    """The city of the institution on a day; before its first row begins, that of this row."""
    rows = sorted(rows, key=lambda row: row.valid_from)
    held = [row.city for row in rows if row.valid_from <= day] or [row.city for row in rows[:1]]
    return held[-1] if held else ""
