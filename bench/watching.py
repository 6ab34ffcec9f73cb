"""Looks for marked charges in the store, on the inbox's page and in its /metrics, and notes when.

The charges of a partition come up in the order in which they were sent, so that only the oldest
of each is looked for, and a count in /metrics says which of them it holds.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median, quantiles
from typing import Self

from sqlalchemy import select

from bench import probes
from bench.probes import Probe
from bench.servers import Place
from models.store.tables import FINDINGS

STORE_SECONDS, PAGE_SECONDS, METRICS_SECONDS = 0.005, 0.02, 0.05
PAGE_EVERY = 10
"""A page costs as much as a message: of so many charges one is looked up there."""

_COUNTED = re.compile(
    rf'^escrow_findings{{county="{probes.county(0)[:-1]}(\d+)".*rule="{probes.RULE}"}} (\d+)',
    re.MULTILINE,
)


class Ways:
    """Of each partition which charges were sent when, and how many have arrived at one place."""

    def __init__(self) -> None:
        self._sent: dict[int, list[tuple[float, Probe]]] = {}
        self._arrived: dict[int, int] = {}
        self.milliseconds: list[float] = []

    def sent(self, marked: Probe, moment: float) -> None:
        """A charge goes off."""
        self._sent.setdefault(marked.partition, []).append((moment, marked))

    def oldest(self) -> list[Probe]:
        """Of each partition the charge that is to arrive next."""
        places = list(self._sent.items())
        return [sent[at][1] for each, sent in places if (at := self._at(each)) < len(sent)]

    def arrived(self, partition: int, moment: float) -> None:
        """The next charge of the partition is there."""
        at = self._at(partition)
        self.milliseconds.append(1_000 * (moment - self._sent[partition][at][0]))
        self._arrived[partition] = at + 1

    def arrived_until(self, partition: int, number: int, moment: float) -> None:
        """The charges of a partition up to the one of this number are there."""
        sent = self._sent.get(partition, [])
        while (at := self._at(partition)) < len(sent) and sent[at][1].number <= number:
            self.arrived(partition, moment)

    def _at(self, partition: int) -> int:
        return self._arrived.get(partition, 0)

    def report(self) -> dict[str, object]:
        """The distribution of the milliseconds from produce to here."""
        ways = sorted(self.milliseconds)
        cuts = quantiles(ways, n=100, method="inclusive")
        return {
            "count": len(ways),
            **{f"p{cut}_milliseconds": round(cuts[cut - 1], 1) for cut in (50, 95, 99)},
            "most_milliseconds": round(ways[-1], 1),
        }


class Watch:
    """Three threads that look, each at its own pace, until everything that was sent was seen."""

    def __init__(self, here: Place, port: int) -> None:
        self.store, self.page, self.metrics = Ways(), Ways(), Ways()
        self._here = here
        self._port = port
        self._is_over = False
        self._scrapes: list[float] = []
        looks = (self._watch_store, self._watch_page, self._watch_metrics)
        self._threads = [threading.Thread(target=look, daemon=True) for look in looks]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        for thread in self._threads:
            thread.join()

    def sent(self, marked: Probe) -> None:
        """A charge goes off now."""
        moment = time.monotonic()
        self.store.sent(marked, moment)
        self.metrics.sent(marked, moment)
        if marked.number % PAGE_EVERY == 0:
            self.page.sent(marked, moment)

    def wait_until_all_was_seen(self, seconds: float) -> None:
        """Wait until nothing is on its way."""
        until = time.monotonic() + seconds
        while any(ways.oldest() for ways in (self.store, self.page, self.metrics)):
            self._here.assert_alive()
            late = [one.finding_id for one in self.metrics.oldest()]
            assert time.monotonic() < until, f"never seen: {late}"
            time.sleep(0.02)

    def report(self) -> dict[str, object]:
        """From produce to each place, and how long a scrape takes."""
        return {
            "inbox_store": self.store.report(),
            "inbox_page": self.page.report(),
            "inbox_metrics": self.metrics.report(),
            "scrape_milliseconds": round(1_000 * median(self._scrapes), 1),
        }

    def _watch_store(self) -> None:
        engine = self._here.engine.execution_options(isolation_level="AUTOCOMMIT")
        column = FINDINGS.c.finding_id
        with engine.connect() as connection:
            for _ in self._ticks(STORE_SECONDS):
                while wanted := {one.finding_id: one.partition for one in self.store.oldest()}:
                    query = select(column).where(column.in_(wanted))
                    found = connection.execute(query).scalars().all()
                    moment = time.monotonic()
                    for each in found:
                        self.store.arrived(wanted[each], moment)
                    if not found:
                        break

    def _watch_page(self) -> None:
        with _client(self._port) as client:
            for _ in self._ticks(PAGE_SECONDS):
                for marked in self.page.oldest():
                    status, _ = _get(client, f"/findings/{marked.finding_id}")
                    if status == 200:
                        self.page.arrived(marked.partition, time.monotonic())

    def _watch_metrics(self) -> None:
        with _client(self._port) as client:
            for began in self._ticks(METRICS_SECONDS):
                status, text = _get(client, "/metrics")
                assert status == 200, text
                moment = time.monotonic()
                self._scrapes.append(moment - began)
                for partition, count in _COUNTED.findall(text):
                    self.metrics.arrived_until(int(partition), int(count) - 1, moment)

    def _ticks(self, seconds: float) -> Iterator[float]:
        """Moments at this distance, or later when a look took longer."""
        due = time.monotonic()
        while not self._is_over:
            now = time.monotonic()
            if now < due:
                time.sleep(due - now)
            due = max(due + seconds, now)
            yield time.monotonic()


@contextmanager
def _client(port: int) -> Iterator[HTTPConnection]:
    client = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        yield client
    finally:
        client.close()


def _get(client: HTTPConnection, path: str) -> tuple[int, str]:
    client.request("GET", path)
    answer = client.getresponse()
    return answer.status, answer.read().decode()
