"""Each contract test runs over every runner, with a store in which nothing is yet."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from models.partitions import partition_of
from models.store.engine import writing
from models.store.tables import ADOPTED, METADATA, PROGRESS
from streams import topics, wire
from streams.gateway import KafkaSink
from streams.servers.postgres import create_database, drop_database
from tests.contract.runners import SETTLED_SECONDS, Embedded, Runner, Workers
from tests.distributed.cluster import Cluster

# Institution JG-1 and account 62-A lie in different ones: what a bank tells before the account is
# registered comes to a partition that is not its owner's.
PARTITIONS = 2


@pytest.fixture(params=["embedded-sqlite", "embedded-postgresql", "workers"])
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runner]:
    """A runner with an empty store; whatever a test did, verify agrees with it in the end."""
    archive = tmp_path / "archive"
    made: Runner
    if request.param == "workers":
        cluster = request.getfixturevalue("working_cluster")
        _empty(cluster)
        made = Workers(cluster, archive)
    elif request.param == "embedded-postgresql":
        made = Embedded(request.getfixturevalue("fresh_database"), archive)
    else:
        made = Embedded(f"sqlite:///{tmp_path / 'escrow.db'}", archive)
    yield made
    made.settle()
    assert [] == made.verify()
    if isinstance(made, Embedded):
        made.engine.dispose()


@pytest.fixture(scope="package")
def working_cluster(
    kafka_bootstrap: str, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A topic, a database and one worker for all tests of this folder: its start takes long."""
    assert partition_of("JG-1", PARTITIONS) != partition_of("62-A", PARTITIONS)
    name = f"contract-{secrets.token_hex(4)}"
    url = create_database(postgres_url, f"escrow_{name.replace('-', '_')}")
    cluster = Cluster(tmp_path_factory.mktemp("workers"), kafka_bootstrap, url, name, PARTITIONS)
    cluster.start_worker()
    yield cluster
    cluster.close()
    drop_database(postgres_url, f"escrow_{name.replace('-', '_')}")
    with closing(topics.connect(kafka_bootstrap)) as admin:
        admin.delete_topics([name])


def _empty(cluster: Cluster) -> None:
    """Take everything out of the store except where the worker stands and what it agreed to.

    A worker forgets what it has in memory when its partition does not stand where it left it. So
    each one is closed once first: then the day, at least, differs.
    """
    cluster.wait_caught_up(SETTLED_SECONDS)
    with closing(KafkaSink(cluster.bootstrap, cluster.topic)) as sink:
        for partition in range(cluster.partitions):
            sink.send(partition, wire.encode_close(date(1970, 1, 1)))
        sink.flush()
    cluster.wait_caught_up(SETTLED_SECONDS)
    with writing(cluster.engine) as connection:
        for table in reversed(METADATA.sorted_tables):
            if table not in (ADOPTED, PROGRESS):
                connection.execute(table.delete())
        connection.execute(update(PROGRESS).values(closed_day=None))
