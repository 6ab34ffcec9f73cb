"""What payment companies settle, and what of it nobody can explain (feeds.md 5.3)."""

from typing import Final

from alerts.rules.accounts import run_start
from alerts.rules.view import View, number, yuan
from models import facts as f
from models.bills import BillDay, Matching
from models.findings import Finding
from models.registers import FOREVER
from models.settlements import match
from models.working_days import CalendarMissing

RULE: Final = "matching"
EVIDENCE_MAX: Final = 50

Spans = list[tuple[int, int]]


def matching_of(view: View) -> Matching:
    """Which credits pay which days of bills, by what this view sees."""
    bills = view.ledger.bills

    def window(day: int) -> tuple[int, int]:
        after = view.number(RULE, "settlement_after_days", day)
        longest = view.number(RULE, "settlement_window_days", day)
        return after or 0, longest or 0

    if bills.since != FOREVER:
        match(bills, view.ledger.registers, window)
    return bills.matching


def settlement_unmatched(view: View, _subject: str) -> list[Finding]:
    """Days of bills that no credit pays, and credits that no bill explains, after some days.

    Of a merchant that never delivered a bill nothing is said: his credits are as they always were.
    """
    if not view.ledger.bills.is_told:
        return []
    try:
        return [*_unpaid(view), *_unexplained(view)]
    except CalendarMissing as missing:
        day = min(row.booking_date for row in view.ledger.bills.rows.values()).toordinal()
        return [view.undecided(RULE, "bill:", day=day, missing=str(missing))]


def _unpaid(view: View) -> list[Finding]:
    """One finding for each merchant of whose bills days are not paid."""
    matching = matching_of(view)
    found = []
    for code, days in sorted(view.ledger.bills.days.items()):
        unpaid = [
            day
            for day in view.ledger.bills.days_of[code]
            if (code, day) not in matching.by_day and _is_due(view, code, day, days[day])
        ]
        if not unpaid:
            continue
        # A day that was paid late may have begun the run of days on which something was open.
        spans: Spans = [(_late_from(view, day), FOREVER) for day in unpaid]
        spans += [
            (_late_from(view, day), matching.by_day[code, day].day)
            for day in view.ledger.bills.days_of[code]
            if (code, day) in matching.by_day and _is_due(view, code, day, days[day])
        ]
        rows = [row for day in unpaid for row in sorted(days[day].rows)]
        found.append(
            view.undecided(
                RULE,
                f"bill:{code}",
                day=run_start(spans, view.as_of),
                missing="settlement",
                evidence=rows[:EVIDENCE_MAX],
                formula=(
                    number("bill_days_unpaid", len(unpaid)),
                    yuan("billed_payments", sum(days[day].payments_fen for day in unpaid)),
                    yuan("billed_refunds", sum(days[day].refunds_fen for day in unpaid)),
                    yuan("billed_net", sum(days[day].net_fen for day in unpaid)),
                ),
            )
        )
    return found


def _is_due(view: View, code: str, day: int, bill: BillDay) -> bool:
    """Whether something of a day should have been settled by now, to a code that is registered."""
    return (
        bill.net_fen != 0
        and _late_from(view, day) <= view.as_of
        and view.ledger.registers.merchant(code, day) is not None
    )


def _unexplained(view: View) -> list[Finding]:
    """One finding for each account to which credits came that no bill explains."""
    credits_ = view.ledger.bills.credits
    by_account: dict[str, list[str]] = {}
    for day, identifier in matching_of(view).unexplained:
        if _late_from(view, day) <= view.as_of:
            by_account.setdefault(credits_[identifier].account, []).append(identifier)
    return [
        view.undecided(
            RULE,
            f"settlement:{account}",
            day=min(_late_from(view, credits_[one].day) for one in identifiers),
            missing="bill",
            evidence=identifiers[:EVIDENCE_MAX],
            formula=(
                number("settlements_unexplained", len(identifiers)),
                yuan("settled", sum(credits_[one].fact.amount_fen for one in identifiers)),
            ),
        )
        for account, identifiers in sorted(by_account.items())
    ]


def _late_from(view: View, day: int) -> int:
    """The day from whose close on it is shown. Raises CalendarMissing."""
    tolerance = view.number(RULE, "settlement_working_days", day)
    return FOREVER if tolerance is None else view.calendar.add_ordinal(day, tolerance)


def billed_unrouted(view: View) -> list[tuple[str, list[f.MerchantTransactionBilled]]]:
    """By merchant code the rows of days on which no register names it, in order."""
    bills = view.ledger.bills
    return [
        (
            code,
            [bills.rows[one] for day in sorted(days) for one in sorted(bills.days[code][day].rows)],
        )
        for code, days in sorted(bills.unrouted.items())
        if days
    ]
