"""Whom the owner of a partition must judge anew: facts of theirs came in by another partition."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from models.store import dialect
from models.store.tables import WAKES


def write(connection: Connection, wanted: Iterable[tuple[int, str]]) -> None:
    """Ask the owners of these (partition, institution)."""
    dialect.insert(connection, WAKES, sorted(set(wanted)), "partition", "institution")


def take(connection: Connection, partition: int) -> set[str]:
    """The institutions of a partition that were asked for, once: asked later is asked again."""
    columns = WAKES.c
    query = select(columns.wake_id, columns.institution).where(columns.partition == partition)
    rows = connection.execute(query).all()
    dialect.delete(connection, WAKES, [(row[0],) for row in rows], where="wake_id = ?")
    return {row[1] for row in rows}
