"""Many rows at once: what is there already is left alone and not counted, in both databases."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DataError

from models.store import dialect, postgresql
from models.store.dialect import Row
from models.store.engine import open_store, reading, writing
from models.store.tables import INSTITUTIONS, JOURNAL, WAKES

ROWS = postgresql.COPY_ROWS_MIN + 20


def _rows(*numbers: int, stated: str = "2024-03-05T00:00:00Z") -> list[Row]:
    return [
        ("a:1", f"a:1/{number:03}", bytes([number]), "EntryBooked", None, b"{}", stated, stated)
        for number in numbers
    ]


def _held(connection: Connection) -> list[Row]:
    query = select(JOURNAL).order_by(JOURNAL.c.fact_id)
    return [tuple(row) for row in connection.execute(query)]


@pytest.mark.parametrize("count", [1, postgresql.COPY_ROWS_MIN - 1, postgresql.COPY_ROWS_MIN, ROWS])
def test_new_rows_are_inserted_and_counted(engine: Engine, count: int) -> None:
    """However many come, each is there as it was given."""
    rows = _rows(*range(count))
    with writing(engine) as connection:
        assert count == dialect.insert_new(connection, JOURNAL, rows)
        assert 0 == dialect.insert_new(connection, JOURNAL, [])
        assert rows == _held(connection)


@pytest.mark.parametrize(
    "known", [(0,), (ROWS - 1,), (3, 30, 31), tuple(range(ROWS))], ids=["first", "last", "3", "all"]
)
def test_known_rows_stay_as_they_were(engine: Engine, known: Sequence[int]) -> None:
    """Of a batch that is partly known the rest is inserted and counted, three times in a row."""
    told = _rows(*range(ROWS), stated="2024-03-06T00:00:00Z")
    first = _rows(*known)
    with writing(engine) as connection:
        assert len(known) == dialect.insert_new(connection, JOURNAL, first)
    with writing(engine) as connection:
        assert ROWS - len(known) == dialect.insert_new(connection, JOURNAL, told)
        assert 0 == dialect.insert_new(connection, JOURNAL, told)
    with writing(engine) as connection:
        assert ROWS == dialect.insert_new(connection, JOURNAL, _rows(*range(100, 100 + ROWS)))
        held = _held(connection)

    assert 2 * ROWS == len(held)
    assert first == [held[number] for number in known]


def test_row_told_twice_in_a_batch_is_inserted_once(engine: Engine) -> None:
    """The first of equal keys counts."""
    rows = _rows(*range(ROWS))
    with writing(engine) as connection:
        assert ROWS == dialect.insert_new(connection, JOURNAL, [*rows, *_rows(*range(ROWS))])
        assert rows == _held(connection)


def test_collision_leaves_the_rest_of_the_transaction(engine: Engine) -> None:
    """What a transaction wrote before it met a known row is committed with the rest."""
    with writing(engine) as connection:
        dialect.insert_new(connection, JOURNAL, _rows(5))
    with writing(engine) as connection:
        dialect.insert(connection, WAKES, [(0, "JG-1"), (0, "JG-2")], "partition", "institution")
        dialect.insert_new(connection, JOURNAL, _rows(*range(ROWS)))

    with reading(engine) as connection:
        assert ROWS == len(_held(connection))
        query = select(WAKES.c.wake_id, WAKES.c.institution)
        wakes = dict(connection.execute(query).all())
    assert sorted(wakes) == list(wakes)
    assert ["JG-1", "JG-2"] == list(wakes.values())


def test_two_writers_of_the_same_rows_count_each_once(engine: Engine) -> None:
    """Transactions at the same moment that share rows end with each row there, counted by one."""
    barrier = Barrier(2)

    def write(part: range) -> int:
        barrier.wait()
        with writing(engine) as connection:
            return dialect.insert_new(connection, JOURNAL, _rows(*part))

    with ThreadPoolExecutor(2) as threads:
        counted = sum(threads.map(write, [range(ROWS), range(ROWS // 2, 2 * ROWS)]))

    with reading(engine) as connection:
        assert 2 * ROWS == counted == len(_held(connection))


def test_upsert_changes_only_what_it_names(engine: Engine) -> None:
    """A known row takes the named columns, a new one all; empty and absent stay apart."""
    row = ("JG-1", 2**40, None, "p", "c", "v", None, "甲", "", "x")
    other = ("JG-2", 0, "2024-03-05", "p", "c", "v", "why", "", "", "")
    with writing(engine) as connection:
        dialect.upsert(connection, INSTITUTIONS, [row], "error")
        changed = (*row[:6], "late", "乙", "", "")
        dialect.upsert(connection, INSTITUTIONS, [changed, other], "error")
        query = select(INSTITUTIONS).order_by(INSTITUTIONS.c.institution)
        held = [tuple(each) for each in connection.execute(query)]

    assert [(*row[:6], "late", *row[7:]), other] == held


def test_update_and_delete_compare_as_they_are_told(engine: Engine) -> None:
    """Each row of values meets the rows that its own condition names, and the hits are counted."""
    key = "stream = ? AND fact_id = ? AND content_hash = ?"
    earlier, later = "2024-03-04T00:00:00Z", "2024-03-06T00:00:00Z"
    rows = _rows(1, 2, 3)
    asked = [
        (time, *row[:3], time) for row, time in zip(rows, (earlier, later, later), strict=True)
    ]
    with writing(engine) as connection:
        dialect.insert_new(connection, JOURNAL, rows)
        where = f"{key} AND stated_first > ?"
        assert 1 == dialect.update(connection, JOURNAL, asked, "stated_first", where=where)
        where = f"{key} AND kind = 'EntryBooked'"
        dialect.delete(connection, JOURNAL, [rows[2][:3]], where=where)
        held = _held(connection)

    assert [earlier, rows[1][6]] == [row[6] for row in held]


def test_widening_moves_each_end_outward_alone(engine: Engine) -> None:
    """An earlier low and a later high count, each for itself; what lies inside changes nothing."""
    days = [f"2024-03-0{day}T00:00:00Z" for day in range(10)]
    rows = _rows(1, 2, 3, 4, stated=days[5])
    spans = [(4, 5), (5, 6), (3, 7), (5, 5), (1, 9)]
    asked = [
        (*row[:3], days[low], days[high])
        for row, (low, high) in zip([*rows, *_rows(9)], spans, strict=True)
    ]
    with writing(engine) as connection:
        dialect.insert_new(connection, JOURNAL, rows)
        for _ in range(2):
            dialect.widen(connection, JOURNAL, asked, "stated_first", "stated_last")
        held = _held(connection)

    assert [(days[low], days[high]) for low, high in spans[:4]] == [row[6:] for row in held]


def test_error_in_a_copy_is_one_of_sqlalchemy(fresh_database: str) -> None:
    """A text that PostgreSQL cannot hold raises as in any other statement; the store goes on."""
    engine = open_store(fresh_database)
    bad = [*_rows(*range(ROWS)), ("a:1", "a:1/\0", b"", "x", None, b"", "", "")]
    with pytest.raises(DataError), writing(engine) as connection:
        dialect.insert_new(connection, JOURNAL, bad)

    with writing(engine) as connection:
        assert [] == _held(connection)
        assert ROWS == dialect.insert_new(connection, JOURNAL, _rows(*range(ROWS)))
    engine.dispose()
