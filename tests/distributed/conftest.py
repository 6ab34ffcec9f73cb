"""A topic and an empty store for each test, and a small city."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.distributed.city import City, city
from tests.distributed.cluster import Cluster

PARTITIONS = 8


@pytest.fixture(scope="session")
def small() -> City:
    """A city small enough to be played several times."""
    return city()


@pytest.fixture
def cluster(
    tmp_path: Path, kafka_bootstrap: str, fresh_database: str, topic_name: str
) -> Iterator[Cluster]:
    """A topic and an empty store without any process yet."""
    made = Cluster(tmp_path, kafka_bootstrap, fresh_database, topic_name, PARTITIONS)
    yield made
    made.close()
