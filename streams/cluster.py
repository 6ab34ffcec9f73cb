"""`escrow cluster up`: broker, database, workers, gateway and inbox on this machine, for a trial.

Everything listens on 127.0.0.1 alone. Data and logs lie in one folder, kept between runs. An
installation brings a broker and a database of its own: docs/operating.md.
"""

import shutil
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from threading import Event

import msgspec
import psycopg
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from models.store.engine import open_store
from streams import topics
from streams.cluster_program import Line, Program
from streams.ending import when_told
from streams.servers.kafka import Kafka
from streams.servers.postgres import Postgres, create_database
from streams.servers.process import Server, ServerError, free_port

DATABASE = "escrow"
LOOK_SECONDS = 1.0
GATEWAY_LOOKS_EVERY_SECONDS = 2
DEMO = ("--seed", "7", "--institutions", "30", "--months", "6", "--start", "2026-03-01")
_COLOURS = {"ready": "green", "done": "green", "dead": "red", "not ready": "yellow"}


class NotStarted(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """A part of the cluster did not start; what had started was ended."""


class Wanted(msgspec.Struct, frozen=True):
    """What is to be started."""

    folder: Path
    workers: int
    partitions: int
    is_demo: bool


def up(wanted: Wanted, inbox_port: int, console: Console) -> None:
    """Start all, keep them running until a signal comes, and end all; NotStarted."""
    cluster = Cluster(wanted, inbox_port, when_told(), console)
    try:
        cluster.run()
    except (ServerError, topics.TopicFault, SQLAlchemyError, psycopg.Error) as fault:
        raise NotStarted(str(fault)) from fault
    finally:
        cluster.end()


class Cluster:
    """The processes, and what the display shows of them."""

    def __init__(self, wanted: Wanted, inbox_port: int, told: Event, console: Console) -> None:
        wanted.folder.mkdir(parents=True, exist_ok=True)
        self._wanted = wanted
        self._inbox_port = inbox_port
        self._told = told
        self._console = console
        self._postgres = Postgres(wanted.folder / "postgres")
        self._kafka = Kafka(wanted.folder / "kafka")
        self._programs: list[Program] = []
        self._lines: dict[str, Line] = {}
        self._temporary = wanted.folder / "temporary"
        self._city = wanted.folder / "city"
        self._deliveries = wanted.folder / "deliveries"

    def run(self) -> None:
        """Start everything and watch over it until told to end."""
        with self._display():
            for begin in (self._begin_city, self._begin_servers, self._begin_programs):
                if not self._told.is_set():
                    begin()
            while not self._told.wait(LOOK_SECONDS):
                self._look()

    def _display(self) -> AbstractContextManager[object]:
        if not self._console.is_terminal:
            return nullcontext()
        return Live(get_renderable=self._table, console=self._console, refresh_per_second=4)

    # ---- starting ----

    def _begin_city(self) -> None:
        self._deliveries.mkdir(exist_ok=True)
        self._temporary.mkdir(exist_ok=True)
        if not self._wanted.is_demo or (self._city / "truth.jsonl").is_file():
            return
        part = self._city.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        simulate = ["simulate", *DEMO, "--out", str(part)]
        self._begin(Program(self._wanted.folder, "simulate", simulate, {}, ends=[0]))

    def _begin_servers(self) -> None:
        for server in (self._postgres, self._kafka):
            self._show(Line(server.name, state="starts", place=f"127.0.0.1:{server.port}"))
            server.start()
            self._look()
        with psycopg.connect(_plain(self._postgres.url()), autocommit=True) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
        if found is None:
            create_database(self._postgres.url(), DATABASE)
        open_store(self._postgres.url(DATABASE)).dispose()
        with closing(topics.connect(self._kafka.bootstrap)) as admin:
            for name in (topics.EVENTS, topics.INBOUND):
                topics.create(admin, name, self._wanted.partitions)

    def _begin_programs(self) -> None:
        self._begin(self._program("inbox", ["serve"], self._inbox_port))
        for number in range(1, self._wanted.workers + 1):
            self._begin(self._program(f"worker-{number}", ["worker"], free_port()))
        self._begin(self._program("inbound", ["inbound"], free_port()))
        self._wait_until_all_were_ready()
        part = self._city.with_suffix(".part")
        if part.exists():
            part.rename(self._city)
        paths = [str(self._deliveries), *([str(self._city)] if self._wanted.is_demo else [])]
        watching = ["gateway", "--every", str(GATEWAY_LOOKS_EVERY_SECONDS), *paths]
        if not self._told.is_set():
            self._begin(self._program("gateway", watching, free_port()))

    def _program(self, name: str, arguments: list[str], port: int) -> Program:
        environment = {
            "ESCROW_DATABASE_URL": self._postgres.url(DATABASE),
            "ESCROW_BROKER": self._kafka.bootstrap,
            "ESCROW_ARCHIVE_DIR": str(self._wanted.folder / "archive"),
            "ESCROW_HOST": "127.0.0.1",
            "ESCROW_PORT": str(self._inbox_port),
            "ESCROW_METRICS_HOST": "127.0.0.1",
            "ESCROW_METRICS_PORT": str(port),
            "TMPDIR": str(self._temporary),
        }
        return Program(self._wanted.folder, name, arguments, environment, port=port)

    def _begin(self, program: Program) -> None:
        self._programs.append(program)
        program.start()
        self._look()

    def _wait_until_all_were_ready(self) -> None:
        while not all(each.was_ready or each.is_done for each in self._programs):
            if self._told.wait(LOOK_SECONDS):
                return
            self._look(is_start=True)

    # ---- watching ----

    def _look(self, *, is_start: bool = False) -> None:
        for server in (self._postgres, self._kafka):
            if server.name in self._lines:
                self._show(_line_of(server))
        for program in self._programs:
            self._show(program.look())
            if is_start:
                program.fail_if_dead()
            else:
                program.restart_if_dead()

    def _show(self, line: Line) -> None:
        """Put a line into the display; where nobody can redraw, print it when its state changes."""
        before = self._lines.get(line.name)
        self._lines[line.name] = line
        said = (line.pid, line.state, line.error)
        is_news = before is None or (before.pid, before.state, before.error) != said
        if is_news and not self._console.is_terminal:
            words = (line.name, f"pid {line.pid}", line.state, line.place, line.error)
            self._console.print(Text("  ".join(word for word in words if word)))

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, expand=False)
        for heading in ("process", "pid", "state", "where", "figures", "last error"):
            table.add_column(heading, no_wrap=heading != "last error", justify="left")
        for line in list(self._lines.values()):
            state = Text(line.state, _COLOURS.get(line.state, ""))
            pid = "" if line.pid is None else str(line.pid)
            table.add_row(line.name, pid, state, line.place, line.figures, Text(line.error))
        return table

    def end(self) -> None:
        """End the programs together, and then what they talk to; nothing is left behind."""
        self._console.print("ending all processes")
        for program in self._programs:
            program.ask_to_end()
        for program in self._programs:
            program.wait_for_end()
        self._kafka.stop()
        self._postgres.stop()
        shutil.rmtree(self._temporary, ignore_errors=True)


def _line_of(server: Server) -> Line:
    place = f"127.0.0.1:{server.port}"
    if server.pid is not None:
        return Line(server.name, server.pid, "ready", place)
    if server.exit_code is None:
        return Line(server.name, None, "starts", place)
    error = f"exit code {server.exit_code}, see {server.log}; start the cluster again"
    return Line(server.name, None, "dead", place, error=error)


def _plain(url: str) -> str:
    """The URL as libpq takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
