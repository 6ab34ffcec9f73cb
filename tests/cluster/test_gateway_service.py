"""A gateway that stays: what stands still is delivered once, what fails is delivered later."""

from pathlib import Path
from threading import Event

import pytest
from prometheus_client import CollectorRegistry

from alerts.gateway_metrics import GatewayMetrics
from streams.feeds.folder import Delivered
from streams.gateway import NotDelivered
from streams.gateway_service import AWAY, CountedSink
from streams.reception import Summary
from streams.watching import Folders, Watch


class Deliveries:
    """Takes what a watch delivers, or fails as often as it is told to."""

    def __init__(self) -> None:
        self.names: list[list[str]] = []
        self.failures = 0

    def __call__(self, paths: list[Delivered]) -> Summary:
        """Deliver, or fail."""
        if self.failures:
            self.failures -= 1
            raise NotDelivered("no broker")
        self.names.append([path.name for path in paths])
        return Summary(files=len(paths))


@pytest.fixture
def registry() -> CollectorRegistry:
    """The registry of a process."""
    return CollectorRegistry()


@pytest.fixture
def deliveries() -> Deliveries:
    """Nothing was delivered yet."""
    return Deliveries()


@pytest.fixture
def watch(tmp_path: Path, deliveries: Deliveries, registry: CollectorRegistry) -> Watch:
    """A watch over the test's folder."""
    metrics = GatewayMetrics(registry)
    return Watch([Folders([tmp_path])], deliveries, AWAY, metrics.failed)


def test_first_look_finishes_what_a_dead_gateway_left(watch: Watch, deliveries: Deliveries) -> None:
    """The first look delivers also where nothing is new; a later one does not."""
    watch.look()
    watch.look()

    assert [[]] == deliveries.names


def test_file_is_delivered_once_it_stands_still(
    watch: Watch, deliveries: Deliveries, tmp_path: Path
) -> None:
    """A file that grows waits; one that stands still goes once; one that changes goes again."""
    watch.look()
    growing = tmp_path / "growing.csv"
    for text in ("a", "ab"):
        growing.write_text(text, encoding="utf-8")
        watch.look()
    assert [[]] == deliveries.names

    for _ in range(3):
        watch.look()
    assert [[], ["growing.csv"]] == deliveries.names

    growing.write_text("another", encoding="utf-8")
    for _ in range(3):
        watch.look()
    assert [[], ["growing.csv"], ["growing.csv"]] == deliveries.names


def test_failed_delivery_is_made_again(
    watch: Watch, deliveries: Deliveries, tmp_path: Path, registry: CollectorRegistry
) -> None:
    """While the broker is away the process says so and loses no file."""
    (tmp_path / "a.csv").write_text("a", encoding="utf-8")
    deliveries.failures = 3
    for _ in range(3):
        watch.look()
    assert ["NotDelivered: no broker"] == watch.faults()
    assert 3 == registry.get_sample_value("escrow_gateway_failures_total")

    watch.look()

    assert [["a.csv"]] == deliveries.names
    assert [] == watch.faults()


def test_watch_ends_when_told(watch: Watch, deliveries: Deliveries) -> None:
    """A process that is told to end before it begins still looks once, and ends."""
    told = Event()
    told.set()

    watch.run(told, 60)

    assert [[]] == deliveries.names


def test_sink_counts_facts_and_closes(registry: CollectorRegistry) -> None:
    """A message of two lines is two facts; a close is a message without facts."""
    sent: list[tuple[int, bytes]] = []

    class Taking:
        def send(self, partition: int, value: bytes) -> None:
            """Take it."""
            sent.append((partition, value))

        def flush(self) -> None:
            """Nothing is on its way."""

    sink = CountedSink(Taking(), GatewayMetrics(registry))
    sink.send(3, b'{"fact":1}\n{"fact":2}\n')
    sink.send(3, b'{"close":"2024-03-05"}\n')
    sink.flush()

    assert 2 == len(sent)
    assert 2 == registry.get_sample_value("escrow_gateway_facts_total")
    assert 2 == registry.get_sample_value("escrow_gateway_messages_total", {"partition": "3"})
