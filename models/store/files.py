"""The delivered files, how far each is journaled, and what of them is held for a reason."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec
from sqlalchemy import Connection, func, insert, select, update

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


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What waits: a part of a file with the reason why it is no fact yet."""

    position: str
    reason: str
    statement: str = ""
    account: str = ""
    body: str = ""


def register(connection: Connection, file: File, held: Iterable[Held] = ()) -> int:
    """Add a file, or renew the row of the same bytes, with what of it is held; its id."""
    known = ids(connection, [file.sha256])
    values = {
        **msgspec.structs.asdict(file),
        "day": file.day.isoformat() if file.day else None,
    }
    if file.sha256 in known:
        file_id = known[file.sha256]
        kept = ("received_at", "batches_journaled")
        renewed = {name: value for name, value in values.items() if name not in kept}
        connection.execute(update(FILES).where(FILES.c.file_id == file_id).values(renewed))
        _renew_held(connection, file_id, file.received_at, list(held))
        return file_id
    connection.execute(insert(FILES).values(values))
    file_id = ids(connection, [file.sha256])[file.sha256]
    _renew_held(connection, file_id, file.received_at, list(held))
    return file_id


def ids(connection: Connection, hashes: Iterable[str]) -> dict[str, int]:
    """The number of each of these files, by the SHA-256 of its bytes."""
    query = select(FILES.c.sha256, FILES.c.file_id).where(FILES.c.sha256.in_(sorted(set(hashes))))
    return {row[0]: row[1] for row in connection.execute(query)}


def read(connection: Connection, *states: State) -> list[File]:
    """The files in these states (none named: all), in the order in which they came."""
    query = select(*(FILES.c[name] for name in File.__struct_fields__)).order_by(FILES.c.file_id)
    if states:
        query = query.where(FILES.c.state.in_(states))
    found = []
    for row in connection.execute(query).mappings():
        day = date.fromisoformat(row["day"]) if row["day"] else None
        found.append(File(**{**row, "day": day}))
    return found


def journaled(connection: Connection, sha256: str, number: int, total: int) -> None:
    """Note that batch `number` of `total` is journaled; the last one makes the file done."""
    state: State = "done" if number == total else "proved"
    done = connection.execute(
        update(FILES)
        .where(FILES.c.sha256 == sha256)
        .values(batches_journaled=number, batches_total=total, state=state)
    )
    assert done.rowcount == 1, f"file {sha256} was journaled before it was registered"


def held_count(connection: Connection) -> int:
    """How many parts of files are waiting."""
    query = select(func.count()).select_from(HELD).where(HELD.c.state == "waiting")
    return connection.execute(query).scalar_one()


def _renew_held(connection: Connection, file_id: int, seen_at: str, held: list[Held]) -> None:
    query = select(HELD.c.position, HELD.c.reason).where(HELD.c.file_id == file_id)
    known = {(row[0], row[1]) for row in connection.execute(query)}
    new = [one for one in held if (one.position, one.reason) not in known]
    rows = [
        (file_id, *(one.position, one.reason, one.statement, one.account, one.body), seen_at)
        for one in new
    ]
    columns = ("file_id", "position", "reason", "statement", "account", "body", "first_seen")
    waiting = [(*row, 1, "waiting") for row in rows]
    dialect.insert(connection, HELD, waiting, *columns, "tries", "state")
