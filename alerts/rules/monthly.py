"""What is judged month by month: the bank's fees, and lessons that only silence confirmed."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from alerts.rules.days import at_least
from alerts.rules.view import View, number, yuan
from models.findings import Finding
from models.working_days import add_months

BANK_FEE: Final = "bank-fee"
TIMEOUT: Final = "timeout-confirmed"
MONTHS_CACHED_MAX: Final = 4_096

Fees = dict[str, tuple[int, int, tuple[str, ...]]]
"""By account: the fees of a month so far in fen, their first day, their entries."""


def bank_fee(view: View, subject: str) -> list[Finding]:
    """The bank takes fees from, or sets off against, money in custody: one finding a month."""
    first, last = _days_of(subject)
    series = view.ledger.series
    day = min(last, view.as_of)
    if day < series.first:
        return []
    days = series.memo(BANK_FEE, day, _fees, view)
    found = []
    for account, (amount, begun, entries) in sorted(days[day - series.first].items()):
        limit = view.number(BANK_FEE, "limit_fen", begun)
        if limit is None or amount <= limit:
            continue
        found.append(
            view.finding(
                BANK_FEE,
                f"account:{account}/{date.fromordinal(first).isoformat()[:7]}",
                kind="breach",
                level="blue",
                day=begun,
                amount_fen=amount,
                evidence=entries,
                formula=(
                    yuan("fees_of_month", amount),
                    number("debits", len(entries)),
                    yuan("limit", limit),
                ),
            )
        )
    return found


def _fees(view: View, day: int, before: Fees | None) -> Fees:
    """The fees of the month up to a day, from what they came to the day before."""
    fees: Fees = {} if before is None or date.fromordinal(day).day == 1 else before
    ledger = view.ledger
    if not ledger.debits_on.get(day) or not ledger.registers.agreement("custody", day):
        return fees
    words = view.words(BANK_FEE, "set_off_words", day)
    for identifier in sorted(ledger.debits_on[day]):
        entry = ledger.entries[identifier]
        kind = entry.final.kind if entry.final else ""
        if kind != "fee" and not (
            kind == "other" and any(word in entry.fact.remittance for word in words)
        ):
            continue
        if ledger.registers.designated(entry.account, day):
            amount, begun, entries = fees.get(entry.account, (0, day, ()))
            told = (amount + entry.fact.amount_fen, begun, (*entries, identifier))
            fees = {**fees, entry.account: told}
    return fees


def timeout_confirmed(view: View, subject: str) -> list[Finding]:
    """Of a whole month an unusual share of the lessons is confirmed by the parents' silence."""
    first, last = _days_of(subject)
    if view.as_of < last:
        view.again(last)
        return []
    minimum = view.number(TIMEOUT, "lessons_count", last)
    if minimum is None:
        return []
    records = view.ledger.records
    lessons = sum(records.lessons_on.get(day, 0) for day in range(first, last + 1))
    if lessons < minimum:
        return []
    silent = [one for day in range(first, last + 1) for one in records.silent_on.get(day, ())]
    steps = view.policy.steps(TIMEOUT, "percent", last)
    level = at_least(steps, len(silent) * 100, lessons)
    if level is None:
        return []
    hundredths = len(silent) * 10_000 // lessons
    return [
        view.finding(
            TIMEOUT,
            subject,
            kind="suspicion",
            level=level,
            day=last,
            amount_fen=None,
            evidence=silent,
            formula=(
                number("lessons_of_month", lessons),
                number("silent_lessons", len(silent)),
                number(
                    "silent_percent",
                    f"{hundredths // 100}.{hundredths % 100:02d}",
                    f"{len(silent)} ÷ {lessons} × 100",
                ),
            ),
        )
    ]


@lru_cache(maxsize=MONTHS_CACHED_MAX)
def _days_of(subject: str) -> tuple[int, int]:
    """The first and the last day of the month that a subject names."""
    first = date.fromisoformat(f"{subject.removeprefix('month:')}-01")
    return first.toordinal(), (add_months(first, 1) - timedelta(days=1)).toordinal()
