"""Entries read by their shape say what their elements say, and the unusual has no shape."""

import pytest

from streams.feeds import camt, camt_shapes
from streams.feeds.camt_shapes import Shapes
from streams.feeds.integrity import checked
from streams.feeds.records import FeedRefused
from tests.feeds.made import day_of_entries, entry
from tests.fuzz import camt as fuzzed

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
