"""Which accounts take the money: outside payments, more than one dedicated account (P1, A1)."""

from collections import defaultdict
from typing import Final

from alerts.rules.view import View, number, sum_of, yuan
from models.findings import Finding, Kind, LevelWord
from models.outside import Source
from models.registers import FOREVER

RULE_OUTSIDE: Final = "payment-outside-account"
RULE_SEVERAL: Final = "several-accounts"
PROVEN: Final = ("entry", "receipt", "bill")


def payment_outside_account(view: View, account: str) -> list[Finding]:
    """Tuition went to an account that was not the dedicated one on that day (P1).

    Per contract the sources are not added: the largest sum counts. Bank entries and receipts
    prove; a complaint or a payee account written in a contract alone raises a suspicion.
    """
    sources = view.ledger.outside.by_account.get(account, {})
    by_contract: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    spans: list[tuple[int, int]] = []
    evidence: list[str] = []
    for identifier, source in sorted(sources.items()):
        span = _span(view, source)
        if span is None or span[0] > view.as_of:
            continue
        spans.append(span)
        if span[1] <= view.as_of and span[1] != FOREVER:
            continue
        by_contract[source.contract][source.kind] += _amount_fen(view, source)
        evidence += (identifier, *view.ledger.contract_id(source.contract))
    if not by_contract:
        return []
    wholes = [max(sums.values()) for sums in by_contract.values()]
    proofs = [max(sums.get(kind, 0) for kind in PROVEN) for sums in by_contract.values()]
    day = run_start(spans, view.as_of)
    proven = any(kind in sums for sums in by_contract.values() for kind in PROVEN)
    limit = view.number(RULE_OUTSIDE, "red_above_fen", day)
    kind: Kind = "breach" if proven else "suspicion"
    level: LevelWord = "orange" if proven else "yellow"
    if proven and limit is not None and sum(proofs) > limit:
        level = "red"
    formula = [yuan("paid_outside", sum(wholes), sum_of(wholes)), yuan("proven", sum(proofs))]
    if limit is not None:
        formula.append(yuan("red_above", limit))
    return [
        view.finding(
            RULE_OUTSIDE,
            f"account:{account}",
            kind=kind,
            level=level,
            day=day,
            amount_fen=sum(wholes),
            evidence=evidence,
            formula=formula,
        )
    ]


def _amount_fen(view: View, source: Source) -> int:
    """What a source says; if it names no amount, the price less what came in where it should."""
    if source.amount_fen is not None:
        return source.amount_fen
    terms = view.ledger.directory.terms.get(source.contract)
    paid = sum(fen for _, fen in _paid_into_designated(view, source.contract))
    return max(0, terms.price_fen - paid) if terms else 0


def _paid_into_designated(view: View, contract: str) -> list[tuple[int, int]]:
    """What came in on designated accounts, as (day, fen) in order."""
    book = view.ledger.books.get(contract)
    payments = book.ordered_payments() if book is not None else []
    return [
        (day, fen)
        for day, entry, fen in payments
        if view.ledger.registers.designated(view.ledger.entries[entry].account, day)
    ]


def _span(view: View, source: Source) -> tuple[int, int] | None:
    """First day on which a source counts, and the first day on which it does no more."""
    if source.amount_fen is not None:
        return (source.since, FOREVER) if source.amount_fen else None
    terms = view.ledger.directory.terms.get(source.contract)
    if terms is None:
        return (source.since, FOREVER)
    open_fen = terms.price_fen
    for day, fen in _paid_into_designated(view, source.contract):
        open_fen -= fen
        if open_fen <= 0:
            return (source.since, max(day, source.since)) if day > source.since else None
    return (source.since, FOREVER) if open_fen > 0 else None


def run_start(spans: list[tuple[int, int]], as_of: int) -> int:
    """The first day of the unbroken run of days, ending at as_of, that the spans cover."""
    start = as_of
    for first, after in sorted(spans, key=lambda span: -span[1]):
        if after >= start or after == FOREVER:
            start = min(start, first)
    return start


def several_accounts(view: View, _subject: str) -> list[Finding]:
    """More than one dedicated account on a day, or changed twice within the window (A1)."""
    days = view.ledger.registers.designation_days()
    changes = view.ledger.registers.designation_changes()
    if not days:
        return []
    if not changes and len(view.ledger.registers.designated_accounts(days[0])) == 1:
        return []  # one account, never changed: nearly every institution
    start = _several_since(view, days, changes)
    window = view.number(RULE_SEVERAL, "window_days", view.as_of)
    if start is None or window is None:
        return []
    accounts = view.ledger.registers.designated_accounts(view.as_of)
    recent = [change for change in changes if view.as_of - window < change <= view.as_of]
    return [
        view.finding(
            RULE_SEVERAL,
            "accounts",
            kind="breach",
            level="yellow",
            day=start,
            amount_fen=None,
            evidence=view.ledger.register_ids("AccountStated"),
            formula=(
                number("dedicated_accounts", len(accounts), ", ".join(accounts)),
                number("changes", len(recent)),
                number("window_days", window),
            ),
        )
    ]


def _several_since(view: View, days: tuple[int, ...], changes: tuple[int, ...]) -> int | None:
    """The first day of the unbroken run, ending at as_of, of several accounts or changes.

    Each day by the numbers in force on it (G12); None when as_of is no such day.
    """

    def stands(day: int) -> bool:
        window = view.number(RULE_SEVERAL, "window_days", day)
        limit = view.number(RULE_SEVERAL, "changes_limit", day)
        if window is None or limit is None:
            return False
        recent = sum(1 for change in changes if day - window < change <= day)
        return len(view.ledger.registers.designated_accounts(day)) > 1 or recent >= limit

    start: int | None = None
    for first, last in reversed(view.policy.alike(min(days), view.as_of)):
        window = view.number(RULE_SEVERAL, "window_days", first) or 0
        marks = {first, *days, *(change + window for change in changes)}
        for mark in sorted((m for m in marks if first <= m <= last), reverse=True):
            if not stands(mark):
                return start
            start = mark
    return start
