"""Real processes for tests: gateways and workers as the commands start them, and what they leave.

Everything is asked of the store and of the broker; no process is looked into.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from sqlalchemy import Engine, select

from alerts.evaluation import Law
from models.store import institutions
from models.store.engine import open_store, reading
from models.store.tables import JOURNAL, PROGRESS
from streams import topics
from streams.monitor import versions_of
from streams.replay import findings_lines, standing_findings, verify
from tests.streams.told import law

ESCROW = [str(Path(sys.executable).with_name("escrow"))]
PATIENCE_SECONDS = 120


class Cluster:
    """One topic, one store, and the processes at work on them."""

    def __init__(self, folder: Path, bootstrap: str, url: str, topic: str, partitions: int) -> None:
        self.folder = folder
        self.bootstrap = bootstrap
        self.url = url
        self.topic = topic
        self.partitions = partitions
        self.engine: Engine = open_store(url)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.logs: list[Path] = []
        self.settings: dict[str, str] = {}
        self.law = law()
        self.make_topic()

    def make_topic(self) -> topics.Topic:
        """Make the topic as the command does."""
        with closing(topics.connect(self.bootstrap)) as admin:
            return topics.create(admin, self.topic, self.partitions)

    def environment(self) -> dict[str, str]:
        """The settings of every process."""
        return {
            **os.environ,
            "ESCROW_DATABASE_URL": self.url,
            "ESCROW_BROKER": self.bootstrap,
            "ESCROW_ARCHIVE_DIR": str(self.folder / "archive"),
            **self.settings,
        }

    def start(self, *command: str, name: str = "") -> subprocess.Popen[bytes]:
        """Start a command of ours with its output in a log."""
        log = self.folder / f"{name or command[-1]}-{len(self.logs)}.log"
        self.logs.append(log)
        with log.open("wb") as out:
            return subprocess.Popen(
                command,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def start_worker(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a worker, or what stands for one."""
        worker = self.start(*(command or (*ESCROW, "worker", "--topic", self.topic)), name="worker")
        self.workers.append(worker)
        return worker

    def wait_joined(self) -> None:
        """Wait until every worker that was ever started has had partitions."""
        logs = [log for log in self.logs if log.name.startswith("worker")]
        self.wait_until(lambda: all(b"assigned" in log.read_bytes() for log in logs))

    def start_gateway(self, *paths: Path) -> subprocess.Popen[bytes]:
        """Start a gateway that delivers these files and folders."""
        names = [str(path) for path in paths]
        return self.start(*ESCROW, "gateway", "--topic", self.topic, *names, name="gateway")

    def deliver(self, *paths: Path) -> None:
        """Deliver to the end; some of a city's files are always held."""
        code = self.start_gateway(*paths).wait(PATIENCE_SECONDS)
        assert code in (0, 3), self.tail(self.logs[-1])

    def ends(self) -> dict[int, int]:
        """The offset after the last message, by partition."""
        places = {
            TopicPartition(self.topic, each): OffsetSpec.LATEST for each in range(self.partitions)
        }
        with closing(topics.connect(self.bootstrap)) as admin:
            found = admin.list_partition_offsets(places)
        return {place.partition: one.offset for place, one in found.items()}

    def sent(self) -> int:
        """How many messages are on the topic."""
        return sum(self.ends().values())

    def offsets(self) -> dict[int, int]:
        """The offset that each partition's owner wants next."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(PROGRESS.c.partition, PROGRESS.c.next_offset))
            return {row[0]: row[1] for row in rows}

    def handled(self) -> int:
        """How many messages were handled altogether."""
        return sum(self.offsets().values())

    def wait_handled(self, messages: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until so many messages were handled."""
        until = time.monotonic() + seconds
        while self.handled() < messages:
            late = time.monotonic() > until or all(one.poll() is not None for one in self.workers)
            assert not late, f"{self.handled()} of {messages}: {self.state()}"
            time.sleep(0.02)

    def wait_until(self, holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until something holds."""
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, self.state()
            time.sleep(0.05)

    def wait_journaled(self, contents: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the journal holds so many contents."""
        until = time.monotonic() + seconds
        while len(self.journal()) < contents:
            assert time.monotonic() < until, f"{len(self.journal())} of {contents}: {self.state()}"
            time.sleep(0.3)

    def wait_caught_up(self, seconds: float = PATIENCE_SECONDS) -> float:
        """Wait until every message is handled and nobody is to be woken; the seconds it took."""
        begun = time.monotonic()
        ends = self.ends()
        while True:
            offsets = self.offsets()
            if all(offsets.get(each, 0) >= end for each, end in ends.items()) and not self._wakes():
                return time.monotonic() - begun
            assert time.monotonic() < begun + seconds, f"not caught up: {self.state()}"
            time.sleep(0.1)

    def wait_judged_by(self, law: Law, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until no institution is judged by another law."""
        until = time.monotonic() + seconds
        while True:
            with reading(self.engine) as connection:
                made = institutions.read(connection).values()
            if all(one.versions == versions_of(law) for one in made):
                return
            assert time.monotonic() < until, self.state()
            time.sleep(0.1)

    def _wakes(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM wakes").scalar_one())

    def findings(self) -> list[bytes]:
        """The standing findings as the command prints them."""
        return list(findings_lines(standing_findings(self.engine)))

    def faults(self) -> list[str]:
        """What `escrow verify` would name."""
        return verify(self.engine, self.law)

    def journal(self) -> set[tuple[str, bytes]]:
        """Every content of every fact that is journaled; the key of the table holds each once."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(JOURNAL.c.fact_id, JOURNAL.c.content_hash))
            return {(row[0], bytes(row[1])) for row in rows}

    def state(self) -> str:
        """Where everything stands, for a failing test."""
        lines = [f"offsets {self.offsets()} of {self.ends()}, wakes {self._wakes()}"]
        lines += [f"worker {one.pid} ended with {one.poll()}" for one in self.workers if one.poll()]
        return "\n".join([*lines, *(self.tail(log) for log in self.logs[-4:])])

    @staticmethod
    def tail(log: Path, lines: int = 20) -> str:
        """The end of a log."""
        text = log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"--- {log.name}", *text[-lines:]])

    def close(self) -> None:
        """End every worker that still runs."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
        for worker in self.workers:
            worker.wait()
        self.engine.dispose()


def same(cluster: Cluster, expected: Sequence[bytes], journal: set[tuple[str, bytes]]) -> None:
    """Assert that a cluster holds each fact once, finds the same, and that verify agrees."""
    told = cluster.journal()
    assert not journal - told, (
        f"{len(journal - told)} facts are missing: {sorted(journal - told)[:3]}"
    )
    assert not told - journal, f"{len(told - journal)} facts too many: {sorted(told - journal)[:3]}"
    found = cluster.findings()
    assert list(expected) == found, sorted(set(expected) ^ set(found))[:3]
    assert cluster.faults() == []
