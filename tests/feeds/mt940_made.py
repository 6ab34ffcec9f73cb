"""Small hand-made MT940 messages; each test changes the one thing that it is about."""

from datetime import date
from typing import TypeVar

from models.facts import EntryAnnounced, EntryBooked
from streams.feeds import mt940
from streams.feeds.intake import told
from streams.feeds.integrity import checked
from streams.feeds.records import Check, Closing, Declared, End, Entry, Opening, Record
from tests.feeds.made import proved

Kind = TypeVar("Kind", Opening, Entry, Closing, Declared, Check, End)

DAY = date(2024, 3, 5)
LINE = ":61:2403050305C100,00NTRFNONREF//R1"
HEAD = (":20:REF1", ":25:36050152015000000001", ":28C:65/1")
OPENING, CLOSING = ":60F:C240305CNY1000,00", ":62F:C240305CNY1100,00"


def message(*lines: str, end: str = "-") -> str:
    """Lines ended as SWIFT ends them."""
    return "\r\n".join((*lines, *([end] if end else []), ""))


def statement(*entries: str, opening: str = OPENING, closing: str = CLOSING) -> str:
    """A statement of one day that opens with 1,000.00 and closes with 1,100.00."""
    return message(*HEAD, opening, *(entries or (LINE,)), closing)


def report(*entries: str, behind: tuple[str, ...] = (":90D:0CNY0,", ":90C:1CNY100,")) -> str:
    """An intraday report of 09:30."""
    head = (*HEAD, ":34F:CNY0,", ":13D:2403050930+0800")
    return message(*head, *(entries or (LINE,)), *behind)


def records(text: str | bytes) -> list[Record]:
    """Everything that a file yields, with its checks."""
    data = text.encode() if isinstance(text, str) else text
    return list(checked(mt940.read(data)))


def of_kind(text: str | bytes, kind: type[Kind]) -> list[Kind]:
    """The records of one kind."""
    return [record for record in records(text) if isinstance(record, kind)]


def entry(*lines: str) -> EntryBooked:
    """The fact of the only entry of a statement."""
    (found,) = of_kind(statement(*lines), Entry)
    assert isinstance(found.fact, EntryBooked)
    return found.fact


def announced(text: str) -> list[EntryAnnounced]:
    """The pending entries that a file tells."""
    file = proved(text)
    assert file.refusal is None, file.refusal
    return [one.fact for one in told(file) if isinstance(one.fact, EntryAnnounced)]


def failed(text: str | bytes) -> dict[str, str]:
    """The failed checks with their details."""
    return {check.name: check.detail for check in of_kind(text, Check) if not check.ok}
