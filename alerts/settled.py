"""What payment companies billed and settled of one institution, line by line."""

from datetime import date
from typing import Literal

import msgspec

from alerts.evaluation import Supervision
from models.bills import BillDay, Matching
from models.registers import FOREVER

State = Literal["settled", "open", "nothing", "unexplained"]


class SettlementLine(msgspec.Struct, frozen=True, kw_only=True):
    """Days of a merchant's bills with the credit that pays them, or one of the two alone.

    `open`: no credit pays the day yet. `nothing`: nothing is owed for it. `unexplained`: a credit
    without a bill, whose merchant is not known. `net_fen` has the fees rounded together;
    `credit` is the fact id of the bank's entry, `credit_fen` its amount.
    """

    state: State
    merchant: str
    days: tuple[date, ...]
    rows: int = 0
    payments_fen: int = 0
    refunds_fen: int = 0
    fees_e5: int = 0
    net_fen: int = 0
    credit: str = ""
    credit_day: date | None = None
    credit_fen: int | None = None
    account: str = ""

    @property
    def last(self) -> date:
        """The day under which it is listed."""
        return self.credit_day or self.days[-1]


def settlement_lines(supervision: Supervision) -> list[SettlementLine]:
    """Every bill and settlement by the closed day, the latest first."""
    ledger = supervision.ledger
    matching = ledger.bills.matching
    if ledger.bills.since != FOREVER:
        return []  # no day is closed
    lines = [_settled(supervision, matching, credit) for credit in matching.by_credit]
    for code, days in ledger.bills.days.items():
        for day, bill in days.items():
            if (code, day) not in matching.by_day:
                state: State = "open" if bill.net_fen else "nothing"
                lines.append(_line(state, code, [(day, bill)]))
    for _, identifier in matching.unexplained:
        entry = ledger.bills.credits[identifier]
        lines.append(
            SettlementLine(
                state="unexplained",
                merchant="",
                days=(),
                credit=identifier,
                credit_day=entry.fact.booking_date,
                credit_fen=entry.fact.amount_fen,
                account=entry.account,
            )
        )
    return sorted(lines, key=lambda one: (one.last, one.merchant, one.credit), reverse=True)


def _settled(supervision: Supervision, matching: Matching, credit: str) -> SettlementLine:
    bills = supervision.ledger.bills
    found, entry = matching.by_credit[credit], bills.credits[credit]
    days = [(day, bills.days[found.merchant][day]) for day in found.days]
    return msgspec.structs.replace(
        _line("settled", found.merchant, days),
        credit=credit,
        credit_day=entry.fact.booking_date,
        credit_fen=entry.fact.amount_fen,
        account=entry.account,
    )


def _line(state: State, code: str, days: list[tuple[int, BillDay]]) -> SettlementLine:
    bills = [bill for _, bill in days]
    return SettlementLine(
        state=state,
        merchant=code,
        days=tuple(date.fromordinal(day) for day, _ in days),
        rows=sum(len(bill.rows) for bill in bills),
        payments_fen=sum(bill.payments_fen for bill in bills),
        refunds_fen=sum(bill.refunds_fen for bill in bills),
        fees_e5=sum(bill.fees_e5 for bill in bills),
        net_fen=sum(bill.net_fen for bill in bills),
    )
