"""What stays open by the oracle: entries without an answer, bills without their settlement."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations

from models import facts as f
from tests.oracle_history import World, plain
from tests.oracle_identity import identity

SETTLES_AFTER_DAYS = 1
SETTLES_WITHIN_DAYS = 15
WORKING_DAYS = 3

Rows = list[f.MerchantTransactionBilled]
Day = tuple[str, date]


def cannot_match(w: World) -> Iterator[str]:
    """What stays open: ambiguous credits, credits without any name, other currencies (M2, G11)."""
    for e in w.classed("tuition", "unknown"):
        if w.matches(e).why in {"open", "unknown"}:
            yield f"matching/entry:{e.account}/{e.booking_date}/{e.serial}"
    yield from (f"pairing/{x.subject}" for x in w.history.held if w.own(x.account, x.day))
    for e in w.booked:
        if (
            e.currency == "CNY"
            and identity(e) in w.history.orphans
            and w.own(e.account, e.booking_date)
        ):
            yield f"matching/entry:{e.account}/{e.booking_date}/{e.serial}"
        if e.currency != "CNY" and w.designated(e.account, e.booking_date):
            yield f"currency/account:{e.account}"


def billed_elsewhere(w: World) -> Iterator[tuple[str, date, str, int]]:
    """Payments of bills that name one contract: account, day, contract, amount (P1)."""
    for row in w.of(f.MerchantTransactionBilled):
        named = list(w.named_contracts(f"{row.order_number} {row.remittance}"))
        if row.what == "payment" and len(named) == 1 and w.contracts[named[0]].signed <= w.until:
            account = w.settles_to(row.merchant_code, row.booking_date)
            yield account, row.booking_date, named[0], row.amount_fen


def cannot_settle(w: World, day: date) -> Iterator[str]:
    """Days of bills that no credit pays, credits that no bill explains, at the close of a day."""
    billed: dict[Day, Rows] = {}
    for row in w.of(f.MerchantTransactionBilled):
        billed.setdefault((row.merchant_code, row.booking_date), []).append(row)
    paid: set[Day] = set()
    credits_ = w.classed("settlement")
    for e in sorted(credits_, key=lambda e: (e.booking_date, identity(e))):
        codes = {
            c for c in _codes(w, e) if any(k[0] == c and k[1] < e.booking_date for k in billed)
        }
        found = [
            (timedelta() - (days[-1][1] - date.min), len(days), days)
            for code in codes
            for days in _stretches(billed.keys() - paid, code, e.booking_date)
            if e.amount_fen in _owed([billed[one] for one in days])
        ]
        if found:
            paid.update(min(found)[2])
        elif codes and w.history.calendar.add(e.booking_date, WORKING_DAYS) <= day:
            yield f"matching/settlement:{e.account}"
    for (code, on), rows in billed.items():
        is_late = w.history.calendar.add(on, WORKING_DAYS) <= day
        is_registered = any(row.number == code for row in w.merchant_rows(on))
        net = sum(_signed(row) for row in rows) - _round(sum(_fee(row) for row in rows))
        if is_late and is_registered and net and (code, on) not in paid:
            yield f"matching/bill:{code}"


def _codes(w: World, e: f.EntryBooked) -> list[str]:
    rows = [
        row.number
        for row in w.merchant_rows(e.booking_date)
        if plain(row.company) == plain(e.counterparty_name) and row.settles_to in {"", e.account}
    ]
    return [code for code in rows if code in plain(e.remittance).upper().split()] or rows


def _stretches(days: set[Day], code: str, day: date) -> Iterator[list[Day]]:
    """Neighbours among the days of a code that a credit of this day may pay."""
    fitting = sorted(
        one
        for one in days
        if one[0] == code and SETTLES_AFTER_DAYS <= (day - one[1]).days <= SETTLES_WITHIN_DAYS
    )
    for begin, end in combinations(range(len(fitting) + 1), 2):
        yield fitting[begin:end]


def _owed(days: list[Rows]) -> set[int]:
    rows = [row for day in days for row in day]
    gross = sum(map(_signed, rows))
    return {
        gross - _round(sum(map(_fee, rows))),
        gross - sum(_round(_fee(row)) for row in rows),
        gross - sum(_round(sum(map(_fee, day))) for day in days),
    }


def _signed(row: f.MerchantTransactionBilled) -> int:
    return row.amount_fen if row.what == "payment" else -row.amount_fen


def _fee(row: f.MerchantTransactionBilled) -> Fraction:
    """In fen."""
    return Fraction(row.fee_e5, 1000)


def _round(fen: Fraction | int) -> int:
    """Half away from zero."""
    size = (abs(Fraction(fen)) + Fraction(1, 2)).__floor__()
    return -size if fen < 0 else size
