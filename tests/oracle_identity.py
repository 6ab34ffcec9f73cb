"""Ids, content hashes and own days of facts as the oracle works them out, from the rules alone."""

from datetime import date
from hashlib import sha256

import msgspec

from models import facts as f
from tests.oracle_pairing import pairing_identity

DECISIONS = f.Decision.__args__
_BY_ACCOUNT = {
    f.AccountStated: ("valid_from",),
    f.EntryBooked: ("booking_date", "serial"),
    f.EntryAnnounced: ("booking_date", "serial", "status"),
    f.BalanceReported: ("currency", "what", "day"),
    f.StatementReceived: ("statement", "currency", "consistent"),
    f.AccountRestricted: ("number",),
    f.StatementAccepted: ("statement",),
}
_BY_INSTITUTION = {
    f.InstitutionStated: ("valid_from",),
    f.CustodyStated: ("number", "valid_from"),
    f.FeeStated: ("number", "valid_from"),
    f.RelatedPartyStated: ("number", "valid_from"),
    f.MerchantCodeStated: ("number", "valid_from"),
    f.TermStated: ("number", "valid_from"),
    f.RefundAnswered: ("number", "day"),
    f.PaymentAttributed: ("entry",),
    f.SubjectIdentified: ("fact",),
}
_DAYS = ("booking_date", "signed", "day", "valid_from", "ends")


def identity(fact: f.Fact) -> str:
    """The id under which a fact is told twice, corrected, retracted."""
    kind = type(fact).__name__
    if isinstance(fact, f.FactRetracted | f.ConflictSettled):
        return f"{kind} of {fact.fact}"
    if isinstance(fact, f.EntryPaired | f.EntriesListed):
        return pairing_identity(fact)
    said = msgspec.structs.asdict(fact)
    fields: tuple[str, ...]
    if isinstance(fact, f.MerchantTransactionBilled):
        owner, fields = "a:merchant:" + fact.merchant_code, ("what", "number")
    elif type(fact) in _BY_ACCOUNT:
        owner, fields = "a:" + said["account"], _BY_ACCOUNT[type(fact)]
    else:
        owner, fields = "i:" + said["institution"], _BY_INSTITUTION.get(type(fact), ("number",))
    values = [said[field] for field in fields]
    texts = ["yes" if v is True else "no" if v is False else str(v) for v in values]
    return "/".join(t.replace("%", "%25").replace("/", "%2F") for t in (owner, kind, *texts))


def digest(fact: f.Fact) -> str:
    """SHA-256 of the fact's fields as JSON with sorted keys."""
    return sha256(msgspec.json.encode(fact, order="sorted")).hexdigest()


def day_of(fact: f.Fact) -> date | None:
    """The own day of a fact (G2); a statement's is its end; decisions of people have none."""
    if isinstance(fact, DECISIONS):
        return None
    if isinstance(fact, f.StatementReceived):
        return fact.ends
    if isinstance(fact, f.ContractStated):
        return fact.signed
    days = [getattr(fact, name) for name in _DAYS if hasattr(fact, name)]
    first: date = days[0]
    return first
