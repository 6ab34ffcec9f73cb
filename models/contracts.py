"""What a contract's money buys, what is earned and what may be released: pure arithmetic.

Days are ordinals, hours hundredths of a class hour, money fen. Sources: rules.md C1-C4, R1, R2.
"""

from collections.abc import Sequence
from fractions import Fraction

from mypy_extensions import mypyc_attr

from models.facts import ContractStated, Instalment
from models.identity import normalise_name, reference_of
from models.money import divide_down
from models.working_days import CalendarMissing, WorkingCalendar, add_months_ordinal


@mypyc_attr(acyclic=True)
class Part:
    """An instalment in the order in which money fills it."""

    __slots__ = ("amount_fen", "begins", "ends", "hours_hundredths")

    def __init__(
        self, amount_fen: int, hours_hundredths: int | None, begins: int | None, ends: int | None
    ) -> None:
        self.amount_fen = amount_fen
        self.hours_hundredths = hours_hundredths
        self.begins = begins
        self.ends = ends


@mypyc_attr(acyclic=True)
class Charge:
    """Payments of one contract that are linked into one charge (C1), in order of booking.

    Each payment is (booking day, entry id, fen); `before_fen` is what was paid earlier.
    """

    __slots__ = ("before_fen", "first", "payments")

    def __init__(
        self, first: int, before_fen: int, payments: tuple[tuple[int, str, int], ...]
    ) -> None:
        self.first = first
        self.before_fen = before_fen
        self.payments = payments


@mypyc_attr(acyclic=True)
class Bought:
    """What a stretch of money buys, exactly; money above the price buys no hour and no day.

    `hours_hundredths` is None where the contract does not say; `days_told` says whether it tells
    the days of all that was bought.
    """

    __slots__ = ("days_told", "first", "hours_hundredths", "last")

    def __init__(
        self,
        hours_hundredths: Fraction | int | None,
        first: int | None,
        last: int | None,
        *,
        days_told: bool,
    ) -> None:
        self.hours_hundredths = hours_hundredths
        self.first = first
        self.last = last
        self.days_told = days_told


@mypyc_attr(acyclic=True)
class Terms:
    """A contract in the form that the ledger reckons with."""

    __slots__ = (
        *("amounts", "begins", "by_days", "contract", "decidable", "ends"),
        *("dated", "dues", "hours_known", "in_step", "last_day", "release_missing", "subject"),
        *("number", "paid_hours", "parts", "payers", "price_fen", "references", "sessions"),
        *("signed", "stages"),
    )

    def __init__(self, contract: ContractStated, calendar: WorkingCalendar | None = None) -> None:
        self.contract = contract
        self.number = contract.number
        self.subject = normalise_name(contract.subject)
        self.signed = contract.signed.toordinal()
        named = {reference_of(contract.number), reference_of(contract.order_number)}
        self.references = tuple(sorted(named - {""}))
        self.payers = frozenset(normalise_name(payer) for payer in contract.payers)
        self.price_fen = contract.price_fen
        self.amounts = {contract.price_fen, *(part.amount_fen for part in contract.instalments)}
        self.parts = _parts(contract)
        hours = contract.paid_hours_hundredths
        if hours is None and contract.instalments:
            told = [part.hours_hundredths for part in contract.instalments]
            hours = None if None in told else sum(part or 0 for part in told)
        self.paid_hours = hours or 0
        self.hours_known = hours is not None
        self.sessions = contract.sessions or 0
        self.begins = contract.begins.toordinal() if contract.begins else None
        self.ends = contract.ends.toordinal() if contract.ends else None
        self.dues = _dues(contract)
        last_days = [part.ends for part in self.parts if part.ends is not None]
        self.last_day = self.ends if self.ends is not None else max(last_days, default=None)
        self.stages = tuple(sorted(contract.stages, key=lambda stage: stage.taught_percent))
        self.dated, self.release_missing = _release_days(contract, calendar)
        self.in_step = not (self.stages or self.dated or self.release_missing)
        # Sold by hours when hours are stated; else by period: sessions, else days (Words).
        self.by_days = not self.paid_hours and not self.sessions and self._has_days()
        self.decidable = bool(self.paid_hours or self.sessions or self.by_days)

    def _has_days(self) -> bool:
        return self.begins is not None and self.ends is not None and self.ends >= self.begins

    def taught(self, hours: int, sessions: int, day: int) -> tuple[int, int]:
        """The taught share as numerator and denominator, never above 1 (R2)."""
        if self.paid_hours:
            return (min(hours, self.paid_hours), self.paid_hours)
        if self.sessions:
            return (min(sessions, self.sessions), self.sessions)
        if self.by_days:
            assert self.begins is not None
            assert self.ends is not None
            days = self.ends - self.begins + 1
            return (max(0, min(day - self.begins + 1, days)), days)
        return (0, 1)

    def earned_fen(self, paid_fen: int, share: tuple[int, int]) -> int:
        """Price times taught share, rounded down, at most what was paid (Words: unearned)."""
        return min(paid_fen, self.price_fen * share[0] // share[1])

    def certain_fen(self, hours: int, sessions: int, day: int) -> int:
        """What a lesson of this day shows to have been due: no one is taught who has not to pay.

        The instalments due by then; of a contract without any the price of what was taught.
        """
        if self.dues:
            return min(self.price_fen, sum([fen for due, fen in self.dues if due <= day]))
        if self.paid_hours:
            if hours >= self.paid_hours:
                return self.price_fen
            return self.price_fen * hours // self.paid_hours
        share = self.taught(hours, sessions, day)
        return self.price_fen * share[0] // share[1]

    def lacking_fen(self, paid_fen: int, certain_fen: int) -> int:
        """What was due for certain and did not come; below 0 what came beyond the price."""
        if paid_fen < certain_fen:
            return certain_fen - paid_fen
        return min(0, self.price_fen - paid_fen)

    def allowed_fen(self, paid_fen: int, earned_fen: int, share: tuple[int, int], day: int) -> int:
        """What may be released: what is earned, or of what was paid by stages or by days (R2)."""
        if self.in_step:
            return earned_fen
        if self.dated:
            parts = sum(since <= day for since in self.dated)
            return divide_down(paid_fen * parts, len(self.dated))
        reached = 0
        for stage in self.stages:
            if share[0] * 100 >= stage.taught_percent * share[1]:
                reached = max(reached, stage.released_percent)
        return divide_down(paid_fen * reached, 100)

    def owed_and_due(  # noqa: PLR0917 -- in the order of a point of the path; hot
        self, paid: int, refunded: int, released: int, hours: int, sessions: int, day: int
    ) -> tuple[int, int]:
        """What is unearned and what may still be released at the close of a day, from 0 up."""
        if self.paid_hours and self.in_step:  # nearly every contract, without detours
            taught = self.price_fen
            if hours < self.paid_hours:
                taught = taught * hours // self.paid_hours
            allowed = earned = min(taught, paid)
        else:
            share = self.taught(hours, sessions, day)
            earned = self.earned_fen(paid, share)
            allowed = self.allowed_fen(paid, earned, share, day)
        owed, due = paid - earned, allowed
        if refunded > 0:
            owed = max(0, owed - refunded)
        if released:
            due = max(0, due - released)
        return owed, due


def _release_days(
    contract: ContractStated, calendar: WorkingCalendar | None
) -> tuple[tuple[int, ...], str]:
    """The days at whose close a further equal part may be released, in order; what is missing.

    Monthly: the last day of each month of the course, and of what is left of one.
    """
    if contract.stages or not contract.release:
        return (), ""
    if contract.ends is None:
        return (), "ends"
    ends = contract.ends.toordinal()
    if contract.release == "after-end":
        working_days = contract.release_working_days or 0
        try:
            return ((calendar.add_ordinal(ends, working_days) if calendar else ends),), ""
        except CalendarMissing as missing:
            return (), str(missing)
    if contract.begins is None or contract.begins > contract.ends:
        return (), "begins"
    days: list[int] = []
    while not days or days[-1] < ends:
        month = add_months_ordinal(contract.begins.toordinal(), len(days) + 1)
        days.append(min(month - 1, ends))
    return tuple(days), ""


def _parts(contract: ContractStated) -> tuple[Part, ...]:
    """The instalments in the order of their due days; without any the contract is one (C2)."""
    if not contract.instalments:
        begins = contract.begins.toordinal() if contract.begins else None
        ends = contract.ends.toordinal() if contract.ends else None
        return (Part(contract.price_fen, contract.paid_hours_hundredths, begins, ends),)

    def order(part: Instalment) -> tuple[int, int]:
        begins = part.begins.toordinal() if part.begins else 0
        due = part.due.toordinal() if part.due else begins
        return (due, begins)

    return tuple(
        Part(
            part.amount_fen,
            part.hours_hundredths,
            part.begins.toordinal() if part.begins else None,
            part.ends.toordinal() if part.ends else None,
        )
        for part in sorted(contract.instalments, key=order)
    )


def _dues(contract: ContractStated) -> tuple[tuple[int, int], ...]:
    """The instalments as (due day, fen), empty when there are none or a day is not told."""
    dues = []
    for part in contract.instalments:
        day = part.due or part.begins
        if day is None:
            return ()
        dues.append((day.toordinal(), part.amount_fen))
    return tuple(dues)


def charges(payments: Sequence[tuple[int, str, int]], window_days: int) -> list[Charge]:
    """Group payments in order of (day, entry id) into charges (C1).

    The payment on the `window_days`-th day after the first still belongs to it.
    """
    found: list[Charge] = []
    paid = before = 0
    group: list[tuple[int, str, int]] = []
    for payment in payments:
        if group and payment[0] > group[0][0] + window_days:
            found.append(Charge(group[0][0], before, tuple(group)))
            group, before = [], paid
        group.append(payment)
        paid += payment[2]
    if group:
        found.append(Charge(group[0][0], before, tuple(group)))
    return found


def bought(terms: Terms, before_fen: int, after_fen: int) -> Bought:
    """What the money between two cumulative amounts buys (C2), in exact proportion.

    Money above the price buys nothing. A part that names no hours or no days makes that answer
    None, but only when the stretch touches it.
    """
    hours: Fraction | int | None = 0
    first: int | None = None
    last: int | None = None
    days_known = True
    base = 0
    after_fen = min(after_fen, terms.price_fen)
    for part in terms.parts:
        start = max(before_fen, base) - base
        end = min(after_fen, base + part.amount_fen) - base
        base += part.amount_fen
        if start >= end:
            continue
        if part.hours_hundredths is None:
            hours = None
        elif hours is not None:
            whole, rest = divmod(part.hours_hundredths * (end - start), part.amount_fen)
            hours += Fraction(rest, part.amount_fen) + whole if rest else whole
        if part.begins is None or part.ends is None or part.ends < part.begins:
            days_known = False
            continue
        days = part.ends - part.begins + 1
        part_first = part.begins + start * days // part.amount_fen
        part_last = part.begins - (-end * days // part.amount_fen) - 1
        first = part_first if first is None else min(first, part_first)
        last = part_last if last is None else max(last, part_last)
    return Bought(hours, first, last, days_told=days_known)
