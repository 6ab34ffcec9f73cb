"""A city through Kafka to PostgreSQL ends as the same city in one process on SQLite."""

import pytest

from tests.distributed.city import City
from tests.distributed.cluster import Cluster, same


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_of_workers_finds_the_same(cluster: Cluster, small: City, workers: int) -> None:
    """Findings are byte-identical to the embedded run, and verify passes on PostgreSQL."""
    for _ in range(workers):
        cluster.start_worker()
    cluster.deliver(small.folder)
    cluster.wait_caught_up()

    same(cluster, small.findings, set(small.journal))


def test_worker_drains_and_leaves_when_told_to(cluster: Cluster, small: City) -> None:
    """SIGTERM ends a worker with 0 in the middle of its work; another goes on where it was."""
    first = cluster.start_worker()
    gateway = cluster.start_gateway(small.folder)
    cluster.wait_handled(50)
    first.terminate()
    assert 0 == first.wait(30), cluster.state()
    assert gateway.wait(120) in (0, 3)
    cluster.start_worker()
    cluster.wait_caught_up()

    same(cluster, small.findings, set(small.journal))
