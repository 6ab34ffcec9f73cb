"""The delivered files, how far each is journaled, and what of them is held for a reason."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, func, insert, select, true, update

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
    """Add a file, or renew the row of the same bytes, with what of it is held; its id.

    When the bytes first came, and how far they are journaled, stays.
    """
    known = ids(connection, [file.sha256]).get(file.sha256)
    day = file.day.isoformat() if file.day else None
    values = {**msgspec.structs.asdict(file), "day": day}
    if known is None:
        connection.execute(insert(FILES).values(values))
    else:
        del values["received_at"], values["batches_journaled"]
        connection.execute(update(FILES).where(FILES.c.file_id == known).values(values))
    file_id = ids(connection, [file.sha256])[file.sha256]
    _renew_held(connection, file_id, file.received_at, list(held))
    return file_id


def ids(connection: Connection, hashes: Iterable[str]) -> dict[str, int]:
    """The number of each of these files, by the SHA-256 of its bytes."""
    query = select(FILES.c.sha256, FILES.c.file_id).where(FILES.c.sha256.in_(sorted(set(hashes))))
    return {row[0]: row[1] for row in connection.execute(query)}


def read(connection: Connection, *states: State) -> list[File]:
    """The files in these states (none named: all), in the order in which they came."""
    return list(_read(connection, FILES.c.state.in_(states) if states else true()))


def find(connection: Connection, sha256: str) -> File | None:
    """The file with these bytes, or None."""
    return next(_read(connection, FILES.c.sha256 == sha256), None)


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


def supersede(connection: Connection, file_id: int, proved: Iterable[tuple[str, str]]) -> None:
    """Release what other files hold of these statements (account, id): this file proves them."""
    waiting = update(HELD).where(HELD.c.state == "waiting", HELD.c.file_id != file_id)
    for account, statement in sorted(set(proved)):
        same = (HELD.c.account == account) & (HELD.c.statement == statement)
        connection.execute(waiting.where(same).values(state="released"))


def _read(connection: Connection, wanted: ColumnElement[bool]) -> Iterator[File]:
    columns = (FILES.c[name] for name in File.__struct_fields__)
    query = select(*columns).where(wanted).order_by(FILES.c.file_id)
    for row in connection.execute(query).mappings():
        day = date.fromisoformat(row["day"]) if row["day"] else None
        yield File(**{**row, "day": day})


def _renew_held(connection: Connection, file_id: int, seen_at: str, held: list[Held]) -> None:
    """Add what is newly held; what waited and is no longer held of these bytes is released."""
    query = select(HELD.c.position, HELD.c.reason, HELD.c.held_id).where(HELD.c.file_id == file_id)
    known = {(row[0], row[1]): row[2] for row in connection.execute(query)}
    wanted = {(one.position, one.reason) for one in held}
    gone = [("released", held_id) for key, held_id in known.items() if key not in wanted]
    tried = update(HELD).where(HELD.c.file_id == file_id).values(tries=HELD.c.tries + 1)
    connection.execute(tried)
    dialect.update(connection, HELD, gone, "state", where="held_id = ?")
    new = [one for one in held if (one.position, one.reason) not in known]
    rows = [
        (file_id, *(one.position, one.reason, one.statement, one.account, one.body), seen_at)
        for one in new
    ]
    columns = ("file_id", "position", "reason", "statement", "account", "body", "first_seen")
    waiting = [(*row, 1, "waiting") for row in rows]
    dialect.insert(connection, HELD, waiting, *columns, "tries", "state")
