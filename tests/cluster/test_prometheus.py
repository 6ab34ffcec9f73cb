"""What Prometheus is told to scrape and to ring for, checked by Prometheus' own programs."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from prometheus_client import CollectorRegistry

from alerts.worker_metrics import WorkerMetrics
from streams.health import serve
from streams.servers.process import free_port
from tests.house import ROOT

CONFIG = ROOT / "config" / "prometheus"
WAIT_SECONDS_MAX = 30

pytestmark = pytest.mark.prometheus


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "config", CONFIG / "prometheus.yml"],
        ["check", "rules", CONFIG / "rules.yml"],
        ["test", "rules", Path(__file__).with_name("rules_test.yml")],
    ],
    ids=["config", "rules", "each rule fires and is silent"],
)
def test_promtool_agrees(arguments: list[str | Path]) -> None:
    """Configuration and rules are sound, and each rule fires when it should and only then."""
    command = [_program("promtool"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_read_only_metrics_that_exist() -> None:
    """Every metric that a rule names is one that a process exports."""
    documented = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    groups = yaml.safe_load((CONFIG / "rules.yml").read_text(encoding="utf-8"))["groups"]
    named = re.findall(r"\bescrow_\w+", " ".join(r["expr"] for g in groups for r in g["rules"]))

    assert named
    assert [] == [name for name in named if f"`{name}`" not in documented]


@pytest.fixture
def worker_port() -> Iterator[int]:
    """The page of a process that counts as a worker does."""
    registry = CollectorRegistry()
    metrics = WorkerMetrics(registry)
    metrics.partitions.set(1)
    metrics.lag(3, 7)
    metrics.failed(3)
    page = serve("127.0.0.1", 0, registry, list)
    yield page.server_port
    page.shutdown()


def test_prometheus_scrapes_a_worker_with_our_configuration(
    worker_port: int, tmp_path: Path
) -> None:
    """A real Prometheus with our file, its targets replaced, gives the lag that a worker tells."""
    ours = yaml.safe_load((CONFIG / "prometheus.yml").read_text(encoding="utf-8"))
    for job in ours["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = [{"targets": [f"127.0.0.1:{worker_port}"]}]
    ours["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(ours), encoding="utf-8")
    rules = (CONFIG / "rules.yml").read_text(encoding="utf-8")
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    port = free_port()
    process = subprocess.Popen(
        [
            _program("prometheus"),
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stderr=(tmp_path / "log").open("wb"),
    )
    try:
        (lag,) = _wait_for(port, 'escrow_worker_lag_messages{job="escrow-worker"}')
        (alert,) = _wait_for(port, 'ALERTS{alertname="EscrowPartitionStuck"}')
    finally:
        process.terminate()
        process.wait()

    assert ("3", "7") == (lag["metric"]["partition"], lag["value"][1])
    assert ("3", "pending") == (alert["metric"]["partition"], alert["metric"]["alertstate"])


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found, "tests/conftest.py looks for it"
    return found


def _wait_for(port: int, query: str) -> list[dict[str, Any]]:
    """The first answer to a query that is not empty."""
    path = f"/api/v1/query?query={quote(query)}"
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            answer = json.loads(connection.getresponse().read())
            found: list[dict[str, Any]] = answer["data"]["result"]
            if found:
                return found
        except (OSError, HTTPException, ValueError, KeyError):
            pass
        finally:
            connection.close()
        time.sleep(0.2)
    raise AssertionError(f"{query} stays empty")
