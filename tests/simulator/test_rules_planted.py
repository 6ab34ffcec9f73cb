"""Every rule has a plant that is found and a near miss that is not; every failing has a twin."""

from datetime import date

import pytest

from alerts.rules import RULES
from config.load import load_calendar
from models.working_days import add_months
from streams.examining import RUNAWAY, examine_one, play
from streams.simulator.archetypes import FAILING, PROFILES, SHARES, TWINS
from streams.simulator.making import Made, Maker
from streams.simulator.plant import PLANTS
from streams.simulator.season import Season
from streams.simulator.trials import TRIALS
from tests.engine import law

START = date(2024, 1, 1)
MONTHS, MONTHS_WITH_A_YEAR_BEFORE = 8, 20
NEED_A_YEAR = ("inflow-collapse", "presale-surge")
INDEX, SEEDS = 3, (5, 6, 7, 8)
HONEST = (*((seed, INDEX) for seed in SEEDS), (SEEDS[0], 6), (SEEDS[0], 7))
"""Seeds and places in a city: the 6th releases to the fen, the 7th changes its account."""
IDS = sorted({rule.id for rule in RULES})
ARCHETYPES = {
    *("healthy", "seasonal art school", "growing chain", "sloppy bookkeeper", "splitter"),
    *("cash-taker", "account-hopper", "slow Ponzi", "sudden run-away", "owner-change run-away"),
    *("dying slowly", "pandemic pause", "holiday pause", "legal owner change", "mass refund"),
    "batch release",
}


def _maker(seed: int, rule: str = "", institutions: int = INDEX) -> Maker:
    months = MONTHS_WITH_A_YEAR_BEFORE if rule in (*NEED_A_YEAR, RUNAWAY) else MONTHS
    last = add_months(START, months).toordinal() - 1
    season = Season(load_calendar(), START.toordinal(), last)
    return Maker(seed, institutions, season, PROFILES["tuning"])


def _planted(rule: str) -> tuple[int, Made]:
    """The first city in which one institution leaves room for this wrong."""
    for seed in SEEDS:
        maker = _maker(seed, rule)
        if rule in TRIALS:
            made = maker.try_out(INDEX, trial=(rule, True))
        else:
            made = maker.try_out(INDEX, (rule,))
        if any(wrong.rule == rule for wrong in made.wrongs):
            return seed, made
    raise AssertionError(f"{rule} could not be planted")


Names = set[tuple[str, str]]


@pytest.fixture(scope="module")
def honest() -> list[tuple[Names, Names]]:
    """Of some honest institutions: the near misses, and what is found though it is no wrong."""
    found = []
    for seed, index in HONEST:
        made = _maker(seed, institutions=index).try_out(index)
        unplanned = examine_one(seed, made, law()).unplanned
        found.append(({near[:2] for near in made.inst.near}, {one[:2] for one in unplanned}))
    return found


@pytest.mark.parametrize("rule", [rule for rule in IDS if rule != RUNAWAY])
def test_what_is_planted_is_found(rule: str) -> None:
    """One institution does this wrong alone; each line of the truth about it is found."""
    seed, made = _planted(rule)
    examined = examine_one(seed, made, law())
    lines = [was_found for name, _, was_found in examined.planted if name == rule]

    assert lines
    assert all(lines)
    assert [] == [name for name, _, _ in examined.unplanned if name == rule]


@pytest.mark.parametrize("rule", sorted(TRIALS))
def test_what_is_nearly_one_is_not_found(rule: str) -> None:
    """One institution comes as near as can be; the near miss is told of, and not found."""
    nearly: list[str] = []
    for seed in SEEDS:
        made = _maker(seed, rule).try_out(INDEX, trial=(rule, False))
        nearly = [subject for name, subject, _, _ in made.inst.near if name == rule]
        if nearly:
            break
    changes = play(made.inst, law()).changes
    found = {c.finding.subject for _, c in changes if c.finding.rule == rule}

    assert nearly
    assert set() == found.intersection(nearly)


@pytest.mark.parametrize(
    "rule", sorted({kind for kind in PLANTS if "/" not in kind} & set(IDS) - set(TRIALS))
)
def test_near_misses_of_honest_institutions_are_not_found(
    rule: str, honest: list[tuple[Names, Names]]
) -> None:
    """Honest institutions come near this rule, and it finds none of it."""
    nearly = [{name for name in near if name[0] == rule} for near, _ in honest]

    assert any(nearly)
    for near, (_, found) in zip(nearly, honest, strict=True):
        assert set() == near & found


def test_every_rule_is_tried() -> None:
    """No rule is without a plant: the risk of a run-away is tried by those who fail."""
    planted = {kind.partition("/")[0] for kind in PLANTS} | set(TRIALS) | {RUNAWAY}

    assert set() == set(IDS) - planted
    assert set() == planted - set(IDS)


def test_every_archetype_is_cast_and_every_failing_one_has_an_honest_twin() -> None:
    """The cast is whole, and a twin is no failing archetype itself."""
    assert set(SHARES) == ARCHETYPES
    assert 1000 == sum(SHARES.values())
    assert set(TWINS) == set(FAILING)
    assert {twin for twins in TWINS.values() for twin in twins} <= set(SHARES) - set(FAILING)


@pytest.mark.parametrize("kind", FAILING)
def test_a_failing_archetype_warns_and_its_twins_do_not(kind: str) -> None:
    """At the close of the eve of the closure the risk is orange or red; a twin is never red."""
    made = _maker(SEEDS[0], RUNAWAY).try_out(INDEX, archetype=kind)
    examined = examine_one(SEEDS[0], made, law())
    assert made.inst.story.closed is not None
    before = [w.level for w in examined.warned if w.day < made.inst.story.closed]

    assert before
    assert 3 <= before[-1]
    for twin in TWINS[kind]:
        made = _maker(SEEDS[0], RUNAWAY).try_out(INDEX, archetype=twin)
        warned = examine_one(SEEDS[0], made, law()).warned
        assert [] == [w.level for w in warned if w.level >= 4]
