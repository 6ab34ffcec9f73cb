"""A simulated city against its own truth: every wrong is found, and no breach that is none."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.load import load_calendar
from models.findings import Finding
from models.store.engine import open_store
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.replay import standing_findings, supervision_of, verify
from streams.simulator import simulate
from tests.engine import law

CITIES = ((7, 30, 4), (19, 12, 5))
START, TODAY = date(2024, 1, 1), date(2025, 1, 1)


def _as_told(line: dict[str, Any], finding: Finding | None) -> bool:
    """Whether a finding is the one that a line of the truth tells of."""
    if finding is None or line["day"] != str(finding.day):
        return False
    return line.get("amount_fen") in (None, finding.amount_fen)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "institutions", "months"), CITIES)
def test_a_city_ends_in_its_truth(
    seed: int, institutions: int, months: int, tmp_path: Path
) -> None:
    """Each line is found with subject, day and amount, on its last day; nothing else is broken."""
    city = tmp_path / "city"
    simulate(seed, institutions, months, START, city, load_calendar())
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    ingest([city], engine, law(), Archive(tmp_path / "archive"), today=TODAY)
    lines = (city / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    truth = [json.loads(line) for line in lines]
    standing = {one.key: one for one in standing_findings(engine)}

    missed = []
    for line in truth:
        key = (line["rule"], line["institution"], line["subject"])
        found = standing.get(key)
        if line["until"] is not None:
            as_of = date.fromisoformat(line["until"])
            found = supervision_of(engine, law(), line["institution"], as_of).standing.get(key)
        if not _as_told(line, found):
            missed.append((line, found))
    told = {(line["rule"], line["institution"], line["subject"]) for line in truth}
    invented = [one for one in standing.values() if one.kind == "breach" and one.key not in told]

    assert [] == missed
    assert [] == invented
    assert 5 <= len(Counter(line["rule"] for line in truth))
    assert [] == verify(engine, law())
