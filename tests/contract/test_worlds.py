"""Whole deliveries: a world a rule, of register tables and one camt file, with what is to stand.

The first institution of each world breaks the rule, the second stays one step inside it. What
cannot be decided is told by the world of that name alone.
"""

import json
from pathlib import Path

import pytest

from models.findings import CANNOT_DECIDE
from streams.replay import standing_findings
from tests.contract.runners import Runner, play

FOLDER = Path(__file__).parent.parent / "worlds"
WORLDS = sorted(path.parent for path in FOLDER.glob("*/expected.jsonl"))
FIELDS = ("institution", "rule", "subject", "day", "level", "amount_fen")


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: str(world.name))
def test_a_delivered_world_ends_in_its_findings(world: Path, runner: Runner) -> None:
    """From files to findings exactly the expected findings stand, and the store verifies."""
    play(runner, world)

    lines = (world / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    expected = [tuple(json.loads(line)[name] for name in FIELDS) for line in lines]
    standing = standing_findings(runner.engine)
    found = [x for x in standing if world.name == CANNOT_DECIDE or x.rule != CANNOT_DECIDE]
    assert expected == sorted(
        (x.institution, x.rule, x.subject, str(x.day), x.level, x.amount_fen) for x in found
    )
    assert world.name in {x.rule for x in found}
    assert [] == runner.verify()
