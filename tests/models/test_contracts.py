"""What a contract's money buys, what is earned, what may be released (rules.md C1, C2, R1, R2)."""

from datetime import date
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contracts import Terms, bought, charges
from models.facts import ContractStated, Instalment, Stage

BEGINS = date(2024, 3, 1)
DAY = BEGINS.toordinal()
Stretch = tuple[Fraction | int | None, int | None, int | None]


def terms(**fields: Any) -> Terms:  # noqa: ANN401 -- fields of a contract
    """A contract of 1,000.00 yuan for 10 hours in the hundred days from 1 March."""
    contract = ContractStated(
        institution="JG-1",
        number="HT-1",
        signed=BEGINS,
        price_fen=100_000,
        paid_hours_hundredths=1_000,
        begins=BEGINS,
        ends=date.fromordinal(DAY + 99),
    )
    return Terms(msgspec.structs.replace(contract, **fields))


def stretch(contract: Terms, before: int, after: int) -> Stretch:
    """What a stretch of money buys: hours, the first day and the last."""
    got = bought(contract, before, after)
    return (got.hours_hundredths, got.first, got.last)


# ---- What is earned ----


@pytest.mark.parametrize(("hours", "taught"), [(0, 0), (999, 999), (1_000, 1_000), (1_001, 1_000)])
def test_the_taught_share_of_hours_ends_at_one(hours: int, taught: int) -> None:
    """Gift hours taught after the paid ones carry no money."""
    assert (taught, 1_000) == terms().taught(hours, 0, DAY)


@pytest.mark.parametrize(("sessions", "share"), [(0, (0, 3)), (3, (3, 3)), (4, (3, 3))])
def test_without_hours_sessions_count(sessions: int, share: tuple[int, int]) -> None:
    """A contract by period goes by its sessions."""
    assert share == terms(paid_hours_hundredths=None, sessions=3).taught(500, sessions, DAY)


@pytest.mark.parametrize(("after", "elapsed"), [(-1, 0), (0, 1), (99, 100), (100, 100)])
def test_without_hours_and_sessions_days_count(after: int, elapsed: int) -> None:
    """The day itself has elapsed at its close, and the last day is the whole."""
    assert (elapsed, 100) == terms(paid_hours_hundredths=None).taught(0, 0, DAY + after)


def test_a_contract_that_tells_nothing_cannot_be_decided() -> None:
    """Neither hours nor sessions nor days: nothing is ever taught of it."""
    silent = terms(paid_hours_hundredths=None, ends=None)

    assert not silent.decidable
    assert (0, 1) == silent.taught(100, 100, DAY)


@pytest.mark.parametrize(
    ("paid", "taught", "earned"),
    [(100_000, 333, 33_300), (100_001, 1_000, 100_000), (20_000, 333, 20_000), (0, 333, 0)],
)
def test_earned_is_at_most_what_was_paid(paid: int, taught: int, earned: int) -> None:
    """Price times share, never above what was paid nor above the price."""
    assert earned == terms().earned_fen(paid, (taught, 1_000))


def test_earned_is_rounded_down() -> None:
    """A third of 1,000.00 yuan is 333.33."""
    assert 33_333 == terms(paid_hours_hundredths=300).earned_fen(100_000, (100, 300))


@pytest.mark.parametrize(
    ("taught", "allowed"),
    [(0, 0), (299, 0), (300, 30_000), (599, 30_000), (600, 60_000), (1_000, 100_000)],
)
def test_a_stage_is_reached_by_its_share(taught: int, allowed: int) -> None:
    """Of what was paid, the share of the highest stage reached; its own share reaches it."""
    stages = (Stage(30, 30), Stage(60, 60), Stage(100, 100))

    assert allowed == terms(stages=stages).allowed_fen(100_000, 0, (taught, 1_000), DAY)


@given(
    paid=st.integers(0, 200_000),
    refunded=st.integers(-5_000, 150_000),
    released=st.integers(0, 150_000),
    hours=st.integers(0, 1_500),
    stages=st.sampled_from([(), (Stage(30, 30), Stage(100, 100))]),
)
def test_owed_and_due_are_what_their_parts_say(
    paid: int, refunded: int, released: int, hours: int, stages: tuple[Stage, ...]
) -> None:
    """The quick way to a point of the path gives the answer of the slow one."""
    contract = terms(stages=stages)
    share = contract.taught(hours, 0, DAY)
    earned = contract.earned_fen(paid, share)

    expected = (
        max(0, paid - max(0, refunded) - earned),
        max(0, contract.allowed_fen(paid, earned, share, DAY) - released),
    )

    assert expected == contract.owed_and_due(paid, refunded, released, hours, 0, DAY)


# ---- Charges ----


@pytest.mark.parametrize(("days", "charges_count"), [(29, 1), (30, 1), (31, 2)])
def test_a_payment_on_the_thirtieth_day_belongs_to_the_charge(
    days: int, charges_count: int
) -> None:
    """1 and 31 March are one charge, 1 and 32 March are two."""
    found = charges([(DAY, "a", 100), (DAY + days, "b", 200)], 30)

    assert charges_count == len(found)
    assert [0, 100][:charges_count] == [charge.before_fen for charge in found]


def test_the_window_is_counted_from_the_first_payment() -> None:
    """A chain of payments does not stretch the charge: the one after the window begins another."""
    found = charges([(DAY, "a", 1), (DAY + 20, "b", 2), (DAY + 40, "c", 4)], 30)

    assert [(DAY, 0), (DAY + 40, 3)] == [(charge.first, charge.before_fen) for charge in found]


def test_without_payments_there_is_no_charge() -> None:
    """Nothing was charged."""
    assert [] == charges([], 30)


# ---- What is bought ----


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0, 100_000, (1_000, DAY, DAY + 99)),
        (0, 50_000, (500, DAY, DAY + 49)),
        (50_000, 100_000, (500, DAY + 50, DAY + 99)),
        (0, 50_001, (Fraction(50_001, 100), DAY, DAY + 50)),
        (0, 100_001, (1_000, DAY, DAY + 99)),
        (100_000, 150_000, (0, None, None)),
    ],
)
def test_a_stretch_buys_in_exact_proportion(before: int, after: int, expected: Stretch) -> None:
    """A day begun is bought; money above the price buys nothing."""
    assert expected == stretch(terms(), before, after)


def test_money_fills_the_instalments_by_their_due_days() -> None:
    """The one due first is bought first, wherever it is listed."""
    may = date(2024, 5, 1)
    late = Instalment(60_000, due=may, hours_hundredths=600, begins=may, ends=may)
    early = Instalment(40_000, due=BEGINS, hours_hundredths=400, begins=BEGINS, ends=BEGINS)
    contract = terms(paid_hours_hundredths=None, instalments=(late, early))

    assert 1_000 == contract.paid_hours
    assert (400, DAY, DAY) == stretch(contract, 0, 40_000)
    assert 550 == bought(contract, 0, 55_000).hours_hundredths


def test_what_an_instalment_does_not_tell_is_unknown_only_where_it_is_touched() -> None:
    """The first instalment tells its hours and days, the second none."""
    told = Instalment(40_000, due=BEGINS, hours_hundredths=400, begins=BEGINS, ends=BEGINS)
    silent = Instalment(60_000, due=date(2024, 5, 1))
    contract = terms(paid_hours_hundredths=None, instalments=(told, silent))

    told_whole, beyond = bought(contract, 0, 40_000), bought(contract, 0, 40_001)
    assert (400, True) == (told_whole.hours_hundredths, told_whole.days_told)
    assert (None, False) == (beyond.hours_hundredths, beyond.days_told)


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=6))
def test_stretches_one_after_the_other_buy_the_whole(amounts: list[int]) -> None:
    """However the money comes, its hours add up to those of the whole sum."""
    hours: Fraction | int = 0
    paid = 0
    for amount in amounts:
        hours += bought(terms(), paid, paid + amount).hours_hundredths or 0
        paid += amount

    assert bought(terms(), 0, paid).hours_hundredths == hours
