"""`python -m bench`: measure, print one JSON object, and with --save keep it in bench/results."""

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from alerts.evaluation import Law
from bench import city, core, distributed, formats, store
from bench.clock import Lap, git_revision, load_average, peak_resident_bytes
from config.load import load_calendar
from config.policy_load import load_policy

LOCAL, FORMATS = "local", "formats"
NAMES = (LOCAL, FORMATS, *distributed.NAMES)
RESULTS = Path(__file__).parent / "results"
LATE_DAYS = (30, 300)
FLAT_FIRST = date(2023, 1, 1)
FLAT, QUICK_FLAT = (10, 36), (2, 3)
"""Institutions and months of the city with a long history."""
ONE_MONTH_DAYS = 30
Report = dict[str, object]
Laps = dict[str, list[Lap]]


def main(arguments: list[str]) -> int:
    """Measure as the arguments say; the exit code."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--institutions", type=int, default=30, help="of the city of `local`")
    parser.add_argument("--months", type=int, default=12, help="of the city of `local`")
    parser.add_argument("--runs", type=int, default=5, help="interleaved; medians are told")
    parser.add_argument("--quick", action="store_true", help="a small city once: is it working?")
    parser.add_argument(
        "--only", metavar="NAMES", default=",".join(NAMES), help=f"some of {','.join(NAMES)}"
    )
    parser.add_argument("--save", metavar="NAME", help="also write bench/results/NAME.json")
    chosen = parser.parse_args(arguments)
    names = set(chosen.only.split(","))
    if names - set(NAMES):
        parser.error(f"--only knows {', '.join(NAMES)}")
    if chosen.quick:
        chosen.institutions, chosen.months, chosen.runs = 2, 3, 1
    law = Law(load_policy(), load_calendar())
    report: Report = {
        "revision": git_revision(),
        "python": sys.version.split()[0],
        "processors": os.cpu_count(),
        "build": "compiled" if core.is_compiled() else "interpreted",
        "load_average": load_average(),
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        if LOCAL in names:
            report |= local(folder / "city", law, chosen.institutions, chosen.months, chosen.runs)
            institutions, months = QUICK_FLAT if chosen.quick else FLAT
            report["flat"] = flatness(folder / "flat", law, institutions, months, chosen.runs)
        if FORMATS in names:
            entries = formats.QUICK if chosen.quick else formats.FULL
            report["formats"] = formats.measure(folder, entries, chosen.runs)
        if names - {LOCAL, FORMATS}:
            size = distributed.QUICK if chosen.quick else distributed.FULL
            report["distributed"] = distributed.measure(folder, law, size, names)
    text = msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
    sys.stdout.buffer.write(text)
    if chosen.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{chosen.save}.json").write_bytes(text)
    return 0


def local(folder: Path, law: Law, institutions: int, months: int, runs: int) -> Report:
    """Without servers: each measurement as often as `runs`, one after the other in turn."""
    city.write(folder, institutions, months)
    told = city.read(folder)
    memory = core.memory_per_institution(told, law)
    late = {days: core.delayed(told, days) for days in LATE_DAYS}
    laps: Laps = {}
    for _ in range(runs):
        _note(laps, "decode_only", core.decode(told))
        reading, kept = core.supervise(told, law)
        _note(laps, "core", reading)
        _note(laps, "late_last_week", core.late_lessons(kept, told, core.LAST_WEEK_DAYS))
        _note(laps, "late_long_ago", core.late_lessons(kept, told, core.LONG_AGO_DAYS))
        del kept
        for days, (delayed, _) in late.items():
            _note(laps, f"one_percent_{days}_days_late", core.supervise(delayed, law)[0])
        reading, _ = store.end_to_end(store.csv_files(folder), law)
        _note(laps, "csv_files_to_sqlite", reading)
        reading, verifying = store.end_to_end([folder], law)
        _note(laps, "all_files_to_sqlite", reading)
        _note(laps, "verify", verifying)
    floor = _rate(laps["decode_only"])
    return {
        "institutions": institutions,
        "months": months,
        "runs": runs,
        **{name: _figures(found, floor) for name, found in laps.items()},
        "microseconds_per_late_fact": {
            f"{days}_days": _per_late_fact(laps, days, count) for days, (_, count) in late.items()
        },
        "memory_per_institution_bytes": memory,
        "peak_resident_bytes": peak_resident_bytes(),
    }


def flatness(folder: Path, law: Law, institutions: int, months: int, runs: int) -> Report:
    """What a fact of the last week costs after one month and after many, and the ratio."""
    city.write(folder, institutions, months, FLAT_FIRST)
    told = city.read(folder)
    laps: Laps = {}
    for _ in range(runs):
        _note(laps, "one_month", core.last_week(told, law, ONE_MONTH_DAYS))
        _note(laps, "whole_history", core.last_week(told, law, None))
    short, long = (median(1 / lap.per_second for lap in laps[name]) for name in laps)
    return {
        "institutions": institutions,
        "months": months,
        "facts_of_last_week": laps["one_month"][0].count,
        "microseconds_per_fact_after_one_month": round(1_000_000 * short, 1),
        "microseconds_per_fact_after_all_months": round(1_000_000 * long, 1),
        "ratio": round(long / short, 2),
    }


def _per_late_fact(laps: Laps, days: int, count: int) -> float | None:
    """What the stream costs more when some of it comes late, over the facts that do."""
    if not count:
        return None
    in_time, late = (
        median(lap.cpu_seconds for lap in laps[name])
        for name in ("core", f"one_percent_{days}_days_late")
    )
    return round(1_000_000 * (late - in_time) / count, 1)


def _note(laps: Laps, name: str, lap: Lap) -> None:
    laps.setdefault(name, []).append(lap)


def _rate(laps: list[Lap]) -> float:
    return median(lap.per_second for lap in laps)


def _figures(laps: list[Lap], floor: float) -> Report:
    """Rates are by CPU seconds of this process: others on the machine do not count."""
    rate = _rate(laps)
    return {
        "facts": laps[0].count,
        "facts_per_second": round(rate),
        "microseconds_per_fact": round(1_000_000 / rate, 1),
        "times_decode_only": round(floor / rate, 1),
        "cpu_seconds": round(median(lap.cpu_seconds for lap in laps), 3),
        "seconds": round(median(lap.seconds for lap in laps), 3),
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
