"""Pairs of entries follow from the facts: in any order, also after what is taken back."""

from datetime import date
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import facts as f
from models.keys import content_hash, encode, fact_id, serial_of
from models.pairing import Group
from models.versions import Version, Versions
from tests.oracle_pairing import paired

DAY = date(2024, 3, 5)
AT = "2024-03-06T08:00:00Z"


def entry(serial: str, **fields: object) -> f.EntryBooked:
    """An entry of 3,000 yuan."""
    said = {"account": "62-A", "booking_date": DAY, "amount_fen": 300_000, "direction": "C"}
    return msgspec.convert(said | {"serial": serial} | fields, f.EntryBooked)


def listing(*loose: str, referenced: tuple[str, ...] = ()) -> f.EntriesListed:
    """What a statement tells of the day."""
    return f.EntriesListed(account="62-A", day=DAY, referenced=referenced, unreferenced=loose)


def opening(balance_fen: int) -> f.BalanceReported:
    """The balance before the day."""
    return f.BalanceReported(account="62-A", day=DAY, what="opening", balance_fen=balance_fen)


def told(versions: Versions, *facts: f.Fact) -> None:
    """Add facts, stated at one moment."""
    for fact in facts:
        versions.add(fact_id(fact), Version(content_hash(encode(fact)), fact, AT, AT))


def counting(versions: Versions) -> dict[str, f.Fact]:
    """By id the entries that count after settling."""
    versions.settle()
    found = {each: versions.effective(each) for each in versions.ids() if "/EntryBooked/" in each}
    return {each: fact for each, fact in found.items() if fact is not None}


_SAID = st.fixed_dictionaries(
    {
        "remittance": st.sampled_from(["", "HT-1", "HT-2", "学费"]),
        "counterparty_account": st.sampled_from(["", "", "6222", "62 22", "62**"]),
        "counterparty_name": st.sampled_from(["", "王芳"]),
        "end_to_end_id": st.sampled_from(["", "", "Q1"]),
        "amount_fen": st.sampled_from([300_000, 300_000, 300_000, 1]),
    }
)


@st.composite
def _days(draw: st.DrawFn) -> list[f.Fact]:
    """A day by a feed with references and two without, some of it taken back or settled."""
    facts: list[f.Fact] = []
    sure = [f"R{n}" for n in range(draw(st.integers(0, 4)))]
    facts += [entry(serial, **draw(_SAID)) for serial in sure]
    entries = [fact_id(one) for one in facts]
    for feed in range(draw(st.integers(1, 2))):
        loose = [f"fp-{feed}-{n}" for n in range(draw(st.integers(1, 4)))]
        facts += [entry(serial, **draw(_SAID)) for serial in loose]
        known = tuple(sorted(draw(st.sets(st.sampled_from(sure), max_size=2)))) if sure else ()
        opening_fen = draw(st.sampled_from([None, None, 0, 5]))
        one = listing(*loose, referenced=known)
        facts.append(msgspec.structs.replace(one, opening_fen=opening_fen))
        entries += [fact_id(entry(serial)) for serial in loose]
    for balance_fen in draw(st.sampled_from([(), (), (0,), (5,), (0, 5)])):
        facts.append(opening(balance_fen))
    for about in draw(st.lists(st.sampled_from(entries), max_size=2, unique=True)):
        other = draw(st.sampled_from(["", *entries]))
        facts.append(f.EntryPaired(entry=about, same_as=other))
    for gone in draw(st.lists(st.sampled_from(facts), max_size=1)):
        facts.append(f.FactRetracted(fact=fact_id(gone)))
    return facts


@settings(max_examples=400, deadline=None)
@given(_days(), st.integers(0, 2**32))
def test_order_never_matters_and_the_oracle_agrees(facts: list[f.Fact], seed: int) -> None:
    """In any order, settled at any moments, what counts is what the oracle says."""
    random = Random(seed)  # noqa: S311 -- hypothesis draws the seed
    gone = {one.fact for one in facts if isinstance(one, f.FactRetracted)}
    standing = [one for one in facts if fact_id(one) not in gone]
    once, held = paired(standing, [f.Told(one, AT, "", "") for one in facts])
    expected = {fact_id(one): one for one in once if isinstance(one, f.EntryBooked)}
    random.shuffle(facts)
    versions = Versions()
    for fact in facts:
        told(versions, fact)
        if random.random() < 0.3:
            versions.settle()

    assert expected == counting(versions)
    assert {one.subject for one in held} == {group.subject for group in versions.unpaired}


@settings(max_examples=200, deadline=None)
@given(_days())
def test_nothing_counts_twice_and_nothing_is_lost(facts: list[f.Fact]) -> None:
    """Of what nobody settled or took back: all references count, no feed counts for more."""
    facts = [one for one in facts if not isinstance(one, f.EntryPaired | f.FactRetracted)]
    versions = Versions()
    told(versions, *facts)
    counts = counting(versions)
    entries = [one for one in facts if isinstance(one, f.EntryBooked)]
    feeds = [one for one in facts if isinstance(one, f.EntriesListed)]
    waiting = {each for one in versions.unpaired.values() for each in one.held}
    for group in {Group.of(one) for one in entries}:
        mine = [one for one in entries if Group.of(one) == group]
        sure = sum(one.serial.startswith("R") for one in mine)
        told_by = [
            sum(one.serial in {*feed.referenced, *feed.unreferenced} for one in mine)
            for feed in feeds
        ]
        counted = sum(fact_id(one) in counts for one in mine)
        assert counted <= sure + sum(told_by)
        assert counted >= sure
        # Whoever tells more than counts has what is missing among those that wait.
        waits = sum(fact_id(one) in waiting for one in mine)
        assert counted + waits >= max([sure, *told_by])


def test_a_pair_that_is_taken_back_leaves_the_other() -> None:
    """What counted gives way to the reference, and counts again when that is retracted."""
    versions = Versions()
    told(versions, entry("fp-1"), listing("fp-1"))
    assert ["fp-1"] == [serial_of(each) for each in counting(versions)]
    told(versions, entry("R1"))
    assert ["R1"] == [serial_of(each) for each in counting(versions)]
    told(versions, f.FactRetracted(fact=fact_id(entry("R1"))))
    assert ["fp-1"] == [serial_of(each) for each in counting(versions)]
    told(versions, f.FactRetracted(fact=fact_id(entry("fp-1"))))
    assert {} == counting(versions)


def test_settling_names_just_what_changed() -> None:
    """A second pair of another amount wakes nobody else."""
    versions = Versions()
    told(versions, entry("R1"), entry("fp-1"), listing("fp-1"))
    assert {fact_id(entry("fp-1"))} <= versions.settle().entries
    assert set() == versions.settle().entries
    told(versions, entry("R2", amount_fen=7))
    assert set() == versions.settle().entries


@pytest.mark.parametrize("listed_first", [True, False])
def test_of_a_part_of_the_day_nothing_is_paired(*, listed_first: bool) -> None:
    """Of two statements of one day each tells a part: an entry of the one may be its own."""
    versions = Versions()
    part = msgspec.structs.replace(listing("fp-1"), opening_fen=0, closing_fen=300_000)
    facts: list[f.Fact] = [entry("R1"), entry("fp-1"), part, opening(0), opening(300_000)]
    told(versions, *(facts if listed_first else reversed(facts)))

    assert ["R1"] == [serial_of(each) for each in counting(versions)]
    assert [(fact_id(entry("fp-1")),)] == [one.held for one in versions.unpaired.values()]
    told(versions, f.FactRetracted(fact=fact_id(opening(0))))
    assert ["R1"] == [serial_of(each) for each in counting(versions)]
    assert {} == versions.unpaired


def test_a_listing_of_both_parts_says_that_they_are_two() -> None:
    """The file of the month lists what its days told in two statements."""
    versions = Versions()
    parts = [
        msgspec.structs.replace(listing(serial), opening_fen=fen)
        for serial, fen in (("fp-1", 0), ("fp-2", 300_000))
    ]
    told(versions, entry("fp-1"), entry("fp-2"), *parts, opening(0), opening(300_000))
    assert 1 == len(counting(versions))
    told(versions, listing("fp-1", "fp-2"))
    assert 2 == len(counting(versions))


def test_two_who_are_said_to_be_each_other_are_not_lost() -> None:
    """Of a circle of decisions one counts."""
    first, second = fact_id(entry("fp-1")), fact_id(entry("fp-2"))
    versions = Versions()
    told(versions, entry("fp-1"), entry("fp-2"), listing("fp-1", "fp-2"))
    told(versions, f.EntryPaired(entry=first, same_as=second))
    told(versions, f.EntryPaired(entry=second, same_as=first))

    assert [second] == list(counting(versions))


@pytest.mark.parametrize("name", ["remittance", "counterparty_name", "sub_account", "code"])
def test_contents_of_one_entry_fill_each_other(name: str) -> None:
    """What the content that counts leaves empty is read from another; what it says stays."""
    versions = Versions()
    told(versions, entry("R1"), entry("R1", **{name: "said"}))
    (fact,) = counting(versions).values()

    assert "said" == getattr(fact, name)
    assert versions.contest(fact_id(fact)) is None


def test_contents_of_another_amount_fill_nothing() -> None:
    """A contested entry is read as one content tells it."""
    versions = Versions()
    told(versions, entry("R1"), entry("R1", amount_fen=1, remittance="said"))
    (fact,) = counting(versions).values()

    assert isinstance(fact, f.EntryBooked)
    assert (fact.amount_fen == 1) == (fact.remittance == "said")
    assert versions.contest(fact_id(fact)) is not None
