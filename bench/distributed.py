"""All that is measured on a real broker and a real database, and plain Faust in the same run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from alerts.evaluation import Law
from bench import baselines, city, cold, latency, profiling, servers, throughput
from bench.clock import load_average
from bench.latency import Load
from bench.servers import Servers

NAMES = ("throughput", "plain-faust", "latency", "cold-start", "profile")
Report = dict[str, Any]


class Size(msgspec.Struct, frozen=True):
    """How much is played. A city of many institutions and few months has full messages."""

    institutions: int
    months: int
    plain_events: int
    latency: latency.Plan
    cold_institutions: int
    cold_months: int
    cold_rows: int


FULL = Size(
    institutions=240,
    months=4,
    plain_events=60_000,
    latency=latency.Plan(
        facts_before=20_000,
        loads=(Load(1_000), Load(5_000), Load(5_000, closes=False)),
        seconds=22,
        workers=2,
    ),
    cold_institutions=10,
    cold_months=12,
    cold_rows=1_000_000,
)
QUICK = Size(
    institutions=3,
    months=1,
    plain_events=500,
    latency=latency.Plan(facts_before=100, loads=(Load(50),), seconds=2, workers=1),
    cold_institutions=2,
    cold_months=1,
    cold_rows=2_000,
)


def measure(folder: Path, law: Law, size: Size, names: set[str]) -> Report:
    """The measurements of these names; why none could be made where servers are missing."""
    why = servers.missing()
    if why:
        return {"not_measured": why}
    streamed, kept = folder / "streamed", folder / "kept"
    city.write(streamed, size.institutions, size.months)
    if "cold-start" in names:
        city.write(kept, size.cold_institutions, size.cold_months)
    found: Report = {"institutions": size.institutions, "months": size.months}
    with servers.started() as running:
        works: dict[str, Callable[[], object]] = {
            "throughput": lambda: _throughput(running, streamed),
            "plain-faust": lambda: _plain(running, streamed, size.plain_events),
            "latency": lambda: latency.measure(running, streamed, size.latency),
            "cold-start": lambda: cold.measure(running, kept, law, size.cold_rows),
            "profile": lambda: profiling.measure(running, streamed, law),
        }
        for name in NAMES:
            if name in names:
                before = load_average()
                found[name.replace("-", "_")] = works[name]()
                found.setdefault("load_average_before", {})[name] = before
    if {"throughput", "plain-faust"} <= names:
        found["times_plain_faust"] = _ratios(found["throughput"], found["plain_faust"])
    return found


def _throughput(running: Servers, folder: Path) -> Report:
    return {
        "one_worker": throughput.measure(running, folder, workers=1),
        "two_workers": throughput.measure(running, folder, workers=2),
    }


def _plain(running: Servers, folder: Path, events: int) -> Report:
    return {
        "dict": baselines.measure(running, folder, baselines.DICT, events),
        "tables": baselines.measure(running, folder, baselines.TABLES, events),
    }


def _ratios(ours: Report, plain: Report) -> Report:
    """One worker of ours to one of plain Faust, by the clock and by the worker's CPU seconds."""
    one: throughput.Steady = ours["one_worker"]
    return {
        kind: {
            "by_the_clock": round(one.facts_per_second / theirs["events_per_second"], 2),
            "by_worker_cpu": round(
                one.facts_per_worker_cpu_second / theirs["events_per_cpu_second"], 2
            ),
        }
        for kind, theirs in plain.items()
    }
