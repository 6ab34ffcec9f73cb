"""Happenings that no sum of money depends on, filed for the rules by what they are about."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from models import facts as f
from models.keys import fact_id
from models.registers import FOREVER

if TYPE_CHECKING:
    from models.ledger import Ledger

Value = TypeVar("Value")


class Records:
    """By contract: invoices and cash. By fact id: complaints and patrols. By day: lessons."""

    def __init__(self) -> None:
        self.invoices: dict[str, dict[str, f.InvoiceIssued]] = defaultdict(dict)
        self.cash: dict[str, dict[str, f.CashReceived]] = defaultdict(dict)
        self.complaints: dict[str, f.ComplaintFiled] = {}
        self.patrols: dict[str, f.PatrolReported] = {}
        self.complaints_on: dict[int, int] = defaultdict(int)
        """Complaints by day."""
        self.inflow_on: dict[int, int] = defaultdict(int)
        """What families paid by booking day, in fen: tuition, and what payment companies settle."""
        self.payments_on: dict[int, int] = defaultdict(int)
        """The number of these credits by booking day."""
        self.lessons_on: dict[int, int] = defaultdict(int)
        """Class sessions by day."""
        self.silent_on: dict[int, set[str]] = defaultdict(set)
        """Fact ids, by day, of the class sessions that only the parent's silence confirmed."""

    def lesson(self, lesson: f.LessonDelivered, day: int, sign: int) -> None:
        """Count a class session: the hot path."""
        self.lessons_on[day] += sign
        if lesson.confirmed == "time-out":
            silent = self.silent_on[day]
            (silent.add if sign > 0 else silent.discard)(fact_id(lesson))

    def put(self, ledger: Ledger, identifier: str, fact: f.Fact, adding: bool) -> None:
        """File one of the other kinds, or take it away, and note what that touches."""
        match fact:
            case f.InvoiceIssued():
                known = any(self.invoices.values())
                _put(self.invoices[fact.contract], identifier, fact, adding)
                ledger.touched.papers.add(fact.contract)
                if known != any(self.invoices.values()):
                    # Whether invoices are told at all decides for every payment.
                    paid = (number for number, book in ledger.books.items() if book.payments)
                    ledger.touched.papers.update(paid)
                    ledger.touched.day(fact.day.toordinal())
            case f.CashReceived():
                _put(self.cash[fact.contract], identifier, fact, adding)
                ledger.touched.papers.add(fact.contract)
            case f.ReceiptIssued():
                ledger.outside.tell(ledger, identifier, fact, adding)
            case f.ComplaintFiled():
                _put(self.complaints, identifier, fact, adding)
                self.complaints_on[fact.day.toordinal()] += 1 if adding else -1
                ledger.outside.tell(ledger, identifier, fact, adding)
                ledger.touched.day(fact.day.toordinal())
            case f.PatrolReported():
                _put(self.patrols, identifier, fact, adding)
                ledger.touched.day(fact.day.toordinal())
            case _:
                raise TypeError(type(fact).__name__)

    def first_day(self) -> int:
        """The first day of complaints and patrols, past every day when there are none."""
        days = [FOREVER]
        days += [fact.day.toordinal() for fact in self.complaints.values()]
        days += [fact.day.toordinal() for fact in self.patrols.values()]
        return min(days)


def _put(table: dict[str, Value], identifier: str, value: Value, adding: bool) -> None:
    if adding:
        table[identifier] = value
    else:
        del table[identifier]
