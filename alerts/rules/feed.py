"""The feed itself: statements that do not prove, undecided entries (S1, M2, G6, G11)."""

from typing import Final

from alerts.rules.view import View, yuan
from models.findings import Finding
from models.keys import fact_id

STATEMENT_SEPARATOR: Final = "\n"


def statement_broken(view: View, subject: str) -> list[Finding]:
    """The figures of a statement do not prove, until it is corrected or accepted (S1)."""
    account, statement, currency = subject.split(STATEMENT_SEPARATOR)
    told = view.ledger.feed.statements.get((account, statement, currency), {})
    broken = told.get(False)
    if broken is None or True in told or (account, statement) in view.ledger.feed.accepted:
        return []
    if not view.ledger.registers.owned(account, broken.ends.toordinal()):
        return []
    suffix = "" if currency == "CNY" else f"/{currency}"
    return [
        view.finding(
            "statement-broken",
            f"statement:{account}/{statement}{suffix}",
            kind="data",
            level="yellow",
            day=broken.ends.toordinal(),
            amount_fen=broken.gap_fen,
            evidence=(fact_id(broken),),
            formula=(yuan("gap", broken.gap_fen),),
        )
    ]


def matching_undecided(view: View, entry_id: str) -> list[Finding]:
    """An entry that could belong to several contracts, names nothing, or reverses the unknown."""
    entry = view.ledger.entries.get(entry_id)
    final = entry.final if entry is not None else None
    if entry is None or final is None or not final.missing or final.kind == "other":
        return []
    ledger = view.ledger
    fact = entry.fact
    candidates = [i for number in final.candidates for i in ledger.contract_id(number)]
    return [
        view.undecided(
            "matching",
            f"entry:{fact.account}/{fact.booking_date.isoformat()}/{fact.serial}",
            day=entry.day,
            missing=final.missing,
            evidence=(entry_id, *candidates),
        )
    ]


def foreign_currency(view: View, account: str) -> list[Finding]:
    """Entries in another currency on a designated account are in no sum: one a account (G11)."""
    registers = view.ledger.registers
    entries = []
    for identifier in sorted(view.ledger.foreign_on.get(account, ())):
        day = view.ledger.day_of(identifier)
        if registers.designated(account, day):
            entries.append((day, identifier))
    if not entries:
        return []
    return [
        view.undecided(
            "currency",
            f"account:{account}",
            day=min(entries)[0],
            missing="CNY amount",
            evidence=[identifier for _, identifier in entries],
        )
    ]
