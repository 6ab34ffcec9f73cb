"""A ledger settled after each fact is the ledger of all of them, and notes what they touch."""

from datetime import timedelta
from typing import Any, Literal

import msgspec
import pytest

from models import facts as f
from models.keys import fact_id
from models.ledger import Ledger
from models.matching import Segment
from models.registers import FOREVER
from tests.models.test_matching import BEFORE, CONTRACT, DAY, OWN, ROWS, SETTLEMENT, entry

WINDOW_DAYS = 30
ASKED = f.RefundRequested(
    institution="JG-1", number="TF-1", contract="HT-1", day=DAY, amount_fen=100_000
)
AGREED = f.RefundAnswered(institution="JG-1", number="TF-1", day=DAY, agreed_fen=90_000)
APPROVED = f.WithdrawalApproved(institution="JG-1", number="PZ-1", day=DAY)
FAMILY: dict[str, Any] = {"counterparty_name": "王 芳"}
STRANGER: dict[str, Any] = {"counterparty_name": "路人"}


def told(
    direction: Literal["C", "D"],
    amount_fen: int,
    remittance: str = "",
    **fields: Any,  # noqa: ANN401 -- fields of an entry
) -> f.EntryBooked:
    """An entry with an id of its own."""
    return entry(direction, amount_fen, remittance=remittance, **fields)


ATTRIBUTED = f.PaymentAttributed(
    institution="JG-1", entry=fact_id(told("C", 5)), contract=CONTRACT.number
)


def ledger_of(*facts: f.Fact) -> Ledger:
    """A ledger of the institution's register, settled, and of facts, each put and settled."""
    ledger = Ledger("JG-1", WINDOW_DAYS)
    for row in ROWS:
        ledger.put(fact_id(row), row)
    ledger.settle()
    ledger.touched.clear()
    for fact in facts:
        ledger.put(fact_id(fact), fact)
        ledger.settle()
        ledger.touched.clear()
    return ledger


def classes(ledger: Ledger) -> dict[str, tuple[Segment, ...]]:
    """What every entry is."""
    return {identifier: each.segments for identifier, each in ledger.entries.items()}


@pytest.mark.parametrize(
    ("facts", "late"),
    [
        ((told("C", 5, "HT-1", **STRANGER),), CONTRACT),
        ((told("C", 5, sub_account="ZZ-1", **STRANGER),), CONTRACT),
        ((told("C", 300_000, **FAMILY),), CONTRACT),
        ((told("C", 5, **STRANGER), ATTRIBUTED), CONTRACT),
        ((told("C", 5, **STRANGER), CONTRACT), ATTRIBUTED),
        ((told("D", 100_000, **FAMILY), ASKED), CONTRACT),
        ((told("D", 100_000, **FAMILY), CONTRACT), ASKED),
        ((told("D", 5, "TF-1", **STRANGER),), ASKED),
        ((told("D", 5, "HT-1", **STRANGER), CONTRACT), ASKED),
        ((told("D", 90_000, **FAMILY), CONTRACT, ASKED), AGREED),
        ((told("D", 5, "PZ-1", **STRANGER),), APPROVED),
    ],
)
def test_what_comes_late_classes_the_entries_that_it_says_something_about(
    facts: tuple[f.Fact, ...], late: f.Fact
) -> None:
    """Put last it is as if put first; taken away again, as if it had never been."""
    before = classes(ledger_of(*facts))
    ledger = ledger_of(*facts, late)

    assert before != classes(ledger)
    assert classes(ledger_of(late, *facts)) == classes(ledger)
    ledger.put(fact_id(late), None)
    ledger.settle()
    assert before == classes(ledger)


@pytest.mark.parametrize(
    ("fact", "changed"),
    [
        (told("C", 5, "DD1", **STRANGER), {"order_number": "DD9"}),
        (told("C", 5, sub_account="ZZ-1", **STRANGER), {"sub_account": "ZZ-9"}),
        (told("C", 300_000, **FAMILY), {"payers": ("李强",)}),
        (told("C", 300_000, **FAMILY), {"price_fen": 300_001}),
    ],
)
def test_a_contract_told_otherwise_lets_go_of_what_it_had(
    fact: f.EntryBooked, changed: dict[str, Any]
) -> None:
    """By its number, sub-account, payers and amounts of before."""
    ledger = ledger_of(CONTRACT, fact, msgspec.structs.replace(CONTRACT, **changed))

    (segments,) = classes(ledger).values()
    assert "" == segments[-1].answer.contract


def test_an_entry_taken_away_is_looked_up_by_nothing() -> None:
    """Neither by what it names, nor by sub-account or payer: a late contract does not find it."""
    fact = told("C", 300_000, "HT-1", sub_account="ZZ-1", **FAMILY)
    ledger = ledger_of(fact)
    ledger.put(fact_id(fact), None)
    ledger.put(fact_id(CONTRACT), CONTRACT)
    ledger.settle()

    assert not ledger.entries
    assert not any(book.payments for book in ledger.books.values())


def test_a_contract_touches_its_payments_student_requests_and_the_days_of_its_releases() -> None:
    """What immediate rules are asked of again, and from which day on the series is worked out."""
    contract = msgspec.structs.replace(CONTRACT, student="小明", price_fen=300_001)
    release = told("D", 5, "HT-1", counterparty_account=SETTLEMENT, booking_date=BEFORE)
    other = msgspec.structs.replace(ASKED, number="TF-2", contract="HT-9")
    ledger = ledger_of(CONTRACT, release, ASKED)
    ledger.put(fact_id(other), other)
    ledger.put(fact_id(contract), contract)

    assert {"HT-1"} == ledger.touched.payments
    assert {"小明"} == ledger.touched.students(ledger.directory)
    assert {"TF-1", "TF-2"} == ledger.touched.requests
    assert BEFORE.toordinal() >= ledger.touched.since


def test_a_lesson_of_nobody_touches_its_day() -> None:
    """It is taught all the same; one with pupils touches the day by their contracts."""
    ledger = ledger_of(CONTRACT)
    lesson = f.LessonDelivered(
        institution="JG-1", number="KC-1", day=DAY, hours_hundredths=100, present=()
    )
    ledger.put(fact_id(lesson), lesson)
    assert DAY.toordinal() == ledger.touched.since

    ledger.touched.clear()
    present = msgspec.structs.replace(lesson, number="KC-2", present=("HT-1",))
    ledger.put(fact_id(present), present)
    assert {"HT-1": DAY.toordinal()} == ledger.touched.paths
    assert FOREVER == ledger.touched.since


def test_ids_for_evidence_are_those_of_the_facts() -> None:
    """Of a request with its answers, of a contract, of the latest closing; none of what is not."""
    closing = f.BalanceReported(account=OWN, day=DAY, what="closing", balance_fen=7)
    ledger = ledger_of(CONTRACT, ASKED, AGREED, closing)

    assert (fact_id(ASKED), fact_id(AGREED)) == ledger.request_ids("TF-1")
    assert () == ledger.request_ids("TF-9")
    assert (fact_id(CONTRACT),) == ledger.contract_id("HT-1")
    later = (DAY + timedelta(days=3)).toordinal()
    assert (fact_id(closing),) == ledger.closing_ids(OWN, later)
    assert () == ledger.closing_ids(OWN, BEFORE.toordinal())
