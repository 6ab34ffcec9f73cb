"""The bank's side, day by day: what comes in, what is released, refunded, charged and taken."""

from collections import defaultdict
from datetime import date
from random import Random

from models import facts as f
from streams.simulator import names, raids
from streams.simulator.book import Book, serial
from streams.simulator.course import Payroll
from streams.simulator.plan import (
    Account,
    Contract,
    Day,
    Entry,
    Institution,
    Meaning,
    Payment,
    Refund,
    Row,
    iso,
)
from streams.simulator.season import Season
from streams.simulator.telling import attributed

FEE_FEN = 1000
_SETTLEMENT_OPENING_FEN = 30_000_000
_NEAR_MISSES_NOTED = 6
_INVOICE_WORKING_DAYS = 15
_LANDLORD = "洪都商业物业管理公司"


class Cashier:
    """Plays an institution's days and fills its entries, closings and telling rows."""

    def __init__(self, inst: Institution, season: Season, rng: Random) -> None:
        self.inst, self.season, self.rng = inst, season, rng
        self.book = Book()
        self.set_aside = 0
        self.restores: dict[Day, list[tuple[Account, int]]] = defaultdict(list)
        # Of its own, so that papers do not move what else happens by chance.
        self._chance = Random(f"{inst.id}/{inst.name}/invoices")
        self._receipts = self._invoices = 0
        self._noted = 0
        self._originals: dict[int, Entry] = {}
        self._payouts: dict[Day, list[tuple[Refund, int]]] = defaultdict(list)
        self._returns: dict[Day, list[tuple[Refund, int]]] = defaultdict(list)
        self._by_number = {account.number: account for account in inst.accounts}
        self._payments: dict[Day, list[Payment]] = defaultdict(list)
        self._wrong_first: dict[Day, list[Payment]] = defaultdict(list)
        self._index_payments()

    def run(self) -> None:
        """Play every day from the first to the last."""
        inst = self.inst
        sessions = defaultdict(list)
        for session in inst.sessions:
            sessions[session.day].append(session)
        asked = defaultdict(list)
        for refund in inst.refunds:
            asked[refund.asked].append(refund)
        planned = defaultdict(list)
        for raid in inst.raids:
            planned[raid.day].append(raid)
        self._open()
        for day in range(inst.first, inst.last + 1):
            if day < inst.course.ends:
                free_before = self.book.free
                self._move_own_money(day)
                self._take(day)
                for session in sessions[day]:
                    self.book.teach(session.present, session.hours)
                for refund in asked[day]:
                    self._ask(refund)
                self._refund(day)
                for raid in planned[day]:
                    raids.carry_out(self, raid)
                self._release_weekly(day, free_before)
                self._bank_charges(day)
                self._settlement_life(day)
            for account in inst.accounts:
                account.closings[day] = account.balance_fen
        inst.refunds = [refund for refund in inst.refunds if refund.requested_fen > 0]

    def main(self, day: Day) -> Account:
        """The account into which the institution takes its money that day."""
        return self.inst.designated(day)[0]

    def balance(self, day: Day) -> int:
        """What the accounts designated that day hold now."""
        return sum(account.balance_fen for account in self.inst.designated(day))

    def post(
        self,
        account: Account,
        day: Day,
        amount_fen: int,
        meaning: Meaning,
        told: tuple[str, str, str] = ("", "", ""),
        *,
        contract: Contract | None = None,
        refund: Refund | None = None,
        undoes: Entry | None = None,
    ) -> Entry | None:
        """Book an amount, a debit when negative; None on an account without feed.

        `told` is what the bank tells: the other side's name and account, and the remittance.
        """
        if not account.fed:
            return None
        account.balance_fen += amount_fen
        assert account.balance_fen >= 0, f"{account.number} is overdrawn on {iso(day)}"
        account.entries += 1
        entry = Entry(
            account, day, serial(account, day), abs(amount_fen), "C" if amount_fen > 0 else "D",
            *told, meaning, account.balance_fen, contract, refund,
            undoes is not None, undoes.serial if undoes else "",
        )  # fmt: skip
        self.inst.entries.append(entry)
        return entry

    def move(self, day: Day, source: Account, target: Account, amount_fen: int, why: str) -> None:
        """Move the institution's own money between two of its accounts."""
        name = self.inst.name
        self.post(source, day, -amount_fen, "move", (name, target.number, why))
        self.post(target, day, amount_fen, "move", (name, source.number, why))

    def release(
        self, day: Day, amount_fen: int, contract: Contract | None, remittance: str
    ) -> Entry | None:
        """Release money to the settlement account, of one contract or as a batch."""
        source, target = self.main(day), self.inst.settlement
        self.book.release(amount_fen, contract)
        name = self.inst.name
        self.post(target, day, amount_fen, "move", (name, source.number, remittance))
        meaning: Meaning = "release" if contract is None else "named"
        told = (name, target.number, remittance)
        return self.post(source, day, -amount_fen, meaning, told, contract=contract)

    def _index_payments(self) -> None:
        for payment in self.inst.payments:
            wrong = payment.wrong_first
            if wrong is not None and self.inst.wrongs:
                # Between the days of an entry and of its reversal there are two truths: what could
                # be known then, and what is known since. A wrong must have one.
                wrong = payment.wrong_first = payment.day
            if wrong is not None:
                if wrong < self.inst.first or self.main(wrong) is not self.main(payment.day):
                    payment.wrong_first = None
                else:
                    self._wrong_first[wrong].append(payment)
            self._payments[payment.day].append(payment)

    def _open(self) -> None:
        inst = self.inst
        settlement = inst.settlement
        settlement.balance_fen = _SETTLEMENT_OPENING_FEN
        reserve = inst.reserve_account
        if reserve is not None:
            settlement.balance_fen += inst.reserve_fen
            self.move(inst.first, settlement, reserve, inst.reserve_fen, "缴存风险保证金")
        if inst.buffer_fen:
            self.move(inst.first, settlement, self.main(inst.first), inst.buffer_fen, "开户备付")

    def _move_own_money(self, day: Day) -> None:
        inst_first = self.inst.first
        for account in self.inst.accounts:
            ended = account.purpose == "dedicated" and account.valid_to == day - 1
            if account.bank == "ccb" and inst_first < account.valid_from == day:
                # Without an entry this bank would tell nothing of it, not even that it is empty.
                self.move(day, self.inst.settlement, account, 100, "开户存入")
            if ended and account.balance_fen:
                self.move(day, account, self.main(day), account.balance_fen, "专户变更划转")
        for account, amount in self.restores.pop(day, ()):
            self.move(day, self.inst.settlement, account, amount, "自有资金补足")

    def _take(self, day: Day) -> None:
        for payment in self._wrong_first[day]:
            account = self._by_number.get(payment.into) or self.main(day)
            entry = self.post(
                account, day, payment.amount_fen, "void",
                (payment.payer, payment.payer_account, payment.remittance),
            )  # fmt: skip
            assert entry is not None
            self._originals[id(payment)] = entry
        for payment in self._payments[day]:
            self._take_one(day, payment)

    def _take_one(self, day: Day, payment: Payment) -> None:
        contract = payment.contract
        if payment.by_receipt:
            self._receipt(day, payment, payment.into)
            return
        account = self._by_number.get(payment.into) or self.main(day)
        party = (payment.payer, payment.payer_account, payment.remittance)
        original = self._originals.get(id(payment))
        if original is not None:
            self.post(account, day, -payment.amount_fen, "void", party, undoes=original)
        entry = self.post(
            account, day, payment.amount_fen,
            "payment" if contract else "unmatched", party, contract=contract,
        )  # fmt: skip
        if entry and contract:
            self._invoice(day, contract, payment.amount_fen)
        if contract and account.purpose == "dedicated":
            self.book.pay(contract, payment.amount_fen)
            if self.rng.random() < 0.1:
                self._receipt(day, payment, account.number)
        if entry and contract and payment.ambiguous:
            named = (account.number, day, entry.serial)
            fact = attributed(self.inst, named, contract.number)
            self.inst.rows.append(Row(min(day + 1, self.inst.last), fact))

    def _invoice(self, day: Day, contract: Contract, amount_fen: int) -> None:
        """Issue the tax invoice some days after the payment, or not at all."""
        inst = self.inst
        delay = self._chance.choice((0, 0, 1, 2, 3, 5, 8))
        if contract.number in inst.uninvoiced:
            return
        issued: Day | None = day + delay
        if contract.number in inst.invoiced_last:
            issued = self.season.after(day, _INVOICE_WORKING_DAYS)
        if issued is None or issued > inst.last:
            return
        self._invoices += 1
        invoice = f.InvoiceIssued(
            institution=inst.id,
            number=f"FP{inst.index:04d}-{self._invoices:05d}",
            contract=contract.number,
            day=date.fromordinal(issued),
            amount_fen=amount_fen,
        )
        inst.rows.append(Row(issued, invoice))

    def _receipt(self, day: Day, payment: Payment, account: str) -> None:
        self._receipts += 1
        number = f"SJ{self.inst.index:04d}-{self._receipts:05d}"
        receipt = f.ReceiptIssued(
            institution=self.inst.id,
            number=number,
            day=date.fromordinal(day),
            amount_fen=payment.amount_fen,
            contract=payment.contract.number if payment.contract else "",
            payee_account=account,
        )
        self.inst.rows.append(Row(day, receipt))

    def _ask(self, refund: Refund) -> None:
        line = self.book.line(refund.contract)
        refund.requested_fen = max(0, line.paid - line.refunded - line.earned)
        if not refund.requested_fen:
            return
        agreed = refund.requested_fen
        if self.rng.random() < 0.15 and refund.answer_delay is None:
            agreed -= agreed // 10
        refund.agreed_fen = agreed
        prompt = bool(refund.shares) and refund.shares[0][0] == 0
        delay = 1 if refund.answer_delay is None else refund.answer_delay
        answered = refund.asked if prompt else self.season.after(refund.asked, delay)
        if answered is not None and answered < self.inst.course.ends:
            refund.answered = answered
        left = agreed
        for delay, percent in refund.shares:
            day = refund.asked if delay == 0 else self.season.after(refund.asked, delay)
            amount = min(left, -(-agreed * percent // 100))
            left -= amount
            if day is not None and amount:
                self._payouts[day].append((refund, amount))

    def _pay_back(self, day: Day, refund: Refund, amount: int) -> None:
        account = self.main(day)
        if account.balance_fen < amount:
            return
        contract = refund.contract
        self.book.refund(contract, amount)
        named = refund.number if self.rng.random() < 0.85 else contract.number
        payee = refund.payee or contract.payers[0]
        told = (payee, contract.payer_account, f"退费 {named}")
        self.post(account, day, -amount, "refund", told, contract=contract, refund=refund)
        next_day = self.season.after(day, 1)
        if refund.returned and next_day is not None:
            refund.returned = False
            self._returns[next_day].append((refund, amount))
            self._payouts[next_day].append((refund, amount))
        if refund.near:
            self.inst.near_miss(
                "refund-late", f"refund:{refund.number}", day, "paid on the 3rd working day"
            )

    def _refund(self, day: Day) -> None:
        for refund, amount in self._returns[day]:
            self._come_back(day, refund, amount)
        for refund, amount in self._payouts[day]:
            self._pay_back(day, refund, amount)

    def _come_back(self, day: Day, refund: Refund, amount: int) -> None:
        contract = refund.contract
        self.book.refund(contract, -amount)
        told = (contract.payers[0], contract.payer_account, f"退汇 {refund.number}")
        self.post(self.main(day), day, amount, "returned", told, contract=contract, refund=refund)

    def _release_weekly(self, day: Day, free_before: int) -> None:
        inst = self.inst
        idle = inst.idle_releases[0] <= day < inst.idle_releases[1]
        if (day - 1) % 7 != inst.release_weekday or not self.season.working(day) or idle:
            return
        if inst.tight:
            target = self.book.free - self.book.batches
        else:
            # Lessons through the day before, less what was released by name since.
            earned = min(free_before, self.book.free)
            target = earned - self.book.batches - self.set_aside
            target = target * self.rng.randint(92, 100) // 10_000 * 100
        target = min(target, self.main(day).balance_fen)
        if target <= 0:
            return
        self.release(day, target, None, "按课时进度划拨")
        if inst.tight and self._noted < _NEAR_MISSES_NOTED and not inst.wrongs:
            self._noted += 1
            inst.near_miss("release-ahead", "batch", day, "all that is earned, to the fen")
            if self.balance(day) == self.book.unearned:
                inst.near_miss("coverage-short", "coverage", day, "coverage is exactly 1.00")

    def _bank_charges(self, day: Day) -> None:
        inst = self.inst
        when = date.fromordinal(day)
        account = self.main(day)
        if when.day == 10:
            # The bank's fees are for the institution's own account to bear.
            bearer = account if inst.bank_fees else inst.settlement
            if bearer.balance_fen > FEE_FEN:
                self.post(bearer, day, -FEE_FEN, "fee", ("", "", "转账手续费"))
                if bearer.fed and bearer is not account:
                    subject = f"account:{bearer.number}/{iso(day)[:7]}"
                    inst.near_miss("bank-fee", subject, day, "from the settlement account")
        if inst.tight or not inst.buffer_fen:
            return
        if when.day == 21 and when.month % 3 == 0 and account.balance_fen:
            interest = max(1, account.balance_fen * self.rng.randint(4, 9) // 10_000)
            self.post(account, day, interest, "interest", ("", "", "结息"))

    def _settlement_life(self, day: Day) -> None:
        account = self.inst.settlement
        if not account.fed:
            return
        when = date.fromordinal(day)
        if self.inst.payroll is not None:
            self._pay_staff(day, self.inst.payroll)
        elif when.day == 15 and account.balance_fen > 4_000_000:
            wages = account.balance_fen * self.rng.randint(30, 60) // 10_000 * 100
            self.post(account, day, -wages, "other", ("代发工资户", "9000000001", "工资"))
        if when.day == 18:
            party = (f"{names.person(self.rng)}书店", names.digits(self.rng, 14), "图书寄售款")
            amount = self.rng.randrange(10_000, 90_000)
            entry = self.post(account, day, amount, "income", party)
            assert entry is not None
            self.inst.near_miss(
                "payment-outside-account", f"account:{account.number}", day,
                "income that is no tuition",
            )  # fmt: skip

    def _pay_staff(self, day: Day, payroll: Payroll) -> None:
        """Wages and rent of this month and of those whose delay ends today."""
        kinds = (
            ("wages", payroll.wages_day, payroll.wages_fen, ("代发工资户", "9000000001", "工资")),
            ("rent", payroll.rent_day, payroll.rent_fen, (_LANDLORD, "9000000002", "房租")),
        )
        for kind, day_of_month, amount, party in kinds:
            for months_ago in range(3):
                due = _due(day, day_of_month, months_ago)
                late = payroll.late.get((kind, iso(due)[:7]), 0)
                if late is None or not self.inst.first <= due + late <= day:
                    continue
                if self._bank_day(due + late) == day:
                    self._pay_from_own(day, amount, party)

    def _bank_day(self, day: Day) -> Day:
        while day < self.inst.last and not self.season.working(day):
            day += 1
        return day

    def _pay_from_own(self, day: Day, amount: int, party: tuple[str, str, str]) -> None:
        account = self.inst.settlement
        if account.balance_fen < amount:
            name = self.inst.representative
            told = (name, "6299000000000000001", "股东投入")
            self.post(account, day, 2 * amount - account.balance_fen, "income", told)
        self.post(account, day, -amount, "other", party)


def _due(day: Day, day_of_month: int, months_ago: int) -> Day:
    when = date.fromordinal(day)
    months = when.year * 12 + when.month - 1 - months_ago
    return date(months // 12, months % 12 + 1, day_of_month).toordinal()
