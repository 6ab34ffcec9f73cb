"""Charges that come too early: long before the lessons, or while many are left (rules.md A)."""

from fractions import Fraction
from typing import Final

from alerts.rules.charging import (
    HUNDREDTHS,
    charges_of,
    evidence_of,
    length_of,
    plain_hours,
    sold_by_hours,
    subject_of,
)
from alerts.rules.view import View, day_step, number, sum_of, yuan
from models.contracts import Charge, Terms, bought
from models.findings import Finding, Step
from models.working_days import add_months_ordinal

RULE: Final = "charge-early"


def early_subjects(view: View) -> set[str]:
    """The contracts to be asked of: those of students of whom a contract or payment changed.

    Where the rule is in force on any day also those of which something that was taught or paid
    back changed before a payment of the student's.
    """
    ledger = view.ledger
    found = set(ledger.touched.payments)
    if not any(view.policy.ever(RULE, name) for name in ("limit_months", "limit_hours")):
        return found
    of_student = ledger.directory.contracts_of
    for student in ledger.touched.students(ledger.directory):
        found.update(of_student.get(student, ()))
    for contract, since in ledger.touched.paths.items():
        terms = ledger.directory.terms.get(contract)
        student = terms.contract.student if terms else ""
        contracts = of_student[student] if student else {contract}
        books = (ledger.books[each] for each in contracts)
        if any(day >= since for book in books for day, _, _ in book.payments.values()):
            found |= contracts
    return found


def charge_early(view: View, contract: str) -> list[Finding]:
    """Paid long before the first lesson, or while many hours of the subject are left."""
    terms, found = charges_of(view, contract)
    findings = []
    for charge in found:
        assert terms is not None
        finding = _judge(view, terms, charge)
        if finding is not None:
            findings.append(finding)
    return findings


def _judge(view: View, terms: Terms, charge: Charge) -> Finding | None:
    months = view.number(RULE, "limit_months", charge.first)
    limit = view.number(RULE, "limit_hours", charge.first)
    missing: list[str] = []
    formula: list[Step] = []
    payments: list[tuple[int, str, int]] = []
    if months is not None:
        payments, steps, untold = _before_lessons(terms, charge, months)
        formula += steps
        missing += untold
    if limit is not None and sold_by_hours(terms):
        left, untold = _left_hours(view, terms, charge, limit)
        if left > limit:
            payments = list(charge.payments)
            formula += [number("left_hours", plain_hours(left)), number("left_limit", limit)]
        missing += untold
    if not payments and not missing:
        return None
    subject = subject_of(terms.number, charge)
    evidence = evidence_of(view, terms.number, charge)
    if payments:
        amounts = [fen for _, _, fen in payments]
        return view.finding(
            RULE,
            subject,
            kind="breach",
            level="yellow",
            day=max(payments[0][0], terms.signed),
            amount_fen=sum(amounts),
            evidence=evidence,
            formula=(yuan("payments", sum(amounts), sum_of(amounts)), *formula),
        )
    day = max(charge.first, terms.signed)
    return view.undecided(RULE, subject, day=day, missing=", ".join(missing), evidence=evidence)


# ---- before the first lesson ----


def _before_lessons(
    terms: Terms, charge: Charge, months: int
) -> tuple[list[tuple[int, str, int]], list[Step], list[str]]:
    """The payments of a charge that came too early, with steps, and what is untold."""
    early = []
    steps: list[Step] = []
    missing: list[str] = []
    paid = charge.before_fen
    for payment in charge.payments:
        begins, told = _first_lesson(terms, paid, paid + payment[2])
        paid += payment[2]
        if not told:
            missing = ["begins"]
        elif begins is not None and add_months_ordinal(payment[0], months) < begins:
            early.append(payment)
            steps = steps or [
                day_step("booking_date", payment[0]),
                day_step("first_lesson", begins),
                number("limit_months", months),
            ]
    return early, steps, missing


def _first_lesson(terms: Terms, before_fen: int, after_fen: int) -> tuple[int | None, bool]:
    """The first day of what a stretch of money fills, whole instalments, and whether it is told."""
    days: list[int] = []
    base = 0
    after_fen = min(after_fen, terms.price_fen)
    for part in terms.parts:
        start, base = base, base + part.amount_fen
        if max(before_fen, start) >= min(after_fen, base):
            continue
        if part.begins is None:
            return None, False
        days.append(part.begins)
    return min(days, default=None), True


# ---- while hours are left ----


def _left_hours(view: View, terms: Terms, charge: Charge, limit: int) -> tuple[Fraction, list[str]]:
    """Standard hours of the subject that the student had paid for before and not yet had.

    Also what is untold without which it is not sure that they are within the limit.
    """
    student = terms.contract.student
    contracts = view.ledger.directory.contracts_of[student] if student else {terms.number}
    subject = terms.subject
    sure = unsure = Fraction(0)
    missing = [] if student else ["student"]
    for contract in sorted(contracts):
        other = view.ledger.directory.terms[contract]
        theirs = other.subject
        if not sold_by_hours(other) or (subject and theirs and subject != theirs):
            continue
        left = _left_of(view, other, charge if other is terms else None, charge.first)
        if left is None:
            missing.append("paid_hours")
        elif other is terms or (subject and theirs):
            sure += left
        else:
            unsure += left
    if sure <= limit < sure + unsure:
        missing.append("subject")
    return sure, sorted(set(missing))


def _left_of(view: View, terms: Terms, own: Charge | None, day: int) -> Fraction | None:
    """Standard hours left of one contract: bought before, not taught, not paid back by the day."""
    book = view.ledger.books[terms.number]
    paid = (
        sum(fen for booked, _, fen in book.payments.values() if booked < day)
        if own is None
        else own.before_fen
    )
    hours = bought(terms, 0, paid).hours_hundredths
    if hours is None:
        return None
    if not hours:
        return Fraction(0)
    taught, _ = book.lessons_by(day)
    point = book.at(day)
    refunded_fen = point.refunded if point else 0
    refunded = Fraction(refunded_fen * terms.paid_hours, terms.price_fen) if refunded_fen else 0
    minutes, standard = length_of(view, terms, day)
    return max(Fraction(0), hours - taught - refunded) * Fraction(minutes, standard * HUNDREDTHS)
