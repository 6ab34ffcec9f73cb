"""Open a store: connect, bring its tables to the newest revision, and begin transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

BUSY_TIMEOUT_MILLISECONDS = 30_000
# A process that was stopped in the middle of a transaction holds its locks: after this it holds
# them no longer. More than the longest judging between two statements of a batch takes.
IDLE_MILLISECONDS = 30_000
CACHE_KIBIBYTES = 64 * 1024
# Copying the log back every 64 MiB instead of every 4 made a long ingest a fifth faster.
CHECKPOINT_PAGES = 16_000
# A reader holds no lock that anybody waits for, and may think long about what it read.
_PATIENT = "SET LOCAL idle_in_transaction_session_timeout = '1h'"
_MIGRATION_LOCK = 20_241_124
MIGRATIONS = Path(__file__).parent / "migrations"

# In WAL mode synchronous=NORMAL keeps every transaction whole on a crash of the process, and the
# file whole on a loss of power; only the last transactions may then be lost, which a rerun repeats.
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA cache_size = -{CACHE_KIBIBYTES}",
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
    "PRAGMA temp_store = MEMORY",
)

# A line that is cut without a word is noticed within half a minute instead of a quarter of an hour.
_POSTGRESQL = {
    "options": f"-c idle_in_transaction_session_timeout={IDLE_MILLISECONDS}",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}


def open_store(url: str | URL) -> Engine:
    """Connect to a store, creating it or bringing it to the newest revision."""
    engine = connect(url)
    migrate(engine)
    return engine


def connect(url: str | URL) -> Engine:
    """Connect to a store as it is; the folder of an SQLite file is made."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True, connect_args=_POSTGRESQL)
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Run the migrations that are missing, all in one transaction.

    A store that is up to date is only read: a page may be opened while a long batch is written.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    newest = ScriptDirectory.from_config(config).get_current_head()
    with reading(engine) as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            # Processes that start together would all make the tables; the later ones find them.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that will write: SQLite takes its write lock at the start, not half-way."""
    with engine.execution_options(escrow_writes=True).begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that sees one state of the store and changes nothing."""
    is_postgresql = engine.dialect.name == "postgresql"
    if is_postgresql:
        # By itself each of its statements would see what was committed until then.
        engine = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    with engine.connect() as connection:
        if is_postgresql:
            connection.exec_driver_sql(_PATIENT)
        yield connection


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own
    # The driver would begin transactions by its own rules and leave reads outside of them.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("escrow_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
