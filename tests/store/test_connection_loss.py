"""A PostgreSQL that is killed and comes again: nothing half written stays, the engine goes on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import OperationalError

from models.store import dialect, progress
from models.store.engine import open_store, reading, writing
from models.store.progress import Progress
from models.store.tables import JOURNAL
from streams.servers.postgres import Postgres

Act = Callable[[Connection], object]


def _rows(count: int) -> list[dialect.Row]:
    return [("a:1", f"a:1/{n:04}", b"", "x", None, b"", "", "") for n in range(count)]


def _advance(connection: Connection) -> None:
    progress.advance(connection, 0, Progress(), Progress(1))


# What a transaction does next when its connection is gone: each way to the database.
ACTS: dict[str, Act] = {
    "select": lambda connection: connection.execute(select(JOURNAL)).all(),
    "few rows": lambda connection: dialect.insert_new(connection, JOURNAL, _rows(3)),
    "copy": lambda connection: dialect.insert_new(connection, JOURNAL, _rows(500)),
    "offset": _advance,
    "commit": lambda _: None,
}


@pytest.fixture(scope="module")
def server(server_folders: Callable[[], Path]) -> Iterator[Postgres]:
    """A server of our own, to be killed."""
    with Postgres(server_folders()) as server:
        yield server


@pytest.fixture(scope="module")
def engine(server: Postgres) -> Iterator[Engine]:
    """One engine for all deaths of its server."""
    engine = open_store(server.url())
    yield engine
    engine.dispose()


def _kill_and_restart(server: Postgres) -> None:
    server.kill()
    server.start()


@pytest.mark.parametrize("act", ACTS)
def test_killed_server_fails_the_transaction_alone(
    server: Postgres, engine: Engine, act: str
) -> None:
    """A transaction in flight raises OperationalError and leaves nothing; the next one works."""
    with writing(engine) as connection:
        connection.execute(JOURNAL.delete())
        progress.start(connection, 0)
        before = progress.read(connection, 0)

    with pytest.raises(OperationalError), writing(engine) as connection:  # noqa: PT012
        dialect.insert_new(connection, JOURNAL, [("a:1", "a:1/first", b"", "x", None, b"", "", "")])
        _kill_and_restart(server)
        ACTS[act](connection)

    with reading(engine) as connection:
        assert 0 == connection.execute(select(func.count()).select_from(JOURNAL)).scalar()
        assert before == progress.read(connection, 0)
    with writing(engine) as connection:
        assert 500 == dialect.insert_new(connection, JOURNAL, _rows(500))


def test_every_connection_of_the_pool_is_renewed(server: Postgres, engine: Engine) -> None:
    """Several idle connections of before the kill: none of them is handed to a transaction."""
    with reading(engine) as one, reading(engine) as two, reading(engine) as three:
        for connection in (one, two, three):
            connection.execute(text("SELECT 1"))
    _kill_and_restart(server)

    with reading(engine) as one, reading(engine) as two, reading(engine) as three:
        assert [1, 1, 1] == [each.execute(text("SELECT 1")).scalar() for each in (one, two, three)]


def test_committed_rows_outlive_the_kill(server: Postgres, engine: Engine) -> None:
    """What was committed in the moment before the kill is there after it."""
    with writing(engine) as connection:
        connection.execute(JOURNAL.delete())
        dialect.insert_new(connection, JOURNAL, _rows(500))
    _kill_and_restart(server)

    with reading(engine) as connection:
        assert 500 == connection.execute(select(func.count()).select_from(JOURNAL)).scalar()
