"""The baselines: plain Faust, one event a message, which only decodes and counts by institution.

Run by bench.baselines as a process: BOOTSTRAP TOPIC EVENTS dict|tables. It prints one JSON object
once it has seen so many events.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import MutableMapping
from typing import Any

import faust
import msgspec

from models import facts as f

PARTITIONS = 8


class Counter:
    """What the agent does with an event, and the clock around it."""

    def __init__(self, counts: MutableMapping[str, int], events: int) -> None:
        self._counts = counts
        self._events = events
        self._seen = 0
        self._began = self._cpu_began = 0.0
        self._decode = msgspec.json.Decoder(f.Told).decode
        self.report: dict[str, object] = {}

    def take(self, value: bytes) -> None:
        """Decode an event and count it; the last one ends the process."""
        if not self._seen:
            self._began, self._cpu_began = time.perf_counter(), time.process_time()
        fact = self._decode(value).fact
        self._counts[_owner(fact)] += 1
        self._seen += 1
        if self._seen == self._events:
            seconds = time.perf_counter() - self._began
            cpu_seconds = time.process_time() - self._cpu_began
            self.report = {
                "events": self._seen,
                "seconds": round(seconds, 2),
                "cpu_seconds": round(cpu_seconds, 2),
                "events_per_second": round(self._seen / seconds),
                "events_per_cpu_second": round(self._seen / cpu_seconds),
            }
            os.kill(os.getpid(), signal.SIGTERM)


def _owner(fact: f.Fact) -> str:
    owner = getattr(fact, "institution", None) or getattr(fact, "account", None)
    return owner if isinstance(owner, str) else ""


def main(bootstrap: str, topic_name: str, events: int, kind: str) -> int:
    """Count so many events and print how long it took; the exit code."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    app = faust.App(
        f"plain-{kind}-{topic_name}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        datadir=tempfile.mkdtemp(prefix="plain-faust-"),
        web_enabled=False,
        topic_disable_leader=True,
        topic_partitions=PARTITIONS,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
    )
    counts: Any = defaultdict(int)
    if kind == "tables":
        counts = app.Table("counts", default=int, partitions=PARTITIONS)
    counter = Counter(counts, events)

    async def take_all(stream: Any) -> None:  # noqa: ANN401 -- Faust's own type is unannotated
        async for value in stream:
            counter.take(value)

    app.agent(app.topic(topic_name, value_type=bytes), concurrency=1)(take_all)
    worker = faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False)
    try:
        worker.execute_from_commandline()
    except SystemExit:
        sys.stdout.write(f"\n{msgspec.json.encode(counter.report).decode()}\n")
    return 0 if counter.report else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
