"""Samples of every bank give what is written beside them, and the document adds a bank."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.feeds.bill_profiles import load_bill_profiles
from streams.feeds.profiles import load_profiles
from tests.feeds.golden import golden_of, parsed, samples
from tests.house import ROOT

DOCUMENT = ROOT / "docs" / "adding-a-bank.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_sample_gives_its_golden_output(sample: Path) -> None:
    """To the character; `python -m tests.feeds.golden` renews it."""
    assert golden_of(sample).read_text(encoding="utf-8") == parsed(sample)


def test_every_profile_has_a_sample() -> None:
    """A declaration that no file has passed is worth nothing."""
    known = {*load_profiles()}
    known |= {name for name, one in load_bill_profiles().items() if not one.advice}

    assert known <= {sample.stem for sample in samples()}


def test_the_document_adds_a_bank(tmp_path: Path) -> None:
    """Its blocks, run as they stand in a copy of the repository, read the new bank's figures."""
    for package in ("streams", "models", "alerts", "config"):
        shutil.copytree(ROOT / package, tmp_path / package)
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "__init__.py", tmp_path / "tests")
    shutil.copytree(ROOT / "tests" / "feeds", tmp_path / "tests" / "feeds")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    started = time.monotonic()
    for block in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8")):
        script = ["bash", "-euo", "pipefail", "-c", block]
        subprocess.run(script, cwd=tmp_path, check=True, capture_output=True)

    golden = tmp_path / "tests" / "feeds" / "banks" / "qingjiang-corporate.csv.jsonl"
    lines = [json.loads(line) for line in golden.read_text(encoding="utf-8").splitlines()]
    entries = [line for line in lines if line["type"] == "entry"]
    assert [(300_000, "C", False), (50_000, "D", False), (10_000, "D", True)] == [
        (line["amount_fen"], line["direction"], line["reversal"]) for line in entries
    ]
    assert {"88010000000000001"} == {line["account"] for line in lines}
    assert [240_000] == [line["amount_fen"] for line in lines if line["type"] == "closing"]
    assert all(line["ok"] for line in lines if line["type"] == "check")
    assert time.monotonic() - started < 600
