"""The drop folder: what is put in is delivered, then moved beside its receipt.

    folder/statement.xml  →  folder/accepted/statement.xml, statement.xml.receipt.json

A file is taken once it stands still, into the archive first. It is moved after its facts are in
the store; a process killed in between takes it again, which changes nothing.
"""

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import Engine

from models.store.engine import reading
from streams.feeds.archive import Archive
from streams.feeds.bundle import GZIP_MAGIC, unzipped
from streams.feeds.folder import Arrival
from streams.feeds.receipts import Receipt
from streams.feeds.records import FeedRefused
from streams.reception import Summary, receipts_of
from streams.watching import State, Stillness, state_of

OUTCOMES = ("accepted", "held", "refused")
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
CHECKSUM, PLAIN_CHECKSUM = CHECKSUMS = (".sha256", ".sha1")
"""Of the file as it is, and, as WeChat Pay states it (hash_value), of what stands behind gzip."""

LOCK = ".escrow-watch"

_CHECKSUM_BYTES_MAX = 4096
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_SHA1 = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{40}(?![0-9a-fA-F])")
_log = structlog.get_logger()


class DropFolderTaken(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """Another process watches the folder."""


class _Taken(msgspec.Struct, frozen=True):
    """A file as it was taken: its bytes' hash, how it stood, why it is refused by its checksum."""

    sha256: str
    state: State
    objection: str


class DropFolder:
    """A folder into which files are dropped; used by one process at a time (`held_alone`)."""

    def __init__(self, folder: Path, engine: Engine, archive: Archive) -> None:
        self.folder = folder
        self._engine = engine
        self._archive = archive
        self._stillness = Stillness()
        self._taken: dict[Path, _Taken] = {}
        for outcome in OUTCOMES:
            (folder / outcome).mkdir(parents=True, exist_ok=True)

    @contextmanager
    def held_alone(self) -> Iterator[None]:
        """Keep other processes off the folder while the block runs; DropFolderTaken."""
        with (self.folder / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DropFolderTaken(f"{self.folder} is watched by another process") from None
            yield

    def arrivals(self) -> list[Arrival]:
        """What was dropped and stands still, from the archive."""
        inside = self._inside()
        still = self._stillness.of(inside)
        moving = set(inside) - still.keys()
        self._taken = {
            path: taken
            for path, state in still.items()
            if _is_feed(path, inside) and _checksum_of(path) not in moving
            if (taken := self._take(path, state))
        }
        return [
            Arrival(
                path=self._archive.path(taken.sha256),
                name=path.name,
                is_archived=True,
                objection=taken.objection,
            )
            for path, taken in self._taken.items()
        ]

    def settle(self, done: Summary) -> None:
        """Move what was delivered, by its outcome; never over another file."""
        delivered = [(taken.sha256, path.name) for path, taken in self._taken.items()]
        with reading(self._engine) as connection:
            receipts = receipts_of(connection, done, delivered)
        for path, taken in self._taken.items():
            receipt = receipts.get((taken.sha256, path.name))
            if receipt is None or state_of(path) != taken.state:
                # Still on its way to the journal, or written anew: the next look takes it again.
                continue
            try:
                self._move(path, receipt)
            except OSError as fault:
                _log.error("cannot be moved, tried again", file=path.name, why=str(fault))
        self._taken = {}

    def _inside(self) -> list[Path]:
        # A link would let whoever may drop files read others through us.
        return sorted(p for p in self.folder.iterdir() if p.is_file() and not p.is_symlink())

    def _take(self, path: Path, state: State) -> _Taken | None:
        try:
            sha256 = self._archive.put(path)
        except (FileNotFoundError, PermissionError) as fault:
            _log.warning("cannot be read, looked at again", file=path.name, why=str(fault))
            return None
        if state_of(path) != state:
            return None
        plain = _plain_objection(path, self._archive.path(sha256))
        return _Taken(sha256, state, _objection(path, sha256) or plain)

    def _move(self, path: Path, receipt: Receipt) -> None:
        folder = self.folder / receipt.outcome
        text = msgspec.json.format(msgspec.json.encode(receipt), indent=2)
        for target in _names(folder / path.name):
            beside = target.with_name(f"{target.name}.receipt.json")
            # A receipt without its file is ours, of a move that was cut short, if it is the same.
            if target.exists() or (beside.exists() and beside.read_bytes() != text):
                continue
            _write(beside, text)
            for kind in CHECKSUMS:
                checksum = _checksum_of(path, kind)
                if checksum.is_file():
                    checksum.replace(target.with_name(target.name + kind))
            path.rename(target)
            return


def _is_feed(path: Path, inside: list[Path]) -> bool:
    name = path.name
    if name.startswith(".") or name.lower().endswith(UNFINISHED):
        return False
    # A checksum may come before its file, and is none itself.
    return not name.endswith(CHECKSUMS) or path.with_name(name + CHECKSUM) in inside


def _checksum_of(path: Path, kind: str = CHECKSUM) -> Path:
    return path.with_name(path.name + kind)


def _said(checksum: Path) -> str | None:
    try:
        with checksum.open(encoding="ascii", errors="replace") as file:
            return file.read(_CHECKSUM_BYTES_MAX)
    except FileNotFoundError:
        return None


def _objection(path: Path, sha256: str) -> str:
    """Why the file is refused by the checksum beside it; empty where there is none."""
    return _compared(_checksum_of(path), "SHA-256", _SHA256, lambda: sha256)


def _plain_objection(path: Path, archived: Path) -> str:
    """Likewise by the checksum of its plain bytes, those behind gzip where it is packed so."""

    def worked_out() -> str:
        data = archived.read_bytes()
        plain = unzipped(data) if data.startswith(GZIP_MAGIC) else data
        # Not against forgery, which the archive's own hash is for: it is what the company states.
        return hashlib.sha1(plain, usedforsecurity=False).hexdigest()

    try:
        return _compared(_checksum_of(path, PLAIN_CHECKSUM), "SHA-1", _SHA1, worked_out)
    except FeedRefused as refused:
        return refused.reason


def _compared(
    checksum: Path, kind: str, shape: re.Pattern[str], worked_out: Callable[[], str]
) -> str:
    said = _said(checksum)
    if said is None:
        return ""
    found = shape.search(said)
    if found is None:
        return f"{checksum.name} beside it holds no {kind} in hex"
    digest = worked_out()
    if found[0].lower() != digest:
        return f"its {kind} is {digest}, {checksum.name} says {found[0].lower()}"
    return ""


def _names(path: Path) -> Iterator[Path]:
    """The path itself, then with -2, -3 and so on before its ending."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def _write(target: Path, text: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=".receipt-", dir=target.parent)
    with os.fdopen(handle, "wb") as out:
        out.write(text)
    Path(name).chmod(0o644)
    Path(name).replace(target)
