"""What else may be told of a drawn institution about its reserve, its kin and its debits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from models import facts as f

if TYPE_CHECKING:
    from tests.strategies import Teller

RESERVE = "62-RESERVE"
KIN = ("赵六", "ABC (南昌) 公司", "小 六", "孙八", "某某理财", "快易小额贷款公司")
SMALL_FEN = (99_999, 40_000, 20_001, 5)
STEP_DAYS = 5


def tell_custody(teller: Teller) -> None:
    """Facts of the rules about custody beyond the first ones, each with some chance."""
    if teller.chance(35, "reserve account"):
        _reserve(teller)
    if teller.chance(35, "related party"):
        _kin(teller)
    if teller.chance(25, "small debits"):
        _small_debits(teller)
    if teller.chance(20, "confirmed by silence"):
        _silent_month(teller)
    if teller.chance(20, "approvals needed"):
        _ningxia(teller)
    if teller.chance(30, "regular closings"):
        _closings(teller)
    if teller.chance(20, "set off"):
        teller.entry(amount_fen=30_000, direction="D", remittance="扣收", counterparty_name="银行")


def _institution(teller: Teller) -> str:
    institution: str = teller.contracts[0].institution
    return institution


def _reserve(teller: Teller) -> None:
    first = teller.day(0, 20)
    account = f.AccountStated(
        account=RESERVE,
        institution=_institution(teller),
        valid_from=first,
        purpose="reserve",
        valid_to=teller.pick((None, None, teller.day(40))),
    )
    teller.tell(account)
    for low in range(0, 75, teller.pick((20, 40))):
        balance = f.BalanceReported(
            account=RESERVE,
            day=teller.day(low, low + 10),
            what="closing",
            balance_fen=teller.pick((0, 250_000, 500_000, 550_000, 1_100_000)),
        )
        teller.tell(balance)
    if teller.chance(40):
        agreement = f.CustodyStated(
            institution=_institution(teller),
            number="BZ-1",
            valid_from=teller.day(0, 40),
            mode="reserve",
            account=teller.pick(("", RESERVE, "62-SETTLE")),
            minimum_fen=teller.pick((None, 500_000)),
        )
        teller.tell(agreement)
    if teller.chance(40):
        begun = teller.day(10, 60)
        restricted = f.AccountRestricted(
            account=RESERVE,
            number="ZY-1",
            valid_from=begun,
            valid_to=teller.pick((None, begun + timedelta(days=9))),
            reason="质押",
        )
        teller.tell(restricted)


def _kin(teller: Teller) -> None:
    for number in range(1, teller.number(1, 3)):
        party = f.RelatedPartyStated(
            institution=_institution(teller),
            number=f"GL-{number}",
            valid_from=teller.day(0, 40),
            name=teller.pick(("赵六;小  六", "ABC(南昌)公司")),
            account=teller.pick(("", "62-KIN")),
        )
        teller.tell(party)
    for _ in range(teller.number(1, 3)):
        teller.entry(
            amount_fen=teller.pick((1, 100_000, 300_000)),
            direction="D",
            remittance=teller.pick(("往来款", "购买理财")),
            counterparty_name=teller.pick(KIN),
            counterparty_account=teller.pick(("", "62-KIN")),
        )


def _small_debits(teller: Teller) -> None:
    low = teller.number(0, 40)
    for _ in range(teller.number(4, 8)):
        teller.entry(
            booking_date=teller.day(low, low + 33),
            amount_fen=teller.pick(SMALL_FEN),
            direction="D",
            remittance="往来款",
            counterparty_name=teller.pick(("装修公司", "装修公司", "赵六", "")),
        )


def _silent_month(teller: Teller) -> None:
    begun = teller.day(0, 40).replace(day=1)
    silent = teller.pick((6, 10, 14, 18))
    for number in range(teller.number(19, 22)):
        lesson = f.LessonDelivered(
            institution=_institution(teller),
            number=f"KM-{number}",
            day=begun + timedelta(days=number % 28),
            present=teller.pick(((), (teller.contracts[0].number,))),
            hours_hundredths=100,
            confirmed="time-out" if number < silent else "parent",
        )
        teller.tell(lesson)


def _ningxia(teller: Teller) -> None:
    told = next(one.fact for one in teller.told if isinstance(one.fact, f.InstitutionStated))
    moved = msgspec.structs.replace(
        told,
        valid_from=told.valid_from + timedelta(days=teller.pick((0, 30))),
        city="银川市",
        legal_representative="孙八",
    )
    teller.tell(moved)


def _closings(teller: Teller) -> None:
    for account in teller.dedicated:
        for low in range(0, 75, STEP_DAYS):
            closing = f.BalanceReported(
                account=account,
                day=teller.start + timedelta(days=low),
                what="closing",
                balance_fen=teller.pick((0, 250_000, 1_000_000)),
            )
            teller.tell(closing)
