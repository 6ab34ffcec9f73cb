"""The delivered files, how far each is journaled, and what of them is held for a reason."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select, true, update

from models.store import dialect
from models.store.tables import FILES, HELD

State = Literal["proved", "done", "refused", "held"]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A delivered file. `receipt` is JSON; `received_at` UTC; `day` the day it is played on."""

    sha256: str
    name: str
    size_bytes: int
    format: str
    state: State
    received_at: str
    day: date | None = None
    batches_total: int = 0
    batches_journaled: int = 0
    receipt: str = "{}"


_COLUMNS = File.__struct_fields__
_RENEWED = tuple(name for name in _COLUMNS if name not in ("received_at", "batches_journaled"))


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What waits: a part of a file with the reason why it is no fact yet."""

    position: str
    reason: str
    statement: str = ""
    account: str = ""
    body: str = ""


_HELD = Held.__struct_fields__
_NONE: Mapping[str, Iterable[Held]] = {}


def register(
    connection: Connection, delivered: Iterable[File], held: Mapping[str, Iterable[Held]] = _NONE
) -> dict[str, int]:
    """Add files, or renew the rows of the same bytes; their numbers by SHA-256.

    `held` has what is held of a file, by its SHA-256. When the bytes first came, and how far they
    are journaled, stays.
    """
    by_hash = {file.sha256: file for file in delivered}
    known = ids(connection, by_hash)
    new = [_row(file) for sha256, file in by_hash.items() if sha256 not in known]
    renewed = [
        (
            *(value for name, value in zip(_COLUMNS, _row(file), strict=True) if name in _RENEWED),
            file.sha256,
        )
        for sha256, file in by_hash.items()
        if sha256 in known
    ]
    dialect.insert(connection, FILES, new, *_COLUMNS)
    dialect.update(connection, FILES, renewed, *_RENEWED, where="sha256 = ?")
    numbers = ids(connection, by_hash)
    for sha256 in sorted(known.keys() | held.keys()):
        seen_at = by_hash[sha256].received_at
        _renew_held(connection, numbers[sha256], seen_at, list(held.get(sha256, ())))
    return numbers


def ids(connection: Connection, hashes: Iterable[str]) -> dict[str, int]:
    """The number of each of these files, by the SHA-256 of its bytes."""
    query = select(FILES.c.sha256, FILES.c.file_id).where(FILES.c.sha256.in_(sorted(set(hashes))))
    return {row[0]: row[1] for row in connection.execute(query)}


def read(connection: Connection, *states: State) -> list[File]:
    """The files in these states (none named: all), in the order in which they came."""
    return list(_read(connection, FILES.c.state.in_(states) if states else true()))


def find(connection: Connection, hashes: Iterable[str]) -> dict[str, File]:
    """Those of these files that are known, by the SHA-256 of their bytes."""
    wanted = FILES.c.sha256.in_(sorted(set(hashes)))
    return {file.sha256: file for file in _read(connection, wanted)}


def journaled(connection: Connection, parts: Iterable[tuple[str, int, int]]) -> None:
    """Note of (file, number, total) that this part is journaled; the last makes the file done."""
    latest = {sha256: (number, total) for sha256, number, total in parts}
    rows = [
        (number, total, "done" if number == total else "proved", sha256)
        for sha256, (number, total) in latest.items()
    ]
    changing = ("batches_journaled", "batches_total", "state")
    there = dialect.update(connection, FILES, rows, *changing, where="sha256 = ?")
    assert there == len(rows), "a file was journaled before it was registered"


def held_count(connection: Connection) -> int:
    """How many parts of files are waiting."""
    query = select(func.count()).select_from(HELD).where(HELD.c.state == "waiting")
    return connection.execute(query).scalar_one()


def waiting_statements(connection: Connection) -> set[tuple[str, str]]:
    """Account and id of every statement of which something waits."""
    query = select(HELD.c.account, HELD.c.statement).distinct()
    return {(row[0], row[1]) for row in connection.execute(query.where(HELD.c.state == "waiting"))}


def supersede(connection: Connection, file_id: int, proved: Iterable[tuple[str, str]]) -> None:
    """Release what other files hold of these statements (account, id): this file proves them."""
    rows = [("released", *identity, file_id) for identity in sorted(set(proved))]
    where = "account = ? AND statement = ? AND file_id <> ? AND state = 'waiting'"
    dialect.update(connection, HELD, rows, "state", where=where)


def _row(file: File) -> dialect.Row:
    day = file.day.isoformat() if file.day else None
    values = (day if name == "day" else getattr(file, name) for name in _COLUMNS)
    return tuple(dialect.holdable(value) if isinstance(value, str) else value for value in values)


def _read(connection: Connection, wanted: ColumnElement[bool]) -> Iterator[File]:
    columns = (FILES.c[name] for name in _COLUMNS)
    query = select(*columns).where(wanted).order_by(FILES.c.file_id)
    for row in connection.execute(query).mappings():
        day = date.fromisoformat(row["day"]) if row["day"] else None
        yield File(**{**row, "day": day})


def _renew_held(connection: Connection, file_id: int, seen_at: str, told: list[Held]) -> None:
    """Add what is newly held; what waited and is no longer held of these bytes is released."""
    held = [Held(**{name: dialect.holdable(getattr(one, name)) for name in _HELD}) for one in told]
    query = select(HELD.c.position, HELD.c.reason, HELD.c.held_id).where(HELD.c.file_id == file_id)
    known = {(row[0], row[1]): row[2] for row in connection.execute(query)}
    wanted = {(one.position, one.reason) for one in held}
    gone = [("released", held_id) for key, held_id in known.items() if key not in wanted]
    tried = update(HELD).where(HELD.c.file_id == file_id).values(tries=HELD.c.tries + 1)
    connection.execute(tried)
    dialect.update(connection, HELD, gone, "state", where="held_id = ?")
    new = [one for one in held if (one.position, one.reason) not in known]
    rows = [
        (file_id, *(getattr(one, name) for name in _HELD), seen_at, 1, "waiting") for one in new
    ]
    columns = ("file_id", *_HELD, "first_seen", "tries", "state")
    dialect.insert(connection, HELD, rows, *columns)
