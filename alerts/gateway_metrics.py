"""What a gateway counts of its own work: files, facts and messages. docs/metrics.md lists them."""

from prometheus_client import CollectorRegistry, Counter

OUTCOMES = ("accepted", "held", "refused")


class GatewayMetrics:
    """The counters of one process, on a registry of its own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        self._files = counter(
            "escrow_gateway_files_total", "Delivered files by the outcome of receipt.", "outcome"
        )
        self._facts = counter("escrow_gateway_facts_total", "Facts handed to the broker.")
        self._messages = counter(
            "escrow_gateway_messages_total", "Messages handed to the broker.", "partition"
        )
        self._failures = counter(
            "escrow_gateway_failures_total", "Deliveries that failed and are made again."
        )
        for outcome in OUTCOMES:
            self._files.labels(outcome)

    def sent(self, partition: int, facts: int) -> None:
        """A message was handed over."""
        self._messages.labels(partition).inc()
        self._facts.inc(facts)

    def delivered(self, outcome: str, files: int) -> None:
        """Files came to this outcome."""
        self._files.labels(outcome).inc(files)

    def failed(self) -> None:
        """A delivery failed."""
        self._failures.inc()
