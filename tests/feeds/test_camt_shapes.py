"""Entries read by their shape say what their elements say, and the unusual has no shape."""

import random

import pytest

from streams.feeds import camt, camt_shapes
from streams.feeds.camt_shapes import Shapes
from streams.feeds.integrity import checked
from streams.feeds.records import FeedRefused
from tests.feeds.made import day_of_entries, entry
from tests.fuzz import camt as fuzzed
from tests.fuzz.mutation import mutated

DETAILS = "<TxDtls><RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls>"


def _told(data: bytes) -> list[str]:
    try:
        return [repr(record) for record in checked(camt.read(data))]
    except FeedRefused as error:
        return [str(error)]


@pytest.mark.parametrize("data", fuzzed.seeds())
def test_shapes_change_nothing(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every made message and every sample, with shapes and without."""
    by_shapes = _told(data)
    monkeypatch.setattr(camt_shapes.Shapes, "read", lambda *_: None)

    assert _told(data) == by_shapes


def _alike(count: int) -> str:
    """A message whose entries but the first are passed by the parser."""
    entries = [
        entry(f"R{number}", "1.00", details=DETAILS.format(f"HT-{number}"))
        for number in range(count)
    ]
    return day_of_entries(*entries, closing=f"{1000 + count}.00")


def _by_elements(data: bytes) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(camt_shapes.Shapes, "read", lambda *_: None)
        return _told(data)


def test_what_the_parser_passes_by_is_no_other_for_it() -> None:
    """Changed anywhere, a file is accepted with the same records, or refused, with and without."""
    chance = random.Random(5)  # noqa: S311 -- changes want a seed, not secrecy
    plain = _alike(8)
    prefixed = plain.replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?")
    seeds = [
        plain.encode(),
        prefixed.replace("xmlns=", "xmlns:x=").encode(),
        plain.replace("UTF-8", "GB18030").encode("gb18030"),
    ]
    accepted = 0
    for _ in range(2_000):
        data = mutated(chance, seeds, fuzzed.TOKENS)
        told, by_elements = _told(data), _by_elements(data)
        accepted += len(told) > 1
        assert told == by_elements or len(told) == len(by_elements) == 1
    assert accepted


def test_a_fault_behind_entries_that_were_passed_by_has_its_true_line() -> None:
    """The parser did not see the lines before; it is asked again with all of them."""
    raw = _alike(8).replace("</Ntry>", "</Ntry>\n").replace("</Stmt>", "</Stnt>").encode()
    line = raw[: raw.index(b"</Stnt>")].count(b"\n") + 1

    (refusal,) = _told(raw)

    assert refusal.startswith(f"line {line}, ")
    assert _by_elements(raw) == [refusal]


def test_each_statement_shows_its_shapes_to_the_parser() -> None:
    """A prefix that only the statement before declares is a fault in the next."""
    one = _alike(3).replace("<Stmt>", '<Stmt xmlns:y="u">', 1).replace("<Sts>", "<y:Sts>")
    one = one.replace("</Sts>", "</y:Sts>")
    begin, end = one.index("<Stmt "), one.index("</Stmt>") + len("</Stmt>")
    statement = one[begin:end]
    undeclared = statement.replace(' xmlns:y="u"', "").replace("<Id>S1</Id>", "<Id>S2</Id>")
    two = one[:end] + undeclared + one[end:]

    assert len(_told(one.encode())) > 1
    (refusal,) = _told(two.encode())
    assert "prefix y" in refusal


@pytest.mark.parametrize("character", ["\x01", "\ufffe", "\uffff"])
def test_a_character_that_xml_forbids_is_refused_in_any_entry(character: str) -> None:
    """Also where the entry would be passed by the parser."""
    raw = _alike(8).replace("HT-6", f"HT{character}6").encode()

    (refusal,) = _told(raw)

    assert "not well-formed" in refusal
    assert _by_elements(raw) == [refusal]


@pytest.mark.parametrize(
    ("text", "has_shape"),
    [
        ("学费 HT-1", True),
        ("", True),
        ("a > b", False),
        ("A &amp; B", False),
        (" A", False),
        ("A\u3000", False),
        ("A\r\nB", False),
        ("<!-- x -->A", False),
        ("<![CDATA[A]]>", False),
        ("<x/>A", False),
        ("A<x/>", False),
        ("\ue0000", False),
    ],
)
def test_what_is_unusual_has_no_shape(
    text: str, *, has_shape: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read all the same, as its elements say."""
    raw = entry(details=DETAILS.format(text))
    data = day_of_entries(raw).encode()

    assert (Shapes().read(raw) is not None) == has_shape
    by_shapes = _told(data)
    monkeypatch.setattr(camt_shapes.Shapes, "read", lambda *_: None)
    assert _told(data) == by_shapes


def test_what_is_no_single_entry_has_no_shape() -> None:
    """Bytes that hold two, or a piece of one, are left to the parser."""
    whole = entry()
    shapes = Shapes()

    assert shapes.read(whole + whole) is None
    assert shapes.read(whole.removesuffix("</Ntry>")) is None
    assert shapes.read(whole.replace("</BookgDt>", "</BookgDt>x")) is None


def test_a_shape_is_known_again_and_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The texts are those of the entry that was read last; beyond the limit none is made."""
    monkeypatch.setattr(camt_shapes, "_SHAPES_MAX", 1)
    shapes = Shapes()
    first = shapes.read(entry(amount="1.00"))
    second = shapes.read(entry(amount="2.00"))

    assert first is not None
    assert second is first
    assert "2.00" == second.first["Amt"].text
    assert shapes.read(entry(more="<RvslInd>true</RvslInd>")) is None
