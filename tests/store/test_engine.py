"""Opening a store: how it is set up, and what a transaction sees and leaves."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.store.engine import connect, migrate, open_store, reading, writing
from models.store.tables import METADATA


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A store on SQLite that does not exist yet."""
    return f"sqlite:///{tmp_path / 'escrow.db'}"


def test_sqlite_is_set_up_for_one_writer_and_many_readers(sqlite_url: str) -> None:
    """WAL, synchronous NORMAL, foreign keys, and patience with a busy writer."""
    wanted = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30_000}

    with reading(open_store(sqlite_url)) as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in wanted}

    assert wanted == found


def test_opening_again_needs_no_write_lock(url: str) -> None:
    """A store that is up to date can be opened while another process is writing."""
    engine = open_store(url)
    with writing(engine) as first:
        for table in METADATA.sorted_tables:
            first.execute(table.delete())
        second = connect(url)
        migrate(second)
        with reading(second) as connection:
            assert 0 == connection.execute(text("SELECT count(*) FROM journal")).scalar()
        second.dispose()
    engine.dispose()


def test_writer_takes_its_lock_at_the_start(sqlite_url: str) -> None:
    """A second writer is refused when it begins, not after it has worked for nothing."""
    engine = open_store(sqlite_url)
    other = sqlite3.connect(str(engine.url.database), timeout=0, isolation_level=None)

    with reading(engine) as connection:
        connection.execute(text("SELECT 1"))
        other.executescript("BEGIN IMMEDIATE; ROLLBACK")
    with writing(engine), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()


def test_foreign_keys_hold(engine: Engine) -> None:
    """Nothing can be held of a file that is not there."""
    held = "INSERT INTO held VALUES (1, 9, 'row 1', 'no', '', '', '', '', 1, 'waiting')"

    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(text(held))


def test_failed_transaction_leaves_nothing(engine: Engine) -> None:
    """What was written before an error in the same transaction is gone."""
    insert = text("INSERT INTO locks VALUES (:name, 'b', 'c')")
    rows: list[dict[str, str | None]] = [{"name": "a"}, {"name": "b"}, {"name": "a"}]

    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(insert, rows)

    with reading(engine) as connection:
        assert 0 == connection.execute(text("SELECT count(*) FROM locks")).scalar()


def test_reading_cannot_write_on_postgresql(fresh_database: str) -> None:
    """A transaction that reads is refused to write, and the next one may again."""
    engine = open_store(fresh_database)
    insert = text("INSERT INTO locks VALUES ('a', 'b', 'c')")

    with pytest.raises(DBAPIError, match="read-only"), reading(engine) as connection:
        connection.execute(insert)
    with writing(engine) as connection:
        connection.execute(insert)
    engine.dispose()


def test_readers_may_think_longer_than_writers(fresh_database: str) -> None:
    """A stopped writer loses its locks soon; a long verification is not cut off for thinking."""
    engine = open_store(fresh_database)
    show = text("SHOW idle_in_transaction_session_timeout")

    with writing(engine) as writer, reading(engine) as reader:
        assert ("30s", "1h") == (writer.execute(show).scalar(), reader.execute(show).scalar())
    with writing(engine) as one, writing(engine) as two:
        assert {"30s"} == {each.execute(show).scalar() for each in (one, two)}
    engine.dispose()
