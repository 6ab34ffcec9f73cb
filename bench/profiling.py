"""Where a worker's handling thread spends its time, by stage and by function.

The partitions are owned and a city's messages taken as the worker does, without Faust. Stages are
timed around the functions of STAGES; functions are sampled by the clock of processor time.
"""

import signal
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from alerts.evaluation import Law, Supervision
from bench.clock import ROOT, Lap
from bench.servers import PARTITIONS, Messages, Place, Servers, place
from models.store import dialect, files, findings, institutions, journal, progress, wakes
from streams import monitor, tellings, wire
from streams.collecting import collect_rarely
from streams.monitor import Monitor
from streams.owning import Owned, agree

SAMPLE_SECONDS = 0.002
FUNCTIONS_SHOWN = 12
SEEN_AT = "2026-01-01T00:00:00Z"

# Each is told without the others that it calls.
STAGES: tuple[tuple[Any, str, str], ...] = (
    (wire, "decode", "decode the message"),
    (journal, "gather", "ids and hashes of the facts"),
    (Monitor, "_stand", "read where the partition stands"),
    (files, "ids", "find the files"),
    (tellings, "write", "other of the tellings"),
    (journal, "write", "write the journal"),
    (journal, "write_sightings", "write the sightings"),
    (Monitor, "_route", "route to institutions"),
    (journal, "write_owners", "write owners of accounts"),
    (journal, "owners", "read owners of accounts"),
    (dialect, "lock_owners", "lock owners of accounts"),
    (wakes, "take", "look for wakes"),
    (wakes, "write", "wake others"),
    (Monitor, "_judge", "other of judging"),
    (journal, "read", "read the journal of an institution"),
    (findings, "standing", "read standing findings"),
    (monitor, "replayed", "replay an institution"),
    (monitor, "difference", "compare with standing findings"),
    (Supervision, "add", "add facts to the ledger"),
    (Supervision, "evaluate", "other of evaluating"),
    (Supervision, "_judge_immediate", "judge by the immediate rules"),
    (Supervision, "_judge_at_close", "judge by the rules at close"),
    (findings, "write", "write the findings"),
    (institutions, "write", "write the institutions"),
    (institutions, "write_names", "write their names"),
    (progress, "advance", "move the offset on"),
    (PGDialect_psycopg, "do_ping", "ping the connection"),
    (psycopg.Connection, "commit", "commit"),
    (Monitor, "handle", "other of handling"),
)


_Values = list[tuple[int, bytes]]


class Stages:
    """Seconds and CPU seconds of each stage, without those of the stages inside it."""

    def __init__(self) -> None:
        self._own: dict[str, list[float]] = {}
        self._inside = [[0.0, 0.0]]

    def timed(self, work: Callable[..., Any], name: str) -> Callable[..., Any]:
        """The function, timed; what it yields is made at once, inside the time."""
        own = self._own.setdefault(name, [0.0, 0.0, 0])

        @wraps(work)
        def timed(*given: Any, **named: Any) -> Any:  # noqa: ANN401 -- any function
            self._inside.append([0.0, 0.0])
            began, cpu_began = time.perf_counter(), time.thread_time()
            try:
                result = work(*given, **named)
                return iter(list(result)) if isinstance(result, Generator) else result
            finally:
                seconds = time.perf_counter() - began
                cpu_seconds = time.thread_time() - cpu_began
                inside = self._inside.pop()
                self._inside[-1][0] += seconds
                self._inside[-1][1] += cpu_seconds
                own[0] += seconds - inside[0]
                own[1] += cpu_seconds - inside[1]
                own[2] += 1

        return timed

    def report(self, lap: Lap) -> list[dict[str, object]]:
        """Of each stage its share of the time, the largest first."""
        longest = sorted(self._own.items(), key=lambda item: -item[1][0])
        return [
            {
                "stage": name,
                "percent_of_time": round(100 * seconds / lap.seconds, 1),
                "percent_of_cpu": round(100 * cpu_seconds / lap.cpu_seconds, 1),
                "microseconds_per_fact": round(1_000_000 * seconds / lap.count, 1),
                "calls": round(calls),
            }
            for name, (seconds, cpu_seconds, calls) in longest
            if calls
        ]


def measure(servers: Servers, folder: Path, law: Law) -> dict[str, object]:
    """Take all messages of a city, in the order sent; where the time went."""
    collect_rarely()
    plain, functions = Stages(), Counter[str]()
    with place(servers, "bench-profile") as here:
        messages = _delivered(here, folder)
        with _sampled(functions):
            lap = _take(here, law, messages)
    with place(servers, "bench-stages") as here, ExitStack() as patched:
        _delivered(here, folder)
        for owner, name, stage in STAGES:
            timed = plain.timed(getattr(owner, name), stage)
            patched.enter_context(patch.object(owner, name, timed))
        timed_lap = _take(here, law, messages)
    hits = functions.total()
    return {
        "facts": lap.count,
        "messages": len(messages),
        "facts_per_second": round(lap.count / lap.seconds),
        "facts_per_cpu_second": round(lap.per_second),
        "milliseconds_per_message": round(1_000 * lap.seconds / len(messages), 2),
        "percent_of_time_waiting": round(100 - 100 * lap.cpu_seconds / lap.seconds, 1),
        "stages": plain.report(timed_lap),
        "functions_percent_of_cpu": {
            name: round(100 * seen / hits, 1)
            for name, seen in functions.most_common(FUNCTIONS_SHOWN)
        },
    }


def _delivered(here: Place, folder: Path) -> _Values:
    sink = Messages()
    here.deliver(folder, sink)
    return sink.values


def _take(here: Place, law: Law, messages: _Values) -> Lap:
    """Take every message, each by the owner of its partition."""
    agree(here.engine, law, here.topic)
    owned = [
        Owned(here.engine, law, here.topic, each, holder="bench", institutions_max=5_000)
        for each in range(PARTITIONS)
    ]
    for one in owned:
        one.claim(here.topic, 0)
    with Lap() as lap:
        for partition, value in messages:
            one = owned[partition]
            lap.count += one.take(value, one.wanted, SEEN_AT).facts
    return lap


@contextmanager
def _sampled(functions: Counter[str]) -> Iterator[None]:
    """Count which function is at work, each time when so much processor time has passed."""

    def look(_: int, frame: FrameType | None) -> None:
        if frame is not None:
            functions[_name(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _name(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename)
    is_ours = path.is_relative_to(ROOT) and "site-packages" not in path.parts
    short = path.relative_to(ROOT) if is_ours else Path(*path.parts[-2:])
    return f"{short}:{frame.f_code.co_name}"
