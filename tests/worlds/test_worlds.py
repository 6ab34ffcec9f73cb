"""Whole deliveries: a world a rule, of register tables and one camt file, with what is to stand.

The first institution of each world breaks the rule, the second stays one step inside it.
"""

import json
from datetime import date
from pathlib import Path

import pytest

from models.findings import CANNOT_DECIDE
from models.store.engine import open_store
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.replay import standing_findings, verify
from tests.engine import law

WORLDS = sorted(path.parent for path in Path(__file__).parent.glob("*/expected.jsonl"))
TODAY = date(2024, 4, 1)
FIELDS = ("institution", "rule", "subject", "day", "level", "amount_fen")


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: str(world.name))
def test_a_delivered_world_ends_in_its_findings(world: Path, tmp_path: Path) -> None:
    """From files to findings exactly the expected findings stand, and the store verifies."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    ingest([world], engine, law(), Archive(tmp_path / "archive"), today=TODAY)

    lines = (world / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    expected = [tuple(json.loads(line)[name] for name in FIELDS) for line in lines]
    found = [x for x in standing_findings(engine) if x.rule != CANNOT_DECIDE]
    assert expected == sorted(
        (x.institution, x.rule, x.subject, str(x.day), x.level, x.amount_fen) for x in found
    )
    assert world.name in {x.rule for x in found}
    assert [] == verify(engine, law())
