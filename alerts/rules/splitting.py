"""One student's course sold in several contracts, so that each alone keeps the limits (A)."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import combinations
from typing import Final, NamedTuple

from mypy_extensions import mypyc_attr

from alerts.rules.charging import (
    HUNDREDTHS,
    bought_by,
    charges_of,
    evidence_of,
    length_of,
    plain_hours,
    skipped_by_mode,
    subject_of,
)
from alerts.rules.view import View, day_step, number, sum_of, yuan
from models.contracts import Bought, Charge, Terms
from models.findings import Finding, Step
from models.working_days import add_months_ordinal

RULE: Final = "charge-split"
MISSING: Final = ("subject", "academic", "paid_hours", "begins", "ends")
"""What may stop a decision, in the order in which it is named."""


@mypyc_attr(acyclic=True)
class Sale:
    """A charge with the contract that it is for and what it bought."""

    __slots__ = ("charge", "got", "terms")

    def __init__(self, terms: Terms, charge: Charge, got: Bought) -> None:
        self.terms = terms
        self.charge = charge
        self.got = got

    @property
    def order(self) -> tuple[int, str]:
        """The day of the first payment, then the contract."""
        return (self.charge.first, self.terms.number)

    @property
    def subject(self) -> str:
        """The subject in the form in which subjects are compared, empty when untold."""
        return self.terms.subject


_UNTOLD: Final = Bought(0, None, None, days_told=True)
"""Where it is not worked out yet what a charge bought."""


class Link(NamedTuple):
    """Why two charges belong together, and what is untold without which that is not sure."""

    reasons: tuple[str, ...]
    missing: tuple[str, ...]


def charge_split(view: View, student: str) -> list[Finding]:
    """Linked charges of a student's contracts pass a limit together, and none of them alone.

    Linked are charges of the same subject, first paid within the window of the group's first one,
    whose periods overlap or follow each other, or which were first paid on one day. The renewal of
    a course that is nearly over is linked to nothing.
    """
    left = [sale for sale in _near(view, student) if not _passed(view, [sale])]
    if len(left) <= 1:  # nearly every student
        return []
    findings: list[Finding] = []
    for group in _groups(view, left, sure=True):
        if _several(group) and _passed(view, group):
            findings.append(_finding(view, group))
            left = [sale for sale in left if sale not in group]
    for group in _groups(view, left, sure=False):
        missing = _missing(view, group) if _several(group) else ()
        if missing:
            findings.append(
                view.undecided(
                    RULE,
                    subject_of(group[0].terms.number, group[0].charge),
                    day=max(_signed(group), group[-1].charge.first),
                    missing=", ".join(missing),
                    evidence=_evidence(view, group),
                )
            )
    return findings


def split_unlinked(view: View, contract: str) -> list[Finding]:
    """A paid contract that names no student cannot be linked to any other."""
    terms, found = charges_of(view, contract)
    if terms is None or not found or terms.contract.student:
        return []
    if view.number(RULE, "window_days", found[0].first) is None:
        return []
    day = max(found[0].first, terms.signed)
    return [view.undecided(RULE, f"contract:{contract}", day=day, missing="student")]


# ---- which charges belong together ----


def _near(view: View, student: str) -> list[Sale]:
    """The student's charges that have one of another contract near enough to be linked.

    Nearly every student has none, so nothing else is worked out before.
    """
    contracts = view.ledger.directory.contracts_of.get(student, ())
    if len(contracts) <= 1:
        return []
    sales = []
    for contract in _paid_together(view, contracts):
        terms, found = charges_of(view, contract)
        if terms is not None:
            sales += [Sale(terms, charge, _UNTOLD) for charge in found]
    sales.sort(key=lambda sale: sale.order)
    near: set[int] = set()
    for place, sale in enumerate(sales):
        window = view.number(RULE, "window_days", sale.charge.first)
        for later in range(place + 1, len(sales) if window is not None else 0):
            other = sales[later]
            if other.charge.first > sale.charge.first + (window or 0):
                break
            if other.terms is not sale.terms and _may_be_alike(sale, other):
                near |= {place, later}
    return [_with_bought(sales[place].terms, sales[place].charge) for place in sorted(near)]


def _paid_together(view: View, contracts: Iterable[str]) -> list[str]:
    """Of a student's contracts those with another one paid for within the widest window, at least.

    Years of earlier contracts so cost no more than a look at their payments.
    """
    books = view.ledger.books
    spans: list[tuple[int, int, str]] = []
    for contract in contracts:
        payments = books[contract].ordered_payments()
        if payments:
            spans.append((payments[0][0], payments[-1][0], contract))
    if len(spans) <= 1:
        return []
    window = view.policy.largest(RULE, "window_days")
    spans.sort()
    found: list[str] = []
    group: list[str] = []
    reach = 0
    for first, last, contract in spans:
        if first > reach + window:
            found += group if len(group) > 1 else []
            group = []
        group.append(contract)
        reach = max(reach, last)
    return found + (group if len(group) > 1 else [])


def _with_bought(terms: Terms, charge: Charge) -> Sale:
    paid = charge.before_fen + sum(fen for _, _, fen in charge.payments)
    return Sale(terms, charge, bought_by(terms, charge, paid))


def _may_be_alike(one: Sale, other: Sale) -> bool:
    return not one.subject or not other.subject or one.subject == other.subject


def _groups(view: View, sales: Iterable[Sale], *, sure: bool) -> Iterator[list[Sale]]:
    """Charges linked to each other within the window of the first of them, in order.

    `sure`: by links of which everything is told.
    """
    left = sorted(sales, key=lambda sale: sale.order)
    while left:
        head = left[0].charge.first
        window = view.number(RULE, "window_days", head) or 0
        near = [sale for sale in left[1:] if sale.charge.first <= head + window]
        group = [left[0]]
        for member in group:  # it grows while it is read
            for sale in list(near):
                link = _link(view, member, sale)
                if link and not (sure and link.missing):
                    near.remove(sale)
                    group.append(sale)
        left = [sale for sale in left if sale not in group]
        yield sorted(group, key=lambda sale: sale.order)


def _link(view: View, one: Sale, other: Sale) -> Link | None:
    """Why two charges belong together, None where they do not."""
    if one.terms is other.terms or not _may_be_alike(one, other):
        return None
    reasons, missing = [], []
    if one.subject and other.subject:
        reasons.append("same-subject")
    else:
        missing.append("subject")
    same_day = one.charge.first == other.charge.first
    if same_day:
        reasons.append("same-day")
    gap = view.number(RULE, "gap_days", min(one.charge.first, other.charge.first)) or 0
    periods = _periods(one.got, other.got, gap)
    if periods == "back-to-back" and _renews(view, one, other):
        return None
    if periods:
        reasons.append(periods)
    elif not same_day:
        if periods is not None:
            return None
        missing += ["begins", "ends"]
    payers = [_payers(view, sale) for sale in (one, other)]
    if all(payers):
        reasons.append("same-payer" if payers[0] & payers[1] else "several-payers")
    return Link(tuple(reasons), tuple(missing))


def _periods(one: Bought, other: Bought, gap_days: int) -> str | None:
    """How two bought stretches lie to each other, empty when apart, None where one is untold."""
    if one.first is None or one.last is None or other.first is None or other.last is None:
        return None
    if one.first <= other.last and other.first <= one.last:
        return "overlap"
    between = max(one.first, other.first) - min(one.last, other.last) - 1
    return "back-to-back" if between <= gap_days else ""


def _renews(view: View, one: Sale, other: Sale) -> bool:
    """Whether the later course was paid when the earlier one was nearly over."""
    earlier, later = sorted((one, other), key=lambda sale: sale.got.last or 0)
    renewal_days = view.number(RULE, "renewal_days", later.charge.first)
    assert earlier.got.last is not None
    return renewal_days is not None and later.charge.first > earlier.got.last - renewal_days


def _payers(view: View, sale: Sale) -> set[str]:
    names = (view.ledger.entries[entry].name for _, entry, _ in sale.charge.payments)
    return {name for name in names if name}


def _several(group: list[Sale]) -> bool:
    return len({sale.terms.number for sale in group}) > 1


# ---- the three limits ----


def _passed(view: View, sales: list[Sale], *, unknown: bool = False) -> tuple[Step, ...]:
    """The limits that charges pass together, with their numbers; empty when they pass none.

    `unknown`: contracts that do not tell whether they are academic count as non-academic.
    """
    day = min(sale.charge.first for sale in sales)
    return (
        *_span_passed(view, sales, day),
        *_hours_passed(view, sales, day),
        *_amount_passed(view, sales, unknown=unknown),
    )


def _span_passed(view: View, sales: list[Sale], day: int) -> tuple[Step, ...]:
    months = view.number("charge-span", "limit_months", day)
    spans = [
        (sale.got.first, sale.got.last)
        for sale in sales
        if sale.got.first is not None
        and sale.got.last is not None
        and not skipped_by_mode(view, sale.charge, sale.terms, hours_rule=False)
    ]
    if months is None or not spans:
        return ()
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    allowed = add_months_ordinal(first, months)
    if last <= allowed:
        return ()
    return (
        day_step("first_bought_day", first),
        day_step("last_bought_day", last),
        day_step("last_allowed_day", allowed),
    )


def _hours_passed(view: View, sales: list[Sale], day: int) -> tuple[Step, ...]:
    limit = view.number("charge-hours", "limit_hours", day)
    minutes_bought: dict[int, Fraction | int] = {}
    for sale in sales:
        if not skipped_by_mode(view, sale.charge, sale.terms, hours_rule=True):
            minutes, standard = length_of(view, sale.terms, day)
            told = sale.got.hours_hundredths or 0
            minutes_bought[standard] = minutes_bought.get(standard, 0) + told * minutes
    if limit is None:
        return ()
    if (
        len(minutes_bought) == 1
    ):  # nearly always: hours of one length, and so no fraction to be made
        (only,) = minutes_bought.items()
        if only[1] <= limit * only[0] * HUNDREDTHS:
            return ()
    hours = Fraction(0)
    for standard, told in minutes_bought.items():
        hours += told * Fraction(1, standard * HUNDREDTHS)
    if hours <= limit:
        return ()
    return (number("bought_hours", plain_hours(hours)), number("limit_hours", limit))


def _amount_passed(view: View, sales: list[Sale], *, unknown: bool) -> tuple[Step, ...]:
    amounts, limit = [], None
    for sale in sales:
        if sale.terms.contract.academic is False or (unknown and not sale.terms.contract.academic):
            for booked, _, fen in sale.charge.payments:
                limit_then = view.number("charge-amount", "limit_fen", booked)
                if limit_then is not None:
                    limit = limit_then
                    amounts.append(fen)
    if limit is None or sum(amounts) <= limit:
        return ()
    return (yuan("limited_payments", sum(amounts), sum_of(amounts)), yuan("limit", limit))


def _missing(view: View, group: list[Sale]) -> tuple[str, ...]:
    """What is untold without which it cannot be decided whether a group passes a limit."""
    untold: set[str] = set()
    for sale in group:
        by_hours = not skipped_by_mode(view, sale.charge, sale.terms, hours_rule=True)
        by_span = not skipped_by_mode(view, sale.charge, sale.terms, hours_rule=False)
        if by_hours and sale.got.hours_hundredths is None:
            untold.add("paid_hours")
        if by_span and not sale.got.days_told:
            untold |= {"begins", "ends"}
    if untold or _passed(view, group, unknown=True):
        links = [_link(view, one, other) for one, other in combinations(group, 2)]
        untold |= {code for link in links if link for code in link.missing}
        if any(sale.terms.contract.academic is None for sale in group):
            untold.add("academic")
    return tuple(code for code in MISSING if code in untold)


# ---- the finding ----


def _finding(view: View, group: list[Sale]) -> Finding:
    payments = sorted(payment for sale in group for payment in sale.charge.payments)
    amounts = [fen for _, _, fen in payments]
    linked = [
        (one.terms.number, other.terms.number, link.reasons)
        for one, other in combinations(group, 2)
        if (link := _link(view, one, other)) and not link.missing
    ]
    return view.finding(
        RULE,
        subject_of(group[0].terms.number, group[0].charge),
        kind="suspicion",
        level="yellow",
        day=max(_first_passed(view, group, [day for day, _, _ in payments]), _signed(group)),
        amount_fen=sum(amounts),
        evidence=_evidence(view, group),
        formula=(
            yuan("payments", sum(amounts), sum_of(amounts)),
            *(Step("linked", f"{one} + {other}", ", ".join(why)) for one, other, why in linked),
            *_passed(view, group),
        ),
    )


def _first_passed(view: View, group: list[Sale], days: list[int]) -> int:
    """The booking day by which the payments of a group pass a limit together."""
    for day in days:
        until = []
        for sale in group:
            payments = tuple(payment for payment in sale.charge.payments if payment[0] <= day)
            if payments:
                charge = Charge(sale.charge.first, sale.charge.before_fen, payments)
                until.append(_with_bought(sale.terms, charge))
        if _passed(view, until):
            return day
    return days[-1]


def _signed(group: list[Sale]) -> int:
    return max(sale.terms.signed for sale in group)


def _evidence(view: View, group: list[Sale]) -> list[str]:
    return [
        identifier
        for sale in group
        for identifier in evidence_of(view, sale.terms.number, sale.charge)
    ]
