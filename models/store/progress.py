"""How far a partition has come, and who holds it: the offset in SQL is the truth (design.md 5)."""

from datetime import date

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from models.store import dialect
from models.store.tables import LOCKS, PROGRESS


class OffsetMoved(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """Another writer moved the partition's offset: nothing of this batch may be kept."""


class Progress(msgspec.Struct, frozen=True):
    """The offset of the next batch, and the last closed day (None: none yet)."""

    next_offset: int = 0
    closed_day: date | None = None


class Lock(msgspec.Struct, frozen=True):
    """Who holds a name since when; `holder` is `<host> <process id>`, `taken_at` UTC."""

    holder: str
    taken_at: str


def read(connection: Connection, partition: int) -> Progress:
    """How far a partition has come."""
    query = select(PROGRESS.c.next_offset, PROGRESS.c.closed_day)
    row = connection.execute(query.where(PROGRESS.c.partition == partition)).one_or_none()
    if row is None:
        return Progress()
    return Progress(row[0], date.fromisoformat(row[1]) if row[1] else None)


def start(connection: Connection, partition: int) -> None:
    """Make the row of a partition, if there is none."""
    dialect.insert_new(connection, PROGRESS, [(partition, 0, None, None)])


def advance(connection: Connection, partition: int, old: Progress, new: Progress) -> None:
    """Move a partition on from where it was read; OffsetMoved if it is no longer there."""
    columns = PROGRESS.c
    closed = new.closed_day.isoformat() if new.closed_day else None
    done = connection.execute(
        update(PROGRESS)
        .where(columns.partition == partition, columns.next_offset == old.next_offset)
        .values(next_offset=new.next_offset, closed_day=closed)
    )
    if done.rowcount != 1:
        raise OffsetMoved(
            f"partition {partition}: next offset is no longer {old.next_offset};"
            " another process writes this store"
        )


def lock(connection: Connection, name: str) -> Lock | None:
    """Who holds a name, or None."""
    query = select(LOCKS.c.holder, LOCKS.c.taken_at).where(LOCKS.c.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else Lock(row[0], row[1])


def take_lock(connection: Connection, name: str, wanted: Lock) -> None:
    """Write a holder over whoever held the name; the caller judged that it may."""
    connection.execute(delete(LOCKS).where(LOCKS.c.name == name))
    row = {"name": name, "holder": wanted.holder, "taken_at": wanted.taken_at}
    connection.execute(insert(LOCKS).values(row))


def release_lock(connection: Connection, name: str, holder: str) -> None:
    """Let go of a name, if it is still this holder's."""
    connection.execute(delete(LOCKS).where(LOCKS.c.name == name, LOCKS.c.holder == holder))
