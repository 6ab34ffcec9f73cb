"""Sums over windows of days, from running sums: the same cost for a week as for a year."""

from collections.abc import Mapping

from alerts.rules.view import View


def in_days(view: View, name: str, table: Mapping[int, int], first: int, last: int) -> int:
    """The sum of a table by day over the days from first through last.

    `name` is that of the running sums in the day series. A fact that changes the table must touch
    its day.
    """
    start = view.ledger.series.first
    if last < start:
        return 0
    sums = view.ledger.series.memo(name, last, _add, table)
    return sums[last - start] - (sums[first - 1 - start] if first > start else 0)


def _add(table: Mapping[int, int], day: int, before: int | None) -> int:
    return (before or 0) + table.get(day, 0)
