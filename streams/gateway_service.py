"""The gateway as a service: folders looked at again and again, and what it sends counted.

A file is delivered once it stands still from one look to the next; who delivers a large one moves
it into the folder whole. What cannot be delivered now is delivered later: nothing is skipped.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from threading import Event
from time import monotonic

import structlog
from kafka.errors import KafkaError
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from alerts.gateway_metrics import GatewayMetrics
from streams import topics
from streams.feeds.archive import Archive
from streams.feeds.folder import feed_files
from streams.gateway import Gateway, KafkaSink, NotDelivered, Sink
from streams.health import serve
from streams.reception import Summary
from streams.topics import TopicFault

# Broker or database away: the next look tries again. Whatever else fails ends the process.
AWAY = (NotDelivered, TopicFault, KafkaError, OperationalError)

IDLE_SECONDS = 60.0
"""So often something is delivered although no file is new: what was accepted meanwhile."""

Deliver = Callable[[list[Path]], Summary]

_log = structlog.get_logger()


class CountedSink:
    """Hands messages on to a sink and counts them."""

    def __init__(self, sink: Sink, metrics: GatewayMetrics) -> None:
        self._sink = sink
        self._metrics = metrics

    def send(self, partition: int, value: bytes) -> None:
        """Hand a message over; it may still be on its way."""
        self._sink.send(partition, value)
        is_close = value.startswith(b'{"close"')
        self._metrics.sent(partition, 0 if is_close else value.count(b"\n"))

    def flush(self) -> None:
        """Return once everything sent is durable; NotDelivered if it is not."""
        self._sink.flush()


@contextmanager
def page(
    host: str, port: int, registry: CollectorRegistry, faults: Callable[[], list[str]]
) -> Iterator[None]:
    """Serve the process's own page as long as the block lasts."""
    server = serve(host, port, registry, faults)
    _log.info("gateway", page=f"http://{host}:{server.server_port}")
    try:
        yield
    finally:
        server.shutdown()


class Delivery:
    """What one delivery needs: the store, the archive beside it, the broker, and the counters."""

    def __init__(
        self, engine: Engine, archive: Path, bootstrap: str, topic: str, metrics: GatewayMetrics
    ) -> None:
        self._engine = engine
        self._archive = Archive(archive)
        self._bootstrap = bootstrap
        self._topic = topic
        self._metrics = metrics

    def deliver(
        self,
        paths: list[Path],
        *,
        today: date,
        as_of: date | None = None,
        notify: Callable[[int, int], None],
    ) -> Summary:
        """Deliver files and folders through a producer of its own; NotDelivered, TopicFault."""
        with self._gateway(today) as (gateway, _):
            summary = gateway.deliver(
                paths, as_of=as_of, notify=lambda _, done, total: notify(done, total)
            )
        return self._counted(summary)

    def replay(self, since: datetime, *, today: date) -> Summary:
        """Send again what was archived since a moment, and go on behind what the broker lost."""
        with self._gateway(today) as (gateway, first_offsets):
            return self._counted(gateway.replay(since, first_offsets))

    @contextmanager
    def _gateway(self, today: date) -> Iterator[tuple[Gateway, dict[int, int]]]:
        with closing(topics.connect(self._bootstrap)) as admin:
            topic = topics.describe(admin, self._topic)
            first_offsets = topics.first_offsets(admin, topic)
        with closing(KafkaSink(self._bootstrap, self._topic)) as sink:
            counted = CountedSink(sink, self._metrics)
            gateway = Gateway(self._engine, self._archive, counted, topic, today=today)
            yield gateway, first_offsets

    def serve_inbound(self, today: Callable[[], date], faults: dict[str, str]) -> int:
        """Send on what third parties put on the inbound topic until told to stop; the exit code."""
        from streams import inbound  # noqa: PLC0415 -- Faust takes a second to load

        sinks: list[KafkaSink] = []

        def make() -> Gateway:
            while sinks:
                sinks.pop().close()
            with closing(topics.connect(self._bootstrap)) as admin:
                topic = topics.describe(admin, self._topic)
            sinks.append(KafkaSink(self._bootstrap, self._topic))
            counted = CountedSink(sinks[0], self._metrics)
            return Gateway(self._engine, self._archive, counted, topic, today=today())

        return inbound.run(make, today, self._bootstrap, f"{self._topic}.inbound", faults)

    def _counted(self, summary: Summary) -> Summary:
        held = len(summary.problems) - summary.refused
        self._metrics.delivered("accepted", summary.files - len(summary.problems))
        self._metrics.delivered("held", held)
        self._metrics.delivered("refused", summary.refused)
        return summary


class Watch:
    """Delivers what comes into folders until told to stop."""

    def __init__(self, paths: Iterable[Path], deliver: Deliver, metrics: GatewayMetrics) -> None:
        self._paths = list(paths)
        self._deliver = deliver
        self._metrics = metrics
        self._seen: dict[Path, tuple[int, int]] = {}
        self._delivered: dict[Path, tuple[int, int]] = {}
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
        """Deliver what is new and stands still; None if that is nothing, or could not be done."""
        now = _states(feed_files(self._paths))
        still = {path: state for path, state in now.items() if self._seen.get(path) == state}
        self._seen = now
        fresh = [path for path, state in still.items() if self._delivered.get(path) != state]
        if not fresh and monotonic() < self._delivered_at + IDLE_SECONDS:
            return None
        try:
            # Also with nothing: a delivery cut short by our death is finished by it.
            summary = self._deliver(fresh)
        except AWAY as fault:
            self._metrics.failed()
            self._fault = f"{type(fault).__name__}: {fault}"
            _log.warning("not delivered, tried again", files=len(fresh), why=str(fault))
            return None
        self._delivered_at, self._fault = monotonic(), ""
        self._delivered.update((path, still[path]) for path in fresh)
        return summary


def _states(paths: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Size and time of change of each file that is still there."""
    states = {}
    for path in paths:
        with suppress(FileNotFoundError):
            stat = path.stat()
            states[path] = stat.st_size, stat.st_mtime_ns
    return states
