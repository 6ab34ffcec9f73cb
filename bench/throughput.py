"""Kafka to PostgreSQL with all rules: facts a second of one worker, and of two."""

import time
from pathlib import Path

import msgspec

from bench.clock import cpu_seconds_of, peak_resident_bytes_of
from bench.servers import Counts, Place, Servers, place

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 1_200


class Steady(msgspec.Struct, frozen=True):
    """From the first handled message to the last."""

    workers: int
    facts: int
    messages: int
    seconds: float
    worker_cpu_seconds: float
    seconds_to_first_message: float
    facts_per_second: int
    facts_per_worker_cpu_second: int
    worker_peak_resident_bytes: int
    gateway_facts_per_second: int


def measure(servers: Servers, folder: Path, workers: int) -> Steady:
    """Fill a topic with a city, then start the workers and watch them."""
    with place(servers, f"bench-{workers}-workers") as here:
        begun = time.perf_counter()
        with here.sink() as counts:
            here.deliver(folder, counts)
        filled = time.perf_counter() - begun
        return _watch(here, counts, workers, round(counts.facts / filled))


def _watch(here: Place, counts: Counts, workers: int, gateway_rate: int) -> Steady:
    began = time.perf_counter()
    programs = [here.start_worker() for _ in range(workers)]
    pids = [program.pid for program in programs if program.pid is not None]
    first = cpu_first = 0.0
    while (handled := here.handled()) < counts.messages or here.wakes():
        here.assert_alive()
        now = time.perf_counter()
        assert now - began < PATIENCE_SECONDS, f"{handled} of {counts.messages} messages"
        if not first and handled:
            first, cpu_first = now, sum(map(cpu_seconds_of, pids))
        time.sleep(LOOK_SECONDS)
    seconds = time.perf_counter() - first
    cpu_seconds = sum(map(cpu_seconds_of, pids)) - cpu_first
    return Steady(
        workers=workers,
        facts=counts.facts,
        messages=counts.messages,
        seconds=round(seconds, 2),
        worker_cpu_seconds=round(cpu_seconds, 2),
        seconds_to_first_message=round(first - began, 2),
        facts_per_second=round(counts.facts / seconds),
        facts_per_worker_cpu_second=round(counts.facts / cpu_seconds),
        worker_peak_resident_bytes=max(map(peak_resident_bytes_of, pids)),
        gateway_facts_per_second=gateway_rate,
    )
