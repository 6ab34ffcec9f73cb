"""MT940 and MT942: what is written is read to the fen, and what is cut is refused."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import EntryBooked, StatementReceived
from streams.feeds.intake import told
from streams.feeds.mt940_fields import read_line
from streams.feeds.records import Closing, Declared, End, Entry, FeedRefused, Opening
from streams.simulator.swift import Form, Posting, report
from streams.simulator.swift import statement as written
from tests.feeds import mt940_made as made
from tests.feeds.made import proved

FIRST, LAST = date(2024, 3, 4), date(2024, 3, 8)
POSTINGS = st.lists(
    st.builds(
        Posting,
        booked=st.dates(FIRST, LAST),
        amount_fen=st.integers(1, 99_999_999),
        direction=st.sampled_from(("C", "D")),
        reference=st.from_regex(r"[A-Z0-9]{1,16}", fullmatch=True),
        reversal=st.booleans(),
        name=st.sampled_from(("", "王芳", "星星学校")),
        other_account=st.sampled_from(("", "6217001234567890")),
        text=st.sampled_from(("", "学费HT-1", "退费 TF-1")),
    ),
    max_size=12,
)
FORMS = st.builds(
    Form,
    style=st.sampled_from(("subfields", "words", "plain")),
    entries_a_page=st.integers(0, 3),
    blocks=st.booleans(),
    line_end=st.sampled_from(("\r\n", "\n")),
)


@settings(max_examples=200, deadline=None)
@given(st.integers(-10_000_000, 10_000_000), POSTINGS, FORMS)
def test_what_is_written_is_read_to_the_fen(
    opening_fen: int, postings: list[Posting], form: Form
) -> None:
    """Amounts, effects, days and balances of any statement come back, and its balance proves."""
    postings.sort(key=lambda posting: posting.booked)
    text = written("36050152", "65", (FIRST, LAST), opening_fen, postings, form)

    records = made.records(text)

    entries = [
        one.fact for one in records if isinstance(one, Entry) and isinstance(one.fact, EntryBooked)
    ]
    assert [(one.amount_fen, one.direction, one.booking_date) for one in entries] == [
        (posting.amount_fen, posting.direction, posting.booked) for posting in postings
    ]
    assert [one.reversal for one in entries] == [posting.reversal for posting in postings]
    closing_fen = opening_fen + sum(posting.effect_fen for posting in postings)
    assert [opening_fen] == [x.balance_fen for x in records if isinstance(x, Opening)]
    assert [closing_fen] == [x.balance_fen for x in records if isinstance(x, Closing)]
    assert {} == made.failed(text)
    assert 1 == sum(isinstance(one, End) for one in records)


@given(st.integers(1, 10_000), POSTINGS, FORMS)
def test_wrong_closing_fails_its_check(gap_fen: int, postings: list[Posting], form: Form) -> None:
    """A closing that does not follow from the entries is told as a failed check."""
    closing_fen = 100_000 + sum(posting.effect_fen for posting in postings) + gap_fen
    days = (FIRST, LAST)
    text = written("36050152", "65", days, 100_000, postings, form, closing_fen=closing_fen)

    assert "opening+entries=closing" in made.failed(text)


@given(POSTINGS, FORMS, st.data())
def test_cut_statement_is_refused(postings: list[Posting], form: Form, data: st.DataObject) -> None:
    """Cut before its closing a statement is refused with the byte, or lacks a page."""
    text = written("36050152", "65", (FIRST, LAST), 100_000, postings, form)
    raw = text.encode()
    end = raw.rindex(b":62F:")
    place = data.draw(st.integers(0, end))

    try:
        failed = made.failed(raw[:place])
    except FeedRefused as refused:
        assert refused.position.startswith("byte ")
    else:
        assert failed.keys() == {"pages"}
        assert failed["pages"].startswith("the page after page ")
        assert failed["pages"].endswith(
            " is awaited: have all pages sent in one file, the first page first"
        )


@given(POSTINGS, FORMS)
def test_report_tells_its_sums(postings: list[Posting], form: Form) -> None:
    """An intraday report declares counts and sums, and they are checked."""
    text = report("36050152", "65", "2403080930", postings, form)

    assert {} == made.failed(text)
    assert len(postings) == len(made.of_kind(text, Entry))
    declared = made.of_kind(text, Declared)
    assert declared


@pytest.mark.parametrize(
    ("mark", "direction", "is_reversal"),
    [("C", "C", False), ("D", "D", False), ("RC", "D", True), ("RD", "C", True)],
)
def test_marks_give_the_effect_on_the_balance(mark: str, direction: str, is_reversal: bool) -> None:
    """RC takes a credit back and RD a debit."""
    line = f":61:2403050305{mark}100,00NTRFNONREF//R1"
    closing = ":62F:C240305CNY" + ("1100,00" if direction == "C" else "900,00")
    (entry,) = made.of_kind(made.statement(line, closing=closing), Entry)

    assert isinstance(entry.fact, EntryBooked)
    assert (direction, is_reversal) == (entry.fact.direction, entry.fact.reversal)
    assert {} == made.failed(made.statement(line, closing=closing))


def test_name_is_no_account_where_the_account_is_empty() -> None:
    """`/CNTP/` keeps a slash for each part that it leaves out."""
    fact = made.entry(made.LINE, ":86:/CNTP///Anna Example/Example City/REMI/USTD//HT-1/")

    assert ("", "", "Anna Example") == (
        fact.counterparty_account,
        fact.counterparty_bank,
        fact.counterparty_name,
    )


@pytest.mark.parametrize(
    ("number", "sequence"),
    [("65/1", 65), ("00065", 65), ("0", None), ("00000/00", None), ("X", None)],
)
def test_number_of_the_statement_is_a_fact(number: str, sequence: int | None) -> None:
    """`:28C:` counts the statements of the account; a zero stands where a bank has none."""
    file = proved(made.statement().replace(":28C:65/1", f":28C:{number}"))

    (received,) = [one.fact for one in told(file) if isinstance(one.fact, StatementReceived)]
    assert sequence == received.sequence


@pytest.mark.parametrize(
    ("digits", "booked", "is_clamped"),
    [
        ("2302280230", date(2023, 2, 28), True),
        ("2302300230", date(2023, 2, 28), True),
        ("2302280229", date(2023, 2, 28), True),
        ("2402290229", date(2024, 2, 29), False),
        ("2402280230", date(2024, 2, 29), True),
    ],
)
def test_entry_date_after_the_end_of_february_is_its_last_day(
    digits: str, booked: date, is_clamped: bool
) -> None:
    """And not the 29 February of another year; a check says so."""
    line, _ = read_line(f"{digits}C1,00NTRFNONREF".encode(), 0)

    assert (booked, is_clamped) == (line.days.booking, line.days.clamped)


def test_report_of_nothing_is_read() -> None:
    """Of a quiet hour it has neither entries nor sums, and its end mark must be there."""
    text = made.report("", behind=()).replace("\r\n\r\n", "\r\n")

    assert [] == made.of_kind(text, Entry)
    assert 1 == len(made.of_kind(text, End))
    with pytest.raises(FeedRefused, match="cut"):
        made.of_kind(text.replace("-\r\n", ""), End)


def test_sum_in_a_currency_is_of_its_entries_alone() -> None:
    """Entries in yuan do not make up for a sum in dollars, also where they are only announced."""
    text = made.report(behind=(":90C:1USD100,",))

    assert {"declared-counts", "declared-sums"} == made.failed(text).keys()


@pytest.mark.parametrize(
    ("told_as", "account"),
    [
        ("NL02TEST0123456789CNY", "NL02TEST0123456789"),
        ("NL02TEST0123456789 CNY", "NL02TEST0123456789"),
        ("/PL12102000000000000000000001", "PL12102000000000000000000001"),
        ("TESTPLPK/320000546101", "320000546101"),
        ("10010010/1111111111", "10010010/1111111111"),
        ("ACNY", "ACNY"),
    ],
)
def test_account_is_the_number_alone(told_as: str, account: str) -> None:
    """However a bank writes it, it is the number that other feeds and the register know."""
    text = made.statement().replace("36050152015000000001", told_as)

    assert [account] == [one.account for one in made.of_kind(text, End)]
