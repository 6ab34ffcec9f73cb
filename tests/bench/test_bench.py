"""The benchmark itself works; its figures are read by people."""

import json
import subprocess
import sys

from tests.house import ROOT


def test_the_quick_bench_prints_one_json_object() -> None:
    """A small city is measured once, and every figure is above zero."""
    command = [sys.executable, "-m", "bench", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120)

    report = json.loads(done.stdout)

    assert 1 == report["runs"]
    assert 0 < report["core"]["facts_per_second"] < report["decode_only"]["facts_per_second"]
    assert 0 < report["csv_files_to_sqlite"]["facts"] < report["all_files_to_sqlite"]["facts"]
    assert 0 < report["late_last_week"]["cpu_seconds"]
