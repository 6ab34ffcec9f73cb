"""Pairs of an entry and its reversal (rules.md G6)."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest

from models.facts import EntryBooked
from models.matching import Entry
from models.reversals import Reversals

DAY = date(2024, 3, 15)


def entry(serial: str, after: int = 0, **fields: Any) -> Entry:  # noqa: ANN401 -- of an entry
    """A credit, or with `reversal` the debit that takes one back."""
    direction = "D" if fields.get("reversal") else "C"
    fields = {"counterparty_name": "王芳", "direction": direction, "amount_fen": 100, **fields}
    booked = DAY + timedelta(days=after)
    return Entry(serial, EntryBooked(account="62-A", booking_date=booked, serial=serial, **fields))


def paired(*entries: Entry) -> dict[str, str]:
    """Who is paired with whom, told one after the other in this order."""
    reversals = Reversals()
    known: dict[str, Entry] = {}
    for one in entries:
        known[one.id] = one
        reversals.put(one, adding=True)
        reversals.settle(known)
    return {one.id: reversals.partner(one.id) for one in entries if reversals.partner(one.id)}


@pytest.mark.parametrize(
    ("original", "reversal"),
    [
        ({}, {"reverses": "S1"}),
        ({"end_to_end_id": "Q1"}, {"reverses": "Q1"}),
        ({"end_to_end_id": "Q1"}, {"end_to_end_id": "Q1"}),
        ({}, {"remittance": "冲正 S1"}),
        ({}, {}),
        ({"counterparty_account": "6217"}, {"counterparty_account": "6217"}),
    ],
)
def test_a_reversal_finds_its_original(original: dict[str, Any], reversal: dict[str, Any]) -> None:
    """By what it names, or as the only one of amount and counterparty, told in either order."""
    both = [entry("S1", **original), entry("R1", 1, reversal=True, **reversal)]
    for order in permutations(both):
        assert {"S1": "R1", "R1": "S1"} == paired(*order)


@pytest.mark.parametrize(
    ("original", "reversal"),
    [
        ({"amount_fen": 101}, {"reverses": "S1"}),
        ({"after": 2}, {"reverses": "S1"}),
        ({}, {"reverses": "S9"}),
        ({}, {"counterparty_name": "李强"}),
        ({"direction": "D"}, {"reverses": "S1"}),
    ],
)
def test_what_does_not_fit_stays_open(original: dict[str, Any], reversal: dict[str, Any]) -> None:
    """Another amount, a later day, an unknown name, another counterparty, the same direction."""
    assert {} == paired(entry("S1", **original), entry("R1", 1, reversal=True, **reversal))


def test_of_two_that_fit_none_is_taken() -> None:
    """A reversal that names nothing lies between two alike."""
    both = (entry("S1"), entry("S2"))

    assert {} == paired(*both, entry("R1", 1, reversal=True))


def test_what_is_named_is_taken_before_what_only_fits() -> None:
    """Once the named one is paired, the other is the only one left."""
    told = [
        entry("S1"),
        entry("S2"),
        entry("R1", 1, reversal=True),
        entry("R2", 1, reversal=True, reverses="S1"),
    ]
    for order in permutations(told):
        assert {"S1": "R2", "R2": "S1", "S2": "R1", "R1": "S2"} == paired(*order)


def test_a_reversal_taken_back_frees_its_original() -> None:
    """When the reversal is retracted both ids are given back to be classed again."""
    reversals = Reversals()
    original, reversal = entry("S1"), entry("R1", 1, reversal=True)
    known = {"S1": original, "R1": reversal}
    for one in known.values():
        reversals.put(one, adding=True)
    assert {"S1", "R1"} == reversals.settle(known)
    assert () == reversals.segments(original)

    reversals.put(reversal, adding=False)

    assert "S1" in reversals.settle({"S1": original})
    assert reversals.segments(original) is None


def test_a_reversal_of_nothing_is_shown() -> None:
    """It is neither payment nor outflow, and names what is missing."""
    reversals = Reversals()
    orphan = entry("R1", reversal=True)
    reversals.put(orphan, adding=True)
    reversals.settle({"R1": orphan})

    (segment,) = reversals.segments(orphan) or ()

    assert ("reversal", "original") == (segment.answer.kind, segment.answer.missing)


def test_a_pair_whose_amounts_change_together_stays_a_pair() -> None:
    """Both are told with another amount, higher or lower: they leave one side and pair on another.

    Settled once, so that the side which they left may be worked out after the one they came to.
    """
    for first, then in ((100, 101), (101, 100)):
        told = {fen: [_of(fen, reversal=False), _of(fen, reversal=True)] for fen in (first, then)}
        reversals = Reversals()
        for one in told[first]:
            reversals.put(one, adding=True)
        reversals.settle({one.id: one for one in told[first]})
        for old, new in zip(told[first], told[then], strict=True):
            reversals.put(old, adding=False)
            reversals.put(new, adding=True)
        reversals.settle({one.id: one for one in told[then]})

        assert ("R1", "S1") == (reversals.partner("S1"), reversals.partner("R1"))


def _of(amount_fen: int, *, reversal: bool) -> Entry:
    if reversal:
        return entry("R1", 1, reversal=True, reverses="S1", amount_fen=amount_fen)
    return entry("S1", amount_fen=amount_fen)
