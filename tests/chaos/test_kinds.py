"""Each kind of fault once; `make chaos SEEDS=1,2` runs whole seeds."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from streams.servers.kafka import Kafka
from streams.servers.postgres import Postgres
from tests.chaos.kinds import KINDS, Kind
from tests.chaos.scene import Scene
from tests.chaos.store_kinds import STORE_KINDS
from tests.distributed.city import city

SEED = 20_241_124


@pytest.fixture(scope="module")
def servers(server_folders: Callable[[], Path]) -> Iterator[tuple[Kafka, Postgres]]:
    """A broker and a database that may be killed."""
    with Kafka(server_folders()) as kafka, Postgres(server_folders()) as postgres:
        yield kafka, postgres


@pytest.mark.parametrize("kind", [*KINDS, *STORE_KINDS], ids=lambda kind: kind.__name__)
def test_fault_changes_nothing(kind: Kind, servers: tuple[Kafka, Postgres], tmp_path: Path) -> None:
    """After the fault everything is caught up within a minute, and as without it."""
    scene = Scene(*servers, city(), tmp_path, Random(SEED))  # noqa: S311 -- a seed is wanted
    try:
        kind(scene)
        scene.finish()
    finally:
        scene.close()
        sys.stdout.write("\n".join([*scene.log, ""]))
