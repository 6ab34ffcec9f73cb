"""The truth about limits that only some cities set: early charges, and guide prices."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from models.working_days import add_months_ordinal
from streams.simulator.judge import CHARGE_DAYS, Wrong, bought, standard_minutes
from streams.simulator.plan import Contract, Day, Entry, Institution, iso

EARLY_CITIES = ("成都市",)
GUIDE_CITIES = ("示例市",)
GUIDES_FEN = {8: 6000, 20: 4000, 40: 2000}
"""What a standard hour of primary school may cost, by the size of the class."""
_LEFT_HOURS_MOST = 20


def local(inst: Institution, entries: list[Entry]) -> Iterator[Wrong]:
    """What is wrong by the rules of the institution's own city."""
    paid: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.meaning == "payment" and entry.contract:
            paid[entry.contract.number].append(entry)
    if inst.city in EARLY_CITIES:
        yield from _Early(inst, paid).run()
    if inst.city in GUIDE_CITIES:
        for contract in inst.contracts:
            payments = paid.get(contract.number)
            if payments:
                yield from _over_guide(contract, payments[0].day)


def allowed_fen(contract: Contract) -> int:
    """What a contract of primary school may cost: the guide price and a tenth more."""
    guide = GUIDES_FEN[contract.class_size or 0]
    whole = guide * 110 * contract.hours * contract.minutes
    return whole // (100 * 100 * standard_minutes(contract))


def _over_guide(contract: Contract, paid: Day) -> Iterator[Wrong]:
    if not contract.academic or contract.stage != "primary":
        return
    above = contract.price_fen - allowed_fen(contract)
    if above > 0:
        day = max(paid, contract.signed)
        subject = f"contract:{contract.number}"
        yield Wrong("charge-over-guide-price", subject, day, None, above, "yellow")


class _Early:
    """Charges a month before their lessons, or while more than twenty hours are left."""

    def __init__(self, inst: Institution, paid: dict[str, list[Entry]]) -> None:
        self._inst, self._paid = inst, paid
        self._lessons: dict[str, list[tuple[Day, int]]] = defaultdict(list)
        for session in inst.sessions:
            for contract in session.present:
                self._lessons[contract.number].append((session.day, session.hours))
        self._courses: dict[tuple[str, str], list[Contract]] = defaultdict(list)
        for contract in inst.contracts:
            self._courses[contract.student, contract.subject].append(contract)

    def run(self) -> Iterator[Wrong]:
        for contract in self._inst.contracts:
            payments = self._paid.get(contract.number, [])
            spent = 0
            while payments:
                first = payments[0].day
                charge = [each for each in payments if each.day <= first + CHARGE_DAYS]
                payments = payments[len(charge) :]
                amount = self._early_fen(contract, charge, spent)
                if amount:
                    subject = f"contract:{contract.number}/{iso(first)}"
                    day = max(first, contract.signed)
                    yield Wrong("charge-early", subject, day, None, amount, "yellow")
                spent += sum(each.amount_fen for each in charge)

    def _early_fen(self, contract: Contract, charge: list[Entry], spent: int) -> int:
        early, money = 0, spent
        for payment in charge:
            begins = _first_lesson(contract, money, money + payment.amount_fen)
            money += payment.amount_fen
            if begins is not None and add_months_ordinal(payment.day, 1) < begins:
                early += payment.amount_fen
        course = self._courses[contract.student, contract.subject]
        first = charge[0].day
        left = Fraction(0)
        for each in course:
            left += self._left(each, first, spent if each is contract else None)
        if left > _LEFT_HOURS_MOST:
            return sum(each.amount_fen for each in charge)
        return early

    def _left(self, contract: Contract, day: Day, spent: int | None) -> Fraction:
        """Standard hours paid and not had; `spent` is what the contract itself had before."""
        payments = self._paid.get(contract.number, ())
        paid = sum(e.amount_fen for e in payments if e.day < day) if spent is None else spent
        hours = bought(contract, 0, paid)[2] if paid else Fraction(0)
        if not hours:
            return hours
        taught = sum(
            hours for taught_on, hours in self._lessons[contract.number] if taught_on <= day
        )
        back = sum(
            entry.amount_fen if entry.meaning == "refund" else -entry.amount_fen
            for entry in self._inst.entries
            if entry.contract is contract
            and entry.day <= day
            and entry.meaning in {"refund", "returned"}
        )
        hours -= taught + Fraction(back * contract.hours, contract.price_fen)
        return max(Fraction(0), hours) * contract.minutes / (standard_minutes(contract) * 100)


def _first_lesson(contract: Contract, since: int, until: int) -> Day | None:
    """The first day of the instalments that the money between two sums falls into."""
    if not contract.parts:
        return contract.begins if since < min(until, contract.price_fen) else None
    offset, days = 0, []
    for part in contract.parts:
        low, offset = offset, offset + part.amount_fen
        if max(since, low) < min(until, contract.price_fen, offset):
            days.append(part.begins)
    return min(days, default=None)
