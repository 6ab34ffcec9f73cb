"""The documents of one bank-direct query: its request, if kept, and every page of the reply.

They stand one after another in a file. XML documents begin with their own declaration.
"""

import json
import re
from typing import Any, NoReturn

import msgspec
from lxml import etree
from lxml.etree import _Element as Element

from streams.feeds.hardened import hardened_parser, refuse_document_type, utf8_chunks
from streams.feeds.records import Data, FeedRefused
from streams.feeds.text import decode

ROWS = {
    "icbc-direct": "rd",
    "ccb-direct": "DETAILINFO",
    "boc-direct": "b2e0035-rs",
    "cmb-direct": "NTQTSINFZ",
    "cmb-direct-json": "TRANSQUERYBYBREAKPOINT_Z2",
}
_DECLARATION = re.compile(rb"<\?xml\s")
_JSON_ROW = re.compile(rb'"transSequenceIdn"\s*:')
_PASSED_OVER = rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(%s)(?=[\s>/])"
_BLANK = re.compile(r"\s*")

Fields = dict[str, str]


class Watched(Fields):
    """The fields of a row that remember which of them were asked for."""

    def __init__(self, fields: Fields, asked: set[str]) -> None:
        super().__init__(fields)
        self._asked = asked

    def __getitem__(self, name: str) -> str:
        self._asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        """The text of a field, empty where there is none."""
        self._asked.add(name)
        return super().get(name, default)


def unused(rows: list[Fields], asked: set[str]) -> list[str]:
    """The fields of any row that say something and that nobody asked for, by name."""
    known = {name.rpartition("/")[2] for name in asked}
    told = {name for row in rows for name, text in row.items() if text and "/" not in name}
    return sorted(told - known)


class Document(msgspec.Struct, frozen=True):
    """One document: the fields that stand in no row, and the rows with their places.

    A field's name is its own tag or key; one that stands in another is also known as `outer/name`.
    """

    fields: Fields
    rows: tuple[tuple[int, Fields], ...]
    offset: int


def xml_documents(data: Data, name: str) -> list[Document]:
    """The XML documents of a file. Raises FeedRefused with the place of the first fault."""
    refuse_document_type(data)
    raw = bytes(data)
    starts = [found.start() for found in _DECLARATION.finditer(raw)] or [0]
    if raw[: starts[0]].strip(b"\xef\xbb\xbf \t\r\n"):
        starts[0] = 0
    ends = [*starts[1:], len(raw)]
    return [_xml(raw[a:b], a, ROWS[name]) for a, b in zip(starts, ends, strict=True)]


def _xml(raw: bytes, offset: int, tag: str) -> Document:
    parser = hardened_parser(None)
    try:
        for chunk in utf8_chunks(raw):
            parser.feed(chunk)
        root = parser.close()
    except FeedRefused as error:
        raise FeedRefused(error.reason, f"document at byte {offset}, {error.position}") from error
    except etree.XMLSyntaxError as error:
        reason = f"the XML is cut or not well-formed: {error.msg}"
        line, column = error.position
        place = f"document at byte {offset}, line {line}, column {column}"
        raise FeedRefused(reason, place) from error
    elements = list(root.iter(tag))
    pattern = re.compile(_PASSED_OVER % re.escape(tag).encode(), re.DOTALL)
    places = [offset + found.start() for found in pattern.finditer(raw) if found.group(1)]
    if len(places) != len(elements):
        raise FeedRefused(f"<{tag}> cannot be found in the raw bytes", f"byte {offset}")
    rows = tuple((place, _leaves(row)) for place, row in zip(places, elements, strict=True))
    for row in elements:
        parent = row.getparent()
        if parent is not None:
            parent.remove(row)
    return Document({**_leaves(root), "root": str(root.tag)}, rows, offset)


def _leaves(root: Element) -> Fields:
    found: Fields = {}
    for element in root.iter():
        if len(element):
            continue
        name, text = str(element.tag), (element.text or "").strip()
        parent = element.getparent()
        if parent is not None:
            found[f"{parent.tag}/{name}"] = text
        found.setdefault(name, text)
    return found


def json_documents(data: Data) -> list[Document]:
    """The JSON documents of a file, of CMB. Raises FeedRefused with the place of the fault."""
    text = decode(data)
    places = iter([found.start() for found in _JSON_ROW.finditer(bytes(data))])
    decoder = json.JSONDecoder(
        parse_float=str, parse_int=str, parse_constant=_refuse, object_pairs_hook=_once
    )
    found, at = [], _skip(text, 0)
    while at < len(text):
        offset = len(text[:at].encode())
        try:
            value, at = decoder.raw_decode(text, at)
            if "\\u" in text:  # half of a pair of them is no character, and cannot be written
                json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):04x}"
            raise FeedRefused(f"{half} is half of a character", f"byte {offset}") from error
        except json.JSONDecodeError as error:
            place = f"byte {len(text[: error.pos].encode())}"
            raise FeedRefused(f"the JSON is cut or wrong: {error.msg}", place) from error
        except (ValueError, RecursionError) as error:
            raise FeedRefused(f"the JSON is wrong: {error}", f"byte {offset}") from error
        fields, rows = _fields_and_rows(value, offset)
        placed = [(next(places, -1), row) for row in rows]
        if any(place < 0 or "transSequenceIdn" not in row for place, row in placed):
            raise FeedRefused("a row has no transSequenceIdn", f"byte {offset}")
        found.append(Document(fields, tuple(placed), offset))
        at = _skip(text, at)
    if next(places, None) is not None:
        raise FeedRefused("transSequenceIdn stands outside of a row", "byte 0")
    return found


def _fields_and_rows(value: object, offset: int) -> tuple[Fields, list[Fields]]:
    fields: Fields = {}
    rows: list[Fields] = []
    try:
        _walk(value, fields, rows, ROWS["cmb-direct-json"])
    except ValueError as error:
        raise FeedRefused(f"the JSON is wrong: {error}", f"byte {offset}") from error
    return fields, rows


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _walk(value: object, fields: Fields, rows: list[Fields], row_key: str) -> None:
    if isinstance(value, list):
        for one in value:
            _walk(one, fields, rows, row_key)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key.upper() == row_key:
                rows.extend(_row(one) for one in (inner if isinstance(inner, list) else [inner]))
            elif isinstance(inner, dict | list):
                _walk(inner, fields, rows, row_key)
            else:
                fields.setdefault(key, "" if inner is None else str(inner).strip())
    else:
        raise ValueError("a value stands where an object has to")  # noqa: TRY004 -- of the file


def _row(value: object) -> Fields:
    if not isinstance(value, dict) or any(isinstance(one, dict | list) for one in value.values()):
        raise ValueError("a row of Z2 is no object of texts")
    return {key: "" if one is None else str(one).strip() for key, one in value.items()}
