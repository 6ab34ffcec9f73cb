"""Every dialect of MT940 proves its balance, and a second reader finds the same sums."""

import csv
from collections.abc import Iterator
from datetime import date

import mt940 as other
import pytest
from hypothesis import given, settings

from models.facts import EntryBooked
from streams.feeds.intake import told
from streams.feeds.mt940_fields import codec_of
from streams.feeds.records import Check, Entry, FeedRefused
from streams.simulator.swift import Form, Posting
from streams.simulator.swift import statement as written
from tests.feeds import mt940_made as made
from tests.feeds.made import proved
from tests.feeds.mt940_dialects import BLOCKS, DIALECTS, PLAIN, UNREAD_ELSEWHERE, changed
from tests.feeds.test_mt940 import FIRST, FORMS, LAST, POSTINGS
from tests.feeds.test_samples import SAMPLES


def effects(text: str) -> list[int]:
    """The effect on the balance of each entry by the second reader, in hundredths."""
    read = other.parse(text, options=other.Options.all())
    return [int(one.data["amount"].amount * 100) for one in read if "amount" in one.data]


def ours(content: str | bytes) -> list[int]:
    """The effect on the balance of each entry, booked or announced, in hundredths."""
    return [
        one.fact.amount_fen if one.fact.direction == "C" else -one.fact.amount_fen
        for one in made.of_kind(content, Entry)
    ]


@pytest.mark.parametrize("name", DIALECTS)
def test_dialect_proves_its_balance(name: str) -> None:
    """However it is written, it is the one credit that makes the closing, booked on its day."""
    text = DIALECTS[name]
    file = proved(text)

    assert file.refusal is None, file.refusal
    assert [()] == [one.failed for one in file.statements]
    facts = [one.fact for one in told(file) if isinstance(one.fact, EntryBooked)]
    assert [("C", date(2024, 3, 5))] == [(one.direction, one.booking_date) for one in facts]
    (check,) = [x for x in made.of_kind(text, Check) if x.name == "opening+entries=closing"]
    assert check.ok
    assert "100.00" in check.detail


@pytest.mark.parametrize("name", DIALECTS)
def test_second_reader_finds_the_same(name: str) -> None:
    """A second reader finds the same effects, but for the dialects that it does not know."""
    try:
        found = effects(DIALECTS[name])
    except (RuntimeError, ArithmeticError):
        found = []

    assert (ours(DIALECTS[name]) != found) == (name in UNREAD_ELSEWHERE)


@settings(max_examples=100, deadline=None)
@given(POSTINGS, FORMS)
def test_second_reader_finds_the_same_in_any_statement(postings: list[Posting], form: Form) -> None:
    """Reversals too: RC takes money away, and RD gives it back."""
    text = written("36050152", "65", (FIRST, LAST), 100_000, postings, form)

    assert effects(text) == ours(text)


def test_second_reader_finds_the_same_in_real_files() -> None:
    """Every real file that both read gives the same effects; one of them reads what it does not."""
    if not SAMPLES.exists():
        pytest.skip("no samples beside the checkout")
    differing = dict(_differing())

    assert differing.keys() == {
        "mt940/ASNB-mt940.txt",
        "mt940/ASNB-mt940_with_spaces_for_entry_date.txt",
    }
    assert {"RuntimeError"} == set(differing.values())


def _differing() -> Iterator[tuple[str, str]]:
    with (SAMPLES / "manifest.csv").open(encoding="utf-8", newline="") as file:
        names = [row["file"] for row in csv.DictReader(file) if row["file"].startswith("mt940/")]
    for name in names:
        data = (SAMPLES / name).read_bytes()
        try:
            mine = ours(data)
        except FeedRefused:
            continue
        codec = codec_of(data)
        try:
            theirs = effects(data.decode(codec))
        except RuntimeError as error:
            yield name, type(error).__name__
            continue
        if mine != theirs:
            yield name, f"{mine} and {theirs}"


REFUSED = {
    "closing missing": (changed(":62F:C240305EUR150,00\n", ""), "no closing :62F:", ""),
    "opening missing": (changed(":60F:C240304EUR100,00\n", ""), "before the opening", ":61:24"),
    "account missing": (changed(":25:360501520150\n", ""), "names no account", ":20:REF1"),
    "account on two lines": (
        changed("0150\n", "0150\nExample\n"),
        "'Example' stands behind",
        "Example",
    ),
    "negative amount": (changed("C50,00", "D-50,00"), "no amount", "-50,00"),
    "negative balance": (changed("EUR100,00", "EUR-100,00"), "no balance", "C240304EUR-"),
    "three decimals": (changed("C50,00", "C50,005"), "two decimals", "50,005"),
    "three places behind a point": (changed("C50,00", "C1.050"), "two decimals", "1.050"),
    "two commas": (changed("C50,00", "C50,00,00"), "two decimals", "50,00,00"),
    "no digits": (changed("C50,00", "C,"), "two decimals", ",NTRF"),
    "balance without comma": (changed("EUR100,00", "EUR100"), "no comma", "100\n"),
    "mark": (changed("C50,00", "X50,00"), "no mark", "X50,00"),
    "day": (changed("240305EUR", "240231EUR"), "no date", "240231"),
    "other message": (BLOCKS.replace("I940", "I941") + PLAIN, "neither MT940 nor MT942", "{2:I941"),
    "end of another message before": ("Example\n-\n" + PLAIN, "an end mark before", "-\n:20"),
    "text behind": (PLAIN + "Example\n", "neither a field nor", "Example"),
    "report without comma": (
        made.report(":61:2403050305C100NTRFX"),
        "no balance proves it",
        "2403050305C100N",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_doubtful_statement_is_refused_at_its_byte(name: str) -> None:
    """The reason says what stands there, and nothing of the file is told."""
    text, reason, begins = REFUSED[name]
    file = proved(text)

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert [] == list(told(file))
    place = int(file.refusal.position.rpartition("byte ")[2])
    assert text[place:].startswith(begins)
    assert begins or place == len(text)


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("C50,00", "C5000", "opening+entries=closing"),
        ("EUR150,00", "USD150,00", "opening+entries=closing"),
        (":62F:", ":62M:", "pages"),
        (":60F:", ":60M:", "pages"),
        ("C240305EUR", "C240303EUR", "balance-days"),
        ("2403050305C", "2404050405C", "entry-in-period"),
        ("-\n", "-\n:61:2403050305C1,00NTRFX\n:86:HT-2\n", "closing"),
        ("-\n", ":61:2403050305C0,00NTRFX\n-\n", "closing"),
        ("HT-1\n", "HT-1\n :61:2403050305C1,00NTRFX\n", "opening+entries=closing"),
        ("-\n", ":90C:2EUR50,\n-\n", "declared-counts"),
        ("-\n", ":90C:1EUR51,\n-\n", "declared-sums"),
    ],
)
def test_figures_that_disagree_fail_their_check(old: str, new: str, check: str) -> None:
    """It is read and shown, and waits with the name of the check."""
    file = proved(changed(old, new))

    assert file.refusal is None
    assert check in file.statements[0].failed
    assert [] == [one for one in told(file) if isinstance(one.fact, EntryBooked)]


def test_what_was_tolerated_is_told() -> None:
    """A check that holds names what was missing and how it was read."""
    text = changed(":20:REF1\n", "", "C50,00", "C50", ":28C", ":11:940\n:28C")
    notes = {one.name: one.detail for one in made.of_kind(text, Check) if one.ok}

    before = made.of_kind(f"An example\n{PLAIN}", Check)
    assert "1 × line before the first message" in next(one.detail for one in before)
    assert "message without :20:" in notes["not-used"]
    assert "amount without a comma, read as whole" in notes["not-used"]
    assert ":11:" in notes["not-used"]
