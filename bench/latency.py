"""From produce to the inbox and to its /metrics, while facts come at a rated load.

A producer packs as the gateway does: up to 500 facts of a partition, or what came in 50 ms. Marked
charges ride in the same messages; their clock starts when their message is handed to the producer.
"""

import time
from collections import defaultdict
from itertools import count
from pathlib import Path

import msgspec

from bench import probes
from bench.clock import cpu_seconds_of
from bench.probes import Probe
from bench.servers import PARTITIONS, Counts, Messages, Place, Servers, place
from bench.watching import Watch
from streams import wire
from streams.cluster_pages import ready

# Not quite 50 ms: else every message would meet the scrapes at the same point of their rhythm.
PACK_SECONDS = 0.049
PATIENCE_SECONDS = 300
PROBES_PER_SECOND = 20
WARM_SECONDS = 3

Report = dict[str, object]


class Load(msgspec.Struct, frozen=True):
    """Facts a second, with the ends of their days or without any."""

    per_second: int
    closes: bool = True

    @property
    def name(self) -> str:
        """How the report calls it."""
        return f"at_{self.per_second}_per_second" + ("" if self.closes else "_without_closes")


class Plan(msgspec.Struct, frozen=True):
    """Facts before the clock starts, then loads, each for so many seconds."""

    facts_before: int
    loads: tuple[Load, ...]
    seconds: float
    workers: int

    @property
    def facts(self) -> int:
        """How many facts a city must have for it."""
        return self.facts_before + round(
            (self.seconds + WARM_SECONDS) * sum(load.per_second for load in self.loads)
        )


class Background:
    """What a gateway sends of a city, fact by fact with its partition, and the marked charges."""

    def __init__(self, here: Place, folder: Path) -> None:
        sent = Messages()
        here.deliver(folder, sent)
        self._lines: list[tuple[int, bytes]] = []
        self._closes: list[tuple[int, bytes]] = []
        self._at = 0
        self._numbers = count()
        for partition, value in sent.values:
            if not value.startswith(b'{"close"'):
                lines = value.splitlines(keepends=True)
                self._lines += [(partition, line) for line in lines]
            elif not partition:
                self._closes.append((len(self._lines), value))

    def __len__(self) -> int:
        return len(self._lines)

    def take(self, facts: int) -> list[tuple[int, bytes]]:
        """The next facts."""
        part = self._lines[self._at : self._at + facts]
        self._at += len(part)
        return part

    def take_day(self) -> list[tuple[int, bytes]]:
        """The rest of a day's facts."""
        end = next(end for end, _ in self._closes if end > self._at)
        return self.take(end - self._at)

    def marked(self) -> Probe:
        """The next marked charge."""
        return probes.probe(next(self._numbers), PARTITIONS)

    def closes(self) -> list[bytes]:
        """The ends of the days of which everything was taken since the last time."""
        due = [value for end, value in self._closes if end <= self._at]
        self._closes = self._closes[len(due) :]
        return due


def measure(servers: Servers, folder: Path, plan: Plan) -> Report:
    """Some days of a city first, then each load in turn with the facts that follow."""
    with place(servers, "bench-latency") as here, here.sink() as sink:
        facts = Background(here, folder)
        assert len(facts) >= plan.facts, f"the city has {len(facts)} facts of {plan.facts}"
        for partition in range(PARTITIONS):
            sink.send(partition, b"".join(probes.registers(partition, PARTITIONS)))
        while sink.facts < plan.facts_before:
            _send(sink, facts.take_day())
            _close(sink, facts)
        inbox = here.start_inbox()
        pids = [here.start_worker().pid for _ in range(plan.workers)]
        _wait_handled(here, sink)
        while ready(inbox.port) != "":
            here.assert_alive()
            time.sleep(0.1)
        report: Report = {"facts_before": sink.facts, "workers": plan.workers}
        for load in plan.loads:
            cpu_began = sum(cpu_seconds_of(pid) for pid in pids if pid is not None)
            began, facts_began = time.monotonic(), sink.facts
            with Watch(here, inbox.port) as watch:
                late_seconds = _offer(sink, facts, load, plan.seconds, watch)
                sent_seconds = time.monotonic() - began
                offered = (sink.facts - facts_began) / sent_seconds
                _wait_handled(here, sink)
                behind_seconds = time.monotonic() - began - sent_seconds
                cpu = sum(cpu_seconds_of(pid) for pid in pids if pid is not None) - cpu_began
                watch.wait_until_all_was_seen(PATIENCE_SECONDS)
            report[load.name] = {
                "offered_facts_per_second": round(offered),
                "producer_late_seconds_most": round(late_seconds, 3),
                "behind_at_the_end_seconds": round(behind_seconds, 2),
                "worker_cpu_share": round(cpu / (sent_seconds + behind_seconds), 2),
                **watch.report(),
            }
        return report


def _offer(sink: Counts, facts: Background, load: Load, seconds: float, watch: Watch) -> float:
    """Send at this rate; how late it ever was."""
    began = time.monotonic()
    ticks = round((seconds + WARM_SECONDS) / PACK_SECONDS)
    a_tick = load.per_second * PACK_SECONDS
    due, late_most = float(WARM_SECONDS), 0.0
    for tick in range(1, ticks + 1):
        late = time.monotonic() - began - tick * PACK_SECONDS
        late_most = max(late_most, late)
        if late < 0:
            time.sleep(-late)
        part = facts.take(round(tick * a_tick) - round((tick - 1) * a_tick))
        marked = []
        while due <= tick * PACK_SECONDS:
            marked.append(facts.marked())
            due += 1 / PROBES_PER_SECOND
        for each in marked:
            part += [(each.partition, line) for line in each.lines]
            watch.sent(each)
        _send(sink, part)
        if load.closes:
            _close(sink, facts)
    sink.flush()
    return late_most


def _send(sink: Counts, lines: list[tuple[int, bytes]]) -> None:
    by_partition: dict[int, list[bytes]] = defaultdict(list)
    for partition, line in lines:
        by_partition[partition].append(line)
    for partition, several in by_partition.items():
        for value in wire.pack(several):
            sink.send(partition, value)


def _close(sink: Counts, facts: Background) -> None:
    for value in facts.closes():
        for partition in range(PARTITIONS):
            sink.send(partition, value)


def _wait_handled(here: Place, sink: Counts) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while (handled := here.handled()) < sink.messages:
        here.assert_alive()
        assert time.monotonic() < until, f"{handled} of {sink.messages} messages"
        time.sleep(0.05)
