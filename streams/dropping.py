"""The drop folder: what is put in is delivered, then moved beside its receipt.

    folder/statement.xml  →  folder/accepted/statement.xml, statement.xml.receipt.json

A file is taken once it stands still, into the archive first. It is moved after its facts are in
the store; a process killed in between takes it again, which changes nothing.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import Engine

from models.store.engine import reading
from streams.feeds.archive import Archive
from streams.feeds.folder import Arrival
from streams.feeds.receipts import Receipt
from streams.reception import Summary, receipts_of
from streams.watching import State, Stillness, state_of

OUTCOMES = ("accepted", "held", "refused")
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
CHECKSUM = ".sha256"
LOCK = ".escrow-watch"

_CHECKSUM_BYTES_MAX = 4096
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
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
        return _Taken(sha256, state, _objection(path, sha256))

    def _move(self, path: Path, receipt: Receipt) -> None:
        folder = self.folder / receipt.outcome
        text = msgspec.json.format(msgspec.json.encode(receipt), indent=2)
        for target in _names(folder / path.name):
            beside = target.with_name(f"{target.name}.receipt.json")
            # A receipt without its file is ours, of a move that was cut short, if it is the same.
            if target.exists() or (beside.exists() and beside.read_bytes() != text):
                continue
            _write(beside, text)
            checksum = _checksum_of(path)
            if checksum.is_file():
                checksum.replace(target.with_name(target.name + CHECKSUM))
            path.rename(target)
            return


def _is_feed(path: Path, inside: list[Path]) -> bool:
    name = path.name
    if name.startswith(".") or name.lower().endswith(UNFINISHED):
        return False
    # A checksum may come before its file, and is none itself.
    return not name.endswith(CHECKSUM) or path.with_name(name + CHECKSUM) in inside


def _checksum_of(path: Path) -> Path:
    return path.with_name(path.name + CHECKSUM)


def _objection(path: Path, sha256: str) -> str:
    """Why the file is refused by the checksum beside it; empty where there is none."""
    try:
        with _checksum_of(path).open(encoding="ascii", errors="replace") as file:
            said = file.read(_CHECKSUM_BYTES_MAX)
    except FileNotFoundError:
        return ""
    found = _SHA256.search(said)
    if found is None:
        return f"{_checksum_of(path).name} beside it holds no SHA-256 in hex"
    if found[0].lower() != sha256:
        return f"its SHA-256 is {sha256}, {_checksum_of(path).name} says {found[0].lower()}"
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
