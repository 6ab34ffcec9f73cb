"""Debits out of line, and debits that only look so: carried out by the cashier on their day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from models import facts as f
from streams.simulator import names
from streams.simulator.plan import RESERVE_LEAST_FEN, Raid, Row, iso

if TYPE_CHECKING:
    from streams.simulator.cashier import Cashier

SMALL_FEN = 99_999
RESERVE_PERCENT = 110
_LEAST_FEN = 100_000


def _before(cashier: Cashier, raid: Raid) -> int:
    """What all accounts designated that day or before held at the close of the day before."""
    return sum(
        account.closings.get(raid.day - 1, 0)
        for account in cashier.inst.accounts
        if account.purpose == "dedicated" and account.valid_from <= raid.day
    )


def _surplus(cashier: Cashier, raid: Raid) -> int:
    return cashier.main(raid.day).balance_fen - cashier.book.unearned


def _pay_stranger(cashier: Cashier, raid: Raid, amount_fen: int, why: str) -> None:
    party = (f"{names.person(cashier.rng)}商贸行", names.digits(cashier.rng, 15), why)
    cashier.post(cashier.main(raid.day), raid.day, -amount_fen, "other", party)
    if raid.restored is not None and raid.restored <= cashier.inst.last:
        account = cashier.main(raid.restored)
        cashier.restores[raid.restored].append((account, amount_fen))


def _take_share(cashier: Cashier, raid: Raid) -> None:
    amount = -(-_before(cashier, raid) * raid.size // 100)
    balance = cashier.main(raid.day).balance_fen
    if raid.kind == "flight":
        amount = min(amount, balance)
    if not _LEAST_FEN <= amount <= balance:
        return
    _pay_stranger(cashier, raid, amount, "往来款")
    if raid.kind == "drain":
        cashier.inst.planted.add(("coverage-short", "coverage"))
    else:
        cashier.inst.planted.add(("outflow-large", f"day:{iso(raid.day)}"))


def _take_reserve(cashier: Cashier, raid: Raid) -> None:
    """Leave so many per cent of what the agreement asks for on the reserve account."""
    account = cashier.inst.reserve_account
    if account is None:
        return
    amount = account.balance_fen - RESERVE_LEAST_FEN * raid.size // 100
    party = (f"{names.person(cashier.rng)}商贸行", names.digits(cashier.rng, 15), "往来款")
    cashier.post(account, raid.day, -amount, "other", party)
    if raid.size < RESERVE_PERCENT:
        cashier.inst.planted.add(("reserve-short", "reserve"))
    else:
        why = "110 % of the minimum, to the fen"
        cashier.inst.near_miss("reserve-short", "reserve", raid.day, why)


def _stay_below(cashier: Cashier, raid: Raid) -> None:
    amount, why = SMALL_FEN, "999.99 yuan of unscheduled outflow"
    if raid.kind == "below":
        amount, why = (_before(cashier, raid) * 5 - 1) // 100, "a fen below 5 % of the balance"
    if amount > _surplus(cashier, raid) or (raid.kind == "below" and amount < _LEAST_FEN):
        return
    cashier.set_aside += amount
    _pay_stranger(cashier, raid, amount, "设备款")
    cashier.inst.near_miss("outflow-large", f"day:{iso(raid.day)}", raid.day, why)


def _take_approved(cashier: Cashier, raid: Raid) -> None:
    amount = min(_surplus(cashier, raid), _before(cashier, raid) // 8)
    if amount < _LEAST_FEN or amount * 20 < _before(cashier, raid):
        return
    inst = cashier.inst
    number = f"SP{inst.index:04d}-{iso(raid.day).replace('-', '')}"
    approval = f.WithdrawalApproved(
        institution=inst.id, number=number, day=date.fromordinal(raid.day), amount_fen=amount
    )
    inst.rows.append(Row(raid.day, approval))
    company = f"{names.person(cashier.rng)}装饰公司"
    if raid.kind == "kin-approved":
        company = inst.owner(raid.day)
        why = "approved, though to the institution's own head"
        inst.near_miss("outflow-related-party", f"day:{iso(raid.day)}", raid.day, why)
    party = (company, names.digits(cashier.rng, 15), f"经批准支取 {number}")
    account = cashier.main(raid.day)
    entry = cashier.post(account, raid.day, -amount, "approved", party)
    cashier.set_aside += amount
    if entry is not None:
        inst.near_miss("outflow-unapproved", entry.subject, raid.day, "with its approval")
    subject = f"day:{iso(raid.day)}"
    inst.near_miss("outflow-large", subject, raid.day, "a large debit that was approved")


def _pay_kin(cashier: Cashier, raid: Raid) -> None:
    """Pay the institution's own head so many per cent of the balance, at least one yuan."""
    amount = max(100, _before(cashier, raid) * raid.size // 100)
    account = cashier.main(raid.day)
    if amount > account.balance_fen:
        return
    told = (cashier.inst.owner(raid.day), "6299000000000000001", "借款")
    cashier.post(account, raid.day, -amount, "other", told)
    cashier.inst.planted.add(("outflow-related-party", f"day:{iso(raid.day)}"))


def _take_piece(cashier: Cashier, raid: Raid) -> None:
    """Pay a stranger a little, out of the institution's own share."""
    if raid.size <= _surplus(cashier, raid):
        cashier.set_aside += raid.size
        _pay_stranger(cashier, raid, raid.size, "杂费")


def _deposit(cashier: Cashier, raid: Raid) -> None:
    """Put income that is no tuition on the institution's latest account."""
    party = (f"{names.person(cashier.rng)}书店", names.digits(cashier.rng, 14), "图书寄售款")
    cashier.post(cashier.inst.accounts[-1], raid.day, raid.size, "income", party)


def _dip(cashier: Cashier, raid: Raid) -> None:
    surplus = _surplus(cashier, raid)
    if not 0 <= surplus < SMALL_FEN or raid.restored is None:
        return
    if raid.restored > cashier.inst.last or cashier.main(raid.day).balance_fen < SMALL_FEN:
        return
    _pay_stranger(cashier, raid, SMALL_FEN, "代垫款")
    cashier.inst.near_miss(
        "coverage-short", "coverage", raid.day, "short at two closes of working days only"
    )


def _release_named(cashier: Cashier, raid: Raid) -> None:
    """Release the whole price of contracts that have hardly begun."""
    lines = sorted(
        cashier.book.lines.values(),
        key=lambda line: (line.allowed + line.named - line.paid, line.contract.number),
    )
    for line in lines[: raid.size]:
        amount = line.paid - line.refunded - line.named
        if amount <= 0 or amount > cashier.main(raid.day).balance_fen:
            continue
        number = line.contract.number
        cashier.release(raid.day, amount, line.contract, f"划拨 {number}")
        cashier.inst.planted.add(("release-ahead", f"contract:{number}"))


def _release_exactly(cashier: Cashier, raid: Raid) -> None:
    book = cashier.book
    for line in book.lines.values():
        amount = line.free
        if line.named or not 0 < amount <= book.free - book.batches - cashier.set_aside:
            continue
        if amount > cashier.main(raid.day).balance_fen:
            continue
        number = line.contract.number
        cashier.release(raid.day, amount, line.contract, f"划拨 {number}")
        subject = f"contract:{number}"
        cashier.inst.near_miss("release-ahead", subject, raid.day, "by name, exactly what is due")
        return


def _release_ahead(cashier: Cashier, raid: Raid) -> None:
    """Release a batch whose excess is `size` per mille of all that was ever paid."""
    book = cashier.book
    amount = max(0, book.free - book.batches) + book.paid * raid.size // 1000
    amount = min(amount, cashier.main(raid.day).balance_fen * 9 // 10)
    if amount <= book.free - book.batches:
        return
    cashier.release(raid.day, amount, None, "预拨课时费")
    cashier.inst.planted.add(("release-ahead", "batch"))


_DEEDS: dict[str, Callable[[Cashier, Raid], None]] = {
    "share": _take_share,
    "drain": _take_share,
    "flight": _take_share,
    "below": _stay_below,
    "small": _stay_below,
    "approved": _take_approved,
    "kin-approved": _take_approved,
    "kin": _pay_kin,
    "piece": _take_piece,
    "deposit": _deposit,
    "dip": _dip,
    "named": _release_named,
    "named-exact": _release_exactly,
    "reserve": _take_reserve,
    "ahead": _release_ahead,
}


def carry_out(cashier: Cashier, raid: Raid) -> None:
    """Do what a raid says, as far as the account's balance goes."""
    _DEEDS[raid.kind](cashier, raid)
