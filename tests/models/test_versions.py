"""Which of several contents of one fact counts (rules.md G5)."""

from datetime import date
from itertools import permutations

import pytest

from models import facts as f
from models.keys import content_hash, encode, fact_id
from models.versions import Version, Versions

MORNING, NOON, EVENING = ("2024-03-01T08:00:00Z", "2024-03-01T12:00:00Z", "2024-03-01T18:00:00Z")


def entry(amount_fen: int) -> f.EntryBooked:
    """The same entry, told with one amount or another."""
    return f.EntryBooked(
        account="62-A",
        booking_date=date(2024, 3, 1),
        serial="S1",
        amount_fen=amount_fen,
        direction="C",
    )


def lesson(hours: int) -> f.LessonDelivered:
    """The same class session, told with one length or another."""
    return f.LessonDelivered(
        institution="JG-1",
        number="K1",
        day=date(2024, 3, 1),
        present=("HT-1",),
        hours_hundredths=hours,
    )


def contract(price_fen: int) -> f.ContractStated:
    """The same row of the register, with one price or another."""
    return f.ContractStated(
        institution="JG-1", number="HT-1", signed=date(2024, 3, 1), price_fen=price_fen
    )


def told(versions: Versions, fact: f.Fact, stated_at: str) -> tuple[str, ...]:
    """Add a fact as it was stated once."""
    digest = content_hash(encode(fact))
    return versions.add(fact_id(fact), Version(digest, fact, stated_at, stated_at))


def smaller(*facts: f.Fact) -> f.Fact:
    """The one with the smaller content hash."""
    return min(facts, key=lambda fact: content_hash(encode(fact)))


@pytest.mark.parametrize("make", [entry, lesson])
def test_of_a_happening_the_earliest_statement_counts(make: type) -> None:
    """A content stated later never replaces it, whichever was told first."""
    first, second = make(100), make(200)
    for order in permutations([(first, MORNING), (second, EVENING)]):
        versions = Versions()
        for fact, stated_at in order:
            told(versions, fact, stated_at)

        assert first == versions.effective(fact_id(first))
        assert [fact_id(first)] == list(versions.contested())


def test_of_a_register_row_the_latest_statement_counts() -> None:
    """A corrected row replaces the old one, and is no contest."""
    old, new = contract(100), contract(200)
    for order in permutations([(old, MORNING), (new, EVENING)]):
        versions = Versions()
        for fact, stated_at in order:
            told(versions, fact, stated_at)

        assert new == versions.effective(fact_id(new))
        assert [] == list(versions.contested())


def test_a_row_exported_again_counts_again() -> None:
    """The old content, stated once more after the correction, is the latest."""
    versions = Versions()
    told(versions, contract(100), MORNING)
    told(versions, contract(200), NOON)
    assert contract(200) == versions.effective("i:JG-1/ContractStated/HT-1")

    told(versions, contract(100), EVENING)

    assert contract(100) == versions.effective("i:JG-1/ContractStated/HT-1")


@pytest.mark.parametrize("make", [entry, lesson, contract])
def test_of_contents_stated_at_once_the_smaller_hash_counts(make: type) -> None:
    """No clock of arrival decides a tie."""
    for order in permutations([make(100), make(200), make(300)]):
        versions = Versions()
        for fact in order:
            told(versions, fact, NOON)

        assert smaller(*order) == versions.effective(fact_id(order[0]))


def test_the_same_content_again_touches_nothing() -> None:
    """A repeated telling, earlier or later, wakes nobody and adds no content."""
    versions = Versions()

    assert (fact_id(entry(100)),) == told(versions, entry(100), NOON)
    for stated_at in (MORNING, NOON, EVENING):
        assert () == told(versions, entry(100), stated_at)

    assert 1 == len(versions)


def test_a_retraction_may_come_before_what_it_retracts() -> None:
    """A retracted fact has no content that counts, in either order."""
    retraction = f.FactRetracted(fact=fact_id(entry(100)))
    facts: list[f.Fact] = [entry(100), retraction]
    for order in permutations(facts):
        versions = Versions()
        for fact in order:
            told(versions, fact, NOON)

        assert versions.effective(fact_id(entry(100))) is None


def test_a_person_settles_a_contest() -> None:
    """The chosen content counts, though another was stated earlier."""
    chosen = content_hash(encode(entry(200))).hex()
    settled = f.ConflictSettled(fact=fact_id(entry(100)), content=chosen)
    facts: list[f.Fact] = [entry(100), entry(200), settled]
    for order in permutations(zip(facts, (MORNING, NOON, EVENING), strict=True)):
        versions = Versions()
        for fact, stated_at in order:
            told(versions, fact, stated_at)

        assert entry(200) == versions.effective(fact_id(entry(100)))


def test_every_content_is_kept() -> None:
    """What does not count is still there to be shown."""
    versions = Versions()
    told(versions, entry(100), MORNING)
    told(versions, entry(200), NOON)

    kept = versions.versions(fact_id(entry(100)))

    assert {100, 200} == {
        one.fact.amount_fen for one in kept if isinstance(one.fact, f.EntryBooked)
    }
    assert [fact_id(entry(100))] == list(versions.ids())
    assert 2 == len(versions)
