"""Who stands behind an institution, and who complains of it (rules.md C)."""

from typing import Final

from alerts.rules import days
from alerts.rules.flow import INFLOW_COLLAPSE, PRESALE_SURGE
from alerts.rules.regular import PAYROLL_MISSED, RENT_MISSED
from alerts.rules.requests import REFUND_SURGE
from alerts.rules.teaching import TEACHING_STOPPED
from alerts.rules.view import LEVEL_WORDS, View, day_step, number, yuan
from alerts.rules.windows import in_days
from models.directory import Directory
from models.findings import Finding, LevelWord
from models.identity import normalise_name

COMPLAINTS: Final = "complaint-surge"
OWNER: Final = "owner-changed"
HUNDRED: Final = 100


# ---- complaints ----


def complaint_surge(view: View, _subject: str) -> list[Finding]:
    """So many complaints of the last days for each hundred pupils."""
    return days.judge(view, COMPLAINT_SURGE)


def _complaints(view: View, day: int) -> int:
    window = view.number(COMPLAINTS, "window_days", day) or 1
    table = view.ledger.records.complaints_on
    return in_days(view, "complaints", table, day - window + 1, day)


def pupils(view: View, day: int) -> int:
    """The contracts that run on a day: signed by then, and their last day not past.

    One that states no last day runs on.
    """
    series = view.ledger.series
    return series.memo("pupils", day, _pupils, view.ledger.directory)[day - series.first]


def _pupils(directory: Directory, day: int, before: int | None) -> int:
    if before is None:  # the first day of the series stands for all days before it
        return sum(
            terms.signed <= day and (terms.last_day is None or terms.last_day >= day)
            for terms in directory.terms.values()
        )
    began = [directory.terms[c].last_day for c in directory.signed_on.get(day, ())]
    over = [directory.terms[c].signed for c in directory.ends_on.get(day - 1, ())]
    return (
        before
        + sum(last is None or last >= day for last in began)
        - sum(signed < day for signed in over)
    )


def _see_complaints(view: View, day: int) -> days.Seen:
    least = view.number(COMPLAINTS, "complaints_least", day)
    if least is None or not view.ledger.records.complaints:
        return None
    count = _complaints(view, day)
    if count < least:
        return None
    of = max(1, pupils(view, day))
    steps = view.policy.steps(COMPLAINTS, "per_hundred_pupils", day)
    return days.at_least(steps, count * HUNDRED, of)


def _show_complaints(view: View, day: int) -> days.Shown:
    window = view.number(COMPLAINTS, "window_days", day) or 1
    evidence = [
        identifier
        for identifier, fact in view.ledger.records.complaints.items()
        if day - window < fact.day.toordinal() <= day
    ]
    formula = (
        number("complaints", len(evidence)),
        number("window_days", window),
        number("pupils", pupils(view, day)),
    )
    return days.Shown(None, evidence, formula)


COMPLAINT_SURGE: Final = days.State(
    COMPLAINTS, "complaints", "warning", _see_complaints, _show_complaints
)

# ---- patrols ----

PATROL: Final = "patrol-report"
"""The sign of running away that patrols tell of; no rule of its own."""
RISK: Final = "runaway-risk"
"""The rule whose policy says what a patrol's report is worth."""


def patrol_level_on(view: View, day: int) -> LevelWord | None:
    """By how many patrols of the last days found what the policy's words tell of."""
    patrols = view.ledger.records.patrols
    steps = view.policy.steps(RISK, "patrol_reports", day)
    window = view.number(RISK, "patrol_window_days", day)
    if steps is None or window is None or not patrols:
        return None
    words = view.words(RISK, "patrol_words", day)
    count = sum(
        day - window < report.day.toordinal() <= day
        and any(word in normalise_name(report.about) for word in words)
        for report in patrols.values()
    )
    return days.at_least(steps, count)


# ---- owners ----

SIGNS: Final = (
    *(TEACHING_STOPPED, PRESALE_SURGE, INFLOW_COLLAPSE, REFUND_SURGE, COMPLAINT_SURGE),
    *(PAYROLL_MISSED, RENT_MISSED),
)
"""What makes a change of owner worse when it stood less than the window before it or after."""


def owner_changed(view: View, _subject: str) -> list[Finding]:
    """Legal representative, capital or dedicated account changed while lessons were owed."""
    return days.judge(view, OWNER_CHANGED)


def _changes(view: View, day: int) -> dict[str, int]:
    """What changed in the window up to a day while something was unearned, and when last."""
    window = view.number(OWNER, "window_days", day)
    if window is None:
        return {}
    return {
        what: since
        for what, since in view.ledger.registers.changes()
        if day - window < since <= day and view.ledger.series.unearned(since) > 0
    }


def _beside(view: View, day: int, changes: dict[str, int]) -> list[str]:
    """The signs that stood on a day up to this one, within the window about a change."""
    since = min(changes.values()) - (view.number(OWNER, "window_days", day) or 0)
    return [sign.rule for sign in SIGNS if _last_stood(view, sign, day) > since]


def _last_stood(view: View, sign: days.State, day: int) -> int:
    """The last day, up to this one, on which a sign stood; 0 for none."""
    series = view.ledger.series
    return series.memo("last " + sign.name, day, _last, (view, sign))[day - series.first]


def _last(given: tuple[View, days.State], day: int, before: int | None) -> int:
    view, sign = given
    is_standing = isinstance(days.standing(view, sign, day), days.Standing)
    return day if is_standing else before or 0


def _see_owner(view: View, day: int) -> days.Seen:
    changes = _changes(view, day)
    if not changes:
        return None
    level: LevelWord = "yellow"
    if _beside(view, day, changes):
        level = LEVEL_WORDS[LEVEL_WORDS.index(level) + 1]
    return level


def _show_owner(view: View, day: int) -> days.Shown:
    changes = _changes(view, day)
    unearned_fen = view.ledger.series.unearned(day)
    return days.Shown(
        unearned_fen,
        view.ledger.register_ids("InstitutionStated", "AccountStated"),
        (
            *(day_step(f"{what}_changed", since) for what, since in changes.items()),
            *(number("sign_beside", rule) for rule in _beside(view, day, changes)),
            yuan("unearned", unearned_fen),
        ),
    )


OWNER_CHANGED: Final = days.State(OWNER, "owner", "warning", _see_owner, _show_owner)
