"""A server as a child process: start, stop, kill, pause, and start again in the same folder."""

import contextlib
import re
import secrets
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Self

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
LOG_LINES_SHOWN = 20
_COMPLAINT = re.compile(r"\b(ERROR|FATAL|PANIC)\b|Exception: |^Error")

# Below the range from which Linux takes the near end of a connection (32768 and above). A client
# that keeps trying while a server is away could otherwise be given the server's own port, connect
# to itself, and so keep the server from starting again.
PORTS = range(20_000, 30_000)

# Ends the server when we are gone, however we went: our death closes the pipe that it reads.
_LEASH = 'read -r _; kill -KILL "$1"'


class ServerError(RuntimeError):
    """A server that cannot be started, with what is known about why."""


class Server(ABC):
    """One server of our own on loopback, in a folder that holds its data and its log.

    It outlives neither `stop` nor this process. Not for several threads at once.
    """

    name: str
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / f"{self.name}.log"
        self._log_begins = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The process that was started, or None when there is none or it has ended."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        self._let_go()
        return None

    @property
    def exit_code(self) -> int | None:
        """How it ended, below zero by that signal; None while it runs or was never started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start on what the folder holds, and return when the server answers.

        Raises ServerError with the end of the log when it ends or is silent for too long.
        """
        if self.pid is not None:
            raise ServerError(f"{self.name} runs already, as process {self.pid}")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log_begins = self.log.stat().st_size if self.log.exists() else 0
        self._prepare()
        self._process = self._spawn(self._command())
        self._leash = subprocess.Popen(
            ["/bin/sh", "-c", _LEASH, "leash", str(self._process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self.kill)
            self._wait_until_it_answers(self._process)
            on_failure.pop_all()

    def stop(self) -> None:
        """Ask it to end, wait, and kill it if it does not; nothing when it does not run."""
        if self._process is None or self.pid is None:
            return
        self.resume()
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
        self._let_go()

    def kill(self) -> None:
        """Kill -9 the whole process tree, and return when all of it is gone."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait(STOP_SECONDS_MAX)
        self._let_go()

    def pause(self) -> None:
        """Let it stand still with its connections open (SIGSTOP), until `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause` (SIGCONT)."""
        self._signal(signal.SIGCONT)

    @property
    @abstractmethod
    def port(self) -> int:
        """The port on 127.0.0.1, the same for the whole life of this object."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make the folder ready; called before each start."""

    @abstractmethod
    def _command(self) -> Sequence[str | Path]: ...

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it takes requests now; called again and again while the port is open."""

    def _options(self) -> dict[str, Any]:
        """Further arguments of Popen, such as another user."""
        return {}

    def _run(self, command: Sequence[str | Path]) -> None:
        """Run a program of preparation to its end, its output in the log."""
        status = self._spawn(command).wait()
        if status:
            raise self._failure(f"{Path(command[0]).name} ended with status {status}")

    def _spawn(self, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            try:
                return subprocess.Popen(
                    command,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for us; we then stop the server in order
                    **self._options(),
                )
            except OSError as error:
                raise self._failure(str(error)) from error

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise self._failure(f"it ended with status {process.returncode}")
            if _is_open(self.port) and self._answers():
                return
            time.sleep(0.05)
        raise self._failure(f"it does not answer after {START_SECONDS_MAX} s")

    def _failure(self, what: str) -> ServerError:
        """The error of a start, with the complaints that its log holds and with the log's end."""
        text = self.log.read_bytes()[self._log_begins :].decode(errors="replace")
        lines = text.splitlines()
        first = max(0, len(lines) - LOG_LINES_SHOWN)
        complaints = [line for line in lines[:first] if _COMPLAINT.search(line)]
        shown = "\n".join([*complaints[:LOG_LINES_SHOWN], "…", *lines[first:]])
        return ServerError(f"{self.name} did not start: {what}. From {self.log}:\n{shown}")

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all its descendants, and wait until all obey."""
        psutil = package("psutil")
        pid = self.pid
        if pid is None:
            return
        root = psutil.Process(pid)
        root.suspend()  # so that it starts no child while we count them
        _wait_until_all_are([root], psutil.STATUS_STOPPED)
        tree = [root, *root.children(recursive=True)]
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        if number is signal.SIGKILL:
            _wait_until_all_are(tree)
        elif number is signal.SIGSTOP:
            _wait_until_all_are(tree, psutil.STATUS_STOPPED)

    def _let_go(self) -> None:
        """End the leash as soon as the process is known to be gone: its number may be reused."""
        if self._leash is not None:
            self._leash.kill()
            self._leash.communicate()
            self._leash = None


def free_port() -> int:
    """A port of PORTS that nobody on 127.0.0.1 uses now."""
    for _ in range(100):
        port = PORTS[secrets.randbelow(len(PORTS))]
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ServerError(f"no free port between {PORTS.start} and {PORTS.stop - 1}")


def package(name: str) -> ModuleType:
    """A module of the dependency group `servers`, which only tests and trials need."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ServerError(f"{name} is not installed here: run `make servers`") from error


def package_folder(name: str) -> Path:
    """The folder of a package of the group `servers` that carries programs; it is not imported."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ServerError(f"{name} is not installed here: run `make servers`")
    return Path(found.origin).parent


def _wait_until_all_are(processes: Sequence[Any], *states: str) -> None:
    """Wait until each process is gone or in one of the states.

    A zombie is gone: it holds nothing any more, and its burial may be left to a slow process 1.
    """
    psutil = package("psutil")
    states = (*states, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            while process.status() not in states:
                time.sleep(0.001)


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
