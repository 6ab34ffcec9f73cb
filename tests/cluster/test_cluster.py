"""`escrow cluster up` as a real process: it starts all, starts a killed worker again, ends all."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psutil
import pytest

from alerts.evaluation import Law
from config.load import load_calendar
from config.policy_load import load_policy
from models.store.engine import open_store
from streams.cluster_pages import figures, ready
from streams.cluster_program import COMMAND
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.replay import standing_findings
from streams.servers.process import free_port
from streams.simulator import simulate

WAIT_SECONDS_MAX = 120
TODAY = date(2026, 6, 1)


class Running:
    """A started cluster, and what it has printed until now."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._printed = folder.with_suffix(".printed")
        environment = {**os.environ, "ESCROW_PORT": str(port)}
        with self._printed.open("wb") as printed:
            self.process = subprocess.Popen(
                [COMMAND, "cluster", "up", "--partitions", "2", "--folder", folder],
                env=environment,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def printed(self) -> str:
        """All that it has printed."""
        return self._printed.read_text(encoding="utf-8")

    def states(self, name: str) -> list[str]:
        """The states through which a process went."""
        line = rf"^{name}  (?:pid \w+  )?(\w+(?: ready)?)"
        return re.findall(line, self.printed, re.MULTILINE)

    def last(self, name: str, pattern: str) -> int:
        """The last number that the display gave of a process."""
        found = re.findall(rf"^{name}  .*{pattern}(\d+)", self.printed, re.MULTILINE)
        return int(found[-1]) if found else 0

    def end(self, number: signal.Signals) -> tuple[int, list[psutil.Process]]:
        """Send a signal and wait: the exit code, and the descendants that are still there."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        code = self.process.wait(60)
        return code, psutil.wait_procs(family, timeout=5)[1]


@pytest.fixture
def started() -> Iterator[Callable[[Path, int], Running]]:
    """Starts clusters; whatever is left of them after the test is killed."""
    all_started: list[Running] = []

    def start(folder: Path, port: int) -> Running:
        all_started.append(Running(folder, port))
        return all_started[-1]

    yield start
    for each in all_started:
        each.process.kill()  # the leashes of its processes end them
        each.process.wait()


@pytest.mark.slow
def test_a_cluster_streams_its_city_and_leaves_nothing_behind(
    server_folders: Callable[[], Path], started: Callable[[Path, int], Running]
) -> None:
    """The inbox shows what one process finds; a killed worker comes back; SIGINT ends all."""
    folder = server_folders() / "cluster"
    simulate(7, 3, 2, date(2026, 3, 1), folder / "city", load_calendar(), lambda _: None)
    expected = _findings_of_one_process(folder / "city", folder.with_name("alone"))
    assert expected

    cluster = started(folder, free_port())
    _wait(cluster, lambda: _has_caught_up(cluster) and _findings(cluster) == expected)
    assert ready(cluster.port) == ""

    worker = cluster.last("worker-1", "pid ")
    os.kill(worker, signal.SIGKILL)
    _wait(cluster, lambda: cluster.last("worker-1", "pid ") not in (0, worker))
    _wait(cluster, lambda: cluster.states("worker-1")[-1] == "ready")
    assert f"exit code -9, see {folder / 'worker-1.log'}" in cluster.printed
    _wait(cluster, lambda: _has_caught_up(cluster))
    assert expected == _findings(cluster)

    code, left = cluster.end(signal.SIGINT)
    assert (0, []) == (code, left), cluster.printed
    assert not (folder / "temporary").exists()


@pytest.mark.slow
def test_a_start_that_fails_half_way_says_why_and_leaves_nothing_behind(
    server_folders: Callable[[], Path], started: Callable[[Path, int], Running]
) -> None:
    """Where the inbox's port is taken the command ends with 1 and the end of the inbox's log."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        folder = server_folders() / "cluster"
        (folder / "city").mkdir(parents=True)
        (folder / "city" / "truth.jsonl").touch()
        cluster = started(folder, taken.getsockname()[1])
        family: set[psutil.Process] = set()
        while cluster.process.poll() is None:
            family |= set(psutil.Process(cluster.process.pid).children(recursive=True))
            time.sleep(0.2)

    assert cluster.process.returncode == 1, cluster.printed
    log = re.escape(str(folder / "inbox.log"))
    assert re.search(rf"inbox did not start: it ended with status \d. From {log}", cluster.printed)
    assert "address already in use" in cluster.printed
    assert family
    assert [] == psutil.wait_procs(family, timeout=5)[1]


def _findings_of_one_process(city: Path, folder: Path) -> int:
    engine = open_store(f"sqlite:///{folder / 'escrow.db'}")
    law = Law(load_policy(default_city="nanchang"), load_calendar())
    ingest([city], engine, law, Archive(folder / "archive"), today=TODAY)
    found = len(standing_findings(engine))
    engine.dispose()
    return found


def _findings(cluster: Running) -> int:
    return int(figures(cluster.port).get("escrow_findings", -1))


def _has_caught_up(cluster: Running) -> bool:
    """Whether the gateway delivered all of the city, and no worker has messages left."""
    gateway = figures(cluster.last("gateway", "127.0.0.1:"))
    workers = [figures(cluster.last(f"worker-{n}", "127.0.0.1:")) for n in (1, 2)]
    return gateway.get("escrow_gateway_files_total", 0) > 0 and all(
        each.get("escrow_worker_lag_messages") == 0 for each in workers
    )


def _wait(cluster: Running, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not condition():
        assert cluster.process.poll() is None, cluster.printed
        assert time.monotonic() < deadline, cluster.printed
        time.sleep(0.5)
