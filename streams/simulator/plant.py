"""The wrongs that are planted, one function each. What follows from them the judge finds."""

from collections.abc import Callable

from streams.simulator import names
from streams.simulator.plan import Payment, Raid, Refund, Session, iso
from streams.simulator.plant_papers import PAPER_PLANTS
from streams.simulator.workbench import Workbench

Plant = Callable[[Workbench], bool]


def _span_long(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 4))
    for contract, payment in taken:
        contract.ends = bench.three_months(contract) + bench.rng.choice((1, 1, 30, 92, 275))
        _note(bench, "charge-span", f"contract:{contract.number}/{iso(payment.day)}")
    return bool(taken)


def _span_by_parts(bench: Workbench) -> bool:
    """Two instalments of two months each, paid within 30 days: one charge of four months."""
    taken = bench.take(2, until=bench.inst.last - 32)
    for contract, payment in taken:
        halfway = contract.begins + 61
        first = contract.price_fen * 11 // 20
        amounts = (first, contract.price_fen - first)
        bench.divide(contract, amounts, bench.rng.choice((3, 15, 30)), halfway, halfway + 60)
        _note(bench, "charge-span", f"contract:{contract.number}/{iso(payment.day)}")
    return bool(taken)


def _hours_many(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 4))
    for contract, payment in taken:
        contract.minutes, contract.online = 45, False
        contract.hours = bench.rng.choice((6001, 6050, 6100, 9600, 12_000))
        _note(bench, "charge-hours", f"contract:{contract.number}/{iso(payment.day)}")
    return bool(taken)


def _hours_bonus(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 3))
    for contract, payment in taken:
        contract.minutes, contract.online = 45, False
        contract.hours, contract.bonus = 5600, bench.rng.choice((401, 450, 1600))
        _note(bench, "charge-hours", f"contract:{contract.number}/{iso(payment.day)}")
    return bool(taken)


def _amount_high(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 4))
    for contract, payment in taken:
        contract.academic = False
        if bench.reprice(contract, bench.rng.choice((500_001, 500_001, 528_000, 720_000))):
            _note(bench, "charge-amount", f"contract:{contract.number}/{iso(payment.day)}")
    return bool(taken)


def _amount_by_parts(bench: Workbench) -> bool:
    taken = bench.take(2, until=bench.inst.last - 32)
    for contract, payment in taken:
        contract.academic = False
        halfway = (contract.begins + contract.ends) // 2
        amounts = (250_001, 250_000) if bench.rng.random() < 0.5 else (300_000, 290_000)
        bench.divide(contract, amounts, bench.rng.choice((2, 14, 30)), halfway, contract.ends)
        _note(bench, "charge-amount", f"contract:{contract.number}/{iso(payment.day)}")
    return bool(taken)


def _suspended(bench: Workbench) -> bool:
    window = _paid_window(bench)
    if window is None:
        return False
    bench.suspend(*window)
    _note(bench, "charge-while-barred", "*")
    return True


def _custody_gap(bench: Workbench) -> bool:
    window = _paid_window(bench)
    if window is None:
        return False
    bench.interrupt_custody(*window)
    _note(bench, "charge-while-barred", "*")
    return True


def _paid_window(bench: Workbench) -> tuple[int, int] | None:
    """Days in which a few payments come in: one day of payments and the quiet days after it."""
    inst = bench.inst
    length = inst.last - inst.first
    by_day = bench.payment_days()
    days = list(by_day)
    fitting = [
        index
        for index, day in enumerate(days[:-1])
        if inst.first + length // 5 <= day <= inst.last - length // 5 and len(by_day[day]) <= 5
    ]
    if not fitting:
        return None
    index = bench.rng.choice(fitting)
    return days[index], days[index + 1] - 1


def _nobodys_tuition(bench: Workbench) -> bool:
    for _ in range(bench.rng.randint(1, 3)):
        day = bench.working_day(15, 90)
        payer = names.person(bench.rng) + "某"
        amount = bench.rng.randrange(150_000, 480_000, 1000) + 7
        account = names.card_number(bench.rng)
        text = bench.rng.choice(("学费", "培训费", "课程费用"))
        bench.inst.payments.append(
            Payment(None, day, amount, payer, account, text, with_number=False)
        )
    _note(bench, "charge-without-contract", "*")
    return True


def _paid_before_signing(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 3))
    for contract, payment in taken:
        payment.day = max(bench.inst.first + 1, contract.signed - bench.rng.randint(1, 6))
    _note(bench, "charge-without-contract", "*")
    return bool(taken)


def _own_other_account(bench: Workbench) -> bool:
    settlement = bench.inst.settlement
    settlement.fed = True
    taken = bench.take(bench.rng.randint(1, 6), since=bench.working_day(10, 50))
    for _, payment in taken:
        payment.into = settlement.number
    _note(bench, "payment-outside-account", f"account:{settlement.number}")
    return bool(taken)


def _strangers_account(bench: Workbench) -> bool:
    inst = bench.inst
    stranger = names.card_number(bench.rng)
    taken = bench.take(bench.rng.randint(1, 5), since=bench.working_day(10, 50))
    for contract, payment in taken:
        payment.into, payment.by_receipt = stranger, True
        if bench.rng.random() < 0.4 and payment.day + 9 <= inst.last:
            told = (payment.day + 9, payment.amount_fen, stranger, contract.number)
            inst.complaints.append(told)
    _note(bench, "payment-outside-account", f"account:{stranger}")
    return bool(taken)


def _complaint_only(bench: Workbench) -> bool:
    stranger = names.card_number(bench.rng)
    amount = bench.rng.randrange(100_000, 1_500_000, 100)
    bench.inst.complaints.append((bench.working_day(20, 90), amount, stranger, ""))
    _note(bench, "payment-outside-account", f"account:{stranger}")
    return True


def _two_at_once(bench: Workbench) -> bool:
    inst = bench.inst
    begins = bench.working_day(25, 45)
    second = bench.designate(begins)
    if bench.rng.random() < 0.7:
        second.valid_to = min(begins + bench.rng.choice((0, 20, 45)), inst.last - 1)
    for payment in inst.payments:
        inside = second.valid_from <= payment.day <= second.valid_to
        if inside and not payment.into and bench.rng.random() < 0.25:
            payment.into, payment.wrong_first = second.number, None
    _note(bench, "several-accounts", "accounts")
    return True


def _two_changes(bench: Workbench) -> bool:
    begins = bench.working_day(20, 40)
    later = min(begins + bench.rng.choice((30, 60, 89)), bench.inst.last - 3)
    bench.redesignate(begins)
    bench.redesignate(later)
    _note(bench, "several-accounts", "accounts")
    return True


def _released_by_name(bench: Workbench) -> bool:
    day = bench.working_day(35, 75)
    bench.inst.raids.append(Raid(day, "named", bench.rng.randint(1, 3)))
    return True


def _released_batch(bench: Workbench) -> bool:
    day = bench.working_day(35, 75)
    bench.inst.raids.append(Raid(day, "ahead", bench.rng.choice((8, 60, 120, 230))))
    return True


def _drained(bench: Workbench) -> bool:
    """Four per cent a week: below every limit of outflow, until the lessons are uncovered."""
    inst = bench.inst
    inst.buffer_fen = min(inst.buffer_fen, 100_000)
    restored = bench.working_day(88, 95) if bench.rng.random() < 0.5 else None
    begins = bench.working_day(35, 50)
    for week in range(bench.rng.randint(6, 8)):
        inst.raids.append(Raid(begins + 7 * week, "drain", 4, restored))
    return True


def _raided(bench: Workbench) -> bool:
    day = bench.working_day(40, 80)
    size = bench.rng.choice((5, 8, 12, 25, 45))
    later = bench.season.after(day, bench.rng.choice((1, 6, 15)))
    restored = later if bench.rng.random() < 0.6 else None
    bench.inst.raids.append(Raid(day, "share", size, restored))
    return True


def _refunded_late(bench: Workbench) -> bool:
    return _ask_back(bench, ((4, 100),), ((6, 100),), ((11, 100),), ((17, 100),), ())


def _refunded_in_part(bench: Workbench) -> bool:
    return _ask_back(bench, ((1, 60), (8, 40)), ((2, 99),), ((2, 50), (5, 30), (14, 20)))


def _ask_back(bench: Workbench, *ways: tuple[tuple[int, int], ...]) -> bool:
    inst = bench.inst
    by_day: list[Session] = inst.sessions
    asked_any = False
    for contract, _ in bench.take(bench.rng.randint(1, 3), until=inst.last - 35):
        asked = contract.begins + bench.rng.randint(3, 12)
        if asked > inst.last - 8:
            continue
        contract.asked = asked
        for session in by_day:
            if session.day >= asked and contract in session.present:
                session.present.remove(contract)
        number = f"TF{inst.index:04d}-{len(inst.refunds) + 1:04d}"
        inst.refunds.append(Refund(number, contract, asked, bench.rng.choice(ways)))
        _note(bench, "refund-late", f"refund:{number}")
        asked_any = True
    return asked_any


def _statement_broken(bench: Workbench) -> bool:
    """Marked here; which statement it is, is chosen once the entries are there."""
    return bench.inst.bank != "boc"


def _note(bench: Workbench, rule: str, subject: str) -> None:
    bench.inst.planted.add((rule, subject))


BROKEN_FOR_GOOD = "statement-broken"

# The first twelve are one for each rule, so that a small city has them all.
PLANTS: dict[str, Plant] = {
    "charge-span": _span_long,
    "charge-hours": _hours_many,
    "charge-amount": _amount_high,
    "charge-while-barred": _suspended,
    "charge-without-contract": _nobodys_tuition,
    "payment-outside-account": _own_other_account,
    "several-accounts": _two_at_once,
    "release-ahead": _released_by_name,
    "coverage-short": _drained,
    "outflow-large": _raided,
    "refund-late": _refunded_late,
    BROKEN_FOR_GOOD: _statement_broken,
    "charge-span/parts": _span_by_parts,
    "charge-hours/bonus": _hours_bonus,
    "charge-amount/parts": _amount_by_parts,
    "charge-while-barred/gap": _custody_gap,
    "charge-without-contract/early": _paid_before_signing,
    "payment-outside-account/receipt": _strangers_account,
    "payment-outside-account/complaint": _complaint_only,
    "several-accounts/changes": _two_changes,
    "release-ahead/batch": _released_batch,
    "refund-late/part": _refunded_in_part,
    **PAPER_PLANTS,
}
