"""Wrongs about papers and parties, and what only looks like them; planted without a trace."""

from collections.abc import Callable

from streams.simulator import names
from streams.simulator.judge_papers import COUNT_CARD, LENDER, STORED
from streams.simulator.plan import NEVER, Contract, Day, Raid, Refund, Span, iso
from streams.simulator.workbench import Workbench

_SESSIONS_LEAST = 20


def _above_published(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 3))
    for contract, _ in taken:
        dearest = max(c.price_fen for c in bench.inst.contracts if c.subject == contract.subject)
        if dearest < 490_000 and bench.reprice(contract, dearest + bench.rng.choice((1, 5_000))):
            bench.inst.unpublished.add(contract.number)
            _note(bench, "charge-unlisted", f"contract:{contract.number}")
    return bool(taken)


def _not_published(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 3))
    for contract, _ in taken:
        contract.subject = bench.rng.choice(("考级集训", "器材", "夏令营"))
        bench.inst.unpublished.add(contract.number)
        _note(bench, "charge-unlisted", f"contract:{contract.number}")
    return bool(taken)


def _by_loan(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 3))
    for contract, payment in taken:
        payment.payer, payment.payer_account = LENDER, names.digits(bench.rng, 16)
        payment.remittance, payment.with_number = f"代付学费 {contract.number}", True
        _note(bench, "charge-by-loan", f"contract:{contract.number}")
    return bool(taken)


def _topped_up(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 3))
    for contract, payment in taken:
        payment.remittance, payment.with_number = f"{STORED} {contract.number}", True
        _note(bench, "charge-stored-value", f"contract:{contract.number}")
    return bool(taken)


def _count_card(bench: Workbench) -> bool:
    taken = bench.take(bench.rng.randint(1, 3))
    for contract, _ in taken:
        contract.subject += COUNT_CARD
        _note(bench, "charge-stored-value", f"contract:{contract.number}")
    return bool(taken)


def _without_invoice(bench: Workbench) -> bool:
    inst = bench.inst
    taken = bench.take(bench.rng.randint(2, 6), until=inst.last - 40)
    for contract, _ in taken:
        inst.uninvoiced.add(contract.number)
    _note(bench, "charge-without-invoice", "*")
    return bool(taken)


def _bank_fees(bench: Workbench) -> bool:
    if bench.inst.reserve or bench.inst.tight or not bench.inst.buffer_fen:
        return False
    bench.inst.bank_fees = True
    _note(bench, "bank-fee", "*")
    return True


def _misdirected(bench: Workbench) -> bool:
    inst, rng = bench.inst, bench.rng
    asked_any = False
    for contract, _ in bench.take(rng.randint(1, 3), until=inst.last - 35):
        asked = contract.begins + rng.randint(3, 12)
        if asked > inst.last - 8:
            continue
        _request(bench, contract, asked).payee = f"{names.person(rng)}商贸行"
        asked_any = True
    _note(bench, "refund-misdirected", "*")
    return asked_any


def _reserve_taken(bench: Workbench) -> bool:
    if not bench.inst.reserve:
        return False
    size = bench.rng.choice((109, 104, 99, 85, 60, 30))
    bench.inst.raids.append(Raid(bench.working_day(30, 80), "reserve", size))
    return True


def _reserve_pledged(bench: Workbench) -> bool:
    inst, account = bench.inst, bench.inst.reserve_account
    if account is None:
        return False
    begins = bench.working_day(30, 70)
    ends = bench.rng.choice((NEVER, begins + 20, begins))
    inst.pledges.append((account.number, Span(f"ZY{inst.index:04d}-01", begins, ends)))
    _note(bench, "reserve-pledged", f"account:{account.number}")
    return True


def _unanswered(bench: Workbench) -> bool:
    """Requests that are answered on the sixth working day or later, or never."""
    inst, rng = bench.inst, bench.rng
    asked_any = False
    for contract, _ in bench.take(rng.randint(1, 2), until=inst.last - 35):
        asked = contract.begins + rng.randint(3, 12)
        if asked <= inst.last - 12:
            request = _request(bench, contract, asked)
            request.shares = rng.choice((((20, 100),), ((7, 100),), ()))
            request.answer_delay = rng.choice((6, 9, 400))
            _note(bench, "refund-unanswered", f"refund:{request.number}")
            asked_any = True
    return asked_any


def _request(bench: Workbench, contract: Contract, asked: Day) -> Refund:
    inst = bench.inst
    contract.asked = asked
    for session in inst.sessions:
        if session.day >= asked and contract in session.present:
            session.present.remove(contract)
    number = f"TF{inst.index:04d}-{len(inst.refunds) + 1:04d}"
    inst.refunds.append(Refund(number, contract, asked, ((1, 100),)))
    return inst.refunds[-1]


def _by_silence(bench: Workbench) -> bool:
    return _fall_silent(bench, bench.rng.choice((30, 45, 55, 75, 95)), 0)


def _fall_silent(bench: Workbench, percent: int, less: int) -> bool:
    """Let so many sessions of a month be confirmed by nobody, `less` fewer than the share asks."""
    inst = bench.inst
    months: dict[str, list[int]] = {}
    for place, session in enumerate(inst.sessions):
        if session.present:
            months.setdefault(iso(session.day)[:7], []).append(place)
    full = [month for month, places in months.items() if len(places) >= _SESSIONS_LEAST + 5]
    full = [month for month in full if month != iso(inst.last + 1)[:7]]
    if not full:
        return False
    month = bench.rng.choice(full)
    count = -(-len(months[month]) * percent // 100) - less
    for place in bench.rng.sample(months[month], count):
        inst.sessions[place].silent = True
    if less:
        inst.near_miss(
            "timeout-confirmed", f"month:{month}", inst.sessions[months[month][-1]].day,
            "one session below 30 %",
        )  # fmt: skip
    else:
        _note(bench, "timeout-confirmed", f"month:{month}")
    return True


def tempt_papers(bench: Workbench) -> None:
    """Plant near-misses of these rules in an honest institution."""
    inst = bench.inst
    for contract, payment in bench.take(2, until=inst.last - 40):
        inst.invoiced_last.add(contract.number)
        why = "invoiced on the 15th working day"
        inst.near_miss("charge-without-invoice", f"contract:{contract.number}", payment.day, why)
    for contract, payment in bench.take(1):
        payment.payer = "江西青禾科技有限公司"
        payment.remittance, payment.with_number = f"一卡通转账 {contract.number}", True
        subject = f"contract:{contract.number}"
        inst.near_miss("charge-by-loan", subject, payment.day, "paid by an employer")
        inst.near_miss("charge-stored-value", subject, payment.day, "a card, but no stored value")
    for refund in inst.refunds:
        if len(refund.contract.payers) > 1:
            refund.payee = refund.contract.payers[1]
            why = "paid back to the other parent"
            inst.near_miss("refund-misdirected", f"refund:{refund.number}", refund.asked, why)
            break
    dearest: dict[str, tuple[int, str, int]] = {}
    for contract in inst.contracts:
        key = (contract.price_fen, contract.number, contract.signed)
        dearest[contract.subject] = max(dearest.get(contract.subject, key), key)
    for _, number, signed in list(dearest.values())[:3]:
        why = "at the published price, to the fen"
        inst.near_miss("charge-unlisted", f"contract:{number}", signed, why)
    _fall_silent(bench, 30, 1)
    _tempt_reserve(bench)
    for contract, _ in bench.take(1, until=inst.last - 40):
        asked = contract.begins + 5
        if asked < inst.last - 20 and inst.bank != "boc":
            request = _request(bench, contract, asked)
            request.answer_delay, request.shares = 5, ((3, 100),)
            why = "answered on the 5th working day"
            inst.near_miss("refund-unanswered", f"refund:{request.number}", asked, why)


def _tempt_reserve(bench: Workbench) -> None:
    inst = bench.inst
    if inst.reserve:
        inst.raids.append(Raid(bench.working_day(30, 70), "reserve", 110))
    account, day = inst.settlement.number, bench.working_day(30, 70)
    inst.pledges.append((account, Span(f"ZY{inst.index:04d}-02", day, day + 10)))
    why = "a pledge of another account than that of the reserve"
    inst.near_miss("reserve-pledged", f"account:{account}", day, why)


def _note(bench: Workbench, rule: str, subject: str) -> None:
    bench.inst.planted.add((rule, subject))


PAPER_PLANTS: dict[str, Callable[[Workbench], bool]] = {
    "charge-unlisted": _not_published,
    "charge-by-loan": _by_loan,
    "charge-stored-value": _topped_up,
    "charge-without-invoice": _without_invoice,
    "bank-fee": _bank_fees,
    "refund-misdirected": _misdirected,
    "timeout-confirmed": _by_silence,
    "reserve-short": _reserve_taken,
    "reserve-pledged": _reserve_pledged,
    "refund-unanswered": _unanswered,
    "charge-unlisted/price": _above_published,
    "charge-stored-value/card": _count_card,
}
