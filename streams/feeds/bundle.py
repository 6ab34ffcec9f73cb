"""What payment companies pack: a ZIP with a bill and its summary, or a bill behind gzip.

Members are taken by what stands in them, never by name or order. Nothing is ever written under a
member's name, and no more is unpacked than the limits allow, whatever the archive states.
"""

import mmap
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from streams.feeds.bill_profiles import bill_of, load_bill_profiles
from streams.feeds.mapped import chunks
from streams.feeds.profiles import HEADER_ROWS_MAX
from streams.feeds.records import Data, FeedRefused
from streams.feeds.rows import Rows
from streams.feeds.sheet_checks import MEMBERS_MAX, RATIO_MAX, SMALL_BYTES, UNPACKED_BYTES_MAX
from streams.feeds.text import encoding_of

ZIP_MAGIC = b"PK\x03\x04"
GZIP_MAGIC = b"\x1f\x8b"

_EXCEL = (b"xl/", b"[Content_Types].xml", b"_rels/.rels", b"docProps/")
_ARCHIVES = (ZIP_MAGIC, GZIP_MAGIC, b"7z\xbc\xaf", b"Rar!")
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_PIECE_BYTES = 1 << 20
_WINDOW_OF_GZIP = 31
_FAULTS = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, OSError, EOFError),
    *(RuntimeError, ValueError, zlib.error, UnicodeError),
)


class Bundle:
    """The bill of an archive with its summary, if it has one.

    `member` and `summary_member` are said behind each position: ` of member 2`, counted as the ZIP
    lists them.
    """

    def __init__(self) -> None:
        self.name = ""
        self.rows: Rows | None = None
        self.summary: Rows | None = None
        self.member = self.summary_member = ""


def is_bundle(head: bytes) -> bool:
    """Whether a file that begins so is a ZIP and no Excel file."""
    return head.startswith(ZIP_MAGIC) and not any(mark in head for mark in _EXCEL)


def read_bundle(data: Data) -> Bundle:
    """The bill in a ZIP. Raises FeedRefused where it has not exactly one, or passes a limit."""
    found = Bundle()
    with _opened(data) as package:
        for number, member in enumerate(_members(package, len(data)), start=1):
            if member.is_dir():
                continue
            place = f"member {number}"
            content = _unpacked(package, member, place)
            try:
                rows = Rows(content, encoding_of(content))
                name, is_summary = _kind(rows)
            except FeedRefused as error:
                raise FeedRefused(error.reason, f"{error.position} of {place}") from error
            if not name:
                reason = "is neither a bill of a payment company nor its summary"
                raise FeedRefused(f"{place} {reason}; unpack the ZIP", f"row 1 of {place}")
            if is_summary:
                _only(found.summary is None, "two summaries", place)
                found.summary, found.summary_member = rows, f" of {place}"
            else:
                _only(found.rows is None, "two bills; send each by itself", place)
                found.rows, found.name, found.member = rows, name, f" of {place}"
    if found.rows is None:
        raise FeedRefused("the ZIP holds no bill of a payment company; unpack it", "byte 0")
    return found


def member_of(data: Data, number: int) -> Data:
    """The content of a member, counted from 1. Raises FeedRefused, also where there is none."""
    with _opened(data) as package:
        members = _members(package, len(data))
        if not 0 < number <= len(members):
            raise FeedRefused(f"the ZIP has no member {number}", "byte 0")
        return _unpacked(package, members[number - 1], f"member {number}")


def unzipped(data: Data) -> Data:
    """What stands behind gzip: one stream to the last byte. Raises FeedRefused."""
    unpacker = zlib.decompressobj(_WINDOW_OF_GZIP)
    with tempfile.TemporaryFile() as out:
        size, is_behind = 0, False
        try:
            for chunk in chunks(data):
                rest, piece = chunk, b" "
                is_behind = unpacker.eof
                while not unpacker.eof and (rest or piece):
                    piece = unpacker.decompress(rest, _PIECE_BYTES)
                    rest = unpacker.unconsumed_tail
                    size += out.write(piece)
                    _limit(size, len(data))
                if is_behind:
                    break
        except zlib.error as error:
            raise FeedRefused(f"the gzip file is damaged: {error}", "byte 0") from error
        if is_behind or not unpacker.eof or unpacker.unused_data:
            raise FeedRefused("the gzip file is cut, or something stands behind it", "byte 0")
        return _mapped(out, size)


def bill_behind_gzip(data: Data) -> Bundle:
    """The bill behind gzip. Raises FeedRefused for anything else that is packed so."""
    content = unzipped(data)
    found = Bundle()
    if not bytes(content[:4]).startswith(_ARCHIVES):
        rows = Rows(content, encoding_of(content))
        name, is_summary = _kind(rows)
        if name and not is_summary:
            found.name, found.rows = name, rows
            return found
    raise FeedRefused("this is a gzip file; unpack it", "byte 0")


@contextmanager
def _opened(data: Data) -> Iterator[zipfile.ZipFile]:
    with tempfile.TemporaryFile() as file:
        for chunk in chunks(data):
            file.write(chunk)
        file.seek(0)
        try:
            with zipfile.ZipFile(file) as package:
                yield package
        except _FAULTS as error:
            raise FeedRefused(f"the ZIP is cut or damaged: {error}", "byte 0") from error


def _members(package: zipfile.ZipFile, packed_bytes: int) -> list[zipfile.ZipInfo]:
    members = package.infolist()
    if len(members) > MEMBERS_MAX:
        raise FeedRefused(f"the ZIP has {len(members)} members, more than {MEMBERS_MAX}", "byte 0")
    names = {member.filename for member in members}
    if len(names) < len(members):
        raise FeedRefused("two members of the ZIP have one name", "byte 0")
    for number, member in enumerate(members, start=1):
        reason = _objection(member)
        if reason:
            raise FeedRefused(f"member {number} {reason}", "byte 0")
    _limit(sum(member.file_size for member in members), packed_bytes)
    return members


def _objection(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted; send it without a password"
    if member.compress_type not in _METHODS:
        return "is packed in a way that is not read; pack it as usual (deflate)"
    parts = member.filename.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0]:
        return "has a path that leads out of the ZIP"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    return ""


def _limit(unpacked_bytes: int, packed_bytes: int) -> None:
    if unpacked_bytes > UNPACKED_BYTES_MAX:
        reason = f"the archive unpacks to more than {UNPACKED_BYTES_MAX:,} bytes"
        raise FeedRefused(reason, "byte 0")
    if unpacked_bytes > SMALL_BYTES and unpacked_bytes > RATIO_MAX * packed_bytes:
        raise FeedRefused(f"the archive unpacks to more than {RATIO_MAX} times its size", "byte 0")


def _unpacked(package: zipfile.ZipFile, member: zipfile.ZipInfo, place: str) -> Data:
    """The content of a member; it ends where the ZIP says, and its checksum is compared."""
    with package.open(member) as stream, tempfile.TemporaryFile() as out:
        size = 0
        while piece := stream.read(_PIECE_BYTES):
            if not size and piece.startswith(_ARCHIVES):
                raise FeedRefused(f"{place} is an archive inside the archive", "byte 0")
            size += out.write(piece)
        return _mapped(out, size)


def _mapped(file: IO[bytes], size: int) -> Data:
    """The map outlives the closed file, and its pages are the system's to drop."""
    file.flush()
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""


def _kind(rows: Rows) -> tuple[str, bool]:
    """The bill of which the content is, and whether it is the summary; empty for none."""
    profiles = load_bill_profiles()
    for (_, line), text in rows.lines():
        if line > HEADER_ROWS_MAX:
            break
        cells = text.split(",")
        name = bill_of(cells)
        if name is not None:
            return name, False
        for one, profile in profiles.items():
            if profile.heads_summary(cells):
                return one, True
    return "", False


def _only(is_first: bool, what: str, place: str) -> None:
    if not is_first:
        raise FeedRefused(f"the ZIP holds {what}", f"row 1 of {place}")
