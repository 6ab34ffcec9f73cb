"""The ways in, looked at again and again: what stands still is delivered, what fails is retried.

Who delivers a large file moves it into the folder whole. Nothing is skipped: what cannot be
delivered now is delivered at a later look.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Protocol

import structlog

from streams.feeds.folder import Delivered, feed_files
from streams.reception import Summary

IDLE_SECONDS = 60.0
"""So often something is delivered although no file is new: what was accepted meanwhile."""

State = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""

Deliver = Callable[[list[Delivered]], Summary]

_log = structlog.get_logger()


class Way(Protocol):
    """Where deliveries come from, and where it is noted what became of them."""

    def arrivals(self) -> Sequence[Delivered]:
        """What came and is whole; the same again until it was settled."""

    def settle(self, done: Summary) -> None:
        """What arrived was delivered."""


class Stillness:
    """Which files stood still from one look to the next."""

    def __init__(self) -> None:
        self._seen: dict[Path, State] = {}

    def of(self, paths: Iterable[Path]) -> dict[Path, State]:
        """Those of these files that are as they were at the last look."""
        now = {path: state for path in paths if (state := state_of(path))}
        still = {path: state for path, state in now.items() if self._seen.get(path) == state}
        self._seen = now
        return still


class Folders:
    """Folders of which the files stay where they are: each is delivered when it has changed."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self._stillness = Stillness()
        self._fresh: dict[Path, State] = {}
        self._delivered: dict[Path, State] = {}

    def arrivals(self) -> list[Delivered]:
        """What is new or changed, and stands still."""
        still = self._stillness.of(feed_files(self._paths))
        self._fresh = {
            path: state for path, state in still.items() if self._delivered.get(path) != state
        }
        return list(self._fresh)

    def settle(self, _done: Summary) -> None:
        """Deliver these no more, unless they change."""
        self._delivered.update(self._fresh)


class Watch:
    """Delivers what comes by some ways until told to stop.

    `away` are the faults after which a later look tries again; whatever else fails ends the
    process.
    """

    def __init__(
        self,
        ways: Iterable[Way],
        deliver: Deliver,
        away: tuple[type[Exception], ...],
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._ways = list(ways)
        self._deliver = deliver
        self._away = away
        self._failed = failed
        self._delivered_at = -IDLE_SECONDS
        self._fault = ""

    def faults(self) -> list[str]:
        """Why this process is not ready, empty when it is."""
        return [self._fault] if self._fault else []

    def run(self, stop: Event, every_seconds: float) -> None:
        """Look until `stop`; a delivery that has begun is finished first."""
        while True:
            self.look()
            if stop.wait(every_seconds):
                return

    def look(self) -> Summary | None:
        """Deliver what came; None if that is nothing, or could not be done."""
        try:
            summary = None
            for way in self._ways:
                if fresh := list(way.arrivals()):
                    summary = self._deliver(fresh)
                    way.settle(summary)
            if summary is None and monotonic() >= self._delivered_at + IDLE_SECONDS:
                # A delivery cut short by our death is finished by this.
                summary = self._deliver([])
        except self._away as fault:
            self._failed()
            self._fault = f"{type(fault).__name__}: {fault}"
            _log.warning("not delivered, tried again", why=str(fault))
            return None
        self._fault = ""
        if summary is not None:
            self._delivered_at = monotonic()
        return summary


def state_of(path: Path) -> State | None:
    """Size and time of change of a file, None where it is gone."""
    with suppress(FileNotFoundError):
        stat = path.stat()
        return stat.st_size, stat.st_mtime_ns
    return None
