"""What is told of a drawn institution for the rules of charging: students, fees, papers, cash."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from models import facts as f

if TYPE_CHECKING:
    from tests.strategies import Teller

INSTITUTION = "JG-1"
CITIES = ("北京", "泉州市", "示例市", "南京", "南昌")
SUBJECTS = ("美术", "美术", "书法", "美术次卡", "")
PAYERS = ("王芳", "李 强", "某某消费金融公司", "")


def tell_charging(teller: Teller) -> None:
    """Contracts of few students and subjects, sold close together, with what belongs to them."""
    if teller.chance(60, "charging"):
        _move(teller)
        _name_students(teller)
        _sell_apart(teller)
        _publish(teller)
        _hand_papers(teller)


def _move(teller: Teller) -> None:
    """The institution's rows are stated again, in a city whose rules differ."""
    city = teller.pick(CITIES)
    for told in list(teller.told):
        if isinstance(told.fact, f.InstitutionStated):
            moved = msgspec.structs.replace(told.fact, city=city)
            teller.tell(moved, "2024-08-29T08:00:00Z")


def _name_students(teller: Teller) -> None:
    for contract in teller.contracts:
        named = msgspec.structs.replace(
            contract,
            student=teller.pick(("小明", "小明", "小红", "")),
            subject=teller.pick(SUBJECTS),
            class_size=teller.pick((None, 10, 11, 35)),
            stage=teller.pick(("", "primary", "junior")),
            ends=teller.pick((contract.ends, contract.ends, contract.ends, None)),
        )
        teller.tell(named, "2024-08-29T08:00:00Z")


def _sell_apart(teller: Teller) -> None:
    """One course in two or three contracts, some of them at the edges of the windows."""
    signed = teller.day(0, 30)
    begins = signed + timedelta(days=teller.pick((0, 5, 30, 31, 40)))
    for number in range(1, teller.pick((1, 3, 4))):
        ends = begins + timedelta(days=teller.pick((29, 45, 59, 90)))
        contract = f.ContractStated(
            institution=INSTITUTION,
            number=f"FC-{number}",
            signed=signed,
            price_fen=teller.pick((250_000, 250_001, 132_000, 132_001, 180_000)),
            payers=("王芳",),
            student=teller.pick(("小明", "小明", "小明", "小红")),
            subject=teller.pick(("美术", "美术", "美术", "书法")),
            academic=teller.pick((False, False, True, None)),
            paid_hours_hundredths=teller.pick((2_000, 3_000, 3_001, None)),
            begins=begins,
            ends=ends,
            class_size=teller.pick((10, 11, None)),
            stage="primary",
            fee_item=teller.pick(("", "", "F1", "F9")),
        )
        teller.contracts.append(contract)
        teller.tell(contract)
        for _ in range(teller.number(0, 2)):
            teller.entry(
                booking_date=signed + timedelta(days=teller.pick((0, 1, 20, 30, 31))),
                amount_fen=teller.pick((contract.price_fen, contract.price_fen // 2)),
                direction="C",
                remittance=teller.pick((contract.number, f"充值 {contract.number}")),
                counterparty_name=teller.pick(PAYERS),
            )
        begins = ends + timedelta(days=teller.pick((-9, 1, 8, 9)))


def _publish(teller: Teller) -> None:
    for number in range(1, teller.pick((1, 2, 3))):
        fee = f.FeeStated(
            institution=INSTITUTION,
            number=f"F{number}",
            valid_from=teller.day(-30, 60),
            name=teller.pick(("美术 30 课时", "书法班", "围棋")),
            price_fen=teller.pick((132_000, 250_000, 500_000)),
        )
        teller.tell(fee)


def _hand_papers(teller: Teller) -> None:
    """Invoices and cash, near the ends of their terms."""
    for number in range(1, teller.pick((1, 2, 4))):
        entry = teller.pick(teller.entries) if teller.entries else None
        invoice = f.InvoiceIssued(
            institution=INSTITUTION,
            number=f"FP-{number}",
            contract=teller.pick(teller.contracts).number,
            day=teller.day(0, 90),
            amount_fen=entry.amount_fen if entry else 60_000,
        )
        teller.tell(invoice)
    for number in range(1, teller.pick((1, 2, 3))):
        contract = teller.pick(teller.contracts).number
        cash = f.CashReceived(
            institution=INSTITUTION,
            number=f"XJ-{number}",
            contract=teller.pick((contract, contract, contract, "")),
            day=teller.day(0, 70),
            amount_fen=teller.pick((60_000, 125_000, 500_000)),
        )
        teller.tell(cash)
