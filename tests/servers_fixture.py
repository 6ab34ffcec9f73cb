"""A real broker and a real database for tests: those of the environment, else our own.

`KAFKA_BOOTSTRAP` (host:port) and `DATABASE_URL` (an SQLAlchemy URL of a user who may create
databases) name existing ones. Without them each test process starts its own when a test first asks
for it; they end with the process, however it ends. What is missing is a failure, never a skip.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from streams.servers.kafka import Kafka
from streams.servers.postgres import Postgres, create_database, drop_database


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """The address of a running broker, host:port."""
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        yield given
        return
    with _reachable_folder() as folder, Kafka(Path(folder)) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy URL of a running PostgreSQL, of a user who may create databases."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    # No test pulls the plug of the machine, and kill -9 loses nothing that the kernel has.
    settings = {"fsync": "off"}
    with _reachable_folder() as folder, Postgres(Path(folder), settings=settings) as postgres:
        yield postgres.url()


@pytest.fixture
def fresh_database(postgres_url: str) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database that is dropped after the test."""
    name = f"escrow_test_{secrets.token_hex(6)}"
    yield create_database(postgres_url, name)
    drop_database(postgres_url, name)


@pytest.fixture
def topic_name(kafka_bootstrap: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A name that no topic has; afterwards every topic whose name begins with it is deleted."""
    test = re.sub(r"[^a-zA-Z0-9]+", "-", request.node.name)[:60].strip("-")
    name = f"{test}-{secrets.token_hex(4)}"
    yield name
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    try:
        if topics := [topic for topic in admin.list_topics() if topic.startswith(name)]:
            admin.delete_topics(topics)
    finally:
        admin.close()


@pytest.fixture(scope="session")
def server_folders() -> Iterator[Callable[[], Path]]:
    """Makes a folder, each time a new one, for a server that a test starts itself."""
    with ExitStack() as folders:
        yield lambda: Path(folders.enter_context(_reachable_folder()))


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder for a server that a test starts itself, gone after the test."""
    with _reachable_folder() as folder:
        yield Path(folder)


def _reachable_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder of its own which PostgreSQL may enter also when we are root and it is not.

    pytest's folders are closed to everybody else, from the outermost on.
    """
    folder = tempfile.TemporaryDirectory(prefix="escrow-server-", ignore_cleanup_errors=True)
    Path(folder.name).chmod(0o711)
    return folder
