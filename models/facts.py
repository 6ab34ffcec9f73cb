"""What can be reported: one frozen struct per kind of fact, in one tagged union.

A fact says what was told, never when it arrived nor from where: that is the sighting's part.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec

from models.register_facts import (
    AccountStated,
    Amount,
    Base,
    ContractStated,
    CustodyStated,
    FeeStated,
    Hours,
    Instalment,
    InstitutionStated,
    MerchantCodeStated,
    RelatedPartyStated,
    Stage,
    TermStated,
    Text,
)

__all__ = [
    "AccountStated",
    "ContractStated",
    "CustodyStated",
    "FeeStated",
    "Instalment",
    "InstitutionStated",
    "MerchantCodeStated",
    "RelatedPartyStated",
    "Stage",
    "TermStated",
]


Currency = Annotated[str, msgspec.Meta(max_length=16)]
Fee = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]

# ---- Happenings ----


class EntryBooked(Base, frozen=True, tag=True):
    """A booked entry of a bank statement; `direction` is its effect on the balance (C adds).

    `serial` identifies it within account and booking date, by the tiers of feeds.md 4.1.
    `reverses` is the serial or reference of the entry that a reversal undoes, where told.
    """

    account: Text
    booking_date: date
    serial: Text
    amount_fen: Amount
    direction: Literal["C", "D"]
    currency: Currency = "CNY"
    counterparty_name: str = ""
    counterparty_account: str = ""
    remittance: str = ""
    reversal: bool = False
    reverses: str = ""
    sub_account: str = ""
    end_to_end_id: str = ""
    value_date: date | None = None
    counterparty_bank: str = ""
    code: str = ""
    channel: str = ""


class EntryAnnounced(Base, frozen=True, tag=True):
    """An entry that is pending or informational: shown, in no sum (G11)."""

    account: Text
    booking_date: date
    serial: Text
    status: Literal["PENDING", "INFO"]
    amount_fen: Amount
    direction: Literal["C", "D"]
    currency: Currency = "CNY"
    counterparty_name: str = ""
    remittance: str = ""


class BalanceReported(Base, frozen=True, tag=True):
    """A balance that a statement reports: closing at the end of `day`, opening at its start."""

    account: Text
    day: date
    what: Literal["opening", "closing"]
    balance_fen: int
    currency: Currency = "CNY"


class StatementReceived(Base, frozen=True, tag=True):
    """A statement of an account over both days; `consistent` when its figures prove (S1).

    `gap_fen` is the absolute gap of one that does not prove, 0 otherwise. `sequence` is the bank's
    running number of the account's statements, None where it gives none.
    """

    account: Text
    statement: Text
    begins: date
    ends: date
    consistent: bool
    gap_fen: Amount = 0
    currency: Currency = "CNY"
    entries: int = 0
    sequence: int | None = None


class MerchantTransactionBilled(Base, frozen=True, tag=True):
    """A row of a payment company's bill: it explains a settlement credit and is no entry.

    `number` is the company's own: of a payment its transaction, of a refund the refund's, and
    `payment` is then the transaction given back. `amount_fen` is what counts for the settlement,
    without sign. `fee_e5` is what the company keeps of it in 1/100,000 yuan (WeChat Pay states five
    decimals), negative where a refund gives it back. `booking_date` is the company's day.
    """

    merchant_code: Text
    channel: Literal["wechat", "alipay"]
    what: Literal["payment", "refund"]
    number: Text
    booking_date: date
    amount_fen: Amount
    fee_e5: Fee = 0
    order_number: str = ""
    payment: str = ""
    booked_at: str = ""
    counterparty_name: str = ""
    remittance: str = ""


class EntriesListed(Base, frozen=True, tag=True):
    """Serials of entries that one statement tells of a day, some without the bank's reference.

    All of the day that have one currency, direction and amount stand in one listing. So two of a
    listing are never one entry, and what another feed tells of the day is among them, if both begin
    and end it with the same balances: the statement's own before and after the day, where it has.
    """

    account: Text
    day: date
    referenced: tuple[Text, ...] = ()
    unreferenced: tuple[Text, ...] = ()
    currency: Currency = "CNY"
    opening_fen: int | None = None
    closing_fen: int | None = None


class LessonDelivered(Base, frozen=True, tag=True):
    """One class session: the contracts present and the class hours it used up of each."""

    institution: Text
    number: Text
    day: date
    present: tuple[str, ...]
    hours_hundredths: Hours = 100
    confirmed: Literal["parent", "time-out"] = "parent"


class RefundRequested(Base, frozen=True, tag=True):
    """A family asks money back; `amount_fen` is what it asks for."""

    institution: Text
    number: Text
    contract: str
    day: date
    amount_fen: Amount


class RefundAnswered(Base, frozen=True, tag=True):
    """The institution's answer: what it agreed to pay back, 0 when refused."""

    institution: Text
    number: Text
    day: date
    agreed_fen: Amount


class WithdrawalApproved(Base, frozen=True, tag=True):
    """The authority approves a withdrawal that a debit may name."""

    institution: Text
    number: Text
    day: date
    amount_fen: Amount = 0


class InvoiceIssued(Base, frozen=True, tag=True):
    """A tax invoice for a payment."""

    institution: Text
    number: Text
    contract: str
    day: date
    amount_fen: Amount


class ReceiptIssued(Base, frozen=True, tag=True):
    """What the family was given for a payment, with the account or merchant code paid to."""

    institution: Text
    number: Text
    day: date
    amount_fen: Amount
    contract: str = ""
    payee_account: str = ""
    merchant_code: str = ""


class CashReceived(Base, frozen=True, tag=True):
    """Cash taken by contract record."""

    institution: Text
    number: Text
    contract: str
    day: date
    amount_fen: Amount


class AccountRestricted(Base, frozen=True, tag=True):
    """A freeze or pledge of an account, both days included."""

    account: Text
    number: Text
    valid_from: date
    valid_to: date | None = None
    reason: str = ""


class ChargingSuspended(Base, frozen=True, tag=True):
    """The authority suspends charging, both days included."""

    institution: Text
    number: Text
    valid_from: date
    valid_to: date | None = None
    reason: str = ""


class ComplaintFiled(Base, frozen=True, tag=True):
    """A complaint (national, city or county level), with the payee account where it names one."""

    institution: Text
    number: Text
    day: date
    level: Literal["national", "city", "county"] = "county"
    about: str = ""
    contract: str = ""
    amount_fen: Amount | None = None
    payee_account: str = ""
    merchant_code: str = ""


class PatrolReported(Base, frozen=True, tag=True):
    """A patrol's report on an institution (national, city or county level); `about`: its text."""

    institution: Text
    number: Text
    day: date
    level: Literal["national", "city", "county"] = "county"
    about: str = ""


# ---- Decisions of people: no own day (G5) ----


class PaymentAttributed(Base, frozen=True, tag=True):
    """A person says to which contract an entry belongs; `entry` is the entry's fact id."""

    institution: Text
    entry: Text
    contract: Text


class ConflictSettled(Base, frozen=True, tag=True):
    """A person says which content of a contested fact counts, by its content hash in hex."""

    fact: Text
    content: Text


class EntryPaired(Base, frozen=True, tag=True):
    """A person says which entry one without reference is: both by their fact ids.

    `same_as` is empty where it is an entry of its own.
    """

    entry: Text
    same_as: str = ""
    reason: str = ""


class StatementAccepted(Base, frozen=True, tag=True):
    """An officer accepts a statement whose figures do not prove."""

    account: Text
    statement: Text
    reason: str = ""


class SubjectIdentified(Base, frozen=True, tag=True):
    """A person says which subject a complaint or payment is about."""

    institution: Text
    fact: Text
    subject: Text


class FactRetracted(Base, frozen=True, tag=True):
    """A fact is taken back; may arrive before what it retracts."""

    fact: Text
    reason: str = ""


Register = (
    InstitutionStated
    | AccountStated
    | CustodyStated
    | FeeStated
    | ContractStated
    | RelatedPartyStated
    | MerchantCodeStated
    | TermStated
)
Happening = (
    EntryBooked
    | EntryAnnounced
    | BalanceReported
    | StatementReceived
    | MerchantTransactionBilled
    | EntriesListed
    | LessonDelivered
    | RefundRequested
    | RefundAnswered
    | WithdrawalApproved
    | InvoiceIssued
    | ReceiptIssued
    | CashReceived
    | AccountRestricted
    | ChargingSuspended
    | ComplaintFiled
    | PatrolReported
)
Decision = (
    PaymentAttributed
    | ConflictSettled
    | EntryPaired
    | StatementAccepted
    | SubjectIdentified
    | FactRetracted
)
Fact = Register | Happening | Decision


class Told(msgspec.Struct, frozen=True, gc=False):
    """A fact as one source told it: where it stands, and when the source says it was made.

    `stated_at` is UTC as `YYYY-MM-DDTHH:MM:SSZ`: a statement's creation time or an export's.
    `file` is the SHA-256 of the delivered bytes in hex, `position` a place in it that a person
    can find (`row 12`, `entry 3 at byte 1024`).
    """

    fact: Fact
    stated_at: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    file: Annotated[str, msgspec.Meta(max_length=64)]
    position: Annotated[str, msgspec.Meta(max_length=200)]
