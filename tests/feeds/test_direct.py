"""Replies of bank-direct links: figures, pages, what is refused, and the switch."""

from pathlib import Path

import pytest

from models.facts import EntryBooked
from streams.feeds import direct, direct_switches
from streams.feeds.archive import Archive
from streams.feeds.direct_pages import json_documents
from streams.feeds.intake import told
from streams.feeds.integrity import checked
from streams.feeds.parse import parse_lines
from streams.feeds.records import Check, End, Entry, FeedRefused
from streams.feeds.sniff import sniff
from tests.feeds import direct_made as made
from tests.feeds.made import proved

ROW_1, ROW_2 = ("1", "2", "10000", "110000"), ("2", "1", "3000", "107000")
CCB_1, CCB_2 = ("1", "1", "100.00", "1100.00"), ("2", "0", "30.00", "1070.00")
BOC_1, BOC_2 = ("1", "1", "100.00", "1100.00"), ("2", "2", "30.00", "1070.00")
JSON_1, JSON_2 = ("1", "100.00", "1100.00"), ("2", "-30.00", "1070.00")
WHOLE = {
    "cmb-direct": made.cmb(
        made.cmb_row("1", "100.00", "1100.00"), made.cmb_row("2", "-30.00", "1070.00")
    ),
    "icbc-direct": (made.icbc_page(ROW_1, following="x") + made.icbc_page(ROW_2)).encode("gb18030"),
    "ccb-direct": (made.ccb_page(2, 2, CCB_2) + made.ccb_page(1, 2, CCB_1)).encode("gb18030"),
    "boc-direct": "".join(
        (made.boc_request(), made.boc_page("B002", BOC_1), made.boc_page("B001", BOC_2))
    ).encode(),
    "cmb-direct-json": "\n".join(
        (made.cmb_json_request(), made.cmb_json("Y", JSON_1), made.cmb_json("N", JSON_2))
    ).encode(),
}
INCOMPLETE = {
    "icbc-direct": made.icbc_page(ROW_1, following="x").encode("gb18030"),
    "ccb-direct": made.ccb_page(1, 2, CCB_1).encode("gb18030"),
    "boc-direct": (made.boc_request() + made.boc_page("B002", BOC_1)).encode(),
    "cmb-direct-json": (made.cmb_json_request() + made.cmb_json("Y", JSON_1)).encode(),
}


def entries(data: bytes) -> list[tuple[str, str, int, int | None]]:
    """Serial, direction, amount and balance of each entry, after every check held."""
    records = list(checked(direct.read(data, sniff(data).name)))
    assert [one for one in records if isinstance(one, Check) and not one.ok] == []
    return [
        (one.fact.serial, one.fact.direction, one.fact.amount_fen, one.balance_fen)
        for one in records
        if isinstance(one, Entry)
    ]


def refusal(data: bytes) -> FeedRefused:
    """Why these bytes are refused, and where."""
    with pytest.raises(FeedRefused) as caught:
        list(direct.read(data, sniff(data).name))
    return caught.value


@pytest.fixture
def enabled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every format as if somebody had compared it with the bank's manual and switched it on."""
    switches = tmp_path / "direct.yaml"
    text = direct_switches.SWITCHES.read_text(encoding="utf-8")
    switches.write_text(text.replace("enabled: false", "enabled: true"), encoding="utf-8")
    monkeypatch.setattr(direct_switches, "SWITCHES", switches)


@pytest.mark.parametrize("name", WHOLE)
def test_a_query_with_all_its_pages_proves_to_the_fen(name: str) -> None:
    """Pages in any order where the bank numbers them; a stated period makes it a statement."""
    data = WHOLE[name]
    first, second = ("1-F1", "2-F2") if name == "ccb-direct" else ("1", "2")

    assert sniff(data).name == name
    assert entries(data) == [(first, "C", 10000, 110000), (second, "D", 3000, 107000)]
    (end,) = [one for one in direct.read(data, name) if isinstance(one, End)]
    assert end.is_statement
    assert (end.account, str(end.begins)) == (made.ACCOUNT, "2024-03-05")


@pytest.mark.parametrize("name", INCOMPLETE)
def test_a_query_without_its_last_page_is_refused(name: str) -> None:
    """Half of a query proves nothing, so the sign that more follows refuses all of it."""
    error = refusal(INCOMPLETE[name])

    assert "page" in error.reason
    assert error.position.startswith("byte ")


@pytest.mark.parametrize("name", WHOLE)
def test_a_query_that_is_cut_anywhere_is_refused_or_does_not_prove(name: str) -> None:
    """From its middle on no cut leaves a document that could be taken for the whole answer."""
    data = WHOLE[name]
    for length in range(len(data) // 2, len(data) - 1, 7):
        with pytest.raises(FeedRefused):
            list(direct.read(data[:length], name))


@pytest.mark.parametrize("name", WHOLE)
def test_unverified_formats_are_refused_until_somebody_enables_them(name: str) -> None:
    """Built from public code alone, they may be wrong; the refusal says where to enable."""
    refused = proved(WHOLE[name]).refusal

    assert refused is not None
    assert "unverified" in refused.reason
    assert "config/direct.yaml" in refused.reason


@pytest.mark.usefixtures("enabled")
@pytest.mark.parametrize("name", WHOLE)
def test_enabled_they_are_told_and_each_place_says_unverified(name: str, tmp_path: Path) -> None:
    """Evidence of such an entry warns its reader, and the archive still finds the row by it."""
    file = proved(WHOLE[name])
    archive = Archive(tmp_path / "archive")
    sha256 = archive.put(WHOLE[name])

    assert file.receipt().outcome == "accepted"
    places = [one.position for one in told(file) if type(one.fact).__name__ == "EntryBooked"]
    assert len(places) == 2
    assert all(place.endswith(f", {name} is unverified") for place in places)
    if name != "cmb-direct-json":
        assert "</" in archive.original(sha256, places[0])


def test_a_page_that_came_twice_is_refused() -> None:
    """Known by serials (ICBC) or page numbers (CCB): its entries would else count twice."""
    twice = made.icbc_page(ROW_1, following="x") + made.icbc_page(ROW_1)

    assert "a page came twice" in refusal(twice.encode("gb18030")).reason
    ccb = made.ccb_page(1, 2, CCB_1) * 2
    assert "each page of the query once" in refusal(ccb.encode("gb18030")).reason


def test_counts_that_are_not_those_of_the_rows_are_refused() -> None:
    """TotalNum of ICBC is of the page or of the query; a number that is neither means lost rows."""
    page = made.icbc_page(ROW_1).replace("<TotalNum>1", "<TotalNum>3").encode("gb18030")

    assert refusal(page).reason == "TotalNum 3, and 1 rows are here"


def test_sums_of_the_bank_are_compared() -> None:
    """The page's own totals, debits below zero or not."""
    good = made.cmb_json_request() + made.cmb_json("N", JSON_1, JSON_2, stated="100.00 -30.00")
    bad = good.replace('"100.00", "debitAmount"', '"100.01", "debitAmount"')

    assert len(entries(good.encode())) == 2
    failed = [
        one.name
        for one in checked(direct.read(bad.encode(), "cmb-direct-json"))
        if isinstance(one, Check) and not one.ok
    ]
    assert failed == ["declared-sums"]


def test_a_wrong_balance_is_found() -> None:
    """One fen in one balance breaks the chain, and the closing with it where it is the last."""
    data = made.cmb(made.cmb_row("1", "100.00", "1100.00"), made.cmb_row("2", "-30.00", "1070.01"))
    failed = [
        one.name
        for one in checked(direct.read(data, "cmb-direct"))
        if isinstance(one, Check) and not one.ok
    ]

    assert failed == ["opening+entries=closing", "running-balance"]


def test_newest_first_is_told_oldest_first() -> None:
    """The order in which the balances follow from one another is found, not assumed."""
    data = made.cmb(made.cmb_row("2", "-30.00", "1070.00"), made.cmb_row("1", "100.00", "1100.00"))

    assert [serial for serial, *_ in entries(data)] == ["1", "2"]


def test_flags_of_reversals() -> None:
    """CMB's `*` keeps its own direction; ICBC's values are not public, so any is refused."""
    data = made.cmb(made.cmb_row("1", "-100.00", "900.00", RSVFLG="*"))
    (entry,) = [one.fact for one in direct.read(data, "cmb-direct") if isinstance(one, Entry)]

    assert isinstance(entry, EntryBooked)
    assert (entry.direction, entry.reversal) == ("D", True)
    late = made.cmb(made.cmb_row("1", "100.00", "1100.00", RSVFLG="X"))
    (entry,) = [one.fact for one in direct.read(late, "cmb-direct") if isinstance(one, Entry)]
    assert isinstance(entry, EntryBooked)
    assert (entry.direction, entry.reversal) == ("C", False)
    for unknown in (made.icbc_page(ROW_1, flag="1"), "R"):
        text = unknown.encode("gb18030")
        if unknown == "R":
            text = made.cmb(made.cmb_row("1", "100.00", "1100.00", RSVFLG="R"))
        assert "is not public; ask the bank" in refusal(text).reason


def test_characters_that_only_gb18030_has_in_a_file_declared_gbk() -> None:
    """Names such as 镕 and 𠮷 come through, though Python's gbk and gb2312 know neither both."""
    data = made.cmb(made.cmb_row("1", "100.00", "1100.00"))
    (entry,) = [one.fact for one in direct.read(data, "cmb-direct") if isinstance(one, Entry)]

    assert entry.remittance == "镕€𠮷学费 HT-1"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (made.cmb(asked=False, code="9"), "the bank answers RETCOD '9'"),
        (
            made.cmb(made.cmb_row("1", "1.00", "1.00")).replace(b"GetTransInfo", b"GetTransInfoEX"),
            "GetTransInfoEX, whose pages cannot be told to be whole",
        ),
        (made.cmb(made.cmb_row("1", "1.00", "1.00"), asked=False), "no account is named"),
        (made.cmb(made.cmb_row("1", "1.00", "1.00", AMTCDR="E")), "'E' is no direction"),
        (made.cmb(made.cmb_row("1", "1.00", "1.00", TRSAMTC="2.00")), "differ"),
        (made.cmb(made.cmb_row("", "1.00", "1.00")), "no serial"),
        (made.cmb(made.cmb_row("1", "1.001", "1.00")), "1.001"),
        (made.icbc_page(("1", "2", "1.00", "100")).encode(), "no whole number of fen"),
        (made.cmb_json_request().encode(), "a question without any reply"),
        (made.cmb_json("N", JSON_1).replace('"10"', '"32"').encode(), "no account is named"),
    ],
)
def test_doubtful_fields_are_refused(data: bytes, reason: str) -> None:
    """Each is a reading that could be guessed, and a guess may turn a payment round."""
    assert reason in refusal(data).reason


def test_half_of_a_character_is_refused() -> None:
    """An escape for one half of a pair is no character; the fuzzer found that it broke the hash."""
    sound = made.cmb_json("N", ("S1", "1.00", "1.00")).replace(
        '"resultmsg": ""', '"resultmsg": "\\ud83d"'
    )
    data = (made.cmb_json_request() + sound).encode()

    with pytest.raises(FeedRefused, match=r"\\ud83d is half of a character"):
        json_documents(data)
    whole = data.replace(rb"\ud83d", rb"\ud83d\ude00")
    assert 2 == len(json_documents(whole))


def test_parse_shows_a_format_that_is_not_enabled(tmp_path: Path) -> None:
    """Whoever compares a format with the manual has to see what is read, before switching it on."""
    path = tmp_path / "reply.xml"
    path.write_bytes(WHOLE["cmb-direct"])

    assert [line["type"] for line in parse_lines(path)].count("entry") == 2
