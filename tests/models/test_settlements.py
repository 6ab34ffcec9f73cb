"""Bills and the credits that settle them: in whatever order they come, the same pairs stand."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.evaluation import Supervision
from models import facts as f
from models.bills import BillDay, Matching, owed_fen
from models.findings import CANNOT_DECIDE, Finding
from models.keys import fact_id
from models.registers import FOREVER
from tests.engine import in_order, law, tell

FIRST, CLOSED = date(2024, 3, 4), date(2024, 4, 30)
CODE = "1900000109"
REGISTERS: tuple[f.Fact, ...] = (
    f.InstitutionStated(institution="JG-1", valid_from=date(2022, 1, 1), name="星星学校"),
    f.AccountStated(
        account="62-A", institution="JG-1", valid_from=date(2022, 1, 1), purpose="dedicated"
    ),
    f.MerchantCodeStated(
        institution="JG-1",
        number=CODE,
        valid_from=date(2022, 1, 1),
        company="财付通",
        settles_to="62-A",
    ),
)


def row(day: int, amount_fen: int, number: str, fee_e5: int = 0) -> f.MerchantTransactionBilled:
    """A payment, so many days after the first."""
    return f.MerchantTransactionBilled(
        merchant_code=CODE,
        channel="wechat",
        what="payment",
        number=number,
        booking_date=FIRST + timedelta(days=day),
        amount_fen=amount_fen,
        fee_e5=fee_e5,
    )


def credit(day: int, amount_fen: int, serial: str) -> f.EntryBooked:
    """A transfer of the payment company."""
    return f.EntryBooked(
        account="62-A",
        booking_date=FIRST + timedelta(days=day),
        serial=serial,
        amount_fen=amount_fen,
        direction="C",
        counterparty_name="财付通",
        remittance="结算",
    )


def told(*facts: f.Fact) -> list[f.Told]:
    """The registers and these."""
    return [
        f.Told(fact, "2024-05-01T00:00:00Z", "0" * 64, "row 1") for fact in (*REGISTERS, *facts)
    ]


def matching_of(*facts: f.Fact) -> Matching:
    """What is paired when all is told and the last day closed."""
    supervision = Supervision("JG-1", law())
    tell(supervision, told(*facts))
    supervision.evaluate(CLOSED)
    assert FOREVER == supervision.ledger.bills.since
    return supervision.ledger.bills.matching


def undecided(supervision: Supervision) -> list[Finding]:
    """What stands as not to be decided."""
    return [one for one in in_order(supervision) if one.rule == CANNOT_DECIDE]


bills = st.lists(st.tuples(st.integers(0, 12), st.sampled_from((100, 200, 300, 700))), max_size=8)
credits_ = st.lists(st.tuples(st.integers(0, 30), st.sampled_from((100, 200, 300, 700, 1_000))))


@settings(max_examples=40, deadline=None)
@given(bills, credits_, st.integers(0, 2**32))
def test_order_of_arrival_does_not_matter(
    drawn: list[tuple[int, int]], paid: list[tuple[int, int]], seed: int
) -> None:
    """Bills after credits, days late, between closes, some taken back: the same findings stand."""
    random = Random(seed)  # noqa: S311 -- hypothesis draws the seed
    facts: list[f.Fact] = [row(day, fen, f"T{n}") for n, (day, fen) in enumerate(drawn)]
    facts += [credit(day, fen, f"J{n}") for n, (day, fen) in enumerate(paid)]
    retracted = [f.FactRetracted(fact=fact_id(fact)) for fact in facts if random.random() < 0.1]
    expected = Supervision("JG-1", law())
    tell(expected, told(*facts, *retracted))
    expected.evaluate(CLOSED)

    parts = told(*facts, *retracted)
    random.shuffle(parts)
    supervision = Supervision("JG-1", law())
    while parts:
        size = random.randint(1, len(parts))
        tell(supervision, parts[:size])
        del parts[:size]
        supervision.evaluate(FIRST + timedelta(days=random.randint(0, 40)))
    supervision.evaluate(CLOSED)

    assert undecided(expected) == undecided(supervision)
    assert expected.ledger.bills.matching == supervision.ledger.bills.matching


@settings(max_examples=40, deadline=None)
@given(bills, credits_)
def test_every_fen_is_paired_once(
    drawn: list[tuple[int, int]], paid: list[tuple[int, int]]
) -> None:
    """No day and no credit is in two pairs, and each pair is equal."""
    rows = [row(day, fen, f"T{n}") for n, (day, fen) in enumerate(drawn)]
    facts = [credit(day, fen, f"J{n}") for n, (day, fen) in enumerate(paid)]
    if not rows:
        return
    matching = matching_of(*rows, *facts)

    amounts = {fact_id(fact): fact.amount_fen for fact in facts}
    days = [day for one in matching.by_credit.values() for day in one.days]
    assert len(days) == len(set(days))
    assert {day for _, day in matching.by_day} == set(days)
    for identifier, one in matching.by_credit.items():
        billed = sum(r.amount_fen for r in rows if r.booking_date.toordinal() in one.days)
        assert billed == amounts[identifier]
        assert max(one.days) < one.day
    assert not {one for _, one in matching.unexplained} & matching.by_credit.keys()


def test_what_comes_later_changes_nothing_of_what_was_found() -> None:
    """A credit looks only at days before its own: more days and credits add pairs, change none."""
    facts: list[f.Fact] = [row(0, 100, "T1"), row(1, 100, "T2"), credit(2, 100, "J1")]
    before = matching_of(*facts).by_credit
    after = matching_of(*facts, row(2, 100, "T3"), credit(3, 100, "J2"), credit(4, 100, "J3"))

    assert before.items() <= after.by_credit.items()
    assert 3 == len(after.by_credit)


@pytest.mark.parametrize("late", ["bill", "credit"])
def test_what_comes_late_is_paired_then(late: str) -> None:
    """What stood because a bill or a credit had not come is gone when it comes."""
    facts: dict[str, f.Fact] = {"bill": row(0, 100, "T2"), "credit": credit(1, 100, "J1")}
    supervision = Supervision("JG-1", law())
    tell(supervision, told(row(-5, 7, "T1"), credit(-4, 7, "J0")))
    tell(supervision, told(*(fact for name, fact in facts.items() if name != late)))
    supervision.evaluate(CLOSED)
    subject = {"bill": "matching/settlement:62-A", "credit": f"matching/bill:{CODE}"}[late]
    stood = undecided(supervision)
    tell(supervision, told(facts[late]))
    changes = supervision.evaluate(CLOSED)

    assert [subject] == [x.subject for x in stood if x.subject.startswith("matching/")]
    assert [("cleared", subject)] == [(c.change, c.finding.subject) for c in changes]


def test_a_bill_is_in_no_balance_and_no_inflow() -> None:
    """What a payment company collected counts once: when the bank books it."""
    without = Supervision("JG-1", law())
    tell(without, told(credit(1, 100, "J1")))
    without.evaluate(CLOSED)
    with_bill = Supervision("JG-1", law())
    tell(with_bill, told(row(0, 100, "T1"), credit(1, 100, "J1")))
    with_bill.evaluate(CLOSED)

    assert without.series() == with_bill.series()[-len(without.series()) :]
    assert without.ledger.records.inflow_on == with_bill.ledger.records.inflow_on
    assert in_order(without) == in_order(with_bill)


@pytest.mark.parametrize(
    ("fees_e5", "owed"),
    [((500, 500), {1_999, 1_998}), ((499, 499), {1_999, 2_000}), ((1_000, 0), {1_999})],
)
def test_fees_are_rounded_row_by_row_or_once(fees_e5: tuple[int, ...], owed: set[int]) -> None:
    """Both are right, nothing else is."""
    day = BillDay()
    for number, fee_e5 in enumerate(fees_e5):
        day.add(str(number), row(0, 1_000, str(number), fee_e5), 1)

    assert owed == owed_fen([day])
