"""What a charge may cost: the published fees and the guide price (rules.md A).

charge-unlisted and charge-over-guide-price, of one contract that was paid for.
"""

from collections.abc import Iterable
from typing import Final

from alerts.rules.charging import length_of
from alerts.rules.papers import first_paid
from alerts.rules.view import View, minus, number, yuan
from models import facts as f
from models.contracts import Terms
from models.findings import Finding, Step
from models.money import divide_down

UNLISTED, GUIDE = "charge-unlisted", "charge-over-guide-price"
STAGES: Final = ("primary", "junior", "senior")
SIZES: Final = ("small", "middle", "large")
HUNDREDTHS: Final = 100
PERCENT: Final = 100


def _paid(view: View, contract: str) -> tuple[Terms, list[tuple[int, str, int]]] | None:
    """The contract's terms and its matched payments in order; None when either is missing."""
    terms = view.ledger.directory.terms.get(contract)
    book = view.ledger.books.get(contract)
    if terms is None or book is None or not book.payments:
        return None
    return terms, book.ordered_payments()


# ---- charge-unlisted ----


def charge_unlisted(view: View, contract: str) -> list[Finding]:
    """A paid contract for an item that was not published when it was signed, or above its price.

    The item is the one that the contract numbers, else those whose name holds its subject. Where
    the institution never published a fee, `fees_untold` answers for all of its contracts.
    """
    paid = _paid(view, contract)
    if paid is None or not view.ledger.registers.ever(f.FeeStated):
        return []
    terms, payments = paid
    day, subject = max(payments[0][0], terms.signed), f"contract:{contract}"
    item = terms.contract.fee_item or terms.contract.subject
    if not item:
        evidence = _evidence(view, contract, payments)
        return [view.undecided(UNLISTED, subject, day=day, missing="fee_item", evidence=evidence)]
    listed = _listed(view.ledger.registers.fees(terms.signed), terms)
    formula: tuple[Step, ...]
    if listed:
        published_fen = max(fee.price_fen for fee in listed)
        amount_fen = terms.price_fen - published_fen
        if amount_fen <= 0:
            return []
        above = yuan("above_published", amount_fen, minus(terms.price_fen, published_fen))
        formula = (yuan("price", terms.price_fen), yuan("published_price", published_fen), above)
    else:
        amount_fen = sum(fen for _, _, fen in payments)
        formula = (number("unlisted", "not-published"), yuan("payments", amount_fen))
    return [
        view.finding(
            UNLISTED,
            subject,
            kind="breach",
            level="yellow",
            day=day,
            amount_fen=amount_fen,
            evidence=(
                *_evidence(view, contract, payments),
                *view.ledger.register_ids("FeeStated"),
            ),
            formula=formula,
        )
    ]


def _evidence(view: View, contract: str, payments: list[tuple[int, str, int]]) -> tuple[str, ...]:
    return (*view.ledger.contract_id(contract), *(entry for _, entry, _ in payments))


def _listed(fees: Iterable[tuple[str, f.FeeStated]], terms: Terms) -> list[f.FeeStated]:
    item = terms.contract.fee_item
    if item:
        return [fee for _, fee in fees if fee.number == item]
    subject = terms.subject
    return [fee for name, fee in fees if subject in name]


def fees_untold(view: View, _subject: str) -> list[Finding]:
    """No published fee of the institution was ever told: no charge of it can be compared."""
    paid = first_paid(view)
    if paid is None or view.ledger.registers.ever(f.FeeStated):
        return []
    return [view.undecided(UNLISTED, "fees", day=paid, missing="fees")]


# ---- charge-over-guide-price ----


def charge_over_guide_price(view: View, contract: str) -> list[Finding]:
    """An academic contract whose price per class hour passes the guide price and its tolerance."""
    paid = _paid(view, contract)
    if paid is None or paid[0].contract.academic is False:
        return []
    terms, payments = paid
    day = payments[0][0]
    guides = _guides(view, day)
    if not guides:
        return []
    subject = f"contract:{contract}"
    since = max(day, terms.signed)
    evidence = _evidence(view, contract, payments)
    missing = _missing(terms)
    if missing:
        return [view.undecided(GUIDE, subject, day=since, missing=missing, evidence=evidence)]
    guide = guides.get((terms.contract.stage, _size(view, terms, day)))
    tolerance = view.number(GUIDE, "tolerance_percent", day)
    if guide is None or tolerance is None:
        return []
    minutes, standard = length_of(view, terms, day)
    # guide × (100 + tolerance) ÷ 100 × hours × minutes ÷ standard, over one denominator.
    allowed = guide * (PERCENT + tolerance) * terms.paid_hours * minutes
    parts = PERCENT * HUNDREDTHS * standard
    if terms.price_fen * parts <= allowed:
        return []
    allowed_fen = divide_down(allowed, parts)
    amount_fen = terms.price_fen - allowed_fen
    return [
        view.finding(
            GUIDE,
            subject,
            kind="breach",
            level="yellow",
            day=since,
            amount_fen=amount_fen,
            evidence=evidence,
            formula=(
                yuan("guide_price", guide),
                number("tolerance_percent", tolerance),
                number("stage", terms.contract.stage),
                number("class_size", terms.contract.class_size),
                yuan("allowed_price", allowed_fen),
                yuan("above_guide", amount_fen, minus(terms.price_fen, allowed_fen)),
            ),
        )
    ]


def _guides(view: View, day: int) -> dict[tuple[str, str], int]:
    """The guide prices of a place by stage and size of the class; empty where it has none."""
    found = {}
    for stage in STAGES:
        for size in SIZES:
            guide = view.number(GUIDE, f"{stage}_{size}_fen", day)
            if guide is not None:
                found[stage, size] = guide
    return found


def _missing(terms: Terms) -> str:
    contract = terms.contract
    fields = {
        "academic": contract.academic is None,
        "class_size": not contract.class_size,
        "stage": not contract.stage,
        "paid_hours": not terms.paid_hours,
    }
    return ", ".join(name for name, is_missing in fields.items() if is_missing)


def _size(view: View, terms: Terms, day: int) -> str:
    """Whether a class is small, middle or large by the cut points of a day."""
    small = view.number(GUIDE, "small_class_max_count", day)
    large = view.number(GUIDE, "large_class_min_count", day)
    assert small is not None, "charge-over-guide-price.small_class_max_count has no value"
    assert large is not None, "charge-over-guide-price.large_class_min_count has no value"
    size = terms.contract.class_size or 0
    if size <= small:
        return SIZES[0]
    return SIZES[2] if size >= large else SIZES[1]
