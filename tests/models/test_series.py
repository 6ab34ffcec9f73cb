"""The institution's days: balances at close and what is owed (rules.md G9, B1, O1)."""

from datetime import date, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import facts as f
from models.keys import fact_id
from models.ledger import Ledger

FIRST = date(2024, 3, 1)
DAY = FIRST.toordinal()
LAST = DAY + 20
ACCOUNT = f.AccountStated(account="62-A", institution="JG-1", valid_from=FIRST, purpose="dedicated")


def report(after: int, balance_fen: int, what: Literal["opening", "closing"] = "closing") -> f.Fact:
    """A balance that a statement reports."""
    day = FIRST + timedelta(days=after)
    return f.BalanceReported(account="62-A", day=day, what=what, balance_fen=balance_fen)


def booked(after: int, amount_fen: int, serial: str = "S1") -> f.Fact:
    """A credit, or when negative a debit."""
    return f.EntryBooked(
        account="62-A",
        booking_date=FIRST + timedelta(days=after),
        serial=serial,
        amount_fen=abs(amount_fen),
        direction="C" if amount_fen > 0 else "D",
        remittance="HT-1",
        counterparty_name="某人",
    )


def contract(after: int, price_fen: int) -> f.Fact:
    """The contract that entries name."""
    return f.ContractStated(
        institution="JG-1",
        number="HT-1",
        signed=FIRST + timedelta(days=after),
        price_fen=price_fen,
        paid_hours_hundredths=1_000,
    )


def lesson(after: int, number: int) -> f.Fact:
    """One hour of the contract."""
    return f.LessonDelivered(
        institution="JG-1",
        number=f"K{number}",
        day=FIRST + timedelta(days=after),
        present=("HT-1",),
    )


def ledger(*facts: f.Fact) -> Ledger:
    """A ledger that was told everything at once and closed once."""
    found = Ledger("JG-1", 30)
    for fact in (ACCOUNT, *facts):
        found.put(fact_id(fact), fact)
    close(found, LAST)
    return found


def close(found: Ledger, day: int) -> None:
    """Bring a ledger up to date through a day, as an evaluation does."""
    found.settle()
    found.close(day)
    found.touched.clear()


def values(found: Ledger) -> list[tuple[int | None, int | None, int, int, int, int]]:
    """Everything that the series says, day by day."""
    series = found.series
    return [
        (
            *(series.balance("62-A", day), series.balance_or_opening("62-A", day)),
            *(series.unearned(day), series.due(day), series.paid(day), series.batched(day)),
        )
        for day in range(DAY - 3, LAST + 2)
    ]


@pytest.mark.parametrize(
    ("after", "balance"), [(4, None), (5, 1_000), (6, 1_300), (7, 1_300), (8, 900), (9, 900)]
)
def test_a_balance_is_the_latest_closing_and_the_entries_since(
    after: int, balance: int | None
) -> None:
    """Entries of the closing's own day are in it; before the first closing nothing is known."""
    found = ledger(report(5, 1_000), booked(5, 50), booked(6, 300, "S2"), report(8, 900))

    assert balance == found.series.balance("62-A", DAY + after)


@pytest.mark.parametrize(("after", "balance"), [(4, 2_000), (5, 2_000), (6, 2_070), (7, 900)])
def test_before_the_first_closing_the_first_opening_counts(after: int, balance: int) -> None:
    """On the days before the first statement its opening, then with the entries since (O1)."""
    found = ledger(report(5, 2_000, "opening"), booked(6, 70), report(7, 900))

    assert balance == found.series.balance_or_opening("62-A", DAY + after)


def test_an_earlier_opening_told_later_counts_for_the_days_before_it() -> None:
    """All days before the account's first opening are touched when that changes."""
    found = ledger(report(9, 5_000, "opening"), booked(2, 70))
    assert 5_000 == found.series.balance_or_opening("62-A", DAY + 1)

    told = report(5, 2_000, "opening")
    found.put(fact_id(told), told)
    found.settle()

    assert 0 == found.touched.since
    found.close(LAST)
    assert 2_000 == found.series.balance_or_opening("62-A", DAY + 1)


def test_a_day_outside_of_the_series_has_no_figures() -> None:
    """Before the first and after the closed day nothing is known and nothing is owed."""
    found = ledger(report(5, 1_000))

    assert DAY + 5 == found.series.first
    assert [None, None] == [found.series.balance("62-A", day) for day in (DAY + 4, LAST + 1)]
    assert 0 == found.series.unearned(LAST + 1)


def test_owed_is_what_was_paid_less_what_was_taught() -> None:
    """From the payment on, and one hour less from the close of the lesson's day."""
    found = ledger(contract(1, 100_000), booked(2, 100_000), lesson(4, 1))

    owed = [found.series.unearned(DAY + after) for after in (1, 2, 3, 4, 5)]

    assert [0, 100_000, 100_000, 90_000, 90_000] == owed


@pytest.mark.parametrize(
    ("stands", "expected"),
    [
        ([True, True, True], 0),
        ([True, False, True], 2),
        ([True, None, True], 0),
        ([None, True, True], 1),
        ([True, True, False], None),
        ([True, True, None], None),
    ],
)
def test_a_run_is_unbroken_by_days_that_cannot_be_decided(
    stands: list[bool | None], expected: int | None
) -> None:
    """It begins after the last day on which it did not stand, and must stand on the day itself."""
    found = ledger(report(0, 1_000))

    start = found.series.run_start("rule", DAY + 2, lambda day: stands[day - DAY])

    assert (None if expected is None else DAY + expected) == start


facts_drawn = st.lists(
    st.one_of(
        st.builds(report, st.integers(0, 18), st.integers(0, 9_000)),
        st.builds(report, st.integers(0, 18), st.integers(0, 9_000), st.just("opening")),
        st.builds(booked, st.integers(0, 18), st.integers(1, 5_000), st.sampled_from("ABCD")),
        st.builds(contract, st.integers(0, 18), st.integers(1, 9_000)),
        st.builds(lesson, st.integers(0, 18), st.integers(0, 5)),
    ),
    max_size=10,
)


@given(facts_drawn, st.lists(st.integers(0, 20), max_size=10))
def test_a_series_cut_back_is_the_series_worked_out_at_once(
    facts: list[f.Fact], closes: list[int]
) -> None:
    """Told one by one with closes between them, every day has the figures of a fresh ledger."""
    told = {fact_id(fact): fact for fact in facts}
    found = Ledger("JG-1", 30)
    found.put(fact_id(ACCOUNT), ACCOUNT)
    closed = 0
    for place, fact in enumerate(facts):
        found.put(fact_id(fact), fact)
        if place < len(closes):
            closed = max(closed, DAY + closes[place])
            close(found, closed)
    close(found, LAST)

    assert values(ledger(*told.values())) == values(found)


def test_days_before_what_was_taken_away_are_no_days() -> None:
    """The series begins on the first day of what is left, as if the earlier had never been told."""
    first, second = booked(2, 100, "A"), booked(5, 100, "B")
    found = ledger(first, lesson(3, 1), second)
    assert DAY + 2 == found.series.first

    for gone in (first, lesson(3, 1)):
        found.put(fact_id(gone), None)
    close(found, LAST)

    assert DAY + 5 == found.series.first
    assert values(ledger(second)) == values(found)
