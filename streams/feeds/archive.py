"""Keeps the bytes of every delivered file under their SHA-256, read only, with a receipt beside."""

import hashlib
import json
import os
import re
import tempfile
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from streams.feeds.bundle import GZIP_MAGIC, member_of, unzipped
from streams.feeds.hardened import declared_encoding
from streams.feeds.records import Data, FeedRefused
from streams.feeds.tabular import converted_rows, row_as_read
from streams.feeds.text import decode, split_lines

MARKER = ".escrow-archive"
"""A file of this name says that its folder is an archive and holds nothing new to read."""

_CHUNK_BYTES = 1 << 20
_SHOWN_BYTES_MAX = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AT_BYTE = re.compile(r"(entry|balance|statement) \d+ at byte (\d+)(?:, [a-z-]+ is unverified)?")
_FIELD = re.compile(rb"[\r\n]:")
_BEHIND_ENTRY = re.compile(rb"[\r\n](?::(?!86:|NS:)\d\d[A-Z]?:|-\}?[\r\n])")
_BEHIND_HEAD = re.compile(rb"[\r\n]:6[012][FM]?:")
_AT_LINE = re.compile(r"(?:row|line) (\d+)(?: of member (\d+))?")
_TAG = re.compile(rb"<((?:[\w.-]+:)?[A-Za-z]+)")
_FIRST_ENTRY = re.compile(rb"<(?:[\w.-]+:)?Ntry[\s>]")


class Archive:
    """A folder of files named by their content: `ab/cd/abcd….`, and `….receipt.json` beside."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._is_marked = False

    def path(self, sha256: str) -> Path:
        """Where the bytes of that hash lie, whether they are there or not."""
        assert _SHA256.fullmatch(sha256), f"{sha256!r} is no SHA-256 in hex"
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def put(self, source: Path | bytes) -> str:
        """Keep a file and give its SHA-256; what is there already is left as it is."""
        if not self._is_marked:
            self._root.mkdir(parents=True, exist_ok=True)
            (self._root / MARKER).touch()
            self._is_marked = True
        handle, name = tempfile.mkstemp(prefix=".arriving-", dir=self._root)
        arriving = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                sha256 = _copy(source, out)
            target = self.path(sha256)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                arriving.chmod(0o444)
                arriving.replace(target)
        finally:
            arriving.unlink(missing_ok=True)
        return sha256

    def since(self, moment: datetime) -> list[tuple[Path, str]]:
        """The files that came at or after a moment with their delivered names, oldest first."""
        found = []
        for receipt in self._root.glob("??/??/*.receipt.json"):
            path = receipt.with_name(receipt.name.partition(".")[0])
            came = path.stat().st_mtime
            if came >= moment.timestamp():
                name = json.loads(receipt.read_bytes())["name"]
                found.append((came, path, name))
        return [(path, name) for _, path, name in sorted(found)]

    def make_lasting(self) -> None:
        """Bring what was put to the disk, before anything is written that relies on it.

        Once for all files of a delivery: two calls a file cost more than reading the file.
        """
        os.sync()

    def put_receipt(self, sha256: str, receipt: bytes) -> Path:
        """Write the receipt beside the bytes; a later one replaces it in one step."""
        target = self.path(sha256).with_name(f"{sha256}.receipt.json")
        handle, name = tempfile.mkstemp(prefix=".receipt-", dir=target.parent)
        with os.fdopen(handle, "wb") as out:
            out.write(receipt)
        Path(name).chmod(0o644)
        Path(name).replace(target)
        return target

    def original(self, sha256: str, position: str) -> str:
        """The row, line or XML element at a position, as it was delivered.

        Empty when the archive does not hold the file or the position is not in it.
        """
        path = self.path(sha256)
        if not path.exists():
            return ""
        at_byte, at_line = _AT_BYTE.fullmatch(position), _AT_LINE.fullmatch(position)
        if at_byte:
            return _element(path, at_byte.group(1), int(at_byte.group(2)))
        if at_line:
            return _line(path.read_bytes(), int(at_line.group(1)), int(at_line.group(2) or 0))
        return ""


def _line(data: Data, number: int, member: int) -> str:
    try:
        if member:
            data = member_of(data, member)
        elif data[: len(GZIP_MAGIC)] == GZIP_MAGIC:
            data = unzipped(data)
        converted = converted_rows(data)
        if converted is not None:
            return row_as_read(converted, number)
        lines = split_lines(decode(data))
    except FeedRefused:
        return ""
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _copy(source: Path | bytes, out: BinaryIO) -> str:
    digest = hashlib.sha256()
    if isinstance(source, bytes):
        digest.update(source)
        out.write(source)
        return digest.hexdigest()
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()


def _element(path: Path, what: str, offset: int) -> str:
    with path.open("rb") as file:
        head = file.read(200)
        file.seek(offset)
        raw = file.read(_SHOWN_BYTES_MAX)
    if raw.startswith(b":"):
        return _fields(raw, what)
    tag = _TAG.match(raw)
    if tag is None:
        return ""
    closing = b"</" + tag.group(1)
    end = raw.find(closing)
    if what == "statement":
        first = _FIRST_ENTRY.search(raw)
        if first:
            end = first.start()
    elif end >= 0:
        end = raw.find(b">", end) + 1
    shown = raw if end < 0 else raw[:end]
    return shown.decode(declared_encoding(head), errors="replace").strip()


def _fields(raw: bytes, what: str) -> str:
    """The fields of MT940 at the begin: an entry with its texts, a head, or one balance."""
    end = {"entry": _BEHIND_ENTRY, "statement": _BEHIND_HEAD}.get(what, _FIELD).search(raw)
    shown = raw[: end.start()] if end else raw
    try:
        return shown.decode().strip()
    except UnicodeDecodeError:
        return shown.decode("gb18030", errors="replace").strip()
