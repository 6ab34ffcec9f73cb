"""How far a partition has come, and who holds it: the offset in SQL is the truth (design.md 5)."""

from datetime import date

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from models.store import dialect
from models.store.tables import LOCKS, PROGRESS


class OffsetMoved(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """Another writer moved the partition's offset: nothing of this batch may be kept."""


class Progress(msgspec.Struct, frozen=True):
    """The offset of the next batch, the last closed day (None: none yet), who may move it on."""

    next_offset: int = 0
    closed_day: date | None = None
    holder: str = ""


class Lock(msgspec.Struct, frozen=True):
    """Who holds a name since when; `holder` is `<host> <process id>`, `taken_at` UTC."""

    holder: str
    taken_at: str


def read(connection: Connection, partition: int) -> Progress:
    """How far a partition has come."""
    query = select(PROGRESS.c.next_offset, PROGRESS.c.closed_day, PROGRESS.c.holder)
    row = connection.execute(query.where(PROGRESS.c.partition == partition)).one_or_none()
    if row is None:
        return Progress()
    return Progress(row[0], date.fromisoformat(row[1]) if row[1] else None, row[2])


def start(connection: Connection, partition: int) -> None:
    """Make the row of a partition, if there is none."""
    dialect.insert_new(connection, PROGRESS, [(partition, 0, None, None, "")])


def claim(connection: Connection, partition: int, holder: str) -> Progress:
    """From now on only this holder moves the partition on; where it stands."""
    start(connection, partition)
    mine = update(PROGRESS).where(PROGRESS.c.partition == partition).values(holder=holder)
    connection.execute(mine)
    return read(connection, partition)


def topic(connection: Connection, partition: int) -> str | None:
    """The identity of the topic in which the partition's offset counts, None before the first."""
    query = select(PROGRESS.c.topic).where(PROGRESS.c.partition == partition)
    return connection.execute(query).scalar_one_or_none()


def set_topic(connection: Connection, partition: int, identity: str) -> None:
    """From now on the partition's offset counts in this topic."""
    named = update(PROGRESS).where(PROGRESS.c.partition == partition).values(topic=identity)
    connection.execute(named)


def restart(connection: Connection, partition: int, identity: str, offset: int) -> None:
    """Count from this offset of this topic on: what came before was told otherwise."""
    start(connection, partition)
    moved = update(PROGRESS).where(PROGRESS.c.partition == partition)
    connection.execute(moved.values(topic=identity, next_offset=offset))


def advance(connection: Connection, partition: int, old: Progress, new: Progress) -> None:
    """Move a partition on from where it was read; OffsetMoved if it is no longer there.

    Nor may another have claimed it since.
    """
    columns = PROGRESS.c
    closed = new.closed_day.isoformat() if new.closed_day else None
    done = connection.execute(
        update(PROGRESS)
        .where(
            columns.partition == partition,
            columns.next_offset == old.next_offset,
            columns.holder == old.holder,
        )
        .values(next_offset=new.next_offset, closed_day=closed)
    )
    if done.rowcount != 1:
        raise OffsetMoved(
            f"partition {partition}: next offset is no longer {old.next_offset}, or no longer"
            " ours to move; another process writes this store"
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
