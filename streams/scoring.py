"""Counts what examinations gave: how much of the planted was found, how early a run-away."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from models.findings import Level
from streams.examining import SIGN_OF, Examined, Warned
from streams.simulator.plan import Day

LEAD_DAYS_MOST = 180
DAYS_A_MONTH = 30.4375
DECLINE_DAYS_LEAST = 60


def score(examined: Iterable[Examined]) -> dict[str, Any]:
    """The report of `escrow evaluate --json`."""
    results = list(examined)
    return {
        "rules": _rules(results),
        "runaway": _runaway(results),
        "institution_months": round(_months(results)),
    }


def _rules(results: Sequence[Examined]) -> dict[str, dict[str, Any]]:
    planted = Counter(rule for one in results for rule, _, _ in one.planted)
    found = Counter(rule for one in results for rule, _, was_found in one.planted if was_found)
    unplanned = Counter(rule for one in results for rule, _, _ in one.unplanned)
    return {
        rule: {
            "planted": planted[rule],
            "found": found[rule],
            "unplanned": unplanned[rule],
            "precision": _share(found[rule], found[rule] + unplanned[rule]),
            "recall": _share(found[rule], planted[rule]),
        }
        for rule in sorted(planted.keys() | unplanned.keys())
    }


def _runaway(results: Sequence[Examined]) -> dict[str, Any]:
    failing = [one for one in results if one.fails and one.closed is not None]
    slow = [one for one in failing if not one.sudden and _decline(one) >= DECLINE_DAYS_LEAST]
    sudden = [one for one in failing if one.sudden]
    leads = sorted(lead_days(one) for one in slow)
    warned = [one for one in failing if lead_days(one)]
    months = _months(results)
    return {
        "closures": len(failing),
        "lead_days_median": leads[len(leads) // 2] if leads else None,
        "lead_days_p10": leads[len(leads) // 10] if leads else None,
        "sudden": {
            "closures": len(sudden),
            "red_on_first_outflow_day": sum(map(_red_at_outflow, sudden)),
        },
        "false_red_per_1000_institution_months": _per_1000(results, Level.RED, months),
        "false_orange_per_1000_institution_months": _per_1000(results, Level.ORANGE, months),
        "top_factor_right": _share(sum(map(_is_factor_right, warned)), len(warned)),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _months(results: Iterable[Examined]) -> float:
    return sum(one.days for one in results) / DAYS_A_MONTH


def _decline(one: Examined) -> int:
    """Days from the first trouble to the closure."""
    return one.closed - min(one.signs.values()) if one.closed and one.signs else 0


def lead_days(one: Examined) -> int:
    """Days from the first orange that stands unbroken until closure, at most 180 back."""
    first = _standing(one)
    if one.closed is None or first is None:
        return 0
    return min(one.closed - first.day, LEAD_DAYS_MOST)


def _standing(one: Examined) -> Warned | None:
    """The warning that began the run of orange or red that stands on the eve of the closure."""
    begun: Warned | None = None
    for warned in one.warned:
        if one.closed is None or warned.day >= one.closed:
            break
        if warned.level < Level.ORANGE:
            begun = None
        elif begun is None:
            begun = warned
    return begun


def _red_at_outflow(one: Examined) -> bool:
    day = one.signs.get("outflow", one.closed)
    level = 0
    for warned in one.warned:
        if day is not None and warned.day <= day:
            level = warned.level
    return level >= Level.RED


def _per_1000(results: Iterable[Examined], level: Level, months: float) -> float | None:
    false = sum(len(_false_alarms(one, level)) for one in results)
    return round(1000 * false / months, 2) if months else None


def _false_alarms(one: Examined, least: Level) -> list[Day]:
    """Days on which a level was newly reached though families lost no money soon after."""
    days = []
    before = 0
    for warned in one.warned:
        if before < least <= warned.level and not _is_right(one, warned.day):
            days.append(warned.day)
        before = warned.level
    return days


def _is_right(one: Examined, day: Day) -> bool:
    return one.fails and one.closed is not None and day >= one.closed - LEAD_DAYS_MOST


def _is_factor_right(one: Examined) -> bool:
    """Whether the reason named first is a trouble that had begun by then."""
    warned = _standing(one)
    began = one.signs.get(SIGN_OF.get(warned.factor, ""), None) if warned else None
    return warned is not None and began is not None and began <= warned.day
