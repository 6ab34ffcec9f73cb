"""Groups, pupils, contracts, lessons and what the families pay: a year without any wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from models.working_days import add_months_ordinal
from streams.simulator import names
from streams.simulator.plan import (
    Contract,
    Day,
    Institution,
    Part,
    Payment,
    Refund,
    Session,
    iso,
)
from streams.simulator.season import Season, is_vacation

_PATTERNS = ((5, 6), (2, 5), (2, 6), (4, 5), (1, 3), (2, 4), (0, 3))
_STANDARD_MINUTES = {False: 45, True: 30}
# Well inside the limits of 60 class hours and 5,000 yuan: who comes near is planted on purpose.
_STANDARD_HOURS_MOST = 5600
_PRICE_FEN_MOST = 490_000
_LESSONS_MOST = 26
_LESSONS_LEAST = 6
_STAY = 0.92
_ATTEND = 0.97
_SIGNED_AHEAD_DAYS = 12


@dataclass(slots=True)
class _Pupil:
    student: str
    payers: tuple[str, ...]
    account: str


@dataclass(slots=True)
class _Group:
    """Pupils who are taught together, with what an hour costs."""

    subject: str
    academic: bool
    online: bool
    weekdays: frozenset[int]
    lesson_hours: int
    minutes: int
    rate_fen: int
    pupils: list[_Pupil]
    size: int


class Enrolment:
    """Fills one institution's contracts, sessions, payments and refund requests."""

    def __init__(self, inst: Institution, season: Season, rng: Random) -> None:
        self.inst, self.season, self.rng = inst, season, rng
        self.people = names.People(rng)
        self._families: list[_Pupil] = []
        self._names: Counter[str] = Counter()

    def run(self) -> None:
        """Enrol pupils group by group until the institution has as many as it should."""
        left = self.inst.pupils
        while left > 0:
            size = min(left, self.rng.randint(6, 10))
            left -= size
            self._teach(self._group(size))
        self.inst.sessions.sort(key=lambda session: (session.day, session.number))

    def _group(self, size: int) -> _Group:
        rng = self.rng
        academic = rng.random() < 0.08
        online = rng.random() < 0.05
        minutes = 30 if online else rng.choice((45, 45, 45, 40, 60))
        return _Group(
            subject=rng.choice(names.ACADEMIC_SUBJECTS if academic else names.SUBJECTS),
            academic=academic,
            online=online,
            weekdays=frozenset(rng.choice(_PATTERNS)),
            lesson_hours=150 if minutes == 60 else rng.choice((200, 200, 150, 100)),
            minutes=minutes,
            rate_fen=rng.randrange(3500, 9500, 50) + rng.choice((0, 0, 0, 33)),
            pupils=[self._pupil() for _ in range(size)],
            size=size,
        )

    def _pupil(self) -> _Pupil:
        rng = self.rng
        if self._families and rng.random() < 0.04:
            # A sibling: the same parents pay, so the price must tell the contracts apart.
            kin = rng.choice(self._families)
            student = self._called(names.person(rng, kin.student[0]))
            pupil = _Pupil(student, kin.payers, kin.account)
        else:
            parent = self.people.new()
            second = (self.people.new(parent[0]),) if rng.random() < 0.45 else ()
            payers = (parent, *second)
            student = self._called(names.person(rng, parent[0]))
            pupil = _Pupil(student, payers, names.card_number(rng))
        self._families.append(pupil)
        return pupil

    def _called(self, name: str) -> str:
        """A student's name; the second of one name has a number, so that they are told apart."""
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}{self._names[name]}"

    def _teach(self, group: _Group) -> None:
        inst, rng = self.inst, self.rng
        begins = inst.first + rng.randint(3, 35)
        # Who begins soon after the last day has signed before it.
        while begins <= min(inst.last, inst.course.ends - 1) + _SIGNED_AHEAD_DAYS:
            begins = (inst.course.paused(begins) or begins - 1) + 1
            weekdays = group.weekdays
            vacation = is_vacation(begins)
            if vacation and rng.random() < 0.5:
                weekdays |= {rng.choice((0, 1, 3))}
            standard = group.lesson_hours * group.minutes // _STANDARD_MINUTES[group.online]
            most = min(_LESSONS_MOST, _STANDARD_HOURS_MOST // standard)
            until = add_months_ordinal(begins, 3) - 1
            days = self.season.teaching_days(weekdays, begins, most, until)
            if len(days) < _LESSONS_LEAST:
                break
            self._refill(group, begins, vacation=vacation)
            held = self._after_pauses(days)
            self._cycle(group, days, held)
            begins = held[-1] + 1 + rng.randint(0, 6)

    def _refill(self, group: _Group, begins: Day, *, vacation: bool) -> None:
        group.pupils = [pupil for pupil in group.pupils if self.rng.random() < _STAY]
        course = self.inst.course
        wanted = max(group.size, 10) if vacation and self.rng.random() < 0.3 else group.size
        share = course.percent(begins) * (course.vacation_percent if vacation else 100)
        wanted = -(-wanted * share // 10_000)
        if share < 100 * 100:
            del group.pupils[wanted + 2 :]
        while len(group.pupils) < wanted and (self.rng.random() < 0.9 or not group.pupils):
            group.pupils.append(self._pupil())

    def promote(self, day: Day, size: int, discount_percent: int) -> None:
        """Sell a further course on a day, below its usual price, to begin some weeks later."""
        group = self._group(size)
        group.rate_fen = group.rate_fen * (100 - discount_percent) // 100
        begins = day + self.rng.randint(10, 40)
        standard = group.lesson_hours * group.minutes // _STANDARD_MINUTES[group.online]
        most = min(_LESSONS_MOST, _STANDARD_HOURS_MOST // standard)
        until = add_months_ordinal(begins, 3) - 1
        days = self.season.teaching_days(group.weekdays, begins, most, until)
        self._cycle(group, days, days, signed=day)

    def _after_pauses(self, days: list[Day]) -> list[Day]:
        """The same lessons, those of a pause as many days later as it lasts."""
        held, shift = [], 0
        for day in days:
            last = self.inst.course.paused(day + shift)
            if last is not None:
                shift += -(-(last + 1 - day - shift) // 7) * 7
            held.append(day + shift)
        return held

    def _cycle(
        self, group: _Group, days: list[Day], held: list[Day], signed: Day | None = None
    ) -> None:
        contracts = [self._contract(group, pupil, days, signed) for pupil in group.pupils]
        present = [contract for contract in contracts if contract is not None]
        for day in held:
            if day > self.inst.last or day >= self.inst.course.ends:
                break
            here = [c for c in present if day < c.asked and self.rng.random() < _ATTEND]
            if here:
                number = f"K{self.inst.index:04d}-{len(self.inst.sessions) + 1:06d}"
                self.inst.sessions.append(Session(number, day, group.lesson_hours, here))

    def _contract(
        self, group: _Group, pupil: _Pupil, days: list[Day], signed: Day | None = None
    ) -> Contract | None:
        """Sign a contract for these lessons; None when it would be paid after the last day."""
        inst, rng = self.inst, self.rng
        if signed is None:
            signed = max(inst.first + 1, days[0] - rng.randint(0, _SIGNED_AHEAD_DAYS))
            pause = inst.course.paused(signed)
            signed = signed if pause is None else min(pause + 1, days[0])
        paid = signed + rng.choice((0, 0, 0, 1, 2, 3))
        if paid > inst.last or paid >= inst.course.ends:
            return None
        hours = len(days) * group.lesson_hours
        price = min(group.rate_fen * hours // 100, _PRICE_FEN_MOST)
        in_parts = rng.random() < 0.15
        dues = self._dues(days, signed, in_parts=in_parts)
        while not self._is_free(pupil, price, dues):
            price -= 1000
        number = f"HT{inst.index:04d}-{iso(signed)[2:4]}{len(inst.contracts) + 1:05d}"
        told = signed
        if rng.random() < 0.05 and signed < days[0]:
            # Up to ten days late, but before the first lesson: nothing is released of it unseen.
            told = signed + rng.randint(1, min(10, days[0] - signed))
        contract = Contract(
            number=number,
            signed=signed,
            told=told if told <= inst.last else signed,
            price_fen=price,
            payers=pupil.payers,
            payer_account=pupil.account,
            student=pupil.student,
            subject=group.subject,
            academic=group.academic,
            online=group.online,
            hours=hours,
            bonus=0,
            minutes=group.minutes,
            begins=days[0],
            ends=days[-1] + rng.choice((0, 0, 0, 1)),
            parts=self._parts(price, hours, days, dues) if in_parts else (),
            staged=inst.staged,
            order_number=f"DD{inst.index:04d}{names.digits(rng, 8)}" if rng.random() < 0.1 else "",
        )
        inst.contracts.append(contract)
        self._claim(contract, dues)
        self._ask_refund(contract)
        self._pay(contract, paid, dues)
        return contract

    def _dues(self, days: list[Day], signed: Day, *, in_parts: bool) -> tuple[Day, ...]:
        return (signed, days[len(days) * 3 // 5] - 1) if in_parts else (signed,)

    def _is_free(self, pupil: _Pupil, price: int, dues: tuple[Day, ...]) -> bool:
        amounts = {price, price * 3 // 5, price - price * 3 // 5} if len(dues) > 1 else {price}
        return all(
            self.inst.free_price(payer, amount, dues)
            for payer in pupil.payers
            for amount in amounts
        )

    def _claim(self, contract: Contract, dues: tuple[Day, ...]) -> None:
        amounts = {contract.price_fen, *(part.amount_fen for part in contract.parts)}
        for amount in amounts:
            self.inst.claim(contract.payers, amount, dues)

    def _parts(
        self, price: int, hours: int, days: list[Day], dues: Sequence[Day]
    ) -> tuple[Part, ...]:
        """Two instalments of 60 and 40 %: unequal, so that the amount says which one was paid."""
        cut = len(days) * 3 // 5
        first_hours = hours * cut // len(days)
        first = price * 3 // 5
        return (
            Part(first, dues[0], first_hours, days[0], days[cut] - 1),
            Part(price - first, dues[1], hours - first_hours, days[cut], days[-1]),
        )

    def _pay(self, contract: Contract, paid: Day, dues: Sequence[Day]) -> None:
        plan = [(paid, contract.price_fen)]
        if contract.parts:
            second = dues[1] + self.rng.randint(-2, 1)
            first_part, second_part = contract.parts
            plan = [(paid, first_part.amount_fen), (second, second_part.amount_fen)]
        for day, amount in plan:
            if day <= self.inst.last and day < min(contract.asked, self.inst.course.ends):
                self.inst.payments.append(self._payment(contract, day, amount))

    def _payment(self, contract: Contract, day: Day, amount: int) -> Payment:
        rng = self.rng
        payer, account = contract.payers[0], contract.payer_account
        with_number = rng.random() < 0.68
        by_relative = rng.random() < 0.17
        if by_relative:
            account = names.card_number(rng)
            if len(contract.payers) > 1:
                payer = contract.payers[1]
            else:
                # A relative whom the contract does not list must name it to be understood.
                payer, with_number = self.people.new(payer[0]), True
        wrong_first = None
        if rng.random() < 0.01:
            wrong_first = max(contract.signed, day - rng.randint(0, 3))
        return Payment(
            contract, day, amount, payer, account,
            remittance(rng, contract, with_number=with_number),
            with_number, by_relative, wrong_first=wrong_first,
        )  # fmt: skip

    def _ask_refund(self, contract: Contract) -> None:
        rng, inst = self.rng, self.inst
        if rng.random() >= 0.03:
            return
        asked = rng.randint(contract.begins + 4, max(contract.ends - 4, contract.begins + 4))
        delay = rng.choice((0, 1, 2, 3, 3))
        if inst.bank == "boc":
            # This bank tells only at the month's end: what is asked and paid in its last working
            # days is never late, not even for a moment, in the eyes of a live system.
            found = self._month_end(contract)
            if found is None:
                return
            asked, delay = found, 1
        if asked > inst.last or asked >= inst.course.ends:
            return
        contract.asked = asked
        shares: tuple[tuple[int, int], ...] = ((delay, 100),)
        if delay == 2 and rng.random() < 0.3:
            shares = ((1, 50), (2, 50))
        number = f"TF{inst.index:04d}-{len(inst.refunds) + 1:04d}"
        returned = inst.bank != "boc" and delay <= 1 and rng.random() < 0.1
        refund = Refund(number, contract, asked, shares, near=delay == 3, returned=returned)
        inst.refunds.append(refund)

    def _month_end(self, contract: Contract) -> Day | None:
        """The last working day but one of a month within the contract, None without one."""
        last_but_one: dict[str, list[Day]] = {}
        for day in range(contract.begins - 31, min(contract.ends + 31, self.inst.last) + 1):
            if day >= self.inst.first and self.season.working(day):
                last_but_one.setdefault(iso(day)[:7], []).append(day)
        inside = [
            days[-2]
            for month, days in last_but_one.items()
            if len(days) > 1
            and contract.begins + 4 <= days[-2] <= contract.ends - 4
            and month != iso(self.inst.last + 1)[:7]
        ]
        return self.rng.choice(inside) if inside else None


def remittance(rng: Random, contract: Contract, *, with_number: bool) -> str:
    """What a family writes on a transfer, with or without the number of its contract."""
    if not with_number:
        return rng.choice(("学费", "培训费", f"{contract.student}学费", f"{contract.subject}课"))
    number = contract.number
    if contract.order_number and rng.random() < 0.5:
        number = contract.order_number
    if rng.random() < 0.02:
        # Some phones type full-width signs.
        number = "".join(chr(ord(sign) + 0xFEE0) for sign in number)
    return rng.choice((f"学费 {number}", f"{contract.student} {number}", number, f"{number}培训费"))
