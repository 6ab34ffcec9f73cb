"""What a file is, by its content and never by its name; the unknown is refused with advice."""

import re
from collections.abc import Iterator
from typing import Literal, NoReturn

import msgspec

from streams.feeds.bill_profiles import bill_of
from streams.feeds.bundle import (
    GZIP_MAGIC,
    Bundle,
    bill_behind_gzip,
    is_bundle,
    read_bundle,
)
from streams.feeds.hardened import declared_encoding, refuse_document_type
from streams.feeds.profiles import HEADER_ROWS_MAX, load_profiles, profile_of
from streams.feeds.records import Data, FeedRefused
from streams.feeds.registers import find_table
from streams.feeds.rows import Place, Rows
from streams.feeds.tabular import converted_rows
from streams.feeds.text import decode, encoding_to_prove

Format = Literal["camt", "mt940", "direct", "table", "bill", "register", "ndjson"]

NDJSON_MARK = b"# ndjson"
"""A first line that says what follows, for a file whose first fact may be unreadable."""

_HEAD_BYTES = 65_536
_MAGIC = (
    (b"%PDF", "a PDF; ask the bank for camt.053 or CSV"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it"),
    (b"\xff\xfe", "UTF-16 text; save it as UTF-8 or GB18030"),
    (b"\xfe\xff", "UTF-16 text; save it as UTF-8 or GB18030"),
)
_DIRECT_ROOTS = (
    ("icbc-direct", re.compile(r"<CMS[\s>].*<TransCode>\s*(?:QPD|QHISD)\s*<", re.DOTALL)),
    ("ccb-direct", re.compile(r"<TX[\s>].*<TX_CODE>\s*6WY101\s*<", re.DOTALL)),
    ("boc-direct", re.compile(r"<bocb2e[\s>].*<trn-b2e0035-r[qs][\s>]", re.DOTALL)),
    ("cmb-direct", re.compile(r"<CMBSDKPGK[\s>].*<FUNNAM>\s*GetTransInfo(?:EX)?\s*<", re.DOTALL)),
)
_DIRECT_JSON = re.compile(
    rb"\"trsQryByBreakPoint\"|\"TRANSQUERYBYBREAKPOINT_[XYZ]\d\"", re.IGNORECASE
)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_CAMT = re.compile(r"camt\.05[234]\.001\.\d\d")
# A tag at the begin, SWIFT blocks, or a `:20:` under a bank's own envelope.
_MT940 = re.compile(
    rb"\A[\s\x01]*(?::(?:\d\d[A-Z]?|NS):|\{1:)|\A[^,;\t]{0,1000}?[\r\n]:20:[^\r\n]*[\r\n]+:2[158]"
)
_MT942 = re.compile(rb"\{2:[IO]942|[\r\n]:34F:|[\r\n]:90[CD]:")


class Sniffed(msgspec.Struct, frozen=True):
    """The reader for a file, with its profile or table, and its text or rows as they are read.

    `bundle` is the archive in which a bill came. `name` is what people see: `camt.053.001.08`,
    `ccb-corporate`, `register:contracts`, `ndjson`.
    """

    format: Format
    name: str
    profile: str = ""
    text: str = ""
    rows: Rows | None = None
    bundle: Bundle | None = None

    @property
    def table(self) -> Rows:
        """The rows of a bank's table or of a merchant's bill."""
        assert self.rows is not None, f"{self.name} is no table"
        return self.rows


def sniff(data: Data, bank: str | None = None) -> Sniffed:
    """Find the reader for these bytes; with `bank`, a table is read by that profile alone.

    Raises FeedRefused, saying what was seen.
    """
    head = bytes(data[:_HEAD_BYTES])
    for magic, advice in _MAGIC:
        if head.startswith(magic):
            raise FeedRefused(f"this is {advice}", "byte 0")
    if is_bundle(head) or head.startswith(GZIP_MAGIC):
        found = read_bundle(data) if is_bundle(head) else bill_behind_gzip(data)
        return Sniffed("bill", found.name, profile=found.name, rows=found.rows, bundle=found)
    converted = converted_rows(data)
    if converted is not None:
        return _sniff_table(converted, bank) or _refuse_unknown(converted)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise FeedRefused("the file is empty", "byte 0")
    if start.startswith(b"<"):
        return _sniff_xml(data, head)
    if _MT940.match(start):
        return Sniffed("mt940", "mt942" if _MT942.search(head) else "mt940")
    return _sniff_text(data, start, bank)


def _sniff_text(data: Data, start: bytes, bank: str | None) -> Sniffed:
    is_message = start.startswith(b"{H:")
    if start.startswith(b"{") and _DIRECT_JSON.search(start):
        return Sniffed("direct", "cmb-direct-json")
    if start.startswith(NDJSON_MARK) or (start.startswith(b"{") and not is_message):
        return Sniffed("ndjson", "ndjson", text=decode(data))
    if is_message or start.startswith(b"["):
        advice = "a CNAPS message" if is_message else "a JSON array; send one fact a line"
        raise FeedRefused(f"this is {advice}", "byte 0")
    encoding, _ = encoding_to_prove(data)
    rows = Rows(data, encoding)
    return _sniff_table(rows, bank) or _sniff_register(data, rows)


def _sniff_xml(data: Data, head: bytes) -> Sniffed:
    text = head.decode(declared_encoding(data), errors="replace")
    root = _ROOT.search(text)
    if root is None:
        raise FeedRefused("begins like XML but has no root element", "byte 0")
    refuse_document_type(data)
    for name, direct_root in _DIRECT_ROOTS:
        if direct_root.search(text):
            return Sniffed("direct", name)
    message = _CAMT.search(text)
    if message is None and "BkToCstmr" not in text:
        raise FeedRefused(f"XML with the root {root.group(1)} is no camt.052/053/054", "byte 0")
    return Sniffed("camt", message.group() if message else "camt")


def _sniff_table(rows: Rows, bank: str | None) -> Sniffed | None:
    """The bank profile or the bill of which these are the headings; None for none."""
    profiles = load_profiles()
    if bank is not None:
        if bank not in profiles:
            raise FeedRefused(f"no bank profile {bank}; there are {', '.join(profiles)}", "")
        profiles = {bank: profiles[bank]}
    for split in (rows, rows.split_by("\t")):
        for (_, line), cells in _first_rows(split):
            if line > HEADER_ROWS_MAX:
                break
            found = profile_of(cells, profiles)
            if found is not None:
                return Sniffed("table", found, profile=found, rows=split)
            billed = bill_of(cells) if bank is None else None
            if billed is not None:
                return Sniffed("bill", billed, profile=billed, rows=split)
    if bank is not None:
        reason = f"no heading of {bank} in the first {HEADER_ROWS_MAX} rows"
        raise FeedRefused(reason, "row 1")
    return None


def _first_rows(rows: Rows) -> Iterator[tuple[Place, list[str]]]:
    """The rows until one is no proper CSV: that is for the reader to say, unlike wrong bytes."""
    try:
        yield from rows
    except FeedRefused as error:
        if error.position.startswith("byte"):
            raise


def _sniff_register(data: Data, rows: Rows) -> Sniffed:
    text = decode(data)
    table = find_table(text)
    if table is None:
        _refuse_unknown(rows)
    return Sniffed("register", f"register:{table}", profile=table, text=text)


def _refuse_unknown(rows: Rows) -> NoReturn:
    first = next((cells for _, cells in _first_rows(rows) if any(cells)), [])
    seen = ", ".join(cell[:20] for cell in first[:8])
    reason = f"no bank profile and no register table has these headings: {seen}"
    raise FeedRefused(reason, "row 1")


def is_of(name: str, allowed: str) -> bool:
    """`camt.053.001.08` is of camt, of camt.053 and of itself; `register:fees` of register."""
    return name == allowed or name.startswith((f"{allowed}.", f"{allowed}:"))
