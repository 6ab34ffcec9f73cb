"""Refunds that come late (rules.md F1)."""

from typing import Final

from alerts.rules.view import LEVEL_WORDS, View, day_step, minus, number, yuan
from models.directory import Request
from models.findings import Finding, Kind, Step
from models.registers import FOREVER
from models.working_days import CalendarMissing

RULE: Final = "refund-late"


def refund_late(view: View, request_number: str) -> list[Finding]:
    """A refund is unpaid at the close of the n-th working day after it was asked (F1)."""
    request = view.ledger.directory.requests.get(request_number)
    if request is None or request.asked > view.as_of:
        return []
    subject = f"refund:{request_number}"
    open_fen = still_unpaid(view, request, view.as_of)
    steps = view.policy.steps(RULE, "working_days", view.as_of)
    if open_fen > 0:
        view.again(view.as_of + 1)
    if open_fen <= 0 or not steps:
        return []
    try:
        working_days = view.calendar.count_since_ordinal(request.asked, view.as_of)
        late = _late_since(view, request)
    except CalendarMissing as missing:
        return [view.undecided(RULE, subject, day=request.asked, missing=str(missing))]
    if late is None:
        return []
    reached, level = max(
        ((least, word) for least, word in steps if working_days >= least), default=(0, "blue")
    )
    term = _term_days(view, request, view.as_of)
    kind: Kind = "warning"
    term_over = _term_over(view, request, term)
    if term_over is not None and view.as_of >= term_over:
        kind = "breach"
        level = max(level, "orange", key=LEVEL_WORDS.index)
    return [
        view.finding(
            RULE,
            subject,
            kind=kind,
            level=level,
            day=max(late, open_since(view, request)),
            amount_fen=open_fen,
            evidence=(
                *view.ledger.request_ids(request_number),
                *view.ledger.paid_back_by.get(request_number, ()),
                *view.ledger.contract_id(request.contract),
            ),
            formula=_formula(view, request, reached, term),
        )
    ]


def _late_since(view: View, request: Request) -> int | None:
    """The first day of the unbroken run, ending at as_of, on which a step or the term is passed.

    Each day by the numbers in force on it (G12); None when as_of is no such day.
    """
    start: int | None = None
    for first, last in reversed(view.policy.alike(request.asked, view.as_of)):
        steps = view.policy.steps(RULE, "working_days", first)
        late = view.calendar.add_ordinal(request.asked, steps[0][0]) if steps else FOREVER
        term_over = _term_over(view, request, _term_days(view, request, first))
        late = max(first, late if term_over is None else min(late, term_over))
        if late > last:
            break
        start = late
        if late > first:
            break
    return start


def _formula(view: View, request: Request, reached: int, term: int | None) -> list[Step]:
    due_fen = request.due_fen(view.as_of)
    open_fen = still_unpaid(view, request, view.as_of)
    formula = [
        yuan("due", due_fen),
        yuan("still_unpaid", open_fen, minus(due_fen, due_fen - open_fen)),
        day_step("asked", request.asked),
        number("working_days_reached", reached),
    ]
    if term is not None:
        formula.append(number("term_days", term))
    return formula


def still_unpaid(view: View, request: Request, day: int) -> int:
    """What is due on a day and was not paid back by its close, never below 0."""
    paid_back = sum(
        fen for when, fen in view.ledger.paid_back.get(request.number, {}).items() if when <= day
    )
    return request.due_fen(day) - max(0, paid_back)


def open_since(view: View, request: Request) -> int:
    """The first day of the unbroken run, ending at as_of, on which something was open."""
    days = {request.asked, *(day for day, _ in request.answers)}
    days |= view.ledger.paid_back.get(request.number, {}).keys()
    start = view.as_of
    for day in sorted((d for d in days if request.asked <= d <= view.as_of), reverse=True):
        if still_unpaid(view, request, day) <= 0:
            break
        start = day
    return start


def _term_over(view: View, request: Request, term: int | None) -> int | None:
    """The first day on which the term is over: an untold contract has none, so not before it."""
    if term is None:
        return None
    signed = view.ledger.directory.terms[request.contract].signed
    return max(request.asked + term, signed)


def _term_days(view: View, request: Request, day: int) -> int | None:
    """The legal or agreed term in calendar days on a day; None means warnings only (F1)."""
    terms = view.ledger.directory.terms.get(request.contract)
    if terms is None or terms.signed > view.as_of:
        return None
    after = view.number(RULE, "term_after_start_days", day)
    before = view.number(RULE, "term_before_start_days", day)
    if after is None or before is None:
        return terms.contract.refund_term_days
    if terms.begins is not None and request.asked < terms.begins:
        return before
    return after
