"""What an institution charges: span, hours, amount, bars and contracts (rules.md A, C1-C7)."""

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Final

from alerts.rules.view import View, day_step, number, sum_of, yuan
from models.contracts import Bought, Charge, Terms, bought, charges
from models.findings import Finding, Kind, LevelWord, Step
from models.registers import FOREVER
from models.working_days import CalendarMissing, add_months_ordinal

Verdict = tuple[Kind, LevelWord, tuple[Step, ...]]
HUNDREDTHS: Final = 100
APART = re.compile(r"[;；、,，/+]")
"""What stands between the subjects of one contract."""
BAR_ROWS = {
    "suspended": "ChargingSuspended",
    "licence-void": "InstitutionStated",
    "nonprofit-overdue": "InstitutionStated",
    "no-agreement": "CustodyStated",
}
"""Of each reason for a bar the register rows that show it, or that do not cover the day."""


def charges_of(view: View, contract: str) -> tuple[Terms | None, list[Charge]]:
    """The contract's terms and its charges (C1); none when it is unknown or unpaid."""
    terms = view.ledger.directory.terms.get(contract)
    book = view.ledger.books.get(contract)
    if terms is None or book is None or not book.payments:
        return terms, []
    found = view.charges.get(contract)
    if found is None:
        payments = book.ordered_payments()
        window = view.number("matching", "charge_window_days", payments[0][0])
        assert window is not None, "matching.charge_window_days has no value"
        found = view.charges[contract] = charges(payments, window)
    return terms, found


def subject_of(contract: str, charge: Charge) -> str:
    """The subject of a finding about one charge."""
    return f"contract:{contract}/{date.fromordinal(charge.first).isoformat()}"


def evidence_of(view: View, contract: str, charge: Charge) -> tuple[str, ...]:
    """The contract and the payments of a charge."""
    return (*view.ledger.contract_id(contract), *(entry for _, entry, _ in charge.payments))


def _by_stretch(
    view: View,
    rule: str,
    contract: str,
    judge: Callable[[View, Terms, Charge, Bought], Verdict | str | None],
) -> list[Finding]:
    """Judge what each charge bought, payment by payment, for the day on which it first held.

    `judge` returns a verdict, the name of a missing field, or None for a charge that is clean.
    """
    terms, found = charges_of(view, contract)
    findings: list[Finding] = []
    for charge in found:
        assert terms is not None
        paid, day = charge.before_fen, charge.first
        verdict: Verdict | str | None = None
        for booked, _, amount_fen in charge.payments:
            paid += amount_fen
            got = _bought_once(view, terms, charge, paid)
            before, verdict = verdict, judge(view, terms, charge, got)
            if type(before) is not type(verdict):
                day = booked
        if verdict is None:
            continue
        day = max(day, terms.signed)
        evidence = evidence_of(view, contract, charge)
        subject = subject_of(contract, charge)
        if isinstance(verdict, str):
            findings.append(
                view.undecided(rule, subject, day=day, missing=verdict, evidence=evidence)
            )
        else:
            kind, level, formula = verdict
            amounts = [fen for _, _, fen in charge.payments]
            findings.append(
                view.finding(
                    rule,
                    subject,
                    kind=kind,
                    level=level,
                    day=day,
                    amount_fen=sum(amounts),
                    evidence=evidence,
                    formula=(yuan("payments", sum(amounts), sum_of(amounts)), *formula),
                )
            )
    return findings


def bought_by(terms: Terms, charge: Charge, paid_fen: int) -> Bought:
    """What a charge has bought once this much was paid on the contract in all (C2)."""
    return bought(terms, charge.before_fen, paid_fen)


def _bought_once(view: View, terms: Terms, charge: Charge, paid_fen: int) -> Bought:
    """The same, worked out once for the rules that ask one after the other."""
    key = (terms.number, charge.before_fen, paid_fen)
    got = view.bought.get(key)
    if got is None:
        got = view.bought[key] = bought(terms, charge.before_fen, paid_fen)
    return got


def sold_by_hours(terms: Terms) -> bool:
    """Whether the contract states class hours; else it is sold by period."""
    return bool(terms.paid_hours)


def skipped_by_mode(view: View, charge: Charge, terms: Terms, *, hours_rule: bool) -> bool:
    """Where a city's text lets the way of selling choose one limit, the other does not bind."""
    by_mode = view.policy.value("charge-hours", "by_mode", charge.first)
    return bool(by_mode) and sold_by_hours(terms) != hours_rule


def charge_span(view: View, contract: str) -> list[Finding]:
    """One charge pays for more than the limit of calendar months (C3)."""

    def judge(view: View, terms: Terms, charge: Charge, got: Bought) -> Verdict | str | None:
        months = view.number("charge-span", "limit_months", charge.first)
        if months is None or skipped_by_mode(view, charge, terms, hours_rule=False):
            return None
        if not got.days_told:
            return "begins, ends"
        if got.first is None or got.last is None:
            return None
        limit = add_months_ordinal(got.first, months)
        if got.last <= limit:
            return None
        formula = (
            day_step("first_bought_day", got.first),
            day_step("last_bought_day", got.last),
            Step("last_allowed_day", f"+ {months}", date.fromordinal(limit).isoformat()),
        )
        return ("breach", "orange", formula)

    return _by_stretch(view, "charge-span", contract, judge)


def charge_hours(view: View, contract: str) -> list[Finding]:
    """One charge pays for more class hours than the limit; bonus hours raise a suspicion (C4)."""

    def judge(view: View, terms: Terms, charge: Charge, got: Bought) -> Verdict | str | None:
        limit = view.number("charge-hours", "limit_hours", charge.first)
        if limit is None or skipped_by_mode(view, charge, terms, hours_rule=True):
            return None
        if got.hours_hundredths is None:
            return "paid_hours"
        minutes, standard = length_of(view, terms, charge.first)
        paid = terms.paid_hours or 1
        bonus_hours = terms.contract.bonus_hours_hundredths if terms.paid_hours else 0
        in_all = got.hours_hundredths * (paid + bonus_hours) * minutes
        each = limit * HUNDREDTHS * standard * paid
        if in_all <= each:
            return None
        subjects = _subjects(view, terms, charge.first)
        hours = got.hours_hundredths * Fraction(minutes, standard * HUNDREDTHS)
        bonus = hours * Fraction(bonus_hours, paid)
        formula: tuple[Step, ...] = (
            number("bought_hours", plain_hours(hours)),
            number("bonus_hours", plain_hours(bonus)),
            number("limit_hours", limit),
        )
        if subjects > 1:
            formula = (*formula, number("subjects", subjects))
        if hours > limit * subjects:
            return ("breach", "orange", formula)
        # Where each subject may have the limit, how the hours are spread over them decides.
        return ("suspicion", "yellow", formula) if in_all > each * subjects else "subject_hours"

    return _by_stretch(view, "charge-hours", contract, judge)


def _subjects(view: View, terms: Terms, day: int) -> int:
    """How often the limit of hours may be bought: once, or once for each subject (C4, 每科)."""
    if not view.policy.value("charge-hours", "per_subject", day):
        return 1
    return max(1, sum(bool(part.strip()) for part in APART.split(terms.contract.subject)))


def length_of(view: View, terms: Terms, day: int) -> tuple[int, int]:
    """Minutes of the contract's hour and of a standard one; untold means they are alike (C4)."""
    minutes = terms.contract.minutes
    if minutes is None:
        return (1, 1)
    name = "minutes_online" if terms.contract.online else "minutes_in_person"
    standard = view.number("charge-hours", name, day)
    assert standard, f"charge-hours.{name} has no value"
    return (minutes, standard)


def plain_hours(value: Fraction) -> str:
    """A number of hours: whole or with two decimals cut off, then the exact fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    hundredths = value.numerator * HUNDREDTHS // value.denominator
    shown = f"{hundredths // HUNDREDTHS}.{hundredths % HUNDREDTHS:02d}"
    exact = hundredths * value.denominator == value.numerator * HUNDREDTHS
    return shown if exact else f"{shown}… ({value.numerator}/{value.denominator})"


def charge_amount(view: View, contract: str) -> list[Finding]:
    """The payments of one charge since the limit began pass the limit, non-academic (C5)."""
    rule = "charge-amount"
    terms, found = charges_of(view, contract)
    findings: list[Finding] = []
    for charge in found:
        assert terms is not None
        total, first_day, limit = 0, None, None
        counted: list[tuple[int, str, int]] = []
        for payment in charge.payments:
            limit_then = view.number(rule, "limit_fen", payment[0])
            if limit_then is None:
                continue
            limit = limit_then
            counted.append(payment)
            total += payment[2]
            if total > limit and first_day is None:
                first_day = payment[0]
        academic = terms.contract.academic
        if limit is None or academic is True or (academic is False and first_day is None):
            continue
        subject = subject_of(contract, charge)
        evidence = (*view.ledger.contract_id(contract), *(entry for _, entry, _ in counted))
        if terms.contract.academic is None:
            day = max(counted[0][0], terms.signed)
            findings.append(
                view.undecided(rule, subject, day=day, missing="academic", evidence=evidence)
            )
        elif first_day is not None:
            findings.append(
                view.finding(
                    rule,
                    subject,
                    kind="breach",
                    level="orange",
                    day=max(first_day, terms.signed),
                    amount_fen=total,
                    evidence=evidence,
                    formula=(
                        yuan("payments", total, sum_of(fen for _, _, fen in counted)),
                        yuan("limit", limit),
                    ),
                )
            )
    return findings


def charge_while_barred(view: View, contract: str) -> list[Finding]:
    """Matched tuition booked on a day on which the institution may not charge (C6)."""
    terms = view.ledger.directory.terms.get(contract)
    book = view.ledger.books.get(contract)
    if terms is None or book is None:
        return []
    registers = view.ledger.registers
    barred = []
    for payment in book.ordered_payments():
        reason = registers.bar(payment[0])
        if reason:
            barred.append((payment, reason))
    if not barred:
        return []
    amounts = [payment[2] for payment, _ in barred]
    reasons = sorted({reason for _, reason in barred})
    return [
        view.finding(
            "charge-while-barred",
            f"contract:{contract}",
            kind="breach",
            level="red",
            day=max(barred[0][0][0], terms.signed),
            amount_fen=sum(amounts),
            evidence=(
                *view.ledger.contract_id(contract),
                *(payment[1] for payment, _ in barred),
                *view.ledger.register_ids(*(BAR_ROWS[reason] for reason in reasons)),
            ),
            formula=(
                yuan("payments_on_barred_days", sum(amounts), sum_of(amounts)),
                number("bar", ", ".join(reasons)),
            ),
        )
    ]


def charge_without_contract(view: View, entry_id: str) -> list[Finding]:
    """Tuition with no contract after the tolerance, or dated before the signature (C7)."""
    rule = "charge-without-contract"
    entry = view.ledger.entries.get(entry_id)
    if entry is None or not entry.segments or not entry.credit:
        return []
    if not view.ledger.registers.designated(entry.account, entry.day):
        return []
    subject = f"entry:{entry.account}/{entry.fact.booking_date.isoformat()}/{entry.fact.serial}"
    final = entry.segments[-1].answer
    if final.kind != "tuition" or final.missing:
        return []
    tolerance = view.number(rule, "tolerance_working_days", entry.day)
    if tolerance is None:
        return []
    if final.contract and view.ledger.directory.terms[final.contract].signed <= entry.day:
        return []
    try:
        late = view.calendar.add_ordinal(entry.day, tolerance)
    except CalendarMissing as missing:
        return [view.undecided(rule, subject, day=entry.day, missing=str(missing))]
    day = _unexplained_since(view, entry_id, late)
    if day is not None and day > view.as_of:
        view.again(day)
    if day is None or day > view.as_of:
        return []
    formula = [day_step("booking_date", entry.day), day_step("tolerated_until", late)]
    if final.contract:
        formula.append(day_step("signed", view.ledger.directory.terms[final.contract].signed))
    return [
        view.finding(
            rule,
            subject,
            kind="breach",
            level="yellow",
            day=day,
            amount_fen=entry.fact.amount_fen,
            evidence=(entry_id, *view.ledger.contract_id(final.contract)),
            formula=formula,
        )
    ]


def _unexplained_since(view: View, entry_id: str, late: int) -> int | None:
    """The first day of the unbroken run on which the entry has no contract of its day or before."""
    entry = view.ledger.entries[entry_id]
    start: int | None = None
    for place, segment in enumerate(entry.segments):
        answer = segment.answer
        ends = entry.segments[place + 1].since if place + 1 < len(entry.segments) else FOREVER
        if answer.kind != "tuition" or answer.missing:
            start = None
        elif answer.contract:
            signed_late = view.ledger.directory.terms[answer.contract].signed > entry.day
            start = (segment.since if start is None else start) if signed_late else None
        elif ends > late and start is None:
            start = max(segment.since, late)
    return start
