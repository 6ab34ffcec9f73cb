"""XML from outside as UTF-8 for a parser that can load, expand and repair nothing.

The bytes are decoded here and fed as UTF-8: libxml2 fails on characters that only GB18030 has in a
file declared GBK, and Python's other XML readers know no Chinese encoding at all.
"""

import codecs
import re
from collections.abc import Iterator

from lxml import etree

from streams.feeds.mapped import CHUNK_BYTES, Keeper
from streams.feeds.records import Data, FeedRefused

PIECE_BYTES = 65_536
_DECLARATION = re.compile(r"\ufeff?\s*<\?xml\b[^>]*\?>", re.ASCII)
_ENCODING = re.compile(rb"<\?xml\b[^>]*\bencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_ENCODINGS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("gb18030", "gbk", "gb2312", "cp936", "gb_2312-80", "ms936"), "gb18030"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "windows-1252"), "cp1252"),
    **{name: name for name in ("windows-1250", "windows-1251", "windows-1253", "windows-1254")},
    **{f"iso-8859-{part}": f"iso-8859-{part}" for part in (2, 5, 7, 9, 13, 15)},
}
_FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def declared_encoding(data: Data) -> str:
    """The Python codec for the encoding that the XML declares; UTF-8 when it declares none."""
    head = bytes(data[:200])
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):
        raise FeedRefused("the XML is in UTF-16; have it sent in UTF-8", "byte 0")
    match = _ENCODING.search(head)
    name = match.group(1).decode().lower() if match else "utf-8"
    if name not in _ENCODINGS:
        raise FeedRefused(f"encoding {name!r} is not read; have it sent in UTF-8", "byte 0")
    return _ENCODINGS[name]


def refuse_document_type(data: Data) -> None:
    """Refuse what could make entities: no bank's message needs any."""
    keeper = Keeper(data)
    for start in range(0, len(data), CHUNK_BYTES):
        # A mark may lie over the end of a piece.
        piece = data[start : start + CHUNK_BYTES + len(b"<!DOCTYPE")]
        forbidden = _FORBIDDEN.search(piece) if b"<!" in piece else None
        if forbidden:
            place = start + forbidden.start()
            raise FeedRefused("a document type or entity is declared", f"byte {place}")
        keeper.release(start)


def hardened_parser(tags: tuple[str, ...] | None) -> "etree.XMLPullParser":
    """A parser that tells starts and ends of these tags, or of all."""
    return etree.XMLPullParser(
        events=("start", "end"),
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


class Utf8Pieces:
    """The file as UTF-8 without its XML declaration, in pieces; a reader may leave out some.

    A piece that is left out must end behind an ASCII character, as the one before it.
    """

    def __init__(self, data: Data) -> None:
        self.encoding = declared_encoding(data)
        self._data = data
        self._decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        self._keeper = Keeper(data)

    def piece(self, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`. Raises FeedRefused at the first that is wrong."""
        raw = self._data[start:end]
        try:
            text = self._decoder.decode(raw, end >= len(self._data))
        except UnicodeDecodeError as error:
            place = start - (len(error.object) - len(raw)) + error.start
            raise FeedRefused(f"not {self.encoding} as declared", f"byte {place}") from error
        if start == 0:
            declaration = _DECLARATION.match(text)
            text = text[declaration.end() if declaration else 0 :].lstrip("\ufeff")
        self.release(start)
        return text.encode()

    def release(self, place: int) -> None:
        """The bytes before this place are not needed for now."""
        self._keeper.release(place)


def utf8_chunks(data: Data) -> Iterator[bytes]:
    """The whole file as UTF-8 without its XML declaration."""
    pieces = Utf8Pieces(data)
    for start in range(0, len(data) or 1, PIECE_BYTES):
        yield pieces.piece(start, start + PIECE_BYTES)
