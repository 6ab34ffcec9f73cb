"""Rows of payment companies' bills: what each merchant is owed by day, and whose contracts paid.

They explain what a bank books as a settlement. They are in no balance, no book and no inflow.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from models.identity import reference_runs
from models.index import Index
from models.money import round_e5
from models.registers import FOREVER

if TYPE_CHECKING:
    from models.contracts import Terms
    from models.facts import MerchantTransactionBilled
    from models.ledger import Ledger
    from models.matching import Entry
    from models.registers import Registers


class BillDay(msgspec.Struct, gc=False):
    """What a merchant's rows of one day sum up to. `fees_fen`: each row's fee rounded to fen."""

    payments_fen: int = 0
    refunds_fen: int = 0
    fees_e5: int = 0
    fees_fen: int = 0
    rows: set[str] = set()

    @property
    def gross_fen(self) -> int:
        """Payments less refunds."""
        return self.payments_fen - self.refunds_fen

    @property
    def net_fen(self) -> int:
        """What the company owes for the day, its fees rounded together."""
        return self.gross_fen - round_e5(self.fees_e5)

    def add(self, identifier: str, row: MerchantTransactionBilled, sign: int) -> None:
        """One row more, or with -1 less."""
        if row.what == "payment":
            self.payments_fen += sign * row.amount_fen
        else:
            self.refunds_fen += sign * row.amount_fen
        self.fees_e5 += sign * row.fee_e5
        self.fees_fen += sign * round_e5(row.fee_e5)
        (self.rows.add if sign > 0 else self.rows.discard)(identifier)


class Settled(msgspec.Struct, frozen=True, gc=False):
    """A credit with the days of a merchant's bills that it pays."""

    credit: str
    day: int
    merchant: str
    days: tuple[int, ...]


class Matching(msgspec.Struct):
    """Which credits pay what: `by_day` by merchant code and day of the bill, `by_credit` by entry.

    `unexplained` are the credits that no bill explains though a bill of that merchant came before.
    All in the order of the credits.
    """

    by_day: dict[tuple[str, int], Settled] = {}
    by_credit: dict[str, Settled] = {}
    unexplained: list[tuple[int, str]] = []

    def forget(self, since: int) -> None:
        """Take apart what credits of this day and later were found to pay."""
        while self.by_credit:
            credit, settled = next(reversed(self.by_credit.items()))
            if settled.day < since:
                break
            del self.by_credit[credit]
            for day in settled.days:
                del self.by_day[settled.merchant, day]
        while self.unexplained and self.unexplained[-1][0] >= since:
            self.unexplained.pop()


class Bills:
    """The rows by merchant code and day, and the credits of payment companies."""

    def __init__(self) -> None:
        self.rows: dict[str, MerchantTransactionBilled] = {}
        self.days: dict[str, dict[int, BillDay]] = defaultdict(dict)
        """By merchant code and day; a day without rows is not there."""
        self.days_of: dict[str, list[int]] = defaultdict(list)
        """By merchant code the days that have rows, in order."""
        self.unrouted: dict[str, set[int]] = defaultdict(set)
        """By merchant code the days of rows on which no register names it."""
        self.credits: dict[str, Entry] = {}
        """Entries of the class settlement, by fact id."""
        self.credit_order: list[tuple[int, str]] = []
        """Their days and fact ids, in order."""
        self.matching = Matching()
        """Which credits pay which days; right before the day `since`."""
        self.since = FOREVER
        self._by_run: Index[str] = Index()

    @property
    def is_told(self) -> bool:
        """Whether there is any row, or a pair left of rows that were taken back."""
        return bool(self.rows or self.matching.by_credit or self.matching.unexplained)

    def put(
        self, ledger: Ledger, identifier: str, row: MerchantTransactionBilled, adding: bool
    ) -> None:
        """File a row or take it away."""
        day = row.booking_date.toordinal()
        days = self.days[row.merchant_code]
        if day not in days:
            days[day] = BillDay()
            insort(self.days_of[row.merchant_code], day)
        days[day].add(identifier, row, 1 if adding else -1)
        if not days[day].rows:
            del days[day]
            self.days_of[row.merchant_code].remove(day)
        self._route(ledger.registers, row.merchant_code, day)
        if adding:
            self.rows[identifier] = row
        else:
            del self.rows[identifier]
        for run in runs_of(row):
            self._by_run.put(run, identifier, adding=adding)
        self.since = min(self.since, day)
        ledger.outside.bill(ledger, identifier, row if adding else None)
        ledger.touched.day(day)

    def credit(self, entry: Entry, *, adding: bool) -> None:
        """An entry that is a settlement, or is one no more."""
        if adding:
            self.credits[entry.id] = entry
            insort(self.credit_order, (entry.day, entry.id))
        else:
            del self.credits[entry.id]
            self.credit_order.remove((entry.day, entry.id))
        self.since = min(self.since, entry.day)

    def resettle(self, registers: Registers) -> None:
        """The registers changed: everything is paired anew."""
        self.since = 0
        for code, days in self.days_of.items():
            for day in days:
                self._route(registers, code, day)

    def _route(self, registers: Registers, code: str, day: int) -> None:
        is_open = day in self.days[code] and registers.merchant(code, day) is None
        if is_open or code in self.unrouted:
            (self.unrouted[code].add if is_open else self.unrouted[code].discard)(day)

    def contract(self, ledger: Ledger, terms: Terms | None) -> None:
        """Rows that may name this contract, which is new, changed or gone."""
        for reference in terms.references if terms is not None and self.rows else ():
            for identifier in self._by_run.get(reference):
                ledger.outside.bill(ledger, identifier, self.rows[identifier])


def runs_of(row: MerchantTransactionBilled) -> tuple[str, ...]:
    """By what a row may name a contract: the merchant's order number, or the text."""
    return tuple({*reference_runs(row.order_number), *reference_runs(row.remittance)})


def owed_fen(days: list[BillDay]) -> set[int]:
    """What a company may pay for these days: its fees rounded row by row, or all of them once."""
    gross_fen = sum(day.gross_fen for day in days)
    fees_e5 = sum(day.fees_e5 for day in days)
    by_day = sum(round_e5(day.fees_e5) for day in days)
    by_row = sum(day.fees_fen for day in days)
    return {gross_fen - round_e5(fees_e5), gross_fen - by_day, gross_fen - by_row}
