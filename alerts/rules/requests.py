"""Refund requests that nobody answers, that are paid to others, or that come in numbers."""

from typing import Final

from alerts.rules import days
from alerts.rules.refund import open_since, still_unpaid
from alerts.rules.view import View, day_step, number, yuan
from alerts.rules.windows import in_days
from models.findings import Finding
from models.matching import Entry
from models.working_days import CalendarMissing

UNANSWERED: Final = "refund-unanswered"
MISDIRECTED: Final = "refund-misdirected"
SURGE: Final = "refund-surge"
WEEK_DAYS: Final = 7


def refund_unanswered(view: View, request_number: str) -> list[Finding]:
    """No answer came by the close of the n-th working day, and something is still unpaid."""
    request = view.ledger.directory.requests.get(request_number)
    if request is None or request.asked > view.as_of:
        return []
    limit = view.number(UNANSWERED, "limit_working_days", view.as_of)
    if limit is None or any(day <= view.as_of for day, _ in request.answers):
        return []
    subject = f"refund:{request_number}"
    evidence = (
        *view.ledger.request_ids(request_number),
        *view.ledger.contract_id(request.contract),
    )
    try:
        late = view.calendar.add_ordinal(request.asked, limit)
        since = _late_since(view, request.asked)
    except CalendarMissing as missing:
        return [view.undecided(UNANSWERED, subject, day=request.asked, missing=str(missing))]
    if late > view.as_of:
        view.again(late)
        return []
    open_fen = still_unpaid(view, request, view.as_of)
    if open_fen <= 0:
        return []
    return [
        view.finding(
            UNANSWERED,
            subject,
            kind="warning",
            level="yellow",
            day=max(since, open_since(view, request)),
            amount_fen=open_fen,
            evidence=evidence,
            formula=(
                day_step("asked", request.asked),
                number("limit_working_days", limit),
                day_step("tolerated_until", late),
                yuan("still_unpaid", open_fen),
            ),
        )
    ]


def _late_since(view: View, asked: int) -> int:
    """The first day of the unbroken run, ending at as_of, past the limit in force on each (G12)."""
    start = view.as_of
    for first, last in reversed(view.policy.alike(asked, view.as_of)):
        limit = view.number(UNANSWERED, "limit_working_days", first)
        late = last + 1 if limit is None else max(first, view.calendar.add_ordinal(asked, limit))
        if late <= last:
            start = late
        if late > first:
            break
    return start


def refund_misdirected(view: View, contract: str) -> list[Finding]:
    """A refund of a contract went to somebody who neither may pay it nor ever paid it.

    What goes back through a payment company goes back the way it came.
    """
    terms = view.ledger.directory.terms.get(contract)
    if terms is None or not view.ledger.refunds_of.get(contract):
        return []
    paid_by = {view.ledger.entries[entry].name for entry in view.ledger.books[contract].payments}
    payers = (terms.payers | paid_by) - {""}
    return [
        finding
        for identifier in sorted(view.ledger.refunds_of[contract])
        for finding in _misdirected(view, view.ledger.entries[identifier], contract, payers)
    ]


def _misdirected(
    view: View, entry: Entry, contract: str, payers: frozenset[str] | set[str]
) -> list[Finding]:
    final = entry.final
    if final is None or final.kind != "refund" or entry.name in payers:
        return []
    if view.ledger.registers.payment_company(entry.name, entry.day):
        return []
    subject = f"entry:{entry.account}/{entry.fact.booking_date.isoformat()}/{entry.fact.serial}"
    day = entry.segments[-1].since
    evidence = (entry.id, *view.ledger.contract_id(contract))
    missing = "" if entry.name else "counterparty_name"
    missing = missing or ("" if payers else "payers")
    if missing:
        return [view.undecided(MISDIRECTED, subject, day=day, missing=missing, evidence=evidence)]
    return [
        view.finding(
            MISDIRECTED,
            subject,
            kind="suspicion",
            level="yellow",
            day=day,
            amount_fen=entry.fact.amount_fen,
            evidence=evidence,
            formula=(yuan("refunded", entry.fact.amount_fen), number("known_payers", len(payers))),
        )
    ]


def refund_surge(view: View, _subject: str) -> list[Finding]:
    """So many refund requests in a few days are a multiple of the weeks before."""
    return days.judge(view, REFUND_SURGE)


def _counts(view: View, day: int) -> tuple[int, int, int, int]:
    """Requests of the window, of the weeks before, the days of the window, and those weeks."""
    window = view.number(SURGE, "window_days", day)
    weeks = view.number(SURGE, "baseline_weeks", day)
    assert window is not None
    assert weeks is not None
    asked = view.ledger.directory.asked_on
    now = in_days(view, "asked", asked, day - window + 1, day)
    before = day - window
    return now, in_days(view, "asked", asked, before - weeks * WEEK_DAYS + 1, before), window, weeks


def _see_surge(view: View, day: int) -> days.Seen:
    least = view.number(SURGE, "requests_least", day)
    if least is None or not view.ledger.directory.asked_on:
        return None
    window = view.number(SURGE, "window_days", day)
    assert window is not None
    if in_days(view, "asked", view.ledger.directory.asked_on, day - window + 1, day) < least:
        return None
    now, before, window, weeks = _counts(view, day)
    # Below one request in a window the mean counts as one: the first few are no multiple of none.
    mean, whole = (before * window, weeks * WEEK_DAYS)
    mean = max(mean, whole)
    return days.at_least(view.policy.steps(SURGE, "times", day), now * whole, mean)


def _show_surge(view: View, day: int) -> days.Shown:
    now, before, window, weeks = _counts(view, day)
    requests = [
        request
        for request in view.ledger.directory.requests.values()
        if day - window < request.asked <= day
    ]
    return days.Shown(
        sum(request.request.amount_fen for request in requests),
        [each for request in requests for each in view.ledger.request_ids(request.number)],
        (
            number("requests", now),
            number("window_days", window),
            number("requests_before", before),
            number("baseline_weeks", weeks),
        ),
    )


REFUND_SURGE: Final = days.State(SURGE, "refunds", "warning", _see_surge, _show_surge)
