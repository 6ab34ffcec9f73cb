"""The revisions, in order and with data, end in the tables of the code on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text

from models.store import progress
from models.store.engine import MIGRATIONS, connect, migrate, open_store, reading, writing
from models.store.progress import Progress
from models.store.tables import METADATA

# What a store of the first release held: one row of each table, by its columns in their order.
FIRST_ROWS = (
    "INSERT INTO files VALUES (7, 'ab', '甲', 3, 'camt', 'done', '2024-03-05', 1, 1, 'T', '{}')",
    "INSERT INTO held VALUES (8, 7, 'row 1', 'why', 's', '62', 'b', 'T', 1, 'waiting')",
    "INSERT INTO findings VALUES ('f', 'r', 'JG-1', 's', 'fact', 'red', 'd', 5, :b, NULL)",
    "INSERT INTO finding_changes VALUES (9, 'f', 'JG-1', 'raised', NULL, 'red', 'd', 5, :b)",
    "INSERT INTO institutions VALUES ('JG-1', 1, NULL, 'p', 'c', 'v', NULL, '甲', '', '')",
    "INSERT INTO journal VALUES ('a:62', 'a:62/x', :b, 'k', NULL, :b, 'T1', 'T2')",
    "INSERT INTO sightings VALUES ('a:62/x', :b, 7, 'row 1', 'T1', 'T')",
    "INSERT INTO account_owners VALUES ('62', 'JG-1')",
    "INSERT INTO progress VALUES (0, 12, '2024-03-05', NULL)",
    "INSERT INTO locks VALUES ('partition 0', 'a 1', 'T')",
)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _first_release(url: str) -> Engine:
    engine = connect(url)
    with writing(engine) as connection:
        command.upgrade(_config(connection), "0001")
        for row in FIRST_ROWS:
            statement = text(row)
            connection.execute(statement, {"b": b"\0{}"} if ":b" in row else {})
    return engine


def _rows(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
    queries = {name: text(f"SELECT * FROM {name}") for name in tables}  # noqa: S608 -- own names
    return {
        name: [tuple(row) for row in connection.execute(query)] for name, query in queries.items()
    }


def test_revisions_end_in_the_tables_of_the_code(engine: Engine) -> None:
    """Alembic finds nothing to add, to drop or to change, and every index is there."""
    with reading(engine) as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), METADATA)
        inspector = inspect(connection)
        for table in METADATA.sorted_tables:
            made = {
                index["name"]: index["column_names"] for index in inspector.get_indexes(table.name)
            }
            made.pop("uq_files_sha256", None)
            declared = {str(index.name): index.columns.keys() for index in table.indexes}
            assert declared == made


def test_tables_of_long_keys_have_no_second_tree_on_sqlite(tmp_path: Path) -> None:
    """A replay reads the rows in the order in which they lie."""
    with reading(open_store(f"sqlite:///{tmp_path / 'escrow.db'}")) as connection:
        for table in ("journal", "sightings", "account_owners"):
            options = inspect(connection).get_table_options(table)
            assert {"sqlite_with_rowid": False} == options


def test_every_text_sorts_by_byte_on_postgresql(fresh_database: str) -> None:
    """No column follows the language of the database: days, times and names sort as in Python."""
    query = """
        SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name <> 'alembic_version'
        AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
    """
    with reading(open_store(fresh_database)) as connection:
        assert [] == list(connection.execute(text(query)).scalars())


def test_store_of_the_first_release_keeps_its_rows(url: str) -> None:
    """Upgraded from the first revision, every row is as it was."""
    engine = _first_release(url)
    with reading(engine) as connection:
        before = _rows(connection)
    migrate(engine)

    with writing(engine) as connection:
        after = _rows(connection)
        assert Progress(12, date(2024, 3, 5)) == progress.read(connection, 0)
        assert [] == compare_metadata(MigrationContext.configure(connection), METADATA)
    after["progress"] = [row[:4] for row in after["progress"]]
    added = (
        *("adopted", "wakes", "feeds", "feed_keys", "feed_nonces"),
        *("deliveries", "decisions", "outbox"),
    )
    assert {name: [] for name in added} | before == after
    engine.dispose()


def test_merchant_codes_told_before_get_their_owners(url: str) -> None:
    """A code is an account with an owner since then; the journal knows the older ones."""
    engine = connect(url)
    body = b'{"institution":"JG-1","kind":"MerchantCodeStated","number":"1900000109"}'
    told = "INSERT INTO journal VALUES ('i:JG-1', 'i:JG-1/M', :h, :kind, NULL, :b, 'T1', 'T2')"
    with writing(engine) as connection:
        command.upgrade(_config(connection), "0004")
        row = {"h": b"h", "kind": "MerchantCodeStated", "b": body}
        connection.execute(text(told), row)
    migrate(engine)

    with reading(engine) as connection:
        owners = connection.execute(text("SELECT account, institution FROM account_owners"))
        assert [("merchant:1900000109", "JG-1")] == [tuple(row) for row in owners]
    engine.dispose()


def _open(url: str) -> str:
    engine = open_store(url)
    engine.dispose()
    return "open"


@pytest.mark.parametrize("begin", [connect, _first_release])
def test_processes_that_start_together_migrate_once(
    url: str, begin: Callable[[str], Engine]
) -> None:
    """Four at the same moment all find the store open, new or from the first release."""
    begin(url).dispose()
    # Not forked: threads and connections of this process are not theirs.
    with get_context("spawn").Pool(4) as processes:
        opened = processes.map(_open, [url] * 4, chunksize=1)

    assert ["open"] * 4 == opened


def test_threads_that_start_together_migrate_once(url: str) -> None:
    """The same within one process."""
    with ThreadPoolExecutor(4) as threads:
        assert ["open"] * 4 == list(threads.map(_open, [url] * 4))
