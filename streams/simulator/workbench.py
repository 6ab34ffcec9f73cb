"""Picks contracts and days for what is planted, and changes contracts without a trace."""

from collections import defaultdict
from random import Random

from models.working_days import add_months_ordinal
from streams.simulator import names
from streams.simulator.plan import Account, Contract, Day, Institution, Part, Payment, Span
from streams.simulator.season import Season


class Workbench:
    """One institution while wrongs and near-misses are planted in it."""

    def __init__(self, inst: Institution, season: Season, rng: Random) -> None:
        self.inst, self.season, self.rng = inst, season, rng
        self.payments: dict[str, list[Payment]] = defaultdict(list)
        for payment in inst.payments:
            if payment.contract is not None:
                self.payments[payment.contract.number].append(payment)

    def take(
        self, count: int, *, since: Day = 0, until: Day = 0, is_last: bool = False
    ) -> list[tuple[Contract, Payment]]:
        """Up to so many ordinary contracts with one payment each; they are marked as special.

        `is_last`: only such as their student has no later one of.
        """
        inst = self.inst
        until = until or inst.last - min(20, (inst.last - inst.first) // 4)
        found = [
            (contract, self.payments[contract.number][0])
            for contract in inst.contracts
            if self._is_plain(contract)
            and (not is_last or self._is_last(contract))
            and max(since, inst.first + 8) <= self.payments[contract.number][0].day <= until
        ]
        taken = self.rng.sample(found, min(count, len(found)))
        for contract, payment in taken:
            contract.special = True
            payment.wrong_first = None
        return taken

    def _is_last(self, contract: Contract) -> bool:
        return all(
            other.begins <= contract.begins
            for other in self.inst.contracts
            if other.student == contract.student
        )

    def _is_plain(self, contract: Contract) -> bool:
        paid = self.payments.get(contract.number, [])
        return (
            len(paid) == 1
            and not contract.special
            and not contract.parts
            and contract.told == contract.signed
            and contract.asked > self.inst.last
        )

    def working_day(self, low_percent: int, high_percent: int) -> Day:
        """A working day between two shares of the simulated time."""
        inst = self.inst
        length = inst.last - inst.first
        low, high = length * low_percent // 100, length * high_percent // 100
        day = inst.first + self.rng.randint(low, max(low, high))
        while day < inst.last and not self.season.working(day):
            day += 1
        return day

    def reprice(self, contract: Contract, price_fen: int) -> bool:
        """Give a contract another price, paid at once; False when that would be ambiguous."""
        payment = self.payments[contract.number][0]
        days = (contract.signed,)
        if not all(self.inst.free_price(name, price_fen, days) for name in contract.payers):
            return False
        self.inst.claim(contract.payers, price_fen, days)
        contract.price_fen = price_fen
        payment.amount_fen = price_fen
        return True

    def divide(
        self, contract: Contract, amounts: tuple[int, int], days_apart: int, halfway: Day, ends: Day
    ) -> Payment:
        """Pay a contract in two instalments, the second so many days after the first."""
        first = self.payments[contract.number][0]
        second_day = first.day + days_apart
        hours = contract.hours // 2
        contract.price_fen = sum(amounts)
        contract.ends = ends
        contract.parts = (
            Part(amounts[0], contract.signed, hours, contract.begins, halfway - 1),
            Part(amounts[1], second_day, contract.hours - hours, halfway, ends),
        )
        first.amount_fen = amounts[0]
        first.with_number = True
        first.remittance = f"第一期 {contract.number}"
        second = Payment(
            contract, second_day, amounts[1], first.payer, first.payer_account,
            f"第二期 {contract.number}", by_relative=first.by_relative,
        )  # fmt: skip
        self.inst.payments.append(second)
        self.payments[contract.number].append(second)
        return second

    def redesignate(self, day: Day) -> Account:
        """End the designation of the account in use and designate a new one from that day."""
        inst = self.inst
        old = inst.designated(day)[0]
        old.valid_to = day - 1
        return self.designate(day)

    def designate(self, day: Day) -> Account:
        """Open one more dedicated account at the same bank."""
        inst = self.inst
        ordinal = len(inst.accounts) + 1
        number = names.account_number(self.rng, inst.bank, inst.index, ordinal)
        account = Account(number, inst.bank, "dedicated", day)
        inst.accounts.append(account)
        return account

    def payment_days(self) -> dict[Day, list[Payment]]:
        """The payments of the plan by day, in order of the days."""
        by_day: dict[Day, list[Payment]] = defaultdict(list)
        for payment in self.inst.payments:
            by_day[payment.day].append(payment)
        return dict(sorted(by_day.items()))

    def suspend(self, begins: Day, ends: Day) -> None:
        """Have charging suspended on these days."""
        number = f"ZT{self.inst.index:04d}-{len(self.inst.suspensions) + 1:02d}"
        self.inst.suspensions.append(Span(number, begins, ends, told=begins))

    def interrupt_custody(self, begins: Day, ends: Day) -> None:
        """Let the agreement lapse on these days; none when `ends` lies before `begins`."""
        inst = self.inst
        inst.custody[-1].ends = begins - 1
        number = f"XY{inst.index:04d}-{len(inst.custody) + 1:02d}"
        told = min(ends + 1 + self.rng.choice((0, 0, 0, 0, 0, 0, 6)), inst.last)
        inst.custody.append(Span(number, ends + 1, told=told))

    def three_months(self, contract: Contract) -> Day:
        """The last day that a charge may buy when its first is the contract's first."""
        return add_months_ordinal(contract.begins, 3)
