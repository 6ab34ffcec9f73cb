"""Near-misses: deeds one step inside a limit, in honest institutions, so that a limit is tried."""

from collections.abc import Set as AbstractSet
from itertools import pairwise

from streams.simulator.plan import Broken, Raid, iso
from streams.simulator.workbench import Workbench


def tempt(bench: Workbench) -> None:
    """Plant near-misses of every rule that leaves room for them in this institution."""
    _near_charges(bench)
    _near_parts(bench)
    _academic_above(bench)
    _near_bars(bench)
    _near_complaint(bench)
    _near_signatures(bench)
    _near_debits(bench)


def change_account(bench: Workbench) -> None:
    """Designate a new account, the old one ending the day before."""
    inst = bench.inst
    day = bench.working_day(30, 60)
    bench.redesignate(day)
    inst.near_miss("several-accounts", "accounts", day, "one ends, the other begins the next day")
    _payments_around(bench, day)


def change_account_twice(bench: Workbench) -> None:
    """Change the account again on the first day that is not within 90 days of the first change."""
    inst = bench.inst
    day = bench.working_day(15, 30)
    if day + 90 > inst.last - 2:
        change_account(bench)
        return
    bench.redesignate(day)
    bench.redesignate(day + 90)
    inst.near_miss("several-accounts", "accounts", day + 90, "two changes, 90 days apart")


def _payments_around(bench: Workbench, day: int) -> None:
    """Payments on the last day of an account and on the first day of the next."""
    inst = bench.inst
    new = inst.designated(day)[0]
    old = inst.designated(day - 1)[0]
    for payment in inst.payments:
        if payment.day in {day - 1, day} and not payment.into:
            account = old if payment.day < day else new
            inst.near_miss(
                "payment-outside-account", f"account:{account.number}", payment.day,
                "paid on the last or first day of a designation",
            )  # fmt: skip


def _near_charges(bench: Workbench) -> None:
    inst = bench.inst
    for contract, payment in bench.take(2):
        contract.ends = bench.three_months(contract)
        subject = f"contract:{contract.number}/{iso(payment.day)}"
        inst.near_miss("charge-span", subject, payment.day, "exactly three months")
    for contract, payment in bench.take(2):
        contract.minutes, contract.online = 45, False
        contract.hours, contract.bonus = bench.rng.choice(((6000, 0), (5600, 400)))
        subject = f"contract:{contract.number}/{iso(payment.day)}"
        inst.near_miss("charge-hours", subject, payment.day, "exactly 60 class hours")
    for contract, payment in bench.take(2):
        contract.academic = False
        if bench.reprice(contract, 500_000):
            subject = f"contract:{contract.number}/{iso(payment.day)}"
            inst.near_miss("charge-amount", subject, payment.day, "exactly 5,000.00 yuan")


def _near_parts(bench: Workbench) -> None:
    """Two instalments on the 1st and the 32nd day: two charges, each inside every limit."""
    for contract, payment in bench.take(1, until=bench.inst.last - 33, is_last=True):
        contract.academic = False
        halfway = contract.begins + 61
        bench.divide(contract, (310_000, 300_000), 31, halfway, halfway + 60)
        subject = f"contract:{contract.number}/{iso(payment.day)}"
        for rule in ("charge-span", "charge-amount"):
            bench.inst.near_miss(rule, subject, payment.day, "two instalments 31 days apart")


def _academic_above(bench: Workbench) -> None:
    for contract, payment in bench.take(6):
        contract.special = contract.academic is True
        if contract.academic and bench.reprice(contract, 530_000):
            subject = f"contract:{contract.number}/{iso(payment.day)}"
            bench.inst.near_miss("charge-amount", subject, payment.day, "5,300 yuan, academic")


def _near_bars(bench: Workbench) -> None:
    inst = bench.inst
    by_day = bench.payment_days()
    days = list(by_day)
    length = inst.last - inst.first
    gaps = [
        (day, later)
        for day, later in pairwise(days)
        if later - day > 1 and day > inst.first + length // 6
    ]
    if gaps and bench.rng.random() < 0.7:
        before, after = bench.rng.choice(gaps)
        quiet = (before + 1, after - 1)
        if bench.rng.random() < 0.5:
            bench.suspend(*quiet)
        else:
            bench.interrupt_custody(*quiet)
        why = "paid the day before or after a bar"
    else:
        after = bench.rng.choice(days[len(days) // 4 :])
        before = after - 1
        bench.interrupt_custody(after, after - 1)
        why = "paid on the last or first day of an agreement that follows another"
    for day in (before, after):
        for payment in by_day.get(day, ()):
            if payment.contract:
                subject = f"contract:{payment.contract.number}"
                inst.near_miss("charge-while-barred", subject, day, why)


def _near_complaint(bench: Workbench) -> None:
    inst = bench.inst
    if bench.rng.random() < 0.5:
        day = bench.working_day(20, 90)
        account = inst.designated(day)[0].number
        inst.complaints.append((day, 180_000, account, ""))
        subject = f"account:{account}"
        why = "a complaint that names the designated account"
        inst.near_miss("payment-outside-account", subject, day, why)


def _near_signatures(bench: Workbench) -> None:
    inst = bench.inst
    same_day = 0
    for payment in inst.payments:
        contract = payment.contract
        if contract is None:
            continue
        subject = f"contract:{contract.number}"
        if contract.told > payment.day + 5:
            why = "signed in time, told up to 10 days late"
            inst.near_miss("charge-without-contract", subject, payment.day, why)
        elif payment.day == contract.signed and same_day < 3:
            same_day += 1
            why = "signed on the day of the payment"
            inst.near_miss("charge-without-contract", subject, payment.day, why)


def _near_debits(bench: Workbench) -> None:
    inst, rng = bench.inst, bench.rng
    days = [bench.working_day(low, low + 12) for low in (25, 40, 55, 70)]
    if inst.tight:
        for day in days[:2]:
            inst.raids.append(Raid(day, "dip", restored=bench.season.after(day, 2)))
        return
    if rng.random() < 0.5:
        inst.buffer_fen = rng.randrange(3_000_000, 9_000_000, 10_000)
        first, second, third, fourth = days
        inst.raids += [Raid(first, "below"), Raid(second, "small")]
        inst.raids += [Raid(third, "approved"), Raid(fourth, "below")]
    elif rng.random() < 0.5:
        inst.raids.extend(Raid(day, "named-exact") for day in days[::2])


def siblings(bench: Workbench) -> None:
    """One parent pays the same price twice without a number; an officer says which is which."""
    taken = sorted(bench.take(8), key=lambda pair: pair[0].signed)
    for contract, _ in taken:
        contract.special = False
    close = [pair for pair in pairwise(taken) if pair[1][0].signed - pair[0][0].signed <= 20]
    if bench.inst.bank == "boc" or not close:
        # That bank's entries are known at the month's end only: an officer could not say it sooner.
        return
    (older, paid), (younger, other) = close[0]
    older.special = younger.special = True
    price = older.price_fen
    younger.payers, younger.payer_account = older.payers, older.payer_account
    younger.price_fen = price
    for contract, payment in ((older, paid), (younger, other)):
        payment.amount_fen = price
        payment.payer, payment.payer_account = older.payers[0], older.payer_account
        payment.remittance, payment.with_number = "学费", False
        payment.by_relative, payment.ambiguous = False, True
        contract.order_number = ""


def correct_later(bench: Workbench) -> None:
    """Deliver one statement with a wrong figure; the right one comes on the next day."""
    found = statements_of(bench, {"payment"})
    if found:
        account, day = bench.rng.choice(found)
        gap = bench.rng.randrange(1, 90_000)
        bench.inst.broken.append(Broken(account, day, gap_fen=gap, corrected=day + 1))
        why = "corrected on the next day"
        bench.inst.near_miss("statement-broken", f"statement:{account}", day, why)


def break_for_good(bench: Workbench) -> None:
    """Deliver one statement with a wrong figure, and nothing better ever after."""
    found = statements_of(bench, {"payment", "release", "fee"})
    # What hangs on a refund that nobody hears of, the judge finds.
    found = found or statements_of(bench, {"payment", "release", "fee", "refund", "interest"})
    if found:
        account, day = bench.rng.choice(found)
        gap = bench.rng.randrange(1, 900_000)
        bench.inst.broken.append(Broken(account, day, gap_fen=gap))
        bench.inst.planted.add(("statement-broken", "*"))


def statements_of(bench: Workbench, meanings: AbstractSet[str]) -> list[tuple[str, int]]:
    """Account and day of statements that hold nothing else than such entries."""
    inst = bench.inst
    if inst.bank == "boc":
        # Its statements are of a month: too much would be unknown until the right one comes.
        return []
    by_day: dict[tuple[str, int], list[str]] = {}
    for entry in inst.entries:
        if entry.account.purpose == "dedicated":
            by_day.setdefault((entry.account.number, entry.day), []).append(entry.meaning)
    least = 3 if inst.bank == "ccb" else 1
    return [
        key
        for key, found in by_day.items()
        if set(found) <= meanings
        and len(found) >= least
        and inst.first + 30 < key[1] < inst.last - 3
        and bench.season.working(key[1])
    ]
