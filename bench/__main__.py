"""`python -m bench`: measure, print one JSON object, and with --save keep it in bench/results."""

import argparse
import sys
from pathlib import Path
from statistics import median

import msgspec

from alerts.evaluation import Law
from bench import core, mix
from bench.clock import Lap, git_revision, peak_resident_bytes
from config.load import load_calendar
from config.policy_load import load_policy

RESULTS = Path(__file__).parent / "results"
Report = dict[str, object]


def main(arguments: list[str]) -> int:
    """Measure as the arguments say; the exit code."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--institutions", type=int, default=20)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--runs", type=int, default=5, help="interleaved; medians are told")
    parser.add_argument("--quick", action="store_true", help="a small city once: is it working?")
    parser.add_argument("--save", metavar="NAME", help="also write bench/results/NAME.json")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.institutions, chosen.months, chosen.runs = 2, 7, 1
    report = measure(chosen.institutions, chosen.months, chosen.runs)
    text = msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
    sys.stdout.buffer.write(text)
    if chosen.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{chosen.save}.json").write_bytes(text)
    return 0


def measure(institutions: int, months: int, runs: int) -> Report:
    """The figures of a city; each measurement as often as `runs`, one after the other in turn."""
    law = Law(load_policy(), load_calendar())
    city = mix.city(institutions, months)
    memory = core.memory_per_institution(city, law)
    laps: dict[str, list[Lap]] = {"decode": [], "core": [], "late_week": [], "late_old": []}
    for _ in range(runs):
        laps["decode"].append(core.decode(city))
        laps["core"].append(core.supervise(city, law)[0])
        laps["late_week"].append(core.late_lessons(city, law, core.LAST_WEEK_DAYS))
        laps["late_old"].append(core.late_lessons(city, law, core.LONG_AGO_DAYS))
    decode, whole = _rate(laps["decode"]), _rate(laps["core"])
    return {
        "revision": git_revision(),
        "python": sys.version.split()[0],
        "institutions": institutions,
        "months": months,
        "facts": laps["core"][0].count,
        "runs": runs,
        "decode_only": _figures(laps["decode"]),
        "core": {**_figures(laps["core"]), "times_decode_only": round(decode / whole, 1)},
        "late_fact_last_week_microseconds": round(1_000_000 / _rate(laps["late_week"])),
        "late_fact_long_ago_microseconds": round(1_000_000 / _rate(laps["late_old"])),
        "memory_per_institution_bytes": memory,
        "peak_resident_bytes": peak_resident_bytes(),
    }


def _rate(laps: list[Lap]) -> float:
    return median(lap.per_second for lap in laps)


def _figures(laps: list[Lap]) -> Report:
    """Rates are by CPU seconds of this process, so that others on the machine do not count."""
    return {
        "facts_per_second": round(_rate(laps)),
        "cpu_seconds": round(median(lap.cpu_seconds for lap in laps), 3),
        "seconds": round(median(lap.seconds for lap in laps), 3),
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
