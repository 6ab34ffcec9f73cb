"""What a simulated institution is made of. Days are ordinals (date.toordinal()), money is fen."""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from models.facts import Decision, Fact
from streams.simulator.course import Course, Payroll

Day = int
Meaning = Literal[
    "payment", "unmatched", "refund", "returned", "release", "named", "move",
    "interest", "fee", "other", "approved", "income", "void",
]  # fmt: skip
NEVER: Day = date.max.toordinal()
RESERVE_LEAST_FEN = 30_000_000
"""What every agreement on a reserve asks for."""


@lru_cache(maxsize=4096)
def iso(day: Day) -> str:
    """A day as YYYY-MM-DD."""
    return date.fromordinal(day).isoformat()


@dataclass(slots=True)
class Part:
    """An instalment: what is due when, and the hours and days that it buys."""

    amount_fen: int
    due: Day
    hours: int
    begins: Day
    ends: Day


# Compared by identity: a contract is one thing, however its fields change.
@dataclass(slots=True, eq=False)
class Contract:
    """A contract; hours are hundredths, `told` is the day on which the register says it.

    From `asked` on (the day of a refund request) its pupil attends no more.
    """

    number: str
    signed: Day
    told: Day
    price_fen: int
    payers: tuple[str, ...]
    payer_account: str
    student: str
    subject: str
    academic: bool | None
    online: bool
    hours: int
    bonus: int
    minutes: int
    begins: Day
    ends: Day
    parts: tuple[Part, ...] = ()
    staged: bool = False
    order_number: str = ""
    asked: Day = NEVER
    special: bool = False
    stage: Literal["", "primary", "junior", "senior"] = ""
    class_size: int | None = None


@dataclass(slots=True)
class Payment:
    """Money from a family. `into` is an account number, empty for the account designated that day.

    `wrong_first` is the day on which the bank booked it wrongly, to reverse it on `day` and book
    it again. Outside the feeds (`by_receipt`) only a receipt tells of it.
    """

    contract: Contract | None
    day: Day
    amount_fen: int
    payer: str
    payer_account: str
    remittance: str
    with_number: bool = True
    by_relative: bool = False
    into: str = ""
    wrong_first: Day | None = None
    by_receipt: bool = False
    ambiguous: bool = False


@dataclass(slots=True)
class Session:
    """One class session with the contracts present and the hours it uses up of each.

    `silent`: no parent confirmed it, the time ran out.
    """

    number: str
    day: Day
    hours: int
    present: list[Contract]
    silent: bool = False


@dataclass(slots=True)
class Refund:
    """A refund request; the cashier fills in amounts. `shares` are (working days, percent).

    One that is `returned` (退汇) comes back on the next working day and is paid once more.
    `answer_delay` is in working days; None means soon. `payee` is who gets it instead of the payer.
    """

    number: str
    contract: Contract
    asked: Day
    shares: tuple[tuple[int, int], ...]
    requested_fen: int = 0
    agreed_fen: int = 0
    answered: Day = NEVER
    near: bool = False
    returned: bool = False
    answer_delay: int | None = None
    payee: str = ""


@dataclass(slots=True)
class Raid:
    """A debit out of line, carried out by the cashier; the meaning of `size` depends on `kind`."""

    day: Day
    kind: Literal[
        "share",
        "below",
        "small",
        "approved",
        "named",
        "named-exact",
        "ahead",
        "dip",
        "drain",
        "flight",
        "reserve",
        "kin",
        "kin-approved",
        "piece",
        "deposit",
    ]
    size: int = 0
    restored: Day | None = None


@dataclass(slots=True)
class Account:
    """A bank account as the register states it, and the cashier's running figures.

    Its bank may tell of it before the register does: from `reports_from` on, 0 for `valid_from`.
    """

    number: str
    bank: str
    purpose: Literal["dedicated", "reserve", "settlement"]
    valid_from: Day
    valid_to: Day = NEVER
    fed: bool = True
    reports_from: Day = 0
    balance_fen: int = 0
    entries: int = 0
    closings: dict[Day, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Entry:
    """A booked entry, with what it means: the bank never says that, the book needs it."""

    account: Account
    day: Day
    serial: str
    amount_fen: int
    direction: Literal["C", "D"]
    name: str
    other_account: str
    remittance: str
    meaning: Meaning
    balance_fen: int
    contract: Contract | None = None
    refund: Refund | None = None
    reversal: bool = False
    reverses: str = ""

    @property
    def subject(self) -> str:
        """The entry as a subject of findings."""
        return f"entry:{self.account.number}/{iso(self.day)}/{self.serial}"


@dataclass(slots=True)
class Row:
    """A fact of a register or NDJSON line and the day on which it is told.

    `beside` is a fact that shares its register row; `is_full`: of an export of the whole table.
    """

    told: Day
    fact: Fact
    beside: Fact | None = None
    is_full: bool = False

    @property
    def clock(self) -> str:
        """The time of day, in China, at which it is told."""
        if self.is_full:
            return "20:00:00"
        return "19:00:00" if isinstance(self.fact, Decision) else "18:00:00"


@dataclass(slots=True)
class Span:
    """Days from and to, both included, with the number of the agreement or order."""

    number: str
    begins: Day
    ends: Day = NEVER
    told: Day = 0


@dataclass(slots=True)
class Broken:
    """A statement that is delivered with figures that do not prove; later corrected or never.

    One that is `dropped` is not delivered on its day at all, only when it is corrected.
    """

    account: str
    day: Day
    statement: str = ""
    gap_fen: int = 0
    corrected: Day | None = None
    dropped: bool = False


@dataclass(slots=True)
class Resent:
    """A statement that comes again on a later day; one entry with other words, or as a reversal.

    `reverses` is the serial that it then says to undo; the bank never told of that.
    """

    account: str
    day: Day
    again: Day
    serial: str = ""
    remittance: str = ""
    reverses: str = ""


class Cash(NamedTuple):
    """Cash that was taken for a contract."""

    number: str
    contract: Contract
    day: Day
    amount_fen: int


class Declared(NamedTuple):
    """A line of the truth that the plan itself is: so it was made, there is nothing to work out."""

    rule: str
    subject: str
    day: Day
    until: Day | None = None
    level: str = "yellow"


@dataclass(slots=True)
class Story:
    """What an institution's months are about; `signs` are its troubles with the day each began.

    `closed` is the first day without anybody there; `fails` says that families lose money by it.
    """

    archetype: str
    signs: dict[str, Day] = field(default_factory=dict)
    closed: Day | None = None
    fails: bool = False
    sudden: bool = False


@dataclass
class Institution:
    """Everything about one institution, filled step by step: enrolment, wrongs, cash, judgement."""

    index: int
    id: str
    name: str
    usci: str
    county: str
    area: str
    representative: str
    bank: str
    first: Day
    last: Day
    chinese: bool = False
    reserve: bool = False
    tight: bool = False
    staged: bool = False
    pupils: int = 0
    buffer_fen: int = 0
    reserve_fen: int = 0
    pledges: list[tuple[str, Span]] = field(default_factory=list)
    release_weekday: int = 0
    idle_releases: tuple[Day, Day] = (0, 0)
    restated: bool = False
    redesignated: bool = False
    reregistered: tuple[Day, str] | None = None
    accounts: list[Account] = field(default_factory=list)
    custody: list[Span] = field(default_factory=list)
    suspensions: list[Span] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    raids: list[Raid] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    complaints: list[tuple[Day, int, str, str]] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    planted: set[tuple[str, str]] = field(default_factory=set)
    near: list[tuple[str, str, Day, str]] = field(default_factory=list)
    claims: dict[tuple[str, int], list[Day]] = field(default_factory=dict)
    story: Story = field(default_factory=lambda: Story("healthy"))
    course: Course = field(default_factory=Course)
    payroll: Payroll | None = None
    representatives: list[tuple[Day, str]] = field(default_factory=list)
    grievances: list[tuple[Day, str, str]] = field(default_factory=list)
    uninvoiced: set[str] = field(default_factory=set)
    invoiced_last: set[str] = field(default_factory=set)
    unpublished: set[str] = field(default_factory=set)
    bank_fees: bool = False
    city: str = "南昌市"
    registered: bool = True
    declared: list[Declared] = field(default_factory=list)
    cash: list[Cash] = field(default_factory=list)
    resent: list[Resent] = field(default_factory=list)

    @property
    def settlement(self) -> Account:
        """The institution's own settlement account, to which it releases."""
        return next(account for account in self.accounts if account.purpose == "settlement")

    @property
    def reserve_account(self) -> Account | None:
        """The account that holds the reserve, None for who has none."""
        return next((each for each in self.accounts if each.purpose == "reserve"), None)

    def designated(self, day: Day) -> list[Account]:
        """The accounts designated on a day, the one designated first in front."""
        return [
            account
            for account in self.accounts
            if account.purpose == "dedicated" and account.valid_from <= day <= account.valid_to
        ]

    def owner(self, day: Day) -> str:
        """The legal representative of a day."""
        named = [name for since, name in self.representatives if since <= day]
        return named[-1] if named else self.representative

    def near_miss(self, rule: str, subject: str, day: Day, why: str) -> None:
        """Note a deed one step inside the limit of a rule."""
        self.near.append((rule, subject, day, why))

    def free_price(self, payer: str, price_fen: int, days: tuple[Day, ...]) -> bool:
        """Whether no other amount of this payer could be taken for this one."""
        return all(
            abs(day - other) > 40
            for other in self.claims.get((payer, price_fen), ())
            for day in days
        )

    def claim(self, payers: tuple[str, ...], amount_fen: int, days: tuple[Day, ...]) -> None:
        """Remember that these payers owe this amount about these days."""
        for payer in payers:
            self.claims.setdefault((payer, amount_fen), []).extend(days)
