"""Every way of writing a camt message proves its balance or is refused, and pages are joined."""

import pytest

from models.facts import BalanceReported, EntryBooked, StatementReceived
from streams.feeds.camt import read
from streams.feeds.intake import told
from streams.feeds.integrity import checked
from streams.feeds.records import Check
from tests.feeds.camt_dialects import DIALECTS, REFUSED
from tests.feeds.made import balance, camt, entry, proved, statement


@pytest.mark.parametrize("name", DIALECTS)
def test_dialect_proves_its_balance(name: str) -> None:
    """However it is written: one credit of 100.00 booked on its day, between both balances."""
    file = proved(DIALECTS[name])

    assert file.refusal is None, file.refusal
    assert [()] == [one.failed for one in file.statements]
    facts = [one.fact for one in told(file)]
    assert [(10_000, "C", "2024-03-05")] == [
        (one.amount_fen, one.direction, str(one.booking_date))
        for one in facts
        if isinstance(one, EntryBooked)
    ]
    assert {("opening", 100_000), ("closing", 110_000)} == {
        (one.what, one.balance_fen) for one in facts if isinstance(one, BalanceReported)
    }


@pytest.mark.parametrize("name", REFUSED)
def test_doubtful_message_is_refused_with_its_place(name: str) -> None:
    """The reason says what stands there, and not one fact is told."""
    content, reason = REFUSED[name]
    file = proved(content)

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert file.refusal.position
    assert [] == list(told(file))


@pytest.mark.parametrize(
    ("balances", "lacking"),
    [
        ((), "neither opening nor closing"),
        ((balance("OPBD", "1000.00"),), "only the opening"),
        ((balance("CLBD", "1100.00"),), "only the closing"),
    ],
)
def test_statement_that_nothing_proves_says_so(balances: tuple[str, ...], lacking: str) -> None:
    """It is read, and a check tells which balance is not known."""
    content = camt(statement(*balances, entry())).encode()
    (note,) = [
        one.detail
        for one in checked(read(content))
        if isinstance(one, Check) and one.name == "balances-told"
    ]

    assert note == f"{lacking} balance is told: nothing proves the entries"


def page(number: int, *parts: str, last: bool = False, name: str = "S1", sequence: str = "") -> str:
    """One page of a statement."""
    told = f"<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{str(last).lower()}</LastPgInd></StmtPgntn>"
    told += f"<ElctrncSeqNb>{sequence}</ElctrncSeqNb>" if sequence else ""
    return statement(*parts, number=name).replace("<CreDtTm>", f"{told}<CreDtTm>")


OPENING, CLOSING = balance("OPBD", "1000.00"), balance("CLBD", "1300.00")
SEAM = [
    balance(kind, "1200.00").replace("</CdOrPrtry>", "</CdOrPrtry><SubTp><Cd>INTM</Cd></SubTp>")
    for kind in ("CLBD", "OPBD")
]
FIRST = page(1, OPENING, SEAM[0], entry("R1"), entry("R2"))
LAST = page(2, SEAM[1], CLOSING, entry("R3"), last=True)
SUMS = "<TxsSummry><TtlNtries><NbOfNtries>{}</NbOfNtries></TtlNtries></TxsSummry>"
JOINED = {
    "pages with interim balances": (FIRST, LAST),
    "balances of the whole on every page": (
        page(1, OPENING, CLOSING, entry("R1"), entry("R2")),
        page(2, OPENING, CLOSING, entry("R3"), last=True),
    ),
    "balances at the outer ends alone": (
        page(1, OPENING, entry("R1"), entry("R2")),
        page(2, CLOSING, entry("R3"), last=True),
    ),
    "three pages": (
        page(1, OPENING, entry("R1")),
        page(2, entry("R2")),
        page(3, CLOSING, entry("R3"), last=True),
    ),
    "ids of the pages, one number": (
        page(1, OPENING, entry("R1"), entry("R2"), name="S1-1", sequence="7"),
        page(2, CLOSING, entry("R3"), last=True, name="S1-2", sequence="7"),
    ),
    "counts of each page": (
        page(1, OPENING, SUMS.format(2), entry("R1"), entry("R2")),
        page(2, CLOSING, SUMS.format(1), entry("R3"), last=True),
    ),
    "count of the whole": (
        page(1, OPENING, SUMS.format(3), entry("R1"), entry("R2")),
        page(2, CLOSING, SUMS.format(3), entry("R3"), last=True),
    ),
}


@pytest.mark.parametrize("name", JOINED)
def test_pages_become_one_statement(name: str) -> None:
    """In their order they are one statement that proves as a whole, and one receipt."""
    file = proved(camt(*JOINED[name]))

    assert file.refusal is None, file.refusal
    assert [()] == [one.failed for one in file.statements]
    facts = [one.fact for one in told(file)]
    assert ["R1", "R2", "R3"] == [one.serial for one in facts if isinstance(one, EntryBooked)]
    (received,) = [one for one in facts if isinstance(one, StatementReceived)]
    assert 3 == received.entries


def test_equal_entries_of_two_pages_stay_two() -> None:
    """The ordinal among equals goes on over the pages."""
    file = proved(
        camt(page(1, OPENING, entry("")), page(2, entry("")), page(3, entry(""), last=True))
    )

    facts = [one.fact for one in told(file) if isinstance(one.fact, EntryBooked)]
    assert 3 == len({one.serial for one in facts})


WAITING = {
    "last page missing": (
        (FIRST,),
        "page 1, last page: false; the pages behind it are awaited: have all pages sent",
    ),
    "first page missing": ((LAST,), "page 2, last page: true; the pages before it are awaited"),
    "both ends missing": (
        (page(2, entry("R2")),),
        "the pages before it and the pages behind it are awaited",
    ),
    "middle page missing": (
        (page(1, OPENING, entry("R1")), page(3, CLOSING, entry("R3"), last=True)),
        "page 3, last page: true",
    ),
    "pages 2 and 3 without page 1": (
        (page(2, OPENING, entry("R2")), page(3, CLOSING, entry("R3"), last=True)),
        "page 3, last page: true",
    ),
    "order turned round": ((LAST, FIRST), "page 2, last page: true"),
    "page twice": ((FIRST, FIRST, LAST), "page 1, last page: false"),
    "page of another statement": (
        (FIRST, page(2, SEAM[1], CLOSING, entry("R3"), last=True, name="S2")),
        "page 2, last page: true",
    ),
    "balance between the pages": (
        (FIRST, page(2, balance("OPBD", "1200.01"), CLOSING, entry("R3"), last=True)),
        "page 2 opens with 1,200.01, the page before closes with 1,200.00",
    ),
    "number that is none": (
        (FIRST.replace("<PgNb>1<", "<PgNb>one<"),),
        "page one, last page: false",
    ),
}


@pytest.mark.parametrize("name", WAITING)
def test_pages_that_do_not_make_a_whole_wait(name: str) -> None:
    """Nothing of a statement is told of which a page is missing, turned round or does not fit."""
    pages, reason = WAITING[name]
    file = proved(camt(*pages))

    assert file.refusal is None, file.refusal
    assert reason in " ".join(one.reason for one in file.held)
    booked = [one.fact.serial for one in told(file) if isinstance(one.fact, EntryBooked)]
    assert booked == (["R1", "R2", "R3"] if name == "page twice" else [])


@pytest.mark.parametrize(
    ("told_as", "sequence"),
    [
        ("<ElctrncSeqNb>65</ElctrncSeqNb><LglSeqNb>7</LglSeqNb>", 65),
        ("<LglSeqNb>7</LglSeqNb>", 7),
        ("<ElctrncSeqNb>0</ElctrncSeqNb>", None),
        ("<ElctrncSeqNb>6/5</ElctrncSeqNb>", None),
        ("", None),
    ],
)
def test_number_of_the_statement_is_a_fact(told_as: str, sequence: int | None) -> None:
    """The electronic number before the legal one; a zero stands where a bank has none."""
    content = DIALECTS["plain"]
    assert isinstance(content, str)
    file = proved(
        content.replace("<CreDtTm>2024-03-06T06:00:00</CreDtTm><FrToDt>", f"{told_as}<FrToDt>")
    )

    (received,) = [one.fact for one in told(file) if isinstance(one.fact, StatementReceived)]
    assert sequence == received.sequence


def test_iban_in_groups_is_the_same_account() -> None:
    """Blanks in an IBAN are for the eye."""
    for iban in ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00"):
        content = camt(statement(OPENING)).replace(
            "<Othr><Id>36050152015000000001</Id></Othr>", f"<IBAN>{iban}</IBAN>"
        )
        (received,) = [
            x.fact for x in told(proved(content)) if isinstance(x.fact, StatementReceived)
        ]

        assert "DE89370400440532013000" == received.account
