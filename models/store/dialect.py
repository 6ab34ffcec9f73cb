"""The only place that knows how the databases differ: statements about many rows, as driver SQL.

Rows go to the driver as plain tuples, in the order of the table's columns: Core's own handling of
parameters costs more than the insert itself. PostgreSQL's way is in models/store/postgresql.py.
"""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from models.store import postgresql

Row = postgresql.Row

# Any number that no other lock of this application uses.
_OWNERS_LOCK = 20_241_123
_POSITIONAL = SQLiteDialect(paramstyle="qmark")


def insert(connection: Connection, table: Table, rows: Sequence[Row], *columns: str) -> None:
    """Insert rows of these columns."""
    if not rows:
        return
    if _is_postgresql(connection):
        postgresql.insert(connection, table, rows, *columns)
        return
    named, marks = ", ".join(columns), ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table.name} ({named}) VALUES ({marks})"  # noqa: S608 -- own names
    connection.exec_driver_sql(statement, list(rows))


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose primary key is not there yet; answer how many they were."""
    if not rows:
        return 0
    if _is_postgresql(connection):
        return postgresql.insert_new(connection, table, rows)
    return connection.exec_driver_sql(_insert_new(table), list(rows)).rowcount


def upsert(connection: Connection, table: Table, rows: Sequence[Row], *changing: str) -> None:
    """Insert rows; of one whose primary key is there already only these columns change.

    No two of the rows may have the same key.
    """
    if not rows:
        return
    if _is_postgresql(connection):
        postgresql.upsert(connection, table, rows, *changing)
        return
    connection.exec_driver_sql(_upsert(table, changing), list(rows))


def update(
    connection: Connection, table: Table, rows: Sequence[Row], *changing: str, where: str
) -> int:
    """Update rows: the new values of `changing`, then the values for the marks in `where`.

    `where` writes a mark as `?`, each after a column and a comparison. No two of the rows may mean
    the same row of the table. Answers how many rows were there to be updated.
    """
    if not rows:
        return 0
    if _is_postgresql(connection):
        return postgresql.update(connection, table, rows, *changing, where=where)
    setting = ", ".join(f"{column} = ?" for column in changing)
    statement = f"UPDATE {table.name} SET {setting} WHERE {where}"  # noqa: S608 -- own names
    return connection.exec_driver_sql(statement, list(rows)).rowcount


def widen(connection: Connection, table: Table, rows: Sequence[Row], low: str, high: str) -> None:
    """Let each row of the table, by its primary key, reach from this low to this high at least.

    A row is the key, the low and the high.
    """
    if not rows:
        return
    if _is_postgresql(connection):
        postgresql.widen(connection, table, rows, low, high)
        return
    key = " AND ".join(f"{column.name} = ?" for column in table.primary_key)
    lows = [(row[-2], *row[:-2], row[-2]) for row in rows]
    highs = [(row[-1], *row[:-2], row[-1]) for row in rows]
    update(connection, table, lows, low, where=f"{key} AND {low} > ?")
    update(connection, table, highs, high, where=f"{key} AND {high} < ?")


def delete(connection: Connection, table: Table, rows: Sequence[Row], *, where: str) -> None:
    """Delete rows by the values for the marks in `where`, written as for update."""
    if not rows:
        return
    if _is_postgresql(connection):
        postgresql.delete(connection, table, rows, where=where)
        return
    statement = f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608 -- own names
    connection.exec_driver_sql(statement, list(rows))


def holdable(text: str) -> str:
    """The text as every database can hold it: without NUL, and without half a character.

    For what people read alone; a key must not come with either.
    """
    if text.isprintable():
        return text
    return text.replace("\0", "\u2400").encode(errors="backslashreplace").decode()


def lock_owners(connection: Connection, *, alone: bool) -> None:
    """Until the transaction ends nobody else names an owner of an account, or, alone, reads one.

    SQLite has one writer at a time and needs no lock.
    """
    if _is_postgresql(connection):
        how = "" if alone else "_shared"
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{how}({_OWNERS_LOCK})")


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


@cache
def _insert_new(table: Table) -> str:
    return str(sqlite.insert(table).on_conflict_do_nothing().compile(dialect=_POSITIONAL))


@cache
def _upsert(table: Table, changing: tuple[str, ...]) -> str:
    statement = sqlite.insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={column: statement.excluded[column] for column in changing},
    )
    return str(statement.compile(dialect=_POSITIONAL))
