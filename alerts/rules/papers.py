"""What a charge is called, who pays it and the papers it needs (rules.md A).

charge-stored-value, charge-by-loan, charge-without-invoice and cash-not-banked, of one contract.
"""

from collections.abc import Iterable

from alerts.rules.view import View, day_step, minus, number, sum_of, yuan
from models.contracts import Terms
from models.findings import Finding, Step
from models.identity import normalise_name
from models.series import Series
from models.working_days import CalendarMissing

Payment = tuple[int, str, int]
"""Booking day, entry id, fen."""

STORED_VALUE, BY_LOAN = "charge-stored-value", "charge-by-loan"
WITHOUT_INVOICE, CASH = "charge-without-invoice", "cash-not-banked"


def _paid(view: View, contract: str) -> tuple[Terms | None, list[Payment]]:
    """The contract's terms and its matched payments in order; none when it is unknown."""
    terms = view.ledger.directory.terms.get(contract)
    book = view.ledger.books.get(contract)
    if terms is None or book is None:
        return terms, []
    return terms, book.ordered_payments()


def _said(text: str, words: Iterable[str]) -> str:
    """The first of the words that a text holds, empty when it holds none."""
    plain = normalise_name(text)
    for word in words:
        if word in plain:
            return word
    return ""


def _of_contract(
    view: View, rule: str, terms: Terms, payments: list[Payment], formula: Iterable[Step]
) -> Finding:
    """An orange breach by these payments of one contract, from the first of them on."""
    amounts = [fen for _, _, fen in payments]
    return view.finding(
        rule,
        f"contract:{terms.number}",
        kind="breach",
        level="orange",
        day=max(payments[0][0], terms.signed),
        amount_fen=sum(amounts),
        evidence=(
            *view.ledger.contract_id(terms.number),
            *(entry for _, entry, _ in payments),
        ),
        formula=(yuan("payments", sum(amounts), sum_of(amounts)), *formula),
    )


# ---- charge-stored-value ----


def charge_stored_value(view: View, contract: str) -> list[Finding]:
    """A contract that is a top-up, a count card or kept money, or that has no end.

    The contract's subject or its missing end makes every payment one; a word in a remittance only
    the payment that carries it.
    """
    terms, payments = _paid(view, contract)
    if terms is None or not payments:
        return []
    words = view.words(STORED_VALUE, "words", payments[0][0])
    if not words:
        return []
    formula: list[Step] = []
    word = _said(terms.contract.subject, words)
    if word:
        formula.append(number("stored_value_subject", word))
    if _endless(terms):
        formula.append(number("stored_value_end", "no-end"))
    found = payments
    if not formula:
        found = []
        for payment in payments:
            word = _said(
                view.ledger.entries[payment[1]].fact.remittance,
                view.words(STORED_VALUE, "words", payment[0]),
            )
            if word:
                found.append(payment)
                formula.append(number("stored_value_remittance", word))
    return [_of_contract(view, STORED_VALUE, terms, found, formula)] if found else []


def _endless(terms: Terms) -> bool:
    return terms.ends is None and all(part.ends is None for part in terms.parts)


# ---- charge-by-loan ----


def charge_by_loan(view: View, contract: str) -> list[Finding]:
    """Payments whose payer bears the name of a lender; a payer untold cannot be judged."""
    terms, payments = _paid(view, contract)
    found: list[Payment] = []
    formula: list[Step] = []
    nameless: list[Payment] = []
    for payment in payments:
        words = view.words(BY_LOAN, "lender_words", payment[0])
        name = view.ledger.entries[payment[1]].name
        word = _said(name, words)
        if word:
            found.append(payment)
            formula.append(number("lender_word", word))
        elif words and not name:
            nameless.append(payment)
    if terms is None:
        return []
    if found:
        return [_of_contract(view, BY_LOAN, terms, found, formula)]
    if nameless:
        return [
            view.undecided(
                BY_LOAN,
                f"contract:{contract}",
                day=max(nameless[0][0], terms.signed),
                missing="counterparty",
                evidence=(entry for _, entry, _ in nameless),
            )
        ]
    return []


# ---- charge-without-invoice ----


def charge_without_invoice(view: View, contract: str) -> list[Finding]:
    """Payments that no tax invoice covers at the close of the n-th working day after them.

    Invoices of the contract cover its payments oldest first, whenever they were issued. Where the
    institution's invoices were never told, `invoices_untold` answers for all of its contracts.
    """
    terms, payments = _paid(view, contract)
    if terms is None or not payments or not any(view.ledger.records.invoices.values()):
        return []
    invoices = view.ledger.records.invoices.get(contract, {})
    invoiced = sum(invoice.amount_fen for invoice in invoices.values())
    findings: list[Finding] = []
    paid = 0
    for day, entry, fen in payments:
        paid += fen
        open_fen = min(fen, paid - invoiced)
        if open_fen <= 0:
            continue
        fact = view.ledger.entries[entry].fact
        subject = f"entry:{fact.account}/{fact.booking_date.isoformat()}/{fact.serial}"
        late = _late(view, WITHOUT_INVOICE, subject, day)
        if isinstance(late, Finding):
            findings.append(late)
        elif late is not None:
            finding = view.finding(
                WITHOUT_INVOICE,
                subject,
                kind="breach",
                level="blue",
                day=max(late, terms.signed),
                amount_fen=open_fen,
                evidence=(entry, *view.ledger.contract_id(contract), *invoices),
                formula=(
                    yuan("not_invoiced", open_fen, minus(fen, fen - open_fen)),
                    yuan("paid_on_contract", paid),
                    yuan("invoiced_on_contract", invoiced),
                    day_step("booking_date", day),
                    day_step("tolerated_until", late),
                ),
            )
            findings.append(finding)
    return findings


def _late(view: View, rule: str, subject: str, day: int) -> int | Finding | None:
    """The day at whose close something of a day is late, None when it is not late yet.

    A year without a calendar is a finding. A day to come is asked for again.
    """
    days = view.number(rule, "limit_working_days", day)
    if days is None:
        return None
    try:
        late = view.calendar.add_ordinal(day, days)
    except CalendarMissing as missing:
        return view.undecided(rule, subject, day=day, missing=str(missing))
    if late <= view.as_of:
        return late
    view.again(late)
    return None


def invoices_untold(view: View, _subject: str) -> list[Finding]:
    """No invoice of the institution was ever told: of none of its payments it can be decided."""
    paid = first_paid(view)
    if paid is None or any(view.ledger.records.invoices.values()):
        return []
    subject = "invoices"
    late = _late(view, WITHOUT_INVOICE, subject, paid)
    if isinstance(late, Finding):
        return [late]
    if late is None:
        return []
    return [view.undecided(WITHOUT_INVOICE, subject, day=late, missing="invoices")]


def first_paid(view: View) -> int | None:
    """The first day on which anything was paid on a contract."""
    series = view.ledger.series
    known = series.memo("first-paid", view.as_of, _first_paid, series)
    return known[-1] if known else None


def _first_paid(series: Series, day: int, before: int | None) -> int | None:
    return before or (day if series.paid(day) else None)


# ---- cash-not-banked ----


def cash_not_banked(view: View, contract: str) -> list[Finding]:
    """Cash taken that was not on a designated account at the close of the n-th working day.

    Each fen of a payment of the contract banks one fen of cash, oldest first, if it is booked from
    the day of the cash on and in time. What came later does not make it in time.
    """
    cash = view.ledger.records.cash.get(contract)
    if not cash:
        return []
    banked = _banked(view, contract)
    findings: list[Finding] = []
    for taken, identifier in sorted((fact.day.toordinal(), i) for i, fact in cash.items()):
        fact = cash[identifier]
        subject = f"cash:{fact.number}"
        late = _late(view, CASH, subject, taken)
        if isinstance(late, Finding):
            findings.append(late)
        if late is None or isinstance(late, Finding):
            continue
        if not contract:
            findings.append(view.undecided(CASH, subject, day=taken, missing="contract"))
            continue
        open_fen, used = _bank(banked, taken, late, fact.amount_fen)
        if not open_fen:
            continue
        finding = view.finding(
            CASH,
            subject,
            kind="breach",
            level="yellow",
            day=late,
            amount_fen=open_fen,
            evidence=(identifier, *view.ledger.contract_id(contract), *used),
            formula=(
                yuan(
                    "cash_not_banked", open_fen, minus(fact.amount_fen, fact.amount_fen - open_fen)
                ),
                day_step("cash_taken", taken),
                day_step("tolerated_until", late),
            ),
        )
        findings.append(finding)
    return findings


def _banked(view: View, contract: str) -> list[Payment]:
    """The contract's payments on accounts designated on their day, in order."""
    designated, entries = view.ledger.registers.designated, view.ledger.entries
    _, payments = _paid(view, contract)
    return [payment for payment in payments if designated(entries[payment[1]].account, payment[0])]


def _bank(banked: list[Payment], taken: int, late: int, amount_fen: int) -> tuple[int, list[str]]:
    """Take what banks an amount of cash out of the payments; what stays open, by which entries."""
    used: list[str] = []
    for place, (day, entry, fen) in enumerate(banked):
        part_fen = min(fen, amount_fen) if taken <= day <= late else 0
        if part_fen:
            banked[place] = (day, entry, fen - part_fen)
            amount_fen -= part_fen
            used.append(entry)
    return amount_fen, used
