"""Every bank-direct call gives back what its generator was asked to answer, whatever its pages."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.feeds import direct
from streams.feeds.integrity import checked
from streams.feeds.records import Check, Closing, End, Entry, FeedRefused, Opening, Record
from streams.feeds.sniff import sniff
from streams.simulator.direct import Query, reply
from streams.simulator.swift import Posting
from tests.feeds.direct_replies import CALLS, WITHOUT_BALANCES, postings_of, replied
from tests.feeds.exported import ACCOUNT, OPENING_FEN
from tests.feeds.golden import FOLDERS
from tests.feeds.test_mt940 import FIRST, LAST, POSTINGS

DECLARATION = re.compile(rb"(?=<\?xml )|(?=^\{)", re.MULTILINE)


def records(data: bytes) -> list[Record]:
    """What the reader yields, with its checks."""
    return list(checked(direct.read(data, sniff(data).name)))


def effects(found: list[Record]) -> list[tuple[int, str, date]]:
    """Amount, direction and day of each entry."""
    facts = [one.fact for one in found if isinstance(one, Entry)]
    return [(one.amount_fen, one.direction, one.booking_date) for one in facts]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("entries_a_page", [1, 3, 50])
def test_answer_gives_back_the_figures(call: str, entries_a_page: int) -> None:
    """Every entry to the fen with its day, direction and serial, and the balances if it has any."""
    found = records(replied(call, entries_a_page))
    wanted = postings_of(call)
    closing_fen = OPENING_FEN + sum(one.effect_fen for one in wanted)
    has_balances = call not in WITHOUT_BALANCES

    assert [] == [one for one in found if isinstance(one, Check) and not one.ok]
    assert [(one.amount_fen, one.direction, one.booked) for one in wanted] == effects(found)
    facts = [one.fact for one in found if isinstance(one, Entry)]
    assert all(one.reference in fact.serial for one, fact in zip(wanted, facts, strict=True))
    told = [one.balance_fen for one in found if isinstance(one, Opening | Closing)]
    assert told == ([OPENING_FEN, closing_fen] if has_balances else [])


@pytest.mark.parametrize("call", CALLS)
def test_answer_of_today_closes_no_day(call: str) -> None:
    """What may still be booked today makes QPD and type 2001 no statement of it."""
    (end,) = [one for one in records(replied(call)) if isinstance(one, End)]

    assert end.is_statement == (not CALLS[call][1])


@pytest.mark.parametrize("call", CALLS)
def test_pages_are_all_there_once_and_in_order(call: str) -> None:
    """The last page left out or a page twice refuses the file; so does the order, unless numbered.

    A first page that is missing shows where pages have numbers; else only in the opening balance,
    which is then not the closing of the statement before (statement-gap).
    """
    whole = replied(call)
    starts = [found.start() for found in DECLARATION.finditer(whole)]
    pages = [whole[a:b] for a, b in zip(starts, [*starts[1:], len(whole)], strict=True)]
    question, *answers = pages
    if len(answers) == 1:
        assert call == "cmb-gettransinfo.xml"
        return
    for broken in (answers[:-1], [*answers, answers[-1]]):
        with pytest.raises(FeedRefused):
            records(b"".join([question, *broken]))
    try:
        found = records(b"".join([question, *answers[1:]]))
    except FeedRefused:
        assert call == "ccb-6wy101.xml"
    else:
        assert OPENING_FEN not in [one.balance_fen for one in found if isinstance(one, Opening)]
    turned = b"".join([question, *answers[::-1]])
    if call == "ccb-6wy101.xml":
        assert effects(records(whole)) == effects(records(turned))
    else:
        with pytest.raises(FeedRefused):
            records(turned)


@pytest.mark.parametrize("call", CALLS)
def test_sample_is_what_the_generator_writes(call: str) -> None:
    """The sample beside the golden output is no file of any bank."""
    assert (FOLDERS[1] / call).read_bytes() == replied(call)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(CALLS)), st.integers(0, 10_000_000), POSTINGS, st.integers(1, 4))
def test_any_answer_is_read_to_the_fen(
    call: str, opening_fen: int, postings: list[Posting], entries_a_page: int
) -> None:
    """Whatever was booked, the reader finds the same effects on the balance."""
    name, of_today = CALLS[call]
    told = [
        Posting(
            *(one.booked, one.amount_fen, one.direction, f"{place:04d}{one.reference}"),
            reversal=one.reversal and not call.startswith("icbc"),
            name=one.name,
            text=one.text,
        )
        for place, one in enumerate(sorted(postings, key=lambda one: one.booked))
    ]
    query = Query(ACCOUNT, (FIRST, LAST), opening_fen, of_today, entries_a_page)
    data = reply(name, query, told)
    try:
        found = records(data)
    except FeedRefused as refused:
        assert not told
        assert "without entries and period" in refused.reason
        return

    assert [(one.amount_fen, one.direction, one.booked) for one in told] == effects(found)
    assert [] == [one for one in found if isinstance(one, Check) and not one.ok]


def test_number_that_the_bank_skipped_is_a_row_that_is_missing() -> None:
    """CCB counts the entries of an account without a gap: a row taken out leaves one."""
    whole = replied("ccb-6wy101.xml", 50).decode("gb18030")
    rows = re.findall("<DETAILINFO>.*?</DETAILINFO>", whole)
    without = whole.replace(rows[3], "")

    assert "running-number" not in [
        one.name for one in records(whole.encode("gb18030")) if isinstance(one, Check)
    ]
    failed = {
        one.name: one.detail
        for one in records(without.encode("gb18030"))
        if isinstance(one, Check) and not one.ok
    }
    assert "1 of the numbers DET_NO 1 to 8 are missing" == failed["running-number"]
    ends = whole.replace(rows[0], "").replace(rows[-1], "")
    assert [] == [x for x in records(ends.encode("gb18030")) if isinstance(x, Check) and not x.ok]
