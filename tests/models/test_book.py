"""The account of one contract: the path of what is owed, in whatever order it is told."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.book import PAID, REFUNDED, RELEASED, Book, Totals
from models.contracts import Terms
from models.facts import ContractStated

SIGNED = date(2024, 3, 10).toordinal()
Event = tuple[int, str, int]


def terms(signed: int = SIGNED, price_fen: int = 100_000) -> Terms:
    """A contract for ten hours."""
    contract = ContractStated(
        institution="JG-1",
        number="HT-1",
        signed=date.fromordinal(signed),
        price_fen=price_fen,
        paid_hours_hundredths=1_000,
    )
    return Terms(contract)


def tell(book: Book, event: Event) -> None:
    """Book one event: money, or a lesson."""
    day, what, amount = event
    if what == "lesson":
        book.lesson(day, amount, 1)
    else:
        book.add(day, what, amount)


def told(book: Book) -> list[tuple[int, ...]]:
    """The path, to compare."""
    return [(point.day, *point.figures()) for point in book.path()]


def fresh(events: list[Event], contract: Terms | None) -> tuple[Book, Totals]:
    """A book that was told everything at once."""
    book, totals = Book(), Totals()
    book.terms = contract
    for event in events:
        tell(book, event)
    book.retrace(0, totals)
    return book, totals


def of(totals: Totals) -> list[dict[int, int]]:
    """The differences by day, without the days on which they came to nothing."""
    changes = [(day, change.figures()) for day, change in totals.changes.items()]
    return [{day: fen[place] for day, fen in changes if fen[place]} for place in range(4)]


days = st.integers(SIGNED - 5, SIGNED + 20)
events_drawn = st.lists(
    st.one_of(
        st.tuples(days, st.just(PAID), st.integers(1, 60_000)),
        st.tuples(days, st.sampled_from((REFUNDED, RELEASED)), st.integers(1, 40_000)),
        st.tuples(days, st.just("lesson"), st.integers(1, 400)),
    ),
    max_size=8,
)


@given(events_drawn, st.lists(st.integers(1, 8), max_size=4), st.integers(0, 8))
def test_any_order_and_portions_end_in_the_fresh_path(
    events: list[Event], cuts: list[int], terms_after: int
) -> None:
    """Events booked in portions, retraced from the first touched day, give a fresh path."""
    book, totals = Book(), Totals()
    since = SIGNED + 100
    for place, event in enumerate(events):
        if place == terms_after:
            book.terms = terms()
            since = min(since, SIGNED)
        tell(book, event)
        since = min(since, event[0])
        if place in cuts:
            book.retrace(since, totals)
            since = SIGNED + 100
    book.terms = terms()
    book.retrace(min(since, SIGNED), totals)
    whole, whole_totals = fresh(events, terms())

    assert told(whole) == told(book)
    assert of(whole_totals) == of(totals)


@given(events_drawn, events_drawn)
def test_what_is_taken_out_again_leaves_no_trace(kept: list[Event], gone: list[Event]) -> None:
    """Taken back event by event, the totals are those of a book that never had them."""
    book, totals = fresh([*kept, *gone], terms())
    for day, what, amount in gone:
        if what == "lesson":
            book.lesson(day, -amount, -1)
        else:
            book.add(day, what, -amount)
        book.retrace(day, totals)

    assert of(fresh(kept, terms())[1]) == of(totals)


def test_what_came_before_the_signature_counts_from_it() -> None:
    """A payment of the 8th is on the path from the 10th, the day of the signature."""
    book, totals = fresh([(SIGNED - 2, PAID, 50_000)], terms())

    assert book.at(SIGNED - 1) is None
    assert [(SIGNED, 50_000, 0, 0, 0, 0, 50_000, 0, 0, 0)] == told(book)
    assert {SIGNED: 50_000} == of(totals)[0]


@pytest.mark.parametrize(("after", "unearned"), [(0, 100_000), (1, 90_000), (9, 90_000)])
def test_the_path_holds_from_a_day_until_the_next(after: int, unearned: int) -> None:
    """A lesson of the second day lowers what is owed from its close on."""
    book, _ = fresh([(SIGNED, PAID, 100_000), (SIGNED + 1, "lesson", 100)], terms())

    point = book.at(SIGNED + after)

    assert point is not None
    assert unearned == point.unearned


def test_without_terms_nothing_is_owed() -> None:
    """Money for a contract that nobody told has no path, and has one once it is told."""
    events: list[Event] = [(SIGNED + 1, PAID, 50_000)]
    book, totals = fresh(events, None)
    assert [] == book.path()

    book.terms = terms()
    book.retrace(SIGNED, totals)

    assert told(fresh(events, terms())[0]) == told(book)


def test_terms_taken_away_leave_nothing_owed() -> None:
    """A retracted contract leaves no difference in the totals."""
    book, totals = fresh([(SIGNED, PAID, 50_000), (SIGNED + 3, "lesson", 100)], terms())

    book.terms = None
    book.retrace(SIGNED, totals)

    assert [{}, {}, {}, {}] == of(totals)


def test_payments_are_in_the_order_of_their_days() -> None:
    """By booking day, then entry id."""
    book = Book()
    for entry, day in (("b", SIGNED), ("a", SIGNED), ("c", SIGNED - 1)):
        book.pay(entry, day, 1)

    assert ["c", "a", "b"] == [entry for _, entry, _ in book.ordered_payments()]
