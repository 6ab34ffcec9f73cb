"""The id, the stream, the own day and the content hash of a fact, from its named key fields.

A stream is what a fact is kept under: `a:<account>` for what a bank or the account register says,
`i:<institution>` for the rest. Every fact id begins with its stream. What a payment company bills
is kept under the merchant's account with it.
"""

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

from models import facts as f
from models.identity import join_id, merchant_account

Source = Literal["register", "bank", "happening", "decision"]

_ENCODER = msgspec.json.Encoder(order="sorted")
# In a text of a fact the quotes would be escaped, and the kind follows it in every fact.
_HOME_CURRENCY = b'"currency":"CNY",'
_LISTING_DIGITS: Final = 32

# The key fields after the stream. A contract's id has no date: every statement of its number is a
# version of one state, so that correcting its signature keeps its id (rules.md G5).
_ACCOUNT_KEYS: dict[type[Any], tuple[str, ...]] = {
    f.AccountStated: ("valid_from",),
    f.EntryBooked: ("booking_date", "serial"),
    f.EntryAnnounced: ("booking_date", "serial", "status"),
    f.BalanceReported: ("currency", "what", "day"),
    f.StatementReceived: ("statement", "currency", "consistent"),
    f.AccountRestricted: ("number",),
    f.StatementAccepted: ("statement",),
}
_INSTITUTION_KEYS: dict[type[Any], tuple[str, ...]] = {
    f.InstitutionStated: ("valid_from",),
    f.CustodyStated: ("number", "valid_from"),
    f.FeeStated: ("number", "valid_from"),
    f.ContractStated: ("number",),
    f.RelatedPartyStated: ("number", "valid_from"),
    f.MerchantCodeStated: ("number", "valid_from"),
    f.TermStated: ("number", "valid_from"),
    f.LessonDelivered: ("number",),
    f.RefundRequested: ("number",),
    f.RefundAnswered: ("number", "day"),
    f.WithdrawalApproved: ("number",),
    f.InvoiceIssued: ("number",),
    f.ReceiptIssued: ("number",),
    f.CashReceived: ("number",),
    f.ChargingSuspended: ("number",),
    f.ComplaintFiled: ("number",),
    f.PatrolReported: ("number",),
    f.PaymentAttributed: ("entry",),
    f.SubjectIdentified: ("fact",),
}
_OWN_DAY: dict[type[Any], str] = {
    f.ContractStated: "signed",
    f.EntryBooked: "booking_date",
    f.EntryAnnounced: "booking_date",
    f.MerchantTransactionBilled: "booking_date",
    f.StatementReceived: "ends",
    **dict.fromkeys(
        (
            *(f.InstitutionStated, f.AccountStated, f.CustodyStated, f.FeeStated),
            *(f.RelatedPartyStated, f.MerchantCodeStated, f.TermStated),
            *(f.AccountRestricted, f.ChargingSuspended),
        ),
        "valid_from",
    ),
    **dict.fromkeys(
        (
            f.EntriesListed,
            *(f.BalanceReported, f.LessonDelivered, f.RefundRequested, f.RefundAnswered),
            *(f.WithdrawalApproved, f.InvoiceIssued, f.ReceiptIssued, f.CashReceived),
            *(f.ComplaintFiled, f.PatrolReported),
        ),
        "day",
    ),
}
_SOURCES: dict[type[Any], Source] = {
    **dict.fromkeys(f.Register.__args__, "register"),
    **dict.fromkeys(f.Happening.__args__, "happening"),
    **dict.fromkeys(
        (
            *(f.EntryBooked, f.EntryAnnounced, f.EntriesListed),
            *(f.BalanceReported, f.StatementReceived),
            f.MerchantTransactionBilled,
        ),
        "bank",
    ),
    **dict.fromkeys(f.Decision.__args__, "decision"),
}


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _id_maker(kind: type[Any]) -> Callable[[Any], str]:
    name = kind.__name__
    by_account = kind in _ACCOUNT_KEYS
    owner, letter = ("account", "a:") if by_account else ("institution", "i:")
    keys = (_ACCOUNT_KEYS if by_account else _INSTITUTION_KEYS)[kind]

    def make(fact: Any) -> str:  # noqa: ANN401 -- one maker a kind; the table pairs them
        parts = [_plain(getattr(fact, key)) for key in keys]
        return join_id(letter + getattr(fact, owner), name, *parts)

    return make


def _entry_id(fact: f.EntryBooked) -> str:
    # The commonest kind, written out: about a third of the table's way.
    return join_id("a:" + fact.account, "EntryBooked", fact.booking_date.isoformat(), fact.serial)


def _billed_id(fact: f.MerchantTransactionBilled) -> str:
    stream = "a:" + merchant_account(fact.merchant_code)
    return join_id(stream, "MerchantTransactionBilled", fact.what, fact.number)


def _listing_id(fact: f.EntriesListed) -> str:
    # By what stands in it: two feeds that list a day alike tell one fact, and no two are contested.
    lists = (sorted(fact.referenced), sorted(fact.unreferenced))
    said = (*lists, fact.currency, fact.opening_fen, fact.closing_fen)
    digest = sha256(msgspec.json.encode(said)).hexdigest()[:_LISTING_DIGITS]
    return join_id("a:" + fact.account, "EntriesListed", fact.day.isoformat(), digest)


def _about_id(fact: f.FactRetracted | f.ConflictSettled | f.EntryPaired) -> str:
    # Kept in the stream of the fact that it speaks of, so that it reaches the same owner.
    about = fact.entry if isinstance(fact, f.EntryPaired) else fact.fact
    stream, _, rest = about.partition("/")
    return f"{stream}/{type(fact).__name__}/" + rest.replace("%", "%25").replace("/", "%2F")


_ID_OF: dict[type[Any], Callable[[Any], str]] = {
    **{kind: _id_maker(kind) for kind in (*_ACCOUNT_KEYS, *_INSTITUTION_KEYS)},
    f.EntryBooked: _entry_id,
    f.MerchantTransactionBilled: _billed_id,
    f.EntriesListed: _listing_id,
    f.FactRetracted: _about_id,
    f.ConflictSettled: _about_id,
    f.EntryPaired: _about_id,
}


def fact_id(fact: f.Fact) -> str:
    """The id of a fact: `<stream>/<kind>/<key fields>`; told twice is one id."""
    return _ID_OF[type(fact)](fact)


def stream_of(identifier: str) -> str:
    """The stream of a fact id: `a:<account>` or `i:<institution>`, '/' and '%' escaped."""
    return identifier.partition("/")[0]


def serial_of(entry_id: str) -> str:
    """The serial in the id of an entry."""
    return entry_id.rpartition("/")[2].replace("%2F", "/").replace("%25", "%")


def own_day(fact: f.Fact) -> date | None:
    """The day to which a fact belongs (rules.md G2), None for decisions of people."""
    name = _OWN_DAY.get(type(fact))
    if name is None:
        return None
    day: date = getattr(fact, name)
    return day


def source_of(fact: f.Fact) -> Source:
    """Which of several contents of one id counts depends on this (rules.md G5)."""
    return _SOURCES[type(fact)]


def encode(fact: f.Fact) -> bytes:
    """A fact as JSON with sorted keys; fields that have their default are left out."""
    # msgspec leaves a text out only where it is the very object of the default: a currency read
    # from a file would stand there, and the same entry of two feeds would have two contents.
    return _ENCODER.encode(fact).replace(_HOME_CURRENCY, b"")


def content_hash(body: bytes) -> bytes:
    """SHA-256 over an encoded fact: a field added later with a default changes no hash."""
    return sha256(body).digest()


DECODER = msgspec.json.Decoder(f.Fact)
