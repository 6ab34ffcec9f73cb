"""What a contract test asks of a runner, and the runners that are asked.

A test delivers files, waits until they are handled, and looks into the store. It may not know
whether one process did it all, or a gateway, a broker and a worker.
"""

from datetime import date
from pathlib import Path
from typing import Protocol, Self

import msgspec
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from alerts.gateway_metrics import GatewayMetrics
from models.store.engine import open_store
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.feeds.folder import Delivered
from streams.gateway_service import AWAY, Delivery
from streams.reception import Summary
from streams.replay import verify
from streams.watching import Watch
from tests.contract.stored import lines
from tests.distributed.cluster import Cluster
from tests.streams.told import law

TODAY = date(2024, 4, 1)
# A start of the worker takes five seconds, what a test delivers less than one.
SETTLED_SECONDS = 60


class Outcome(msgspec.Struct, frozen=True):
    """What whoever delivers is told at once, before any fact is judged.

    `problems` names the files that were refused or of which something is held.
    """

    files: int
    seen: int
    entries: int
    refused: int
    held: int
    problems: tuple[str, ...]

    @classmethod
    def of(cls, summary: Summary) -> Self:
        """What every runner can tell of a delivery."""
        names = tuple(receipt.name for receipt in summary.problems)
        return cls(
            summary.files, summary.seen, summary.entries, summary.refused, summary.held, names
        )


class Runner(Protocol):
    """Takes files in and keeps the findings of its store up to date with them."""

    engine: Engine

    def deliver(self, *paths: Path, today: date = TODAY, as_of: date | None = None) -> Outcome:
        """Take files and folders in as of `today`, closing no day after `as_of`."""

    def settle(self) -> None:
        """Return once everything delivered is handled."""

    def verify(self) -> list[str]:
        """What `escrow verify` would name."""


class Embedded:
    """`escrow ingest`: one process that is done when it returns."""

    def __init__(self, url: str, archive: Path) -> None:
        self.engine = open_store(url)
        self._archive = Archive(archive)

    def deliver(self, *paths: Path, today: date = TODAY, as_of: date | None = None) -> Outcome:
        """Ingest files and folders."""
        summary = ingest(paths, self.engine, law(), self._archive, today=today, as_of=as_of)
        return Outcome.of(summary)

    def settle(self) -> None:
        """Return at once."""

    def verify(self) -> list[str]:
        """Recompute the store from its journal."""
        return verify(self.engine, law())


class Workers:
    """`escrow gateway` in this process, a real broker, `escrow worker` as a real process."""

    def __init__(self, cluster: Cluster, archive: Path) -> None:
        self.engine = cluster.engine
        self._cluster = cluster
        metrics = GatewayMetrics(CollectorRegistry())
        self._delivery = Delivery(
            cluster.engine, archive, cluster.bootstrap, cluster.topic, metrics
        )
        self._watch = Watch([], self._look, AWAY)

    def deliver(self, *paths: Path, today: date = TODAY, as_of: date | None = None) -> Outcome:
        """Send files and folders as one call of the command does."""
        summary = self._delivery.deliver(list(paths), today=today, as_of=as_of, notify=_ignored)
        return Outcome.of(summary)

    def settle(self) -> None:
        """Wait for the worker; let a gateway that stays look again; wait for what it sends.

        It is the gateway that tells what people set free, once a worker has journaled their word.
        """
        self._cluster.wait_caught_up(SETTLED_SECONDS)
        self._watch.look()
        assert [] == self._watch.faults()
        self._cluster.wait_caught_up(SETTLED_SECONDS)

    def verify(self) -> list[str]:
        """Recompute the store from its journal."""
        return self._cluster.faults()

    def _look(self, paths: list[Delivered]) -> Summary:
        return self._delivery.deliver(paths, today=TODAY, notify=_ignored)


def play(runner: Runner, *paths: Path, today: date = TODAY, as_of: date | None = None) -> Outcome:
    """Deliver, and wait until it is handled."""
    outcome = runner.deliver(*paths, today=today, as_of=as_of)
    runner.settle()
    return outcome


def measured(folder: Path, *paths: Path) -> list[bytes]:
    """The findings after one call into one process, to which every other way must come."""
    folder.mkdir()
    measure = Embedded(f"sqlite:///{folder / 'measure.db'}", folder / "archive")
    play(measure, *paths)
    found = lines(measure.engine)
    measure.engine.dispose()
    return found


def _ignored(_done: int, _total: int) -> None:
    """Nobody watches how far a delivery is."""
