"""Money that must have come and is on no account: the gap between lessons taught and inflow.

No counterparty is asked for: all that came in is set against all that was due, matched or not.
"""

from typing import Final, NamedTuple

from mypy_extensions import mypyc_attr

from alerts.rules.days import Seen, Shown, State, Unknown, judge
from alerts.rules.outflow import percent_text
from alerts.rules.view import View, day_step, minus, number, share_of, yuan
from models.findings import Finding, LevelWord
from models.ledger import Ledger
from models.working_days import CalendarMissing

RULE: Final = "missing-inflow"
SUMS: Final = RULE + " sums"
LIMITS: tuple[tuple[LevelWord, str], ...] = (
    ("red", "red_percent"),
    ("orange", "orange_percent"),
    ("yellow", "limit_percent"),
)
NAMED_MAX: Final = 20
"""So many contracts at most are named as evidence, those that lack most."""


@mypyc_attr(acyclic=True)
class Sums:
    """Running sums at the close of a day, in fen.

    `told` is the last day through which every designated account has reported, 0 when none yet;
    `gap` what lacks at least: what was due for certain, less what no contract accounts for.
    """

    __slots__ = ("contracts", "falling_due", "gap", "inflow", "told")

    def __init__(self, inflow: int, contracts: int, falling_due: int, told: int, gap: int) -> None:
        self.inflow = inflow
        self.contracts = contracts
        self.falling_due = falling_due
        self.told = told
        self.gap = gap


class Judged(NamedTuple):
    """What a day is judged by: its level, the day of the sums, and the least gap that lasted."""

    level: LevelWord
    day: int
    gap_fen: int


def missing_inflow(view: View, _subject: str) -> list[Finding]:
    """Lessons and instalments show that money was due which came into no account."""
    return judge(view, _STATE)


def _see(view: View, day: int) -> Seen:
    found = _judged(view, day)
    return found.level if isinstance(found, Judged) else found


def _judged(view: View, day: int) -> Judged | Unknown | None:
    series = view.ledger.series
    tolerance = view.number(RULE, "tolerance_working_days", day)
    if day < series.first or tolerance is None:
        return None
    sums = series.memo(SUMS, day, _add, view.ledger)
    told = sums[day - series.first].told
    if not told:
        here = sums[day - series.first]
        return Unknown("balance") if _level(view, day, here.gap, here.contracts) else None
    here = sums[told - series.first]
    if _level(view, day, here.gap, here.contracts) is None:
        return None
    try:
        # What was due on the day before these is late at their end (G7).
        since = view.calendar.latest_ordinal(told, tolerance)[0] - 1
    except CalendarMissing as missing:
        return Unknown(str(missing))
    if since < series.first:
        return None
    lasted = min(each.gap for each in sums[since - series.first : told + 1 - series.first])
    level = _level(view, day, lasted, here.contracts)
    if level is None:
        return None
    if view.ledger.feed.broken_days(series.first, told):
        return Unknown("broken-statement")
    return Judged(level, told, lasted)


def _level(view: View, day: int, gap: int, contracts: int) -> LevelWord | None:
    if gap <= 0:
        return None
    for level, name in LIMITS:
        percent = view.number(RULE, name, day)
        if percent is not None and gap * 100 > percent * contracts:
            return level
    return None


def _add(ledger: Ledger, day: int, before: Sums | None) -> Sums:
    directory, series, came = ledger.directory, ledger.series, ledger.records.inflow_on
    if before is None:
        inflow = sum(fen for booked, fen in came.items() if booked <= day)
        due = sum(fen for falls, fen in directory.falling_due_on.items() if falls <= day)
        signed = sum(each.price_fen for each in directory.terms.values() if each.signed <= day)
        told = 0
    else:
        told = before.told
        inflow = before.inflow + came.get(day, 0)
        signed = before.contracts
        due = before.falling_due + directory.falling_due_on.get(day, 0)
        for number_ in directory.signed_on.get(day, ()):
            signed += directory.terms[number_].price_fen
    if all(series.reported(account, day) for account in ledger.registers.designated_accounts(day)):
        told = day
    # What came and no contract accounts for may have paid for any of them.
    gap = series.lacking(day) - (inflow - series.paid(day))
    return Sums(inflow, signed, due, told, gap)


def _show(view: View, day: int) -> Shown:
    found = _judged(view, day)
    assert isinstance(found, Judged)
    ledger, told = view.ledger, found.day
    series = ledger.series
    sums = series.memo(SUMS, day, _add, ledger)
    here = sums[told - series.first]
    paid = series.paid(told)
    most = max(found.gap_fen, here.falling_due - paid)
    lacking = [
        (-point.lacking, contract)
        for contract, book in ledger.books.items()
        if (point := book.at(told)) is not None and point.lacking > 0
    ]
    contracts = [contract for _, contract in sorted(lacking)[:NAMED_MAX]]
    return Shown(
        found.gap_fen,
        [identifier for contract in contracts for identifier in ledger.contract_id(contract)],
        (
            day_step("reported_through", told),
            yuan("due_for_certain_unpaid", series.lacking(told)),
            yuan("inflow_unmatched", here.inflow - paid, minus(here.inflow, paid)),
            yuan("missing_at_least", found.gap_fen),
            yuan("missing_at_most", most, minus(here.falling_due, paid)),
            number(
                "missing_percent",
                percent_text(found.gap_fen, here.contracts),
                share_of(found.gap_fen, here.contracts),
            ),
            number("contracts_lacking", len(lacking)),
        ),
    )


_STATE: Final = State(RULE, "inflow", "suspicion", _see, _show)
