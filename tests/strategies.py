"""Histories of one small institution as hypothesis draws them, near every limit of the rules.

`SEEN` counts what was drawn; a test asserts that every kind of trouble really occurs.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

import msgspec
from hypothesis import event
from hypothesis import strategies as st

from models import facts as f
from tests.oracle_identity import identity
from tests.strategies_more import MORE

INSTITUTION = "JG-1"
SETTLEMENT = "62-SETTLE"
STARTS = (date(2022, 12, 5), date(2023, 11, 20), date(2024, 1, 22), date(2024, 4, 15))
DAYS = 75
FAMILIES = ("王芳", "李 强", "张伟", "陈静")
PRICES_FEN = (500_000, 500_001, 499_999, 300_000, 120_000, 600_001, 60_000)
HOURS_HUNDREDTHS = (6_000, 6_050, 6_100, 4_000, 4_500, 2_000)
OUTFLOWS_FEN = (99_999, 100_000, 4_999, 50_000, 250_000, 1_000_000)
SEEN: Counter[str] = Counter()
KINDS = (
    *("late", "contested", "reversed by reference", "reversed by the same reference", "retracted"),
    *("corrected row", "re-designated", "re-designated back-dated", "ambiguous", "foreign money"),
    *("registered later", "refund", "release by name", "batch", "fee", "interest", "returned"),
    *("frozen", "approved", "complaint", "receipt", "custody gap", "suspended", "instalments"),
    *("stages", "by sessions", "by days", "broken statement", "corrected statement", "accepted"),
    *("two accounts", "settlement company", "attributed", "outside account", "without name"),
    *("without contract", "before the signature", "refused", "agreed", "orphan reversal", "void"),
    *("told again", "several feeds", "equal entries", "not in the other feed", "in both feeds"),
    *("in the other feed alone", "said to be another", "told with other words", "described anew"),
    *(
        "moved",
        "balances of the day",
        "attributed without reference",
        "bills",
        "settled",
        "code moved",
        "bill contested",
    ),
)


class Drawn(NamedTuple):
    """What was told of the institution, and the day to close."""

    told: tuple[f.Told, ...]
    closed_day: date


class Teller:
    """Tells facts one after the other; each draw decides one thing."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        """Begin a history on a drawn day."""
        self.draw = draw
        self.start: date = self.pick(STARTS)
        self.told: list[f.Told] = []
        self.contracts: list[f.ContractStated] = []
        self.requests: list[f.RefundRequested] = []
        self.entries: list[f.EntryBooked] = []
        self.dedicated = ["62-A"]

    # ---- Drawing ----

    def pick(self, choices: Any) -> Any:  # noqa: ANN401 -- drawn
        """One of the choices."""
        return self.draw(st.sampled_from(choices))

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        drawn: int = self.draw(st.integers(low, high))
        return drawn

    def chance(self, in_hundred: int, kind: str = "") -> bool:
        """Whether something happens; what does is counted."""
        # Not at an end of the range: hypothesis draws those far more often than the rest.
        happens = 8 <= self.number(1, 100) < 8 + in_hundred
        if happens and kind:
            self.count(kind)
        return happens

    def count(self, kind: str) -> None:
        """Note that a kind of trouble occurred."""
        event(kind)
        SEEN[kind] += 1

    def day(self, low: int = 0, high: int = DAYS) -> date:
        """A day of the history."""
        return self.start + timedelta(days=self.number(low, high))

    def tell(self, fact: f.Fact, stated_at: str = "") -> None:
        """One more fact, as a file would tell it."""
        position = f"row {len(self.told) + 1}"
        stated_at = stated_at or f"2024-08-{self.number(1, 28):02d}T08:00:00Z"
        self.told.append(f.Told(fact, stated_at, "0" * 64, position))

    # ---- Registers ----

    def registers(self) -> None:
        """The institution, its accounts, agreements and what bars charging."""
        first = self.start - timedelta(days=5)
        city = self.pick(("南昌市", "北京市", "南昌市"))
        row = f.InstitutionStated(
            institution=INSTITUTION, valid_from=first, name="星星学校", city=city
        )
        self.tell(row)
        if self.chance(8, "void"):
            void = msgspec.structs.replace(row, valid_from=self.day(), licence="void")
            self.tell(void)
        if self.chance(8):
            due = self.day()
            changed = msgspec.structs.replace(
                row, valid_from=first + timedelta(days=2), nonprofit_change_due=due
            )
            self.tell(changed)
        if self.chance(20, "moved"):
            there = self.pick(("南昌市", "北京市", "成都市"))
            self.tell(msgspec.structs.replace(row, valid_from=self.day(), city=there))
        self.accounts(first)
        if self.chance(85):
            ends = self.day() if self.chance(20, "custody gap") else None
            mode = self.pick(("custody", "custody", "custody", "reserve"))
            self.tell(self._agreement("XY-1", first, mode, ends))
        if self.chance(25):
            self.count("custody gap")
            self.tell(self._agreement("XY-2", self.day(), "custody", None))
        if self.chance(10, "suspended"):
            suspended = f.ChargingSuspended(
                institution=INSTITUTION,
                number="TZ-1",
                valid_from=self.day(),
                valid_to=self.pick((None, self.day(40))),
            )
            self.tell(suspended)
        if self.chance(40):
            code = f.MerchantCodeStated(
                institution=INSTITUTION,
                number="SH-1",
                valid_from=self.day(0, 20),
                company="拉卡支付",
            )
            self.tell(code)

    @staticmethod
    def _agreement(
        number: str, first: date, mode: Literal["custody", "reserve"], last: date | None
    ) -> f.CustodyStated:
        return f.CustodyStated(
            institution=INSTITUTION, number=number, valid_from=first, mode=mode, valid_to=last
        )

    def accounts(self, first: date) -> None:
        """The dedicated accounts, one after the other or side by side, and one for itself."""
        later = self.chance(15, "registered later")
        begins = self.day(5, 30) if later else first
        ends: date | None = None
        if self.chance(30):
            change = self.day(20, 60)
            self.count("re-designated")
            if change < self.start + timedelta(days=30):
                self.count("re-designated back-dated")
            overlap = self.chance(25, "two accounts")
            ends = None if overlap else change - timedelta(days=1)
            self.dedicated.append("62-B")
            self.tell(self._account("62-B", change, "dedicated", None))
            if self.chance(30):
                self.tell(self._account("62-B", change + timedelta(days=9), "dedicated", None))
        if ends is None or ends >= begins:
            self.tell(self._account("62-A", begins, "dedicated", ends))
        else:
            self.tell(self._account("62-A", begins, "dedicated", begins))
        self.tell(self._account(SETTLEMENT, first, "settlement", None))

    @staticmethod
    def _account(
        number: str, first: date, purpose: Literal["dedicated", "settlement"], last: date | None
    ) -> f.AccountStated:
        return f.AccountStated(
            account=number,
            institution=INSTITUTION,
            valid_from=first,
            purpose=purpose,
            valid_to=last,
        )

    # ---- Contracts ----

    def contract(self, number: int) -> None:
        """A contract, by hours or by period, whole or in instalments."""
        signed, begins = self.day(0, 50), self.day(0, 60)
        last = begins + timedelta(days=self.pick((90, 91, 92, 60, 120)))
        hours: int | None = self.pick(HOURS_HUNDREDTHS)
        sessions: int | None = None
        if self.chance(25):
            hours = None
            if self.chance(50):
                sessions = self.number(1, 12)
                self.count("by sessions")
            else:
                self.count("by days")
        price: int = self.pick(PRICES_FEN)
        contract = f.ContractStated(
            institution=INSTITUTION,
            number=f"HT-{number}",
            signed=signed,
            price_fen=price,
            payers=(self.pick(FAMILIES), *self.pick(((), (), ("外婆",)))),
            order_number=self.pick(("", f"DD{number}")),
            sub_account=self.pick(("", f"ZZ-{number}")),
            academic=self.pick((False, False, False, True, None)),
            online=self.chance(25),
            paid_hours_hundredths=hours,
            bonus_hours_hundredths=self.pick((0, 0, 0, 100, 500)),
            minutes=self.pick((None, 45, 45, 30, 60, 90)),
            sessions=sessions,
            begins=begins,
            ends=last,
            stages=self._stages(),
            release=self.pick(("", "", "", "", "monthly", "after-end")),
            release_working_days=self.pick((None, 0, 3)),
            refund_term_days=self.pick((None, 1, 7, 15)),
        )
        if self.chance(35, "instalments"):
            parts = self._instalments(price, hours, begins, last)
            contract = msgspec.structs.replace(contract, instalments=parts)
        self.contracts.append(contract)
        self.tell(contract)

    def _stages(self) -> tuple[f.Stage, ...]:
        if not self.chance(30, "stages"):
            return ()
        return (f.Stage(self.pick((0, 30)), 30), f.Stage(60, 60), f.Stage(100, 100))

    def _instalments(
        self, price: int, hours: int | None, begins: date, ends: date
    ) -> tuple[f.Instalment, ...]:
        count = self.number(2, 3)
        days = (ends - begins).days + 1
        parts = []
        for n in range(count):
            low, high = days * n // count, days * (n + 1) // count
            share = price // count
            part = f.Instalment(
                amount_fen=price - share * (count - 1) if n == 0 else share,
                due=self.pick((None, begins + timedelta(days=low))),
                hours_hundredths=None if hours is None else hours // count,
                begins=begins + timedelta(days=low),
                ends=begins + timedelta(days=high - 1),
            )
            parts.append(part)
        return tuple(parts)

    # ---- Entries ----

    def entry(self, **fields: Any) -> f.EntryBooked:  # noqa: ANN401 -- drawn
        """An entry with the next serial, on a dedicated account unless said otherwise."""
        fields.setdefault("account", self.pick((*self.dedicated * 4, SETTLEMENT)))
        fields.setdefault("booking_date", self.day())
        if self.chance(4, "foreign money"):
            fields["currency"] = "USD"
        serial = f"S{len(self.entries) + 1}"
        fields.setdefault("end_to_end_id", self.pick(("", f"Q-{serial}")))
        entry = f.EntryBooked(serial=serial, **fields)
        if entry.account == SETTLEMENT and entry.direction == "C":
            self.count("outside account")
        self.entries.append(entry)
        self.tell(entry)
        return entry

    def payment(self, contract: f.ContractStated) -> None:
        """A payment for a contract, named in one of the ways that families and banks have."""
        amounts = [contract.price_fen, contract.price_fen // 2]
        amounts += [i.amount_fen for i in contract.instalments] * 2
        low = (contract.signed - self.start).days
        day = self.day(max(0, low - 3), min(DAYS, low + 35))
        if day < contract.signed:
            self.count("before the signature")
        way = self.number(1, 100)
        payer = self.pick(contract.payers)
        texts = {"remittance": "", "counterparty_name": payer, "sub_account": ""}
        if way <= 40:
            texts["remittance"] = f"学费{contract.number}"
        elif way <= 50:
            texts["remittance"] = f"学费 {contract.order_number or contract.number}/第1期"
        elif way <= 60:
            texts |= {"sub_account": contract.sub_account, "counterparty_name": "爷爷"}
        elif way <= 68:
            other = self.pick(self.contracts)
            texts["remittance"] = f"{contract.number} {other.number}"
            if other is not contract:
                self.count("ambiguous")
        elif way <= 72:
            texts["counterparty_name"] = ""
            self.count("without name")
        elif way <= 77:
            texts["counterparty_name"] = "路人"
            self.count("without contract")
        entry = self.entry(booking_date=day, amount_fen=self.pick(amounts), direction="C", **texts)
        if self.chance(6, "attributed"):
            said = f.PaymentAttributed(
                institution=INSTITUTION,
                entry=identity(entry),
                contract=self.pick(self.contracts).number,
            )
            self.tell(said)

    def other_credit(self) -> None:
        """Interest, returned money, a payment company, or money of its own."""
        what = self.pick(("interest", "returned", "settlement company", "move"))
        fields: dict[str, Any] = {
            "interest": {"remittance": "结息", "counterparty_name": "银行"},
            "returned": {"remittance": f"退汇 {self._refund_name()}", "counterparty_name": "银行"},
            "settlement company": {"remittance": "HT-1", "counterparty_name": "拉卡支付"},
            "move": {"remittance": "HT-1", "counterparty_account": SETTLEMENT},
        }[what]
        if what != "move":
            self.count(what)
        self.entry(amount_fen=self.pick((1_000, 60_000)), direction="C", **fields)

    def _refund_name(self) -> str:
        names = [r.number for r in self.requests] + [c.number for c in self.contracts]
        name: str = self.pick(names)
        return name

    def debit(self) -> None:
        """A debit: a refund, a release, a fee, an approved or frozen one, or any other."""
        what = self.pick(("refund", "release by name", "batch", "fee", "approved", "other", "move"))
        payer = self.pick(FAMILIES)
        amount = self.pick(OUTFLOWS_FEN)
        fields: dict[str, Any] = {
            "refund": {"remittance": f"退费 {self._refund_name()}", "counterparty_name": payer},
            "release by name": {
                "remittance": f"划拨 {self.pick(self.contracts).number}",
                "counterparty_account": SETTLEMENT,
            },
            "batch": {"remittance": "批量划拨", "counterparty_account": SETTLEMENT},
            "fee": {"remittance": "账户管理费", "counterparty_name": "银行"},
            "approved": {"remittance": f"PZ-{self.number(1, 2)}", "counterparty_name": "装修公司"},
            "move": {"counterparty_account": self.pick(self.dedicated), "remittance": ""},
            "other": {"remittance": "往来款", "counterparty_name": "装修公司"},
        }[what]
        if what in {"release by name", "batch", "fee"}:
            self.count(what)
        if what == "fee":
            amount = self.pick((50_000, 50_001, 1_000))
        if what == "refund" and self.requests and self.chance(60):
            self.count("refund")
            request = self.pick(self.requests)
            amount = self.pick((request.amount_fen, request.amount_fen // 2))
            if self.chance(40):
                fields |= self._to_payer(request)
        if what == "other" and self.chance(15, "without name"):
            fields["counterparty_name"] = ""
        self.entry(amount_fen=amount, direction="D", **fields)

    def _to_payer(self, request: f.RefundRequested) -> dict[str, Any]:
        payers = [c.payers[0] for c in self.contracts if c.number == request.contract]
        return {"remittance": "退学费", "counterparty_name": payers[0]} if payers else {}

    def refund(self, number: int) -> None:
        """A request for money back, perhaps answered, perhaps of a contract nobody told."""
        of = self.pick(self.contracts)
        low = min(70, (of.signed - self.start).days + 11)
        contract = of.number if self.chance(92) else "HT-99"
        request = f.RefundRequested(
            institution=INSTITUTION,
            number=f"TF-{number}",
            contract=contract,
            day=self.day(max(0, low), 75),
            amount_fen=self.pick((60_000, 100_000, 99_999)),
        )
        self.requests.append(request)
        self.tell(request)
        if self.chance(40):
            agreed = self.pick((0, 50_000, 60_000))
            self.count("agreed" if agreed else "refused")
            answered = request.day + timedelta(days=self.number(0, 12))
            answer = f.RefundAnswered(
                institution=INSTITUTION, number=request.number, day=answered, agreed_fen=agreed
            )
            self.tell(answer)

    def lesson(self, number: int) -> None:
        """One class session with some of the contracts present."""
        present = tuple(c.number for c in self.contracts if self.chance(60))
        lesson = f.LessonDelivered(
            institution=INSTITUTION,
            number=f"KC-{number}",
            day=self.day(),
            present=present,
            hours_hundredths=self.pick((100, 200, 1_000, 2_000)),
        )
        self.tell(lesson)

    # ---- What else a bank and people say ----

    def balances(self) -> None:
        """Reported balances, some of them near what is owed, and statements that may not prove."""
        paid = sum(e.amount_fen for e in self.entries if e.direction == "C") or 100_000
        for account in self.dedicated:
            if self.chance(12):
                continue
            opening = f.BalanceReported(
                account=account,
                day=self.start + timedelta(days=self.number(0, 3)),
                what="opening",
                balance_fen=self.pick((0, paid, 250_000, 1_000_000, 2_500_000)),
            )
            self.tell(opening)
            for low in range(4, DAYS, self.pick((15, 25, DAYS, 2 * DAYS))):
                share = self.pick((10_000, 10_000, 9_999, 9_500, 9_499, 8_000, 5_000, 4_900, 0))
                closing = f.BalanceReported(
                    account=account,
                    day=self.day(low, low + 14),
                    what="closing",
                    balance_fen=paid * share // 10_000,
                )
                self.tell(closing)
        if self.chance(25, "broken statement"):
            self._broken_statement()

    def _broken_statement(self) -> None:
        ends = self.day(2)
        broken = f.StatementReceived(
            account=self.pick(self.dedicated),
            statement="DZ-1",
            begins=ends - timedelta(days=self.number(0, 8)),
            ends=ends,
            consistent=False,
            gap_fen=self.number(1, 5_000),
        )
        self.tell(broken)
        if self.chance(30, "corrected statement"):
            self.tell(msgspec.structs.replace(broken, consistent=True, gap_fen=0))
        elif self.chance(45, "accepted"):
            self.tell(f.StatementAccepted(account=broken.account, statement="DZ-1"))

    def people(self) -> None:
        """Approvals, freezes, receipts and complaints."""
        if self.chance(50, "approved"):
            approval = f.WithdrawalApproved(
                institution=INSTITUTION, number="PZ-1", day=self.day(), amount_fen=1_000
            )
            self.tell(approval)
        if self.chance(15, "frozen"):
            frozen = f.AccountRestricted(account="62-A", number="DJ-1", valid_from=self.day())
            self.tell(frozen)
        payee = self.pick((SETTLEMENT, "62-A", "STRANGER"))
        number = self.pick(self.contracts).number
        if self.chance(30, "receipt"):
            receipt = f.ReceiptIssued(
                institution=INSTITUTION,
                number="SJ-1",
                day=self.day(),
                amount_fen=self.pick((60_000, 1_000_001)),
                contract=number,
                payee_account=payee,
            )
            self.tell(receipt)
        if self.chance(30, "complaint"):
            complaint = f.ComplaintFiled(
                institution=INSTITUTION,
                number="TS-1",
                day=self.day(),
                contract=number,
                amount_fen=self.pick((60_000, 1_000_001)),
                payee_account=payee,
            )
            self.tell(complaint)

    # ---- Trouble with what was told ----

    def reversals(self) -> None:
        """Entries undone in both styles, and one that undoes nothing known."""
        for entry in list(self.entries):
            if not self.chance(7):
                continue
            by_reference = not entry.end_to_end_id or self.chance(50)
            self.count(f"reversed by {'' if by_reference else 'the same '}reference")
            undone = msgspec.structs.replace(
                entry,
                booking_date=entry.booking_date + timedelta(days=self.number(1, 6)),
                direction="D" if entry.direction == "C" else "C",
                reversal=True,
                reverses=entry.serial if by_reference else "",
                serial=f"R{entry.serial}",
            )
            self.tell(undone)
        if self.chance(6, "orphan reversal"):
            self.entry(amount_fen=60_000, direction="C", reversal=True, reverses="NOWHERE")

    def corrections(self) -> None:
        """Register rows stated again, facts contested, retracted or told late."""
        for told in list(self.told):
            fact, stated_at = told.fact, f"2024-09-{self.number(1, 28):02d}T08:00:00Z"
            if isinstance(fact, f.ContractStated) and self.chance(15, "corrected row"):
                moved = fact.signed + timedelta(days=self.number(-10, 5))
                price = self.pick((fact.price_fen, 480_000))
                corrected = msgspec.structs.replace(fact, signed=moved, price_fen=price)
                self.tell(corrected, self.pick((stated_at, "2024-07-01T08:00:00Z")))
            elif isinstance(fact, f.AccountStated) and self.chance(8, "corrected row"):
                corrected_row = msgspec.structs.replace(fact, valid_to=self.day(30))
                self.tell(corrected_row, self.pick((stated_at, "2024-07-01T08:00:00Z")))
            elif isinstance(fact, f.EntryBooked) and self.chance(4, "contested"):
                other = msgspec.structs.replace(fact, amount_fen=fact.amount_fen + 1)
                self.tell(other, self.pick((stated_at, "2024-07-01T08:00:00Z", told.stated_at)))
            elif isinstance(fact, f.EntryBooked) and self.chance(6, "described anew"):
                text = self.pick(("", "HT-1", f"{fact.remittance} 二"))
                again = msgspec.structs.replace(fact, remittance=text)
                self.tell(again, self.pick((stated_at, "2024-07-01T08:00:00Z", told.stated_at)))
            if self.chance(8, "told again"):
                self.tell(fact, stated_at)
            if self.chance(2, "retracted"):
                self.tell(f.FactRetracted(fact=identity(fact)))


def fill(teller: Teller) -> Drawn:
    """Tell a whole history."""
    teller.registers()
    for number in range(1, teller.number(1, 4) + 1):
        teller.contract(number)
    for number in range(1, teller.number(0, 3) + 1):
        teller.refund(number)
    for contract in teller.contracts:
        for _ in range(teller.number(0, 3)):
            teller.payment(contract)
    for _ in range(teller.number(0, 2)):
        teller.other_credit()
    for _ in range(teller.number(0, 5)):
        teller.debit()
    for number in range(1, teller.number(0, 5) + 1):
        teller.lesson(number)
    teller.balances()
    teller.people()
    for more in MORE:
        more(teller)
    teller.reversals()
    teller.corrections()
    if teller.chance(50, "late"):
        teller.told.reverse()
    return Drawn(tuple(teller.told), teller.day(30, 95))


@st.composite
def histories(draw: Any) -> Drawn:  # noqa: ANN401 -- drawn
    """A small institution: everything that was told of it, and a day that is closed."""
    return fill(Teller(draw))
