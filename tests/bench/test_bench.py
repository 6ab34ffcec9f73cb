"""The benchmark itself works; its figures are read by people."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import distributed, servers
from bench.distributed import NAMES
from tests.house import ROOT
from tests.streams.told import law


def _bench(*options: str) -> Any:  # noqa: ANN401 -- what JSON holds
    command = [sys.executable, "-m", "bench", "--quick", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=400)
    assert 0 == done.returncode, done.stderr.decode()[-3_000:]
    return json.loads(done.stdout)


def test_the_quick_bench_prints_one_json_object() -> None:
    """A small city is measured once, and every figure is above zero."""
    report = _bench("--only", "local")

    assert 1 == report["runs"]
    assert 0 < report["core"]["facts_per_second"] < report["decode_only"]["facts_per_second"]
    assert 0 < report["csv_files_to_sqlite"]["facts"] < report["all_files_to_sqlite"]["facts"]
    assert 0 < report["late_last_week"]["cpu_seconds"]
    assert 0 < report["one_percent_30_days_late"]["microseconds_per_fact"]
    assert 0 < report["flat"]["ratio"]
    assert 0 < report["flat"]["facts_of_last_week"]
    assert "distributed" not in report


def test_the_quick_bench_of_formats_reads_every_entry() -> None:
    """Each format is read beside its bare library, and large files by a process of their own."""
    found = _bench("--only", "formats")["formats"]

    assert {"camt", "mt940", "csv", "xlsx"} == set(found)
    for name, one in found.items():
        assert 0 < one["with_checks_per_second"]
        assert 0 < one["reading_times_bare"], name
        assert ("large" in one) == (name != "xlsx")
    for name in ("camt", "mt940", "csv"):
        large = found[name]["large"]
        assert large["resident_mb_before"] <= large["peak_resident_mb"] < 150


def test_the_distributed_bench_measures_real_servers() -> None:
    """Each measurement on broker and database ends, sees all that it sent, and tells how long."""
    found = _bench("--only", ",".join(NAMES))["distributed"]

    one, two = found["throughput"]["one_worker"], found["throughput"]["two_workers"]
    assert 0 < one["facts"] == two["facts"] == found["profile"]["facts"]
    assert 0 < found["plain_faust"]["dict"]["events_per_second"]
    assert 0 < found["plain_faust"]["tables"]["events_per_second"]
    assert {"dict", "tables"} == set(found["times_plain_faust"])
    latency = found["latency"]["at_50_per_second"]
    assert 0 < latency["inbox_store"]["count"] == latency["inbox_metrics"]["count"]
    assert 0 < latency["inbox_store"]["p50_milliseconds"]
    for start in ("up_to_date", "all_stale"):
        assert 0 < found["cold_start"][start]["seconds_to_first_new_fact"]
    assert "commit" in {stage["stage"] for stage in found["profile"]["stages"]}


def test_an_unknown_name_is_refused() -> None:
    """The message lists the names that there are."""
    command = [sys.executable, "-m", "bench", "--only", "luck"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)

    assert 2 == done.returncode
    assert b"cold-start" in done.stderr


def test_without_servers_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured, nothing fails, and the remedy is named."""
    for name in servers.NAMED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(servers, "find_spec", lambda _: None)

    found = distributed.measure(Path("nowhere"), law(), distributed.QUICK, set(NAMES))

    assert "make servers" in found["not_measured"]
