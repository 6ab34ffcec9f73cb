"""Many rows in one statement on PostgreSQL: COPY, and columns as arrays where COPY cannot help.

Statements are put together from names of our own tables alone (S608).
Measured: executemany costs the two processes together almost three times as much (decisions.md).
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import psycopg
from psycopg.errors import UniqueViolation
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, Table
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]

# Below this the savepoint costs more than COPY saves (measured, decisions.md).
COPY_ROWS_MIN = 80
_COLLIDED = "escrow_collided"
_MARK = re.compile(r"(\w+) (<>|=|<|>) \?")


def insert(connection: Connection, table: Table, rows: Sequence[Row], *columns: str) -> None:
    """Insert rows of these columns."""
    connection.exec_driver_sql(_insert(table, columns), _arrays(rows))


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose primary key is not there yet; answer how many they were.

    COPY ends at the first duplicate. Duplicates come in runs (a delivery told again), so that after
    one of them the slower way is taken until it has met none.
    """
    collided: set[str] = connection.info.setdefault(_COLLIDED, set())
    if len(rows) >= COPY_ROWS_MIN and table.name not in collided:
        if _copy(connection, table, rows):
            return len(rows)
        collided.add(table.name)
    statement = f"{_insert(table, _names(table))} ON CONFLICT DO NOTHING"
    new = connection.exec_driver_sql(statement, _arrays(rows)).rowcount
    if new == len(rows):
        collided.discard(table.name)
    return new


def upsert(connection: Connection, table: Table, rows: Sequence[Row], *changing: str) -> None:
    """Insert rows; of one whose primary key is there already only these columns change."""
    key = ", ".join(column.name for column in table.primary_key)
    setting = ", ".join(f"{name} = excluded.{name}" for name in changing)
    conflict = f"ON CONFLICT ({key}) DO UPDATE SET {setting}"
    connection.exec_driver_sql(f"{_insert(table, _names(table))} {conflict}", _arrays(rows))


def update(
    connection: Connection, table: Table, rows: Sequence[Row], *changing: str, where: str
) -> int:
    """Update rows: the new values of `changing`, then the values for the marks in `where`.

    No two of the rows may mean the same one of the table.
    """
    condition, compared = _compared(table, where, first=len(changing))
    setting = ", ".join(f"{name} = given.v{place}" for place, name in enumerate(changing))
    given = _given(table, (*changing, *compared))
    statement = f"UPDATE {table.name} SET {setting} FROM {given} WHERE {condition}"  # noqa: S608
    return connection.exec_driver_sql(statement, _arrays(rows)).rowcount


def widen(connection: Connection, table: Table, rows: Sequence[Row], low: str, high: str) -> None:
    """Let each row of the table reach from this low to this high at least."""
    key = [column.name for column in table.primary_key]
    here = {name: f"{table.name}.{name}" for name in (low, high)}
    new_low, new_high = f"given.v{len(key)}", f"given.v{len(key) + 1}"
    same = " AND ".join(f"{table.name}.{name} = given.v{n}" for n, name in enumerate(key))
    statement = f"""
        UPDATE {table.name} SET {low} = least({here[low]}, {new_low}),
        {high} = greatest({here[high]}, {new_high}) FROM {_given(table, (*key, low, high))}
        WHERE {same} AND ({here[low]} > {new_low} OR {here[high]} < {new_high})
    """  # noqa: S608
    connection.exec_driver_sql(statement, _arrays(rows))


def delete(connection: Connection, table: Table, rows: Sequence[Row], *, where: str) -> None:
    """Delete rows by the values for the marks in `where`."""
    condition, compared = _compared(table, where, first=0)
    given = _given(table, compared)
    statement = f"DELETE FROM {table.name} USING {given} WHERE {condition}"  # noqa: S608
    connection.exec_driver_sql(statement, _arrays(rows))


def _copy(connection: Connection, table: Table, rows: Sequence[Row]) -> bool:
    """Insert rows if none of them is there yet; else nothing is inserted, and the answer False."""
    names = _names(table)
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
    savepoint = connection.begin_nested()
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(_types(table, names))
            for row in rows:
                copy.write_row(row)
    except UniqueViolation:
        savepoint.rollback()
        return False
    except psycopg.Error as error:
        # What SQLAlchemy does for its own statements: its class of error, a lost connection shed.
        if driver.closed:
            connection.invalidate(error)
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error
    savepoint.commit()
    return True


def _arrays(rows: Sequence[Row]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*rows, strict=True)))


def _names(table: Table) -> tuple[str, ...]:
    return tuple(table.columns.keys())


@cache
def _insert(table: Table, names: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%b::{kind}[]" for kind in _types(table, names))
    into = f"{table.name} ({', '.join(names)})"
    return f"INSERT INTO {into} SELECT * FROM unnest({arrays})"  # noqa: S608 -- our own names


@cache
def _given(table: Table, names: tuple[str, ...]) -> str:
    """Rows of values of these columns, called v0, v1 and so on."""
    arrays = ", ".join(f"%b::{kind}[]" for kind in _types(table, names))
    return f"unnest({arrays}) AS given ({', '.join(f'v{place}' for place in range(len(names)))})"


@cache
def _compared(table: Table, where: str, first: int) -> tuple[str, tuple[str, ...]]:
    """A condition whose marks are values of _given from that place on, and their columns."""
    names: list[str] = []

    def given(mark: re.Match[str]) -> str:
        names.append(mark[1])
        return f"{table.name}.{mark[1]} {mark[2]} given.v{first + len(names) - 1}"

    return _MARK.sub(given, where), tuple(names)


def _types(table: Table, names: Iterable[str]) -> list[str]:
    return [_type(table.columns[name]) for name in names]


def _type(column: Column[Any]) -> str:
    match column.type:
        case LargeBinary():
            return "bytea"
        case BigInteger():
            return "int8"
        case Integer():
            return "int4"
    return "text"
