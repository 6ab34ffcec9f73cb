"""The commands and the environment of docker-compose.yml, started as processes on loopback.

Our own servers stand for the images of Kafka and PostgreSQL; names of containers become 127.0.0.1
and their ports free ones. Otherwise what starts here is what Compose would start.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pytest
from sqlalchemy import make_url

from models import facts as f
from streams.cluster_pages import figures
from streams.cluster_program import COMMAND
from streams.servers.kafka import Kafka
from streams.servers.process import free_port
from tests.compose.files import Service, compose, example_environment
from tests.house import ROOT
from tests.streams.deliveries import ndjson, write

WAIT_SECONDS_MAX = 60

pytestmark = [pytest.mark.slow, pytest.mark.socat]


class Machine:
    """Where the services run: which of their names and paths stand for what here."""

    def __init__(self, folder: Path, bootstrap: str, database: str) -> None:
        self.folder = folder
        self.inbox_port, self.door_port = free_port(), free_port()
        self.ports = {name: free_port() for name in ("worker", "gateway", "inbound")}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        url = make_url(database)
        password = example_environment()["POSTGRES_PASSWORD"]
        self._here = {
            f"escrow:{password}@postgres:5432/escrow": f"{url.username}:{url.password}"
            f"@{url.host}:{url.port}/{url.database}",
            "kafka:9092": bootstrap,
            "/srv/archive": str(folder / "archive"),
            "/deliveries": str(folder / "deliveries"),
            "0.0.0.0": "127.0.0.1",  # noqa: S104 -- as it stands there, and becomes loopback here
            "TCP-LISTEN:8766": f"TCP-LISTEN:{self.door_port},bind=127.0.0.1",
            "127.0.0.1:8765": f"127.0.0.1:{self.inbox_port}",
        }
        self.services = compose(example_environment()).services

    def run(self, name: str) -> int:
        """Run a service to its end."""
        return self.start(name).wait(WAIT_SECONDS_MAX)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a service."""
        service = self.services[name]
        command = [self._translated(word) for word in service.command]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*self._entrypoint(service), *command],
                cwd=self.folder,
                env=self._environment(name),
                stdout=log,
                stderr=log,
            )
        self.running[name] = process
        return process

    def is_healthy(self, name: str) -> bool:
        """What the health check of a service says."""
        service = self.services[name]
        assert service.healthcheck is not None
        kind, program, *words = service.healthcheck.test
        assert ("CMD", "python") == (kind, program)
        port = str(self.ports.get(name, 9100))
        command = [self._translated(word).replace("9100", port) for word in words]
        return (
            subprocess.run(
                [sys.executable, *command], check=False, stderr=subprocess.DEVNULL
            ).returncode
            == 0
        )

    def logs(self) -> str:
        """What all of them wrote."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text(encoding='utf-8')}"
            for log in self.folder.glob("*.log")
        )

    def _environment(self, name: str) -> dict[str, str]:
        given = self.services[name].environment
        ours = {word: self._translated(value) for word, value in given.items()}
        if "ESCROW_METRICS_PORT" in ours:
            assert "9100" == ours["ESCROW_METRICS_PORT"]
            ours["ESCROW_METRICS_PORT"] = str(self.ports.get(name, 0))
        if name == "inbox":  # alone in its network there; here it shares the loopback with all
            ours["ESCROW_PORT"] = str(self.inbox_port)
        return {"PATH": os.environ["PATH"], **ours}

    def _entrypoint(self, service: Service) -> list[str]:
        dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        assert re.search(r'^ENTRYPOINT \["escrow"\]$', dockerfile, re.MULTILINE)
        program = (service.entrypoint or ["escrow"])[0]
        return [str(COMMAND) if program == "escrow" else shutil.which(program) or program]

    def _translated(self, word: str) -> str:
        for there, here in self._here.items():
            word = word.replace(there, here)
        return word


@pytest.fixture
def kafka(server_folder: Path) -> Iterator[Kafka]:
    """A broker of our own with the settings of the service kafka, but for its addresses."""
    given = compose(example_environment()).services["kafka"].environment
    settings = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in given.items()
        if not re.search(r"LISTENERS|VOTERS|LOG_DIRS", name)
    }
    with Kafka(server_folder, settings=settings) as broker:
        yield broker


@pytest.fixture
def machine(
    server_folders: Callable[[], Path], kafka: Kafka, fresh_database: str
) -> Iterator[Machine]:
    """A machine on which nothing of ours runs yet, and nothing is left afterwards."""
    machine = Machine(server_folders(), kafka.bootstrap, fresh_database)
    yield machine
    for process in machine.running.values():
        process.kill()
        process.wait()


def test_a_fact_arrives_through_the_composed_commands(machine: Machine) -> None:
    """A file that is delivered shows in the inbox, through the door; all end when they are told."""
    deliveries = machine.folder / "deliveries"
    deliveries.mkdir()
    assert [0, 0] == [machine.run("migrate"), machine.run("topics")], machine.logs()
    for name in ("worker", "gateway", "inbound", "door", "inbox"):
        machine.start(name)
    for name in ("worker", "gateway", "inbound", "inbox"):
        _wait(machine, partial(machine.is_healthy, name))

    fact = f.InstitutionStated(institution="JG-1", name="Example", valid_from=date(2024, 1, 1))
    write(deliveries / "institutions-2024-03-05.ndjson", ndjson([fact], "2024-03-05T01:00:00Z"))
    arrived = 'escrow_facts_total{kind="InstitutionStated",outcome="journaled"} 1.0'
    _wait(machine, lambda: arrived in _through_the_door(machine, "127.0.0.1:8765")[1])

    assert 1 == figures(machine.ports["gateway"])["escrow_gateway_facts_total"]
    assert 1 == figures(machine.ports["worker"])["escrow_worker_facts_total"]
    assert 403 == _through_the_door(machine, "inbox.example:8765")[0]
    for name in ("gateway", "inbound", "worker"):
        machine.running[name].terminate()
        assert 0 == machine.running[name].wait(WAIT_SECONDS_MAX), machine.logs()


def _through_the_door(machine: Machine, host: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", machine.door_port, timeout=5)
    try:
        connection.request("GET", "/metrics", headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _wait(machine: Machine, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not condition():
        ended = [name for name, each in machine.running.items() if each.poll()]
        assert not ended, f"{ended} ended\n{machine.logs()}"
        assert time.monotonic() < deadline, machine.logs()
        time.sleep(0.5)
