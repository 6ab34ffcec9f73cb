"""The truth about contracts, accounts and refunds, worked out from the plan with literal limits.

The simulator knows what each entry means, so this needs neither matching nor classes; it shares no
code with the rules that are tried on the city.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from models.working_days import add_months_ordinal
from streams.simulator.plan import Contract, Day, Entry, Institution, Part, Refund, iso
from streams.simulator.season import Season

CHARGE_DAYS = 30
_HOURS_MOST = 6000
_AMOUNT_MOST_FEN = 500_000
_AMOUNT_SINCE = date(2022, 12, 29).toordinal()
_OUTSIDE_RED_FEN = 1_000_000
_CHANGE_DAYS = 90
_REFUND_STEPS = ((15, "red"), (10, "orange"), (5, "yellow"), (3, "blue"))


@dataclass(slots=True)
class Wrong:
    """One line of the truth; `until` None means that it stands on the last day."""

    rule: str
    subject: str
    day: Day
    until: Day | None
    amount_fen: int | None
    level: str


def visible(inst: Institution) -> list[Entry]:
    """The entries that a regulator ever gets to know: not those of statements left broken."""
    held = {(slip.account, slip.day) for slip in inst.broken if slip.corrected is None}
    return [entry for entry in inst.entries if (entry.account.number, entry.day) not in held]


def judge(inst: Institution, season: Season, entries: list[Entry]) -> Iterator[Wrong]:
    """Everything wrong that needs no day-by-day book."""
    payments: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.meaning == "payment" and entry.contract:
            payments[entry.contract.number].append(entry)
    for contract in inst.contracts:
        paid = payments.get(contract.number, [])
        yield from _charges(contract, paid)
        yield from _barred(inst, contract, paid)
    yield from _without_contract(inst, season, entries)
    yield from _outside(inst, payments)
    yield from _several_accounts(inst)
    yield from _refunds(inst, season, entries)
    yield from _broken(inst)


def windows(
    rule: str, subject: str, days: Iterable[tuple[Day, tuple[int | None, str] | None]], last: Day
) -> Iterator[Wrong]:
    """Unbroken runs of days on which a state stands, each with its figures as they last stood."""
    run: Wrong | None = None
    for day, standing in days:
        if standing is None:
            if run is not None:
                yield run
            run = None
            continue
        amount, level = standing
        begun = day if run is None else run.day
        run = Wrong(rule, subject, begun, day, amount, level)
    if run is not None:
        yield replace(run, until=None if run.until == last else run.until)


def _charges(contract: Contract, payments: list[Entry]) -> Iterator[Wrong]:
    spent = 0
    index = 0
    while index < len(payments):
        first = payments[index].day
        charge = [p for p in payments[index:] if p.day <= first + CHARGE_DAYS]
        index += len(charge)
        total = sum(payment.amount_fen for payment in charge)
        subject = f"contract:{contract.number}/{iso(first)}"
        for rule, level, day, amount in _broken_limits(contract, spent, charge):
            since = max(day, contract.signed)
            yield Wrong(rule, subject, since, None, total if amount is None else amount, level)
        spent += total


def _broken_limits(
    contract: Contract, spent: int, charge: list[Entry]
) -> Iterator[tuple[str, str, Day, int | None]]:
    """Rule, level, first day and own amount of each limit that a charge breaks."""
    levels: dict[str, tuple[str, Day]] = {}
    limited = 0
    money = spent
    for payment in charge:
        money += payment.amount_fen
        begins, ends, hours = bought(contract, spent, money)
        if ends > add_months_ordinal(begins, 3):
            levels.setdefault("charge-span", ("orange", payment.day))
        standard = hours * contract.minutes / standard_minutes(contract)
        bonus = contract.bonus * hours / contract.hours
        day = levels.get("charge-hours", ("", payment.day))[1]
        if standard > _HOURS_MOST:
            levels["charge-hours"] = ("orange", day)
        elif standard + bonus > _HOURS_MOST:
            levels["charge-hours"] = ("yellow", day)
        if payment.day >= _AMOUNT_SINCE and contract.academic is False:
            limited += payment.amount_fen
            if limited > _AMOUNT_MOST_FEN:
                levels.setdefault("charge-amount", ("orange", payment.day))
    for rule, (level, day) in levels.items():
        yield rule, level, day, limited if rule == "charge-amount" else None


def standard_minutes(contract: Contract) -> int:
    """The length of a standard class hour of the contract's way of teaching."""
    return 30 if contract.online else 45


def bought(contract: Contract, since: int, until: int) -> tuple[Day, Day, Fraction]:
    """First day, last day and hours that the money between two sums of a contract buys."""
    whole = Part(
        contract.price_fen, contract.begins, contract.hours, contract.begins, contract.ends
    )
    begins, ends, hours = contract.ends, contract.begins, Fraction(0)
    offset = 0
    for part in contract.parts or (whole,):
        low = max(since - offset, 0)
        high = min(until - offset, part.amount_fen)
        offset += part.amount_fen
        if low >= high:
            continue
        days = part.ends - part.begins + 1
        begins = min(begins, part.begins + days * low // part.amount_fen)
        ends = max(ends, part.begins - (-days * high // part.amount_fen) - 1)
        hours += Fraction(part.hours * (high - low), part.amount_fen)
    return begins, ends, hours


def barred(inst: Institution, day: Day) -> bool:
    """Whether the institution may take no money that day."""
    covered = any(span.begins <= day <= span.ends for span in inst.custody)
    return not covered or any(span.begins <= day <= span.ends for span in inst.suspensions)


def _barred(inst: Institution, contract: Contract, payments: list[Entry]) -> Iterator[Wrong]:
    taken = [payment for payment in payments if barred(inst, payment.day)]
    if taken:
        day = max(contract.signed, taken[0].day)
        amount = sum(payment.amount_fen for payment in taken)
        subject = f"contract:{contract.number}"
        yield Wrong("charge-while-barred", subject, day, None, amount, "red")


def _without_contract(inst: Institution, season: Season, entries: list[Entry]) -> Iterator[Wrong]:
    for entry in entries:
        early = (
            entry.meaning == "payment"
            and entry.contract is not None
            and entry.day < entry.contract.signed
        )
        if entry.meaning != "unmatched" and not early:
            continue
        if entry.account not in inst.designated(entry.day):
            continue
        day = season.after(entry.day, 3)
        if early and entry.contract is not None:
            day = entry.contract.signed if day is None else min(day, entry.contract.signed)
        if day is not None:
            amount = entry.amount_fen
            yield Wrong("charge-without-contract", entry.subject, day, None, amount, "yellow")


def _outside(inst: Institution, payments: dict[str, list[Entry]]) -> Iterator[Wrong]:
    # By account, then by contract: what bank entries say, and what receipts say.
    booked: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    given: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    days: dict[str, list[Day]] = defaultdict(list)
    for number, paid in payments.items():
        for entry in paid:
            if entry.account not in inst.designated(entry.day) and entry.contract:
                booked[entry.account.number][number] += entry.amount_fen
                days[entry.account.number].append(max(entry.day, entry.contract.signed))
    for payment in inst.payments:
        if payment.by_receipt and payment.contract:
            given[payment.into][payment.contract.number] += payment.amount_fen
            days[payment.into].append(max(payment.day, payment.contract.signed))
    for account in sorted(days):
        contracts = booked[account].keys() | given[account].keys()
        amount = sum(max(booked[account][c], given[account][c]) for c in contracts)
        level = "red" if amount > _OUTSIDE_RED_FEN else "orange"
        subject = f"account:{account}"
        yield Wrong("payment-outside-account", subject, min(days[account]), None, amount, level)
    own = {account.number for account in inst.accounts if account.purpose == "dedicated"}
    for day, amount, account, _ in inst.complaints:
        if account not in own and account not in days:
            subject = f"account:{account}"
            yield Wrong("payment-outside-account", subject, day, None, amount, "yellow")


def _several_accounts(inst: Institution) -> Iterator[Wrong]:
    starts = sorted({a.valid_from for a in inst.accounts if a.purpose == "dedicated"})
    changes = [day for day in starts[1:] if day <= inst.last]

    def standing(day: Day) -> tuple[None, str] | None:
        recent = [change for change in changes if day - _CHANGE_DAYS < change <= day]
        wrong = len(inst.designated(day)) > 1 or len(recent) > 1
        return (None, "yellow") if wrong else None

    days = ((day, standing(day)) for day in range(inst.first, inst.last + 1))
    yield from windows("several-accounts", "accounts", days, inst.last)


def paid_back(inst: Institution, entries: list[Entry]) -> dict[str, dict[Day, int]]:
    """By request and day what was paid of it in fen, less what came back.

    Money that names only the contract is paid on each request that its family had made by then.
    """
    asked: dict[str, list[Refund]] = defaultdict(list)
    for refund in inst.refunds:
        asked[refund.contract.number].append(refund)
    paid: dict[str, dict[Day, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        if entry.meaning in {"refund", "returned"} and entry.refund:
            sign = 1 if entry.meaning == "refund" else -1
            for refund in asked[entry.refund.contract.number]:
                is_named = entry.refund.number in entry.remittance
                if refund is entry.refund or (not is_named and refund.asked <= entry.day):
                    paid[refund.number][entry.day] += sign * entry.amount_fen
    return paid


def _refunds(inst: Institution, season: Season, entries: list[Entry]) -> Iterator[Wrong]:
    paid = paid_back(inst, entries)
    for refund in inst.refunds:
        days: list[tuple[Day, tuple[int | None, str] | None]] = []
        back = working_days = 0
        for day in range(refund.asked, inst.last + 1):
            working_days += day > refund.asked and season.working(day)
            back += paid[refund.number].get(day, 0)
            due = refund.agreed_fen if day >= refund.answered else refund.requested_fen
            level = next((word for least, word in _REFUND_STEPS if working_days >= least), None)
            days.append((day, (due - back, level) if level and due > back else None))
        yield from windows("refund-late", f"refund:{refund.number}", days, inst.last)


def _broken(inst: Institution) -> Iterator[Wrong]:
    for slip in inst.broken:
        if slip.corrected is None and not slip.dropped:
            subject = f"statement:{slip.account}/{slip.statement}"
            yield Wrong("statement-broken", subject, slip.day, None, slip.gap_fen, "yellow")
