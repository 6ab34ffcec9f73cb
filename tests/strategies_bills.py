"""What else may be told of a drawn institution: merchant codes, their bills, what they settle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from models import facts as f

if TYPE_CHECKING:
    from tests.strategies import Teller

INSTITUTION = "JG-1"
COMPANIES = ("财付通", "支付宝")
AMOUNTS_FEN = (10_000, 10_000, 20_001, 1_000_001)
FEES_E5 = (0, 500, 499, 60_000)
GAPS_DAYS = (1, 1, 1, 2, 3, 8, 15, 16, 0)


def tell_bills(teller: Teller) -> None:
    """Some codes, some days of bills, credits that pay them and some that do not."""
    if not teller.chance(45, "bills"):
        return
    codes = [f"SH-{number}" for number in range(2, teller.number(2, 3) + 1)]
    company = teller.pick(COMPANIES)
    for code in codes:
        _register(teller, code, company)
    for _ in range(teller.number(1, 4)):
        code = teller.pick(codes)
        first = teller.day()
        days = [
            _bill(teller, code, first + timedelta(days=each))
            for each in range(teller.pick((1, 1, 2, 3)))
        ]
        if teller.chance(75, "settled"):
            _settle(teller, code, company, days)


def _register(teller: Teller, code: str, company: str) -> None:
    row = f.MerchantCodeStated(
        institution=INSTITUTION,
        number=code,
        valid_from=teller.day(-5, 20),
        company=company,
        settles_to=teller.pick(("62-A", "62-A", "62-SETTLE", "STRANGER", "")),
    )
    teller.tell(row)
    if teller.chance(15, "code moved"):
        moved = msgspec.structs.replace(row, valid_from=teller.day(20, 60), settles_to="62-B")
        teller.tell(moved)


def _bill(teller: Teller, code: str, day: date) -> f.MerchantTransactionBilled:
    """The rows of a day, and their sum as one."""
    net_fen = fees_e5 = 0
    row: f.MerchantTransactionBilled | None = None
    for _ in range(teller.number(1, 3)):
        what: Literal["payment", "refund"] = teller.pick(("payment", "payment", "refund"))
        row = f.MerchantTransactionBilled(
            merchant_code=code,
            channel="wechat",
            what=what,
            number=f"T{len(teller.told)}",
            booking_date=day,
            amount_fen=teller.pick(AMOUNTS_FEN),
            fee_e5=teller.pick(FEES_E5) * (1 if what == "payment" else -1),
            order_number=teller.pick(("", "HT-1", "HT-2", "HT-1 HT-2", "DD-HT-1")),
        )
        teller.tell(row)
        net_fen += row.amount_fen if what == "payment" else -row.amount_fen
        fees_e5 += row.fee_e5
    assert row is not None
    if teller.chance(8, "bill contested"):
        teller.tell(msgspec.structs.replace(row, amount_fen=row.amount_fen + 1))
    return msgspec.structs.replace(row, amount_fen=max(net_fen, 0), fee_e5=fees_e5)


def _settle(
    teller: Teller, code: str, company: str, days: Sequence[f.MerchantTransactionBilled]
) -> None:
    """A credit of what the days sum up to, or nearly."""
    gross_fen = sum(day.amount_fen for day in days)
    fees_e5 = sum(day.fee_e5 for day in days)
    amount_fen = gross_fen - (fees_e5 + 500) // 1_000 + teller.pick((0, 0, 0, 0, 1))
    if amount_fen <= 0:
        return
    last = days[-1].booking_date
    teller.entry(
        booking_date=last + timedelta(days=teller.pick(GAPS_DAYS)),
        account=teller.pick(("62-A", "62-A", "62-A", "62-SETTLE")),
        amount_fen=amount_fen,
        direction="C",
        counterparty_name=company,
        remittance=teller.pick(("结算", f"结算 {code}")),
    )
