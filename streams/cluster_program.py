"""One of our own commands as a process of the cluster: started, looked at, started again."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

import msgspec

from streams import cluster_pages
from streams.servers.process import STOP_SECONDS_MAX, Server

COMMAND = Path(sys.executable).with_name("escrow")
BACK_OFF_SECONDS, BACK_OFF_SECONDS_MAX = 1.0, 30.0


class Line(msgspec.Struct, frozen=True):
    """What the display shows of a process."""

    name: str
    pid: int | None = None
    state: str = "waits"
    place: str = ""
    figures: str = ""
    error: str = ""


class Program(Server):
    """An `escrow` command with its log in `folder`; `ends`: the exit codes with which it is done.

    Unlike a server it is started without waiting: `look` says how it is.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        port: int = 0,
        ends: Sequence[int] = (),
    ) -> None:
        self.name = name
        super().__init__(folder)
        self.was_ready = False
        self._arguments = list(arguments)
        self._environment = {**os.environ, **environment}
        self._port = port
        self._ends = ends
        self._back_off = BACK_OFF_SECONDS
        self._again_at: float | None = None

    @property
    def port(self) -> int:
        """The port of its page, 0 when it has none."""
        return self._port

    @property
    def is_done(self) -> bool:
        """Whether it ended as it should."""
        return self.exit_code is not None and self.exit_code in self._ends

    def look(self) -> Line:
        """How it is now."""
        pid = self.pid
        if pid is None:
            return self._line_of_the_dead()
        place = f"http://127.0.0.1:{self._port}" if self._port else ""
        why = cluster_pages.ready(self._port) if self._port else ""
        if why is None:
            return Line(self.name, pid, "starts", place)
        if why:
            return Line(self.name, pid, "not ready", place, self._figures(), why)
        self.was_ready, self._back_off = True, BACK_OFF_SECONDS
        return Line(self.name, pid, "ready", place, self._figures())

    def restart_if_dead(self) -> None:
        """Start it again some time after its death, each time later, until it was ready again."""
        if self.pid is not None or self.exit_code is None or self.is_done:
            return
        if self._again_at is None:
            self._again_at = monotonic() + self._back_off
            self._back_off = min(2 * self._back_off, BACK_OFF_SECONDS_MAX)
        elif monotonic() >= self._again_at:
            self._again_at = None
            self.start()

    def fail_if_dead(self) -> None:
        """ServerError with the end of its log if it ended before it was ever ready."""
        if self.exit_code is not None and not self.was_ready and not self.is_done:
            raise self._failure(f"it ended with status {self.exit_code}")

    def ask_to_end(self) -> None:
        """Ask it to end, without waiting."""
        if self._process is not None:
            self._process.terminate()

    def wait_for_end(self) -> None:
        """Wait after `ask_to_end`, and kill it if it does not end."""
        if self._process is None:
            return
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
        self._let_go()

    def stop(self) -> None:
        """Ask it to end and wait."""
        self.ask_to_end()
        self.wait_for_end()

    def _line_of_the_dead(self) -> Line:
        code = self.exit_code
        if code is None:
            return Line(self.name)
        if self.is_done:
            return Line(self.name, state="done")
        return Line(self.name, state="dead", error=f"exit code {code}, see {self.log}")

    def _figures(self) -> str:
        found = cluster_pages.figures(self._port) if self._port else {}
        shown = [
            f"{word} {found[metric]:,.0f}" for metric, word in _SHOWN.items() if metric in found
        ]
        return " · ".join(shown)

    def _prepare(self) -> None:
        """Nothing: its folder is there."""

    def _command(self) -> Sequence[str | Path]:
        return [COMMAND, *self._arguments]

    def _answers(self) -> bool:
        return True

    def _options(self) -> dict[str, object]:
        return {"env": self._environment}

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        """Do not wait: several start at the same time."""


_SHOWN = {
    "escrow_worker_partitions": "partitions",
    "escrow_worker_lag_messages": "lag",
    "escrow_worker_messages_total": "messages",
    "escrow_worker_facts_total": "facts",
    "escrow_worker_failures_total": "failures",
    "escrow_gateway_files_total": "files",
    "escrow_gateway_messages_total": "messages",
    "escrow_gateway_facts_total": "facts",
    "escrow_gateway_failures_total": "failures",
    "escrow_findings": "findings",
}
