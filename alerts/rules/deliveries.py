"""What banks deliver: conflicts, gaps, silence, accounts that nobody registered (rules.md D)."""

from datetime import date
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from alerts.rules.days import Seen, Shown, State, Unknown, at_least, judge
from alerts.rules.feed import STATEMENT_SEPARATOR
from alerts.rules.settlements import billed_unrouted
from alerts.rules.view import View, day_step, minus, number, yuan
from models import facts as f
from models.feed import HOME_CURRENCY, Span
from models.findings import Finding, Step
from models.identity import account_of_nobody, merchant_account, merchant_code_of
from models.keys import fact_id, own_day, serial_of
from models.matching import Entry
from models.pairing import COUNTING_ENTRY, HELD_ENTRY, PAIRING
from models.versions import Contest
from models.working_days import CalendarMissing

RULE_CONFLICT: Final = "statement-conflict"
RULE_GAP: Final = "statement-gap"
RULE_SILENT: Final = "feed-silent"
RULE_UNROUTED: Final = "entry-unrouted"
RULE_UNLICENSED: Final = "unlicensed-collection"
EVIDENCE_MAX: Final = 50
STATES_CACHED_MAX: Final = 16_384


def statement_conflict(view: View, identifier: str) -> list[Finding]:
    """A statement, a balance or an entry came with several contents, until a person settles it."""
    contest = view.ledger.feed.contested.get(identifier)
    if contest is None:
        return []
    subject, account = _contested_subject(contest.counts)
    day = own_day(contest.counts)
    assert day is not None, f"{identifier} has no own day"
    if not _concerns(view, account, day.toordinal()):
        return []
    amounts = [_amount_fen(one.fact) for one in contest.told]
    spread_fen = max(amounts) - min(amounts)
    fields = _differing(contest)
    return [
        view.finding(
            RULE_CONFLICT,
            subject,
            kind="data",
            level="yellow",
            day=day.toordinal(),
            amount_fen=spread_fen or None,
            evidence=(identifier,),
            formula=(
                number("contents", len(contest.told)),
                Step("differing_fields", "", ", ".join(fields)),
                *(yuan("contested_amount", amount) for amount in amounts if spread_fen),
            ),
        )
    ]


def _contested_subject(fact: f.Fact) -> tuple[str, str]:
    match fact:
        case f.EntryBooked() | f.EntryAnnounced():
            day = fact.booking_date.isoformat()
            announced = "" if isinstance(fact, f.EntryBooked) else f"/{fact.status}"
            return f"entry:{fact.account}/{day}/{fact.serial}{announced}", fact.account
        case f.MerchantTransactionBilled():
            subject = f"bill:{fact.merchant_code}/{fact.what}/{fact.number}"
            return subject, merchant_account(fact.merchant_code)
        case f.BalanceReported():
            what = f"{fact.day.isoformat()}/{fact.what}"
            return f"balance:{fact.account}/{what}{_in_currency(fact.currency)}", fact.account
        case f.StatementReceived():
            consistent = "" if fact.consistent else "/inconsistent"
            suffix = f"{_in_currency(fact.currency)}{consistent}"
            return f"statement:{fact.account}/{fact.statement}{suffix}", fact.account
        case _:
            raise TypeError(type(fact).__name__)


def _in_currency(currency: str) -> str:
    return "" if currency == HOME_CURRENCY else f"/{currency}"


def _amount_fen(fact: f.Fact) -> int:
    match fact:
        case f.EntryBooked() | f.EntryAnnounced():
            return fact.amount_fen if fact.direction == "C" else -fact.amount_fen
        case f.MerchantTransactionBilled():
            return fact.amount_fen
        case f.BalanceReported():
            return fact.balance_fen
        case _:
            return 0


def _differing(contest: Contest) -> list[str]:
    first = contest.told[0].fact
    return [
        field
        for field in first.__struct_fields__
        if any(getattr(one.fact, field) != getattr(first, field) for one in contest.told[1:])
    ]


def entries_unpaired(view: View, subject: str) -> list[Finding]:
    """Entries without reference that may be others, which count, until a person says which."""
    found = view.ledger.feed.unpaired.get(subject)
    if found is None:
        return []
    group, unpaired = found
    if not _concerns(view, group.account, group.day.toordinal()):
        return []
    finding = view.undecided(
        PAIRING,
        subject,
        day=group.day.toordinal(),
        missing="bank reference",
        evidence=(*unpaired.held, *unpaired.candidates),
    )
    named = ((HELD_ENTRY, unpaired.held), (COUNTING_ENTRY, unpaired.candidates))
    formula = tuple(Step(name, "", one) for name, ids in named for one in map(serial_of, ids))
    return [replace(finding, formula=formula)]


def _concerns(view: View, account: str, day: int) -> bool:
    """Whether the account is the institution's on that day, or nobody's and looked after here."""
    if account_of_nobody(view.ledger.institution) == account:
        return True
    code = merchant_code_of(account)
    if code is not None:
        return view.ledger.registers.merchant(code, day) is not None
    return view.ledger.registers.owned(account, day)


def statement_gap(view: View, subject: str) -> list[Finding]:
    """Since the statement before money is missing, or a day or a number that may hide some."""
    account, statement, _ = subject.split(STATEMENT_SEPARATOR)
    told = view.ledger.feed.statements.get((account, statement, HOME_CURRENCY), {})
    fact = told.get(True) or told.get(False)
    if fact is None:
        return []
    begins = fact.begins.toordinal()
    before = view.ledger.feed.latest(account, begins - 1)
    if before is None or not view.ledger.registers.owned(account, before.ends):
        return []
    name = f"statement:{account}/{statement}"
    try:
        missing_days = _missing_days(view, account, before, begins)
    except CalendarMissing as missing:
        return [view.undecided(RULE_GAP, name, day=begins, missing=str(missing))]
    balances = _balances(view, account, before, begins)
    gap_fen = abs(balances[1] - balances[0]) if balances else 0
    if balances and not gap_fen:
        return []  # a day of which nothing moved may have no statement, and so no number
    missing_numbers = _missing_numbers(view, fact, before)
    if not (balances or missing_days or missing_numbers):
        return []
    formula = [
        day_step("statement_before_ends", before.ends),
        day_step("statement_begins", begins),
        number("missing_working_days", missing_days),
    ]
    if missing_numbers:
        formula.append(number("missing_statement_numbers", missing_numbers))
    if balances:
        formula.append(yuan("gap", gap_fen, minus(balances[1], balances[0])))
    return [
        view.finding(
            RULE_GAP,
            name,
            kind="data",
            level="yellow",
            day=min(before.ends + 1, begins),
            amount_fen=gap_fen or None,
            evidence=(fact_id(fact),),
            formula=formula,
        )
    ]


def _missing_days(view: View, account: str, before: Span, begins: int) -> int:
    """Working days between both that no statement covers."""
    if before.ends + 1 >= begins or view.ledger.feed.covers(account, begins - 1):
        return 0
    return view.calendar.count_since_ordinal(before.ends, begins - 1)


def _missing_numbers(view: View, fact: f.StatementReceived, before: Span) -> int:
    """Numbers of the bank between this statement and those that end with the one before.

    Banks that count days skip numbers when they skip days; others begin anew each year.
    """
    if fact.sequence is None:
        return 0
    ends = fact.ends.toordinal()
    earlier = view.ledger.feed.numbers(fact.account, before.ends, before.ends)
    if not earlier:
        return 0
    if fact.sequence - 1 in view.ledger.feed.numbers(fact.account, before.ends, ends):
        return 0
    skipped = fact.sequence - max(earlier)
    return skipped - 1 if skipped > 1 and skipped != ends - before.ends else 0


def _balances(view: View, account: str, before: Span, begins: int) -> tuple[int, int] | None:
    """The closing of the one and the opening of the other, where both were reported."""
    series = view.ledger.series
    closing, opening = series.closing(account, before.ends), series.opening(account, begins)
    return None if closing is None or opening is None else (closing, opening)


def feed_silent(view: View, _subject: str) -> list[Finding]:
    """An account that should report did not, by the length of its own statements."""
    return [
        finding
        for account in view.ledger.registers.designated_accounts(view.as_of)
        for finding in judge(view, _silence(account))
    ]


@lru_cache(maxsize=STATES_CACHED_MAX)
def _silence(account: str) -> State:
    def see(view: View, day: int) -> Seen:
        if not view.ledger.registers.designated(account, day):
            return None
        steps = view.policy.steps(RULE_SILENT, "working_days", day)
        last = view.ledger.feed.latest(account, day)
        if last is not None and last.ends >= day:  # nearly always
            return at_least(steps, 0)
        try:
            late = view.calendar.count_since_ordinal(_expected(view, account, day), day)
        except CalendarMissing as missing:
            return Unknown(str(missing))
        return at_least(steps, late)

    def show(view: View, day: int) -> Shown:
        last = view.ledger.feed.latest(account, day)
        expected = _expected(view, account, day)
        formula = [day_step("last_statement_ends", last.ends)] if last else []
        formula += [
            day_step("expected_by", expected),
            number("working_days_late", view.calendar.count_since_ordinal(expected, day)),
        ]
        return Shown(None, view.ledger.closing_ids(account, day), tuple(formula))

    return State(RULE_SILENT, f"account:{account}", "data", see, show)


def _expected(view: View, account: str, day: int) -> int:
    """The day through which a statement should be there, by the account's own rhythm."""
    first_days = view.number(RULE_SILENT, "first_statement_days", day) or 0
    statements = view.number(RULE_SILENT, "rhythm_statements", day) or 2
    last = view.ledger.feed.latest(account, day)
    if last is not None:
        return last.ends + (view.ledger.feed.rhythm_days(account, day, statements) or first_days)
    # Before anything was known of the institution nobody listened.
    since = max(view.ledger.registers.designated_since(account, day), view.ledger.series.first)
    return since + first_days


def entry_unrouted(view: View, _subject: str) -> list[Finding]:
    """Entries on an account that nobody registered, or booked before anybody's registration."""
    findings = _unrouted_bills(view)
    for account, entries in _unrouted(view):
        credits_fen = sum(e.fact.amount_fen for e in entries if e.credit)
        debits_fen = sum(e.fact.amount_fen for e in entries if not e.credit)
        findings.append(
            view.finding(
                RULE_UNROUTED,
                f"account:{account}",
                kind="data",
                level="yellow",
                day=min(entry.day for entry in entries),
                amount_fen=credits_fen,
                evidence=[entry.id for entry in entries][:EVIDENCE_MAX],
                formula=(
                    number("entries", len(entries)),
                    yuan("credits", credits_fen),
                    yuan("debits", debits_fen),
                ),
            )
        )
    return findings


def _unrouted_bills(view: View) -> list[Finding]:
    """Likewise of merchant codes: rows of bills on a code that no register names on their day."""
    findings = []
    for code, rows in billed_unrouted(view):
        payments_fen = sum(row.amount_fen for row in rows if row.what == "payment")
        refunds_fen = sum(row.amount_fen for row in rows if row.what == "refund")
        findings.append(
            view.finding(
                RULE_UNROUTED,
                f"account:{merchant_account(code)}",
                kind="data",
                level="yellow",
                day=rows[0].booking_date.toordinal(),
                amount_fen=payments_fen,
                evidence=[fact_id(row) for row in rows][:EVIDENCE_MAX],
                formula=(
                    number("bill_rows", len(rows)),
                    yuan("billed_payments", payments_fen),
                    yuan("billed_refunds", refunds_fen),
                ),
            )
        )
    return findings


def _unrouted(view: View) -> list[tuple[str, list[Entry]]]:
    """By account the entries of days on which it is nobody's, in order."""
    ledger = view.ledger
    account = account_of_nobody(ledger.institution)
    if account is not None:
        entries = [entry for entry in ledger.entries.values() if entry.account == account]
        found = [(account, entries)] if not ledger.registers.accounts else []
    else:
        found = [
            (each, [e for e in ledger.entries.values() if e.account == each and e.day < first])
            for each, first in ledger.registers.first_registrations().items()
            if ledger.series.first_entry(each) < first
        ]
    return [(each, sorted(some, key=lambda e: (e.day, e.id))) for each, some in found if some]


def unlicensed_collection(view: View, _subject: str) -> list[Finding]:
    """Tuition came into an account behind which stands no institution, after a tolerance."""
    account = account_of_nobody(view.ledger.institution)
    tolerance = view.number(RULE_UNLICENSED, "tolerance_working_days", view.as_of)
    if account is None or tolerance is None:
        return []
    words = view.words(RULE_UNLICENSED, "tuition_words", view.as_of)
    found = [
        entry
        for _, entries in _unrouted(view)
        for entry in entries
        if entry.credit and any(word in entry.fact.remittance for word in words)
    ]
    if not found:
        return []
    subject = f"account:{account}"
    first = found[0].day
    try:
        late = view.calendar.add_ordinal(first, tolerance)
    except CalendarMissing as missing:
        return [view.undecided(RULE_UNLICENSED, subject, day=first, missing=str(missing))]
    if late > view.as_of:
        return []
    total_fen = sum(entry.fact.amount_fen for entry in found)
    return [
        view.finding(
            RULE_UNLICENSED,
            subject,
            kind="breach",
            level="red",
            day=late,
            amount_fen=total_fen,
            evidence=[entry.id for entry in found][:EVIDENCE_MAX],
            formula=(
                number("payments_like_tuition", len(found)),
                yuan("payments", total_fen),
                Step("first_payment", "", date.fromordinal(first).isoformat()),
                day_step("tolerated_until", late),
            ),
        )
    ]
