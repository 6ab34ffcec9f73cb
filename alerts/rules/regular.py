"""What an institution pays every month and then no more: wages and rent (rules.md C).

A debit of one of its own accounts is told by its words. It is regular once it came in so many
months about the same day; from then on it is due on that day of each month, or on the working day
after it. What comes on or after the day that is due, or a few working days before, pays what is due
by then; another debit between is none. Judged by the last day through which the account that paid
last has reported, so that a late statement is no missed payment. What is due about days of which
nothing was reported may have come on them, unless the balances before and after join: then the next
that is due is waited for.
"""

from typing import Final, NamedTuple

from alerts.rules import days
from alerts.rules.view import View, day_step, number, yuan
from models.findings import Finding
from models.identity import normalise_name
from models.matching import Entry
from models.series import Series
from models.working_days import CalendarMissing, add_months_ordinal

PAYROLL: Final = "payroll-missed"
RENT: Final = "rent-missed"
HUNDRED: Final = 100
KINDS: Final = frozenset({"other", "approved", "freeze"})
"""Classes of debits that may be wages or rent: no refund, release, move or fee is."""


class _Habit(NamedTuple):
    """What was paid regularly by a day.

    `paid`: day and fen of what was paid in the months that count, the latest last. `due`: the day
    of the month on which it is due next, 0 without a habit. `account`: that paid last. `nameless`:
    the day of the last debit that tells nothing.
    """

    paid: tuple[tuple[int, int], ...] = ()
    due: int = 0
    account: str = ""
    nameless: int = 0


_NOTHING: Final = _Habit()


def payroll_missed(view: View, _subject: str) -> list[Finding]:
    """Wages that came every month did not come within so many days."""
    return days.judge(view, PAYROLL_MISSED)


def rent_missed(view: View, _subject: str) -> list[Finding]:
    """Rent that came every month did not come within so many days."""
    return days.judge(view, RENT_MISSED)


# ---- the habit ----


def _habit(view: View, rule: str, day: int) -> _Habit:
    series = view.ledger.series
    return series.memo(rule + " habit", day, _next, (view, rule))[day - series.first]


def _next(given: tuple[View, str], day: int, before: _Habit | None) -> _Habit:
    view, rule = given
    before = before or _NOTHING
    debits = _debits(view, day) if view.ledger.debits_on.get(day) else []
    habit = before
    if debits:
        told = [entry for entry in debits if _is_told(view, rule, entry)]
        fen = sum(entry.fact.amount_fen for entry in told)
        if _is_whole(view, rule, before, day, fen):
            largest = max(told, key=lambda entry: (entry.fact.amount_fen, entry.id))
            paid = _paid(view, rule, habit, day, fen)
            return paid._replace(account=largest.account)
        nameless_fen = sum(entry.fact.amount_fen for entry in debits if _tells_nothing(entry))
        if _is_whole(view, rule, before, day, nameless_fen):
            habit = habit._replace(nameless=day)
    return habit


def _is_whole(view: View, rule: str, before: _Habit, day: int, fen: int) -> bool:
    """Whether what a day brings is large enough, against the largest of the last months."""
    if not fen:
        return False
    percent = view.number(rule, "part_percent", day) or 0
    oldest = add_months_ordinal(day, -(view.number(rule, "regular_months", day) or 1))
    largest = max((was for on, was in before.paid if on > oldest), default=0)
    return fen * HUNDRED >= percent * largest


def _paid(view: View, rule: str, before: _Habit, day: int, fen: int) -> _Habit:
    """The habit after a debit: due anew a month after it, or when it would have been all along."""
    months = view.number(rule, "regular_months", day) or 1
    tolerance = view.number(rule, "tolerance_days", day) or 0
    oldest = add_months_ordinal(day, -months)
    paid = (*((on, was) for on, was in before.paid if on > oldest), (day, fen))
    forgotten = view.number(rule, "forgotten_days", day) or 0
    due = _usual([on for on, _ in paid], months, tolerance)
    if not due and before.due and day - before.due <= forgotten:
        due = before.due
        while due <= day or _is_early(view, rule, day, due):
            due = add_months_ordinal(due, 1)
    return before._replace(paid=paid, due=due)


def _usual(paid: list[int], months: int, tolerance: int) -> int:
    """The day due next if the months before each have a debit about the same day, else 0.

    Of several days of the month the last.
    """
    day = paid[-1]
    due = add_months_ordinal(day, 1)
    for back in range(1, months):
        same = add_months_ordinal(day, -back)
        near = [on for on in paid if abs(on - same) <= tolerance]
        if not near:
            return 0
        due = max(due, add_months_ordinal(max(near), back + 1))
    return due


def _is_early(view: View, rule: str, day: int, due: int) -> bool:
    """Whether what is paid on a day is paid for the due day after it, as before long holidays."""
    working_days = view.number(rule, "early_working_days", day) or 0
    try:
        return view.calendar.count_since_ordinal(day, due) <= working_days
    except CalendarMissing:
        return due - day <= working_days


def _debits(view: View, day: int) -> list[Entry]:
    """The debits of a day that are of no other class, and not to the institution itself."""
    registers = view.ledger.registers
    return [
        entry
        for entry in (view.ledger.entries[one] for one in sorted(view.ledger.debits_on[day]))
        if entry.final is not None
        and entry.final.kind in KINDS
        and not registers.owned(entry.fact.counterparty_account, day)
        and not registers.is_institution_name(entry.name, day)
    ]


def _is_told(view: View, rule: str, entry: Entry) -> bool:
    words = view.words(rule, "words", entry.day)
    text = normalise_name(f"{entry.fact.counterparty_name} {entry.fact.remittance}").lower()
    return any(word in text for word in words)


def _tells_nothing(entry: Entry) -> bool:
    fact = entry.fact
    return not (entry.name or fact.counterparty_account or fact.remittance.strip())


# ---- what is known of the account ----


class _Told(NamedTuple):
    """The last day of which an account reported, and the last day before that is hidden; or 0."""

    last: int = 0
    hidden: int = 0


_UNTOLD: Final = _Told()


def _told(view: View, account: str, day: int) -> _Told:
    series = view.ledger.series
    return series.memo("told of " + account, day, _told_next, (series, account))[day - series.first]


def _told_next(given: tuple[Series, str], day: int, before: _Told | None) -> _Told:
    series, account = given
    before = before or _UNTOLD
    if not series.reported(account, day):
        return before
    is_whole = before.last in {0, day - 1} or series.joins(account, before.last, day)
    return _Told(day, before.hidden if is_whole else day - 1)


class _Due(NamedTuple):
    """The due day, or the working day after it: of the next payment, and of the next not hidden."""

    first: int
    on: int


def _due(view: View, rule: str, habit: _Habit, day: int) -> _Due:
    """CalendarMissing if the year of a due day has no calendar."""
    hidden = _told(view, habit.account, day).hidden
    tolerance = view.number(rule, "tolerance_days", day) or 0
    due = habit.due
    while habit.paid[-1][0] < hidden >= due - tolerance:
        due = add_months_ordinal(due, 1)
    # Banks book on no other than working days.
    return _Due(*(view.calendar.add_ordinal(each - 1, 1) for each in (habit.due, due)))


# ---- the rules ----


def _see(view: View, rule: str, day: int) -> days.Seen:
    steps = view.policy.steps(rule, "late_days", day)
    forgotten = view.number(rule, "forgotten_days", day)
    if steps is None or forgotten is None or day < view.ledger.series.first:
        return None
    habit = _habit(view, rule, day)
    told = _told(view, habit.account, day).last
    if not habit.due or told <= habit.due or not _owes(view, day):
        return None
    try:
        due = _due(view, rule, habit, day)
    except CalendarMissing as missing:
        return days.Unknown(str(missing))
    level = days.at_least(steps, told - due.first)
    if level is None or told - due.on > forgotten:
        return None
    tolerance = view.number(rule, "tolerance_days", day) or 0
    if habit.nameless >= habit.due - tolerance:
        return days.Unknown("counterparty")
    level = days.at_least(steps, told - due.on)
    return level or days.Unknown("statement")


def _owes(view: View, day: int) -> bool:
    """Whether families can lose anything: money is unearned, and the institution is licensed."""
    state = view.ledger.registers.state(day)
    is_void = state is not None and state.licence == "void"
    return not is_void and view.ledger.series.unearned(day) > 0


def _show(view: View, rule: str, day: int) -> days.Shown:
    habit = _habit(view, rule, day)
    last_day, last_fen = habit.paid[-1]
    told, due_on = _told(view, habit.account, day).last, _due(view, rule, habit, day).on
    evidence = [
        entry.id
        for paid_day, _ in habit.paid
        for entry in _debits(view, paid_day)
        if _is_told(view, rule, entry)
    ]
    formula = (
        number("debits_counted", len(habit.paid)),
        day_step("last_debit", last_day),
        yuan("last_debit_amount", last_fen),
        day_step("due_on", due_on),
        day_step("judged_through", told),
        number("late_days", told - due_on),
        yuan("unearned", view.ledger.series.unearned(day)),
    )
    return days.Shown(last_fen, evidence, formula)


def _state(rule: str, subject: str) -> days.State:
    return days.State(
        rule,
        subject,
        "warning",
        lambda view, day: _see(view, rule, day),
        lambda view, day: _show(view, rule, day),
    )


PAYROLL_MISSED: Final = _state(PAYROLL, "payroll")
RENT_MISSED: Final = _state(RENT, "rent")
