"""What the oracle knows of releases on days: in equal parts by the month, or after the end."""

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
