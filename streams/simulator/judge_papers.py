"""The truth about papers and parties: invoices, prices, payers, payees, confirmations, fees."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from models.working_days import add_months_ordinal
from streams.simulator.judge import Wrong, paid_back, windows
from streams.simulator.plan import RESERVE_LEAST_FEN, Contract, Day, Entry, Institution, iso
from streams.simulator.season import Season
from streams.simulator.telling import published

_INVOICE_WORKING_DAYS = 15
_SILENT_STEPS = ((90, "red"), (70, "orange"), (50, "yellow"), (30, "blue"))
_SESSIONS_LEAST = 20
_RESERVE_STEPS = ((50, "red"), (80, "orange"), (100, "yellow"), (110, "blue"))
_ANSWER_WORKING_DAYS = 5
_PERIOD_MONTHS = 3
LENDER = "赣江小额贷款有限公司"
"""Who lends families the price of a course."""
STORED = "充值"
"""What stored value is called in remittances; a count card is one in the contract's subject."""
COUNT_CARD = "次卡"


def papers(inst: Institution, season: Season, entries: list[Entry]) -> Iterator[Wrong]:
    """Everything wrong about what is written beside the money."""
    paid: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.meaning == "payment" and entry.contract:
            paid[entry.contract.number].append(entry)
    prices = published(inst)
    for contract in inst.contracts:
        payments = paid.get(contract.number, [])
        if payments:
            yield from _unlisted(contract, payments, prices)
            yield from _lent(contract, payments)
            yield from _stored(contract, payments)
            if contract.number in inst.uninvoiced:
                yield from _without_invoice(season, contract, payments)
    yield from _misdirected(entries)
    yield from _silent(inst)
    yield from _fees(inst, entries)
    yield from _reserve(inst, entries)
    yield from _unanswered(inst, season, entries)


def _of_contract(rule: str, contract: Contract, payments: list[Entry]) -> Wrong:
    day = max(payments[0].day, contract.signed)
    amount = sum(payment.amount_fen for payment in payments)
    return Wrong(rule, f"contract:{contract.number}", day, None, amount, "orange")


def _unlisted(contract: Contract, payments: list[Entry], prices: dict[str, int]) -> Iterator[Wrong]:
    listed = [price for name, price in prices.items() if contract.subject in name]
    day = max(payments[0].day, contract.signed)
    subject = f"contract:{contract.number}"
    if not listed:
        amount = sum(payment.amount_fen for payment in payments)
        yield Wrong("charge-unlisted", subject, day, None, amount, "yellow")
    elif contract.price_fen > max(listed):
        above = contract.price_fen - max(listed)
        yield Wrong("charge-unlisted", subject, day, None, above, "yellow")


def _lent(contract: Contract, payments: list[Entry]) -> Iterator[Wrong]:
    lent = [payment for payment in payments if payment.name == LENDER]
    if lent:
        yield _of_contract("charge-by-loan", contract, lent)


def _stored(contract: Contract, payments: list[Entry]) -> Iterator[Wrong]:
    is_card = COUNT_CARD in contract.subject
    stored = [payment for payment in payments if is_card or STORED in payment.remittance]
    if stored:
        yield _of_contract("charge-stored-value", contract, stored)


def _without_invoice(season: Season, contract: Contract, payments: list[Entry]) -> Iterator[Wrong]:
    for payment in payments:
        late = season.after(payment.day, _INVOICE_WORKING_DAYS)
        if late is not None:
            day = max(late, contract.signed)
            amount = payment.amount_fen
            yield Wrong("charge-without-invoice", payment.subject, day, None, amount, "blue")


def _misdirected(entries: list[Entry]) -> Iterator[Wrong]:
    for entry in entries:
        contract = entry.contract
        if entry.meaning == "refund" and contract and entry.name not in contract.payers:
            amount = entry.amount_fen
            yield Wrong("refund-misdirected", entry.subject, entry.day, None, amount, "yellow")


def _silent(inst: Institution) -> Iterator[Wrong]:
    held: dict[str, list[bool]] = defaultdict(list)
    for session in inst.sessions:
        if session.present:
            held[iso(session.day)[:7]].append(session.silent)
    for month, silences in held.items():
        last = _last_day(month)
        if last > inst.last or len(silences) < _SESSIONS_LEAST:
            continue
        share = sum(silences) * 100
        level = next((word for least, word in _SILENT_STEPS if share >= least * len(silences)), "")
        if level:
            yield Wrong("timeout-confirmed", f"month:{month}", last, None, None, level)


def _last_day(month: str) -> Day:
    year, number = map(int, month.split("-"))
    return date(year, number, monthrange(year, number)[1]).toordinal()


def _fees(inst: Institution, entries: list[Entry]) -> Iterator[Wrong]:
    """Fees of a month on an account in custody; a reserve may bear them."""
    found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        agreed = any(span.begins <= entry.day <= span.ends for span in inst.custody)
        in_custody = agreed and not inst.reserve and entry.account in inst.designated(entry.day)
        if entry.meaning == "fee" and in_custody:
            found[entry.account.number, iso(entry.day)[:7]].append(entry)
    for (account, month), fees in found.items():
        amount = sum(fee.amount_fen for fee in fees)
        yield Wrong("bank-fee", f"account:{account}/{month}", fees[0].day, None, amount, "blue")


def _reserve(inst: Institution, entries: list[Entry]) -> Iterator[Wrong]:
    """A reserve below 110 % of its minimum, and one that is not free.

    Where no agreement states the minimum it is the fees of one period of all students.
    """
    account = inst.reserve_account
    if account is None:
        return
    balances: dict[Day, int] = {}
    for entry in entries:
        if entry.account is account:
            balances[entry.day] = entry.balance_fen
    balance = 0
    days: list[tuple[Day, tuple[int | None, str] | None]] = []
    for day in range(inst.first, inst.last + 1):
        balance = balances.get(day, balance)
        agreed = any(span.begins <= day <= span.ends for span in inst.custody)
        needed = RESERVE_LEAST_FEN if agreed else _fees_of_a_period(inst, entries, day)
        percent = balance * 100
        reached = [w for below, w in _RESERVE_STEPS if percent < below * needed]
        days.append((day, (None, reached[0]) if reached else None))
    yield from windows("reserve-short", "reserve", days, inst.last)
    for number, span in inst.pledges:
        until = None if span.ends >= inst.last else span.ends
        if number == account.number:
            yield Wrong("reserve-pledged", f"account:{number}", span.begins, until, None, "red")


def _fees_of_a_period(inst: Institution, entries: list[Entry], day: Day) -> int:
    """Of every course that runs on a day what three months of it cost; none paid back by then."""
    left = {
        entry.contract.number
        for entry in entries
        if entry.meaning == "refund" and entry.contract and entry.day <= day
    }
    total = 0
    for contract in inst.contracts:
        if contract.signed <= day <= contract.ends and contract.number not in left:
            span = contract.ends - contract.begins + 1
            period = add_months_ordinal(contract.begins, _PERIOD_MONTHS) - contract.begins
            total += contract.price_fen * min(span, period) // span
    return total


def _unanswered(inst: Institution, season: Season, entries: list[Entry]) -> Iterator[Wrong]:
    """Requests without an answer at the close of the fifth working day, until it comes."""
    paid = paid_back(inst, entries)
    for refund in inst.refunds:
        late = season.after(refund.asked, _ANSWER_WORKING_DAYS)
        if late is None:
            continue
        back = sum(amount for day, amount in paid[refund.number].items() if day < late)
        days: list[tuple[Day, tuple[int | None, str] | None]] = []
        for day in range(late, inst.last + 1):
            back += paid[refund.number].get(day, 0)
            due = refund.requested_fen - back
            is_open = day < refund.answered and due > 0
            days.append((day, (due, "yellow") if is_open else None))
        yield from windows("refund-unanswered", f"refund:{refund.number}", days, inst.last)
