"""The only place that knows how the databases differ: inserts of many rows, as driver SQL.

Rows go to the driver as plain tuples, in the order of the table's columns: Core's own handling of
parameters costs more than the insert itself.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

Row = tuple[Any, ...]

# Any number that no other lock of this application uses.
_OWNERS_LOCK = 20_241_123

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_POSITIONAL: dict[str, Dialect] = {
    "sqlite": SQLiteDialect(paramstyle="qmark"),
    "postgresql": PGDialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}


def insert(connection: Connection, table: Table, rows: Sequence[Row], *columns: str) -> None:
    """Insert rows of these columns."""
    if rows:
        named, marks = ", ".join(columns), ", ".join("?" * len(columns))
        into = f"{table.name} ({named})"
        statement = f"INSERT INTO {into} VALUES ({marks})"  # noqa: S608 -- our own names
        connection.exec_driver_sql(_marked(connection.dialect.name, statement), list(rows))


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose primary key is not there yet; answer how many they were."""
    if not rows:
        return 0
    statement = _insert_new(connection.dialect.name, table)
    return connection.exec_driver_sql(statement, list(rows)).rowcount


def upsert(connection: Connection, table: Table, rows: Sequence[Row], *changing: str) -> None:
    """Insert rows; of one whose primary key is there already only these columns change."""
    if rows:
        statement = _upsert(connection.dialect.name, table, changing)
        connection.exec_driver_sql(statement, list(rows))


def update(
    connection: Connection, table: Table, rows: Sequence[Row], *changing: str, where: str
) -> int:
    """Update rows: the new values of `changing`, then the values for the marks in `where`.

    `where` writes a mark as `?`. Answers how many rows were there to be updated.
    """
    if not rows:
        return 0
    setting = ", ".join(f"{column} = ?" for column in changing)
    statement = f"UPDATE {table.name} SET {setting} WHERE {where}"  # noqa: S608 -- own names
    statement = _marked(connection.dialect.name, statement)
    return connection.exec_driver_sql(statement, list(rows)).rowcount


def delete(connection: Connection, table: Table, rows: Sequence[Row], *, where: str) -> None:
    """Delete rows by the values for the marks in `where`."""
    if rows:
        statement = f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608 -- own names
        connection.exec_driver_sql(_marked(connection.dialect.name, statement), list(rows))


def lock_owners(connection: Connection, *, alone: bool) -> None:
    """Until the transaction ends nobody else names an owner of an account, or, alone, reads one.

    SQLite has one writer at a time and needs no lock.
    """
    if connection.dialect.name == "postgresql":
        how = "" if alone else "_shared"
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{how}({_OWNERS_LOCK})")


@cache
def _insert_new(name: str, table: Table) -> str:
    statement = _INSERT[name](table).on_conflict_do_nothing()
    return str(statement.compile(dialect=_POSITIONAL[name]))


@cache
def _upsert(name: str, table: Table, changing: tuple[str, ...]) -> str:
    statement = _INSERT[name](table)
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={column: statement.excluded[column] for column in changing},
    )
    return str(statement.compile(dialect=_POSITIONAL[name]))


@cache
def _marked(name: str, statement: str) -> str:
    return statement if name == "sqlite" else statement.replace("?", "%s")
