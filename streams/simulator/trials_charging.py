"""Trials of rules about charges: what breaks them, and what stops just before."""

from dataclasses import replace

from models.working_days import add_months_ordinal
from streams.simulator.judge_local import GUIDES_FEN, allowed_fen
from streams.simulator.plan import Cash, Contract, Day, Declared, iso
from streams.simulator.stage import Stage

_SPLIT_FEN = 250_000
_SPLIT_DAYS = 30
_CLASS_SIZE = 8


# ---- charge-split ----


def split(stage: Stage) -> bool:
    """One course sold in two contracts that together pass 5,000 yuan by a fen or more."""
    more = stage.rng.choice((1, 1, 40_000, 120_000))
    return sum(_split(stage, more) for _ in range(3)) > 0


def nearly_split(stage: Stage) -> bool:
    """The same at exactly 5,000 yuan."""
    return _split(stage, 0)


def _split(stage: Stage, more_fen: int) -> bool:
    inst = stage.inst
    for contract, payment in stage.bench.take(1):
        if not stage.bench.reprice(contract, _SPLIT_FEN):
            continue
        contract.academic = False
        contract.parts = ()
        other = _second(stage, contract, _SPLIT_FEN + more_fen)
        payment.with_number, payment.remittance = True, f"学费 {contract.number}"
        paid = replace(payment, contract=other, amount_fen=other.price_fen)
        paid.remittance = f"学费 {other.number}"
        inst.payments.append(paid)
        subject = f"contract:{contract.number}/{iso(payment.day)}"
        if more_fen:
            inst.declared.append(Declared("charge-split", subject, payment.day))
        else:
            why = "one course in two contracts, exactly 5,000 yuan together"
            inst.near_miss("charge-split", subject, payment.day, why)
        return True
    return False


def _second(stage: Stage, contract: Contract, price_fen: int) -> Contract:
    """A further contract for the second half of the lessons of this one."""
    inst = stage.inst
    whole = contract.hours
    contract.hours = whole // 2
    other = replace(contract, number=f"{contract.number}-2", price_fen=price_fen)
    other.hours, other.order_number = whole - contract.hours, ""
    left = contract.hours
    for session in inst.sessions:
        if contract in session.present:
            left -= session.hours
            if left < 0:
                session.present[session.present.index(contract)] = other
    inst.contracts.append(other)
    return other


# ---- charge-early ----


def early(stage: Stage) -> bool:
    """Paid a day, or months, more than a month before the first lesson."""
    return _paid_ahead(stage, stage.rng.randint(1, 4), stage.rng.choice((1, 1, 20, 45)))


def nearly_early(stage: Stage) -> bool:
    """Paid exactly a month before the first lesson."""
    return _paid_ahead(stage, 2, 0)


def _paid_ahead(stage: Stage, count: int, days: int) -> bool:
    inst = stage.inst
    taken = stage.bench.take(count, since=inst.first + 100)
    done = False
    for contract, payment in taken:
        day = contract.begins
        while add_months_ordinal(day, 1) >= contract.begins + (not days):
            day -= 1
        day -= max(0, days - 1)
        taught = [one.day for one in inst.sessions if contract in one.present]
        if not taught or min(taught) < contract.begins or _is_near_another(stage, contract, day):
            continue
        contract.signed = contract.told = payment.day = day
        done = True
        if not days:
            subject = f"contract:{contract.number}/{iso(day)}"
            why = "paid exactly a month before the first lesson"
            inst.near_miss("charge-early", subject, day, why)
    return done


def _is_near_another(stage: Stage, contract: Contract, day: Day) -> bool:
    """Whether the student pays for another course about that day: together they may be a split."""
    return any(
        abs(payment.day - day) <= _SPLIT_DAYS
        for other in stage.inst.contracts
        if other.student == contract.student and other is not contract
        for payment in stage.bench.payments.get(other.number, ())
    )


# ---- charge-over-guide-price ----


def over_guide(stage: Stage) -> bool:
    """Primary school above the guide price and its tenth."""
    return _priced(stage, stage.rng.choice((1, 1, 10_000, 40_000)))


def at_guide(stage: Stage) -> bool:
    """Primary school at the guide price and its tenth, to the fen."""
    return _priced(stage, 0)


def _priced(stage: Stage, above_fen: int) -> bool:
    inst = stage.inst
    done = False
    for contract, payment in stage.bench.take(4):
        contract.academic, contract.stage = True, "primary"
        contract.class_size = stage.rng.choice(list(GUIDES_FEN))
        if not stage.bench.reprice(contract, allowed_fen(contract) + above_fen):
            contract.stage, contract.class_size = "junior", _CLASS_SIZE
            continue
        done = True
        if not above_fen:
            subject = f"contract:{contract.number}"
            why = "the guide price and a tenth, to the fen"
            inst.near_miss("charge-over-guide-price", subject, payment.day, why)
    for contract in inst.contracts:
        if contract.academic and not contract.stage:
            contract.stage, contract.class_size = "junior", _CLASS_SIZE
    return done


# ---- cash-not-banked ----


def kept_cash(stage: Stage) -> bool:
    """Cash that reaches the account on the fourth working day or later."""
    return _cash(stage, 4, stage.rng.choice((4, 5, 7)))


def banked_cash(stage: Stage) -> bool:
    """Cash that reaches the account on the third working day."""
    return _cash(stage, 2, 3)


def _cash(stage: Stage, count: int, working_days: int) -> bool:
    inst = stage.inst
    for contract, payment in stage.bench.take(count, until=inst.last - 40):
        taken = max(payment.day, contract.signed)
        banked = stage.season.after(taken, working_days)
        if banked is None:
            continue
        payment.day, payment.payer = banked, contract.payers[0]
        payment.with_number, payment.remittance = True, f"现金缴存 {contract.number}"
        number = f"XJ{inst.index:04d}-{len(inst.cash) + 1:03d}"
        inst.cash.append(Cash(number, contract, taken, payment.amount_fen))
        if working_days == 3:
            why = "on the account on the third working day"
            inst.near_miss("cash-not-banked", f"cash:{number}", taken, why)
    return bool(inst.cash)


# ---- cannot-decide ----


def untold_kind(stage: Stage) -> bool:
    """The register does not say whether a course is academic."""
    inst = stage.inst
    taken = stage.bench.take(3)
    for contract, payment in taken:
        contract.academic = None
        subject = f"charge-amount/contract:{contract.number}/{iso(payment.day)}"
        inst.declared.append(Declared("cannot-decide", subject, payment.day, level="blue"))
    return bool(taken)


def untold_account(stage: Stage) -> bool:
    """The bank does not tell the payer's account: the name is enough."""
    inst = stage.inst
    taken = stage.bench.take(3)
    for contract, payment in taken:
        payment.payer_account = ""
        subject = f"charge-amount/contract:{contract.number}/{iso(payment.day)}"
        why = "a field is missing that nothing needs"
        inst.near_miss("cannot-decide", subject, payment.day, why)
    return bool(taken)


# ---- missing-inflow ----


def paid_elsewhere(stage: Stage) -> bool:
    """Every sixth family pays where nobody sees it; the lessons are held all the same."""
    inst = stage.inst
    middle = inst.first + (inst.last - inst.first) * 2 // 3
    taken = stage.bench.take(len(inst.contracts) // 6, until=middle)
    _unpaid(stage, [contract for contract, _ in taken])
    if not taken:
        return False
    begun = min(contract.begins for contract, _ in taken)
    inst.story.signs["outside"] = begun
    inst.declared.append(Declared("missing-inflow", "inflow", begun))
    return True


def few_unpaid(stage: Stage) -> bool:
    """A handful of families, of 2 per cent of all prices, never pay."""
    inst = stage.inst
    # Late in time, so that it is a small share of all contracts on every day.
    since = inst.first + (inst.last - inst.first) // 2
    taken = stage.bench.take(1, since=since)
    _unpaid(stage, [contract for contract, _ in taken])
    for contract, payment in taken:
        why = f"contract {contract.number} was never paid: below 3 % of all"
        inst.near_miss("missing-inflow", "inflow", payment.day, why)
    return bool(taken)


def _unpaid(stage: Stage, contracts: list[Contract]) -> None:
    numbers = {contract.number for contract in contracts}
    stage.inst.payments = [
        each
        for each in stage.inst.payments
        if each.contract is None or each.contract.number not in numbers
    ]
