"""Opening a store: its tables are those of the code, and transactions begin as they should."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from models.store.engine import connect, migrate, open_store, reading, writing
from models.store.tables import METADATA


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store that does not exist yet, in a folder that does not exist either."""
    return f"sqlite:///{tmp_path / 'new' / 'escrow.db'}"


def test_migrations_make_the_tables_of_the_code(url: str) -> None:
    """The revisions, run in order, end in exactly the tables that the code declares."""
    with reading(open_store(url)) as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), METADATA)
        for table in ("journal", "sightings", "account_owners"):
            options = inspect(connection).get_table_options(table)
            assert {"sqlite_with_rowid": False} == options


def test_sqlite_is_set_up_for_one_writer_and_many_readers(url: str) -> None:
    """WAL, synchronous NORMAL, foreign keys, and patience with a busy writer."""
    wanted = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30_000}

    with reading(open_store(url)) as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in wanted}

    assert wanted == found


def test_opening_again_needs_no_write_lock(url: str) -> None:
    """A store that is up to date can be opened while another process is writing."""
    with writing(open_store(url)):
        second = connect(url)
        migrate(second)
        with reading(second) as connection:
            assert 0 == connection.execute(text("SELECT count(*) FROM journal")).scalar()


def test_writer_takes_its_lock_at_the_start(url: str) -> None:
    """A second writer is refused when it begins, not after it has worked for nothing."""
    engine = open_store(url)
    other = sqlite3.connect(str(engine.url.database), timeout=0, isolation_level=None)

    with reading(engine) as connection:
        connection.execute(text("SELECT 1"))
        other.executescript("BEGIN IMMEDIATE; ROLLBACK")
    with writing(engine), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()


def test_foreign_keys_hold(url: str) -> None:
    """Nothing can be held of a file that is not there."""
    held = "INSERT INTO held VALUES (1, 9, 'row 1', 'no', '', '', '', '', 1, 'waiting')"

    with pytest.raises(IntegrityError), writing(open_store(url)) as connection:
        connection.execute(text(held))


def test_failed_transaction_leaves_nothing(url: str) -> None:
    """What was written before an error in the same transaction is gone."""
    engine = open_store(url)

    insert = text("INSERT INTO locks VALUES (:name, 'b', 'c')")
    rows: list[dict[str, str | None]] = [{"name": "a"}, {"name": "b"}, {"name": "a"}]

    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(insert, rows)

    with reading(engine) as connection:
        assert 0 == connection.execute(text("SELECT count(*) FROM locks")).scalar()
