"""The gateway as a service: what it delivers, with a page of its own that counts it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path

import structlog
from kafka.errors import KafkaError
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from alerts.gateway_metrics import GatewayMetrics
from streams import topics
from streams.feeds.archive import Archive
from streams.feeds.folder import Delivered
from streams.gateway import Gateway, KafkaSink, NotDelivered, Sink
from streams.health import serve
from streams.reception import Summary
from streams.topics import TopicFault

# Broker or database away: the next look tries again. Whatever else fails ends the process.
AWAY = (NotDelivered, TopicFault, KafkaError, OperationalError)

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
        paths: Sequence[Delivered],
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
