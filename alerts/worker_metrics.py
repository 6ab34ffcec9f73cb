"""What a worker counts of its own work; standing figures are the inbox's alone (metrics.py).

So N workers neither double a figure nor lose it in a rebalance. docs/metrics.md lists them.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class WorkerMetrics:
    """The counters of one process, on a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(name, text, labels, registry=registry)

        self.partitions = gauge("escrow_worker_partitions", "Partitions that this process owns.")
        self._messages = counter(
            "escrow_worker_messages_total",
            "Messages by what became of them: taken, known (handled before), beyond (not yet"
            " wanted), fenced (another process owns the partition).",
            *("partition", "outcome"),
        )
        self._facts = counter("escrow_worker_facts_total", "Facts handled.", "partition")
        self._seconds = Histogram(
            "escrow_worker_batch_seconds",
            "One message from its bytes to its commit.",
            buckets=SECONDS,
            registry=registry,
        )
        self._lag = gauge(
            "escrow_worker_lag_messages", "Messages on the broker not handled yet.", "partition"
        )
        self._stale = gauge(
            "escrow_worker_stale_institutions",
            "Institutions judged under another policy, calendar or release.",
            "partition",
        )
        self._seeks = counter(
            "escrow_worker_seeks_total", "Times the place to read was set from SQL.", "partition"
        )
        self._failures = counter(
            "escrow_worker_failures_total", "Tries that failed and are made again.", "partition"
        )

    def taken(self, partition: int, outcome: str, facts: int, seconds: float) -> None:
        """A message was offered."""
        self._messages.labels(partition, outcome).inc()
        if facts:
            self._facts.labels(partition).inc(facts)
            self._seconds.observe(seconds)

    def lag(self, partition: int, messages: int) -> None:
        """How far a partition is behind the broker."""
        self._lag.labels(partition).set(messages)

    def stale(self, partition: int, institutions: int) -> None:
        """How many institutions of a partition are to be judged anew."""
        self._stale.labels(partition).set(institutions)

    def sought(self, partition: int) -> None:
        """The place to read was set from SQL."""
        self._seeks.labels(partition).inc()

    def failed(self, partition: int) -> None:
        """A try failed."""
        self._failures.labels(partition).inc()

    def forget(self, partition: int) -> None:
        """The partition is somebody else's now: no gauge of it may stay."""
        for gauge in (self._lag, self._stale):
            if (str(partition),) in {tuple(key) for key in gauge._metrics}:  # noqa: SLF001
                gauge.remove(partition)
