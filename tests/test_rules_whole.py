"""Every rule is whole: law, stories on both sides, words in two languages, a row, a world.

`IDS` spells the catalogue out, so that a rule that got lost anywhere fails here by its name.
"""

import csv
import json
import re
from pathlib import Path

import pytest

from alerts import texts
from alerts.rule_docs import COLUMNS, DOCUMENT
from alerts.rules import RULES
from alerts.wording import RULES as WORDED
from config.policy_load import load_policy
from models.findings import CANNOT_DECIDE
from models.policy import LEVEL_WORDS, MATCHING, NATIONAL
from tests.stories.runner import FOLDER as STORIES
from tests.stories.runner import Expectation, Story, stories

CHARGING = (
    *("charge-span", "charge-hours", "charge-amount", "charge-split", "charge-stored-value"),
    *("charge-early", "charge-unlisted", "charge-over-guide-price", "charge-without-contract"),
    *("charge-while-barred", "charge-by-loan", "charge-without-invoice", "cash-not-banked"),
)
CUSTODY = (
    *("payment-outside-account", "missing-inflow", "several-accounts", "release-ahead"),
    *("coverage-short", "reserve-short", "reserve-pledged", "outflow-large", "outflow-split"),
    *("outflow-unapproved", "outflow-related-party", "bank-fee", "timeout-confirmed"),
)
FLIGHT = (
    *("refund-late", "refund-unanswered", "refund-misdirected", "refund-surge"),
    *("teaching-stopped", "presale-surge", "inflow-collapse", "payroll-missed", "rent-missed"),
    *("owner-changed", "complaint-surge", "unlicensed-collection", "runaway-risk"),
)
FEED = (
    *("statement-broken", "statement-gap", "statement-conflict", "feed-silent"),
    *("entry-unrouted", CANNOT_DECIDE),
)
IDS = (*CHARGING, *CUSTODY, *FLIGHT, *FEED)

POLICY = load_policy()
POLICY_FOLDER = Path(__file__).parent.parent / "config" / "policy"
WORLDS = Path(__file__).parent / "worlds"
ALL_STORIES = stories()


def told_of(rule: str) -> list[Story]:
    """The stories in which a rule is under trial; of cannot-decide every one."""
    return [story for story in ALL_STORIES if rule == CANNOT_DECIDE or rule in story.rules]


def expected_of(rule: str) -> list[Expectation]:
    """Every finding of a rule that a story expects."""
    closes = [close for story in told_of(rule) for close in story.closes]
    return [each for close in closes for each in close.expected if each.rule == rule]


def test_the_catalogue_is_complete() -> None:
    """Forty-five rules, each judged by a function, with a policy, with words; and no other."""
    assert len(IDS) == 45
    assert set(IDS) == {rule.id for rule in RULES}
    assert {*IDS, MATCHING} == set(POLICY.area(NATIONAL).rules)
    assert set(IDS) == set(WORDED)


@pytest.mark.parametrize("rule", IDS)
def test_every_number_is_dated_and_says_on_what_it_rests(rule: str) -> None:
    """A policy file; every parameter has a value somewhere, every value a first day and a basis.

    The guide prices are each city's own: those that nobody entered yet are none.
    """
    assert (POLICY_FOLDER / NATIONAL / f"{rule}.yaml").exists()
    areas = [POLICY.area(name) for name in (NATIONAL, *POLICY.cities())]
    for parameter in POLICY.area(NATIONAL).rules[rule].parameters:
        values = [
            value
            for area in areas
            for each in area.rules[rule].parameters
            if each.name == parameter.name
            for value in each.values
        ]

        is_local = (rule, parameter.unit) == ("charge-over-guide-price", "fen")
        assert values or is_local, f"{rule}.{parameter.name} has no value in any area"
        assert parameter.description.endswith(".")
        for value in values:
            assert value.since.year >= 2000
            assert value.basis.strip(), f"{rule}.{parameter.name} since {value.since}"


@pytest.mark.parametrize("rule", IDS)
def test_stories_stand_on_both_sides(rule: str) -> None:
    """At the close of some story a finding of the rule stands, at that of another none does."""
    closes = [close for story in told_of(rule) for close in story.closes]
    standing = [any(each.rule == rule for each in close.expected) for close in closes]

    assert any(standing), f"no story of {rule} in {STORIES.name} expects a finding"
    assert not all(standing), f"every story of {rule} expects a finding"


@pytest.mark.parametrize("rule", IDS)
def test_stories_reach_every_level(rule: str) -> None:
    """Where a rule of its own has a step for each level, a story ends on each of them."""
    has_steps = any(
        isinstance(value.value, dict)
        for parameter in POLICY.area(NATIONAL).rules[rule].parameters
        for value in parameter.values
    )
    reached = {each.level for each in expected_of(rule)}

    assert not has_steps or set(LEVEL_WORDS) == reached


@pytest.mark.parametrize("rule", IDS)
def test_words_differ_by_language(rule: str) -> None:
    """Name and reasons are told in Chinese and in English, and neither is the other."""
    wording = WORDED[rule]

    for chinese, english in (wording.name, wording.reason, *wording.reasons.values()):
        assert re.search("[\u4e00-\u9fff]", chinese)
        assert english.isascii() or "×" in english
        assert chinese != english
    assert texts.rule_name(rule, "zh") != texts.rule_name(rule, "en")


@pytest.mark.parametrize("rule", IDS)
def test_the_document_tells_every_column(rule: str) -> None:
    """docs/rules.md has a part for the rule with subject, amount, day, stands, evaluated, needs."""
    part = DOCUMENT.read_text(encoding="utf-8").partition(f"\n## {rule}\n")[2]
    part = part.partition("\n## ")[0]
    cells = dict(re.findall(r"^\| (\w+) \| (.+) \|$", part, re.MULTILINE))

    assert all(cells.get(column, "").strip() for column in COLUMNS), cells
    at_close = {one.at_close for one in RULES if one.id == rule}
    words = re.findall("immediate|at (?:the )?close", cells["evaluated"])
    if rule != CANNOT_DECIDE:  # evaluated with the rule that cannot decide
        assert at_close == {word != "immediate" for word in words}, cells["evaluated"]


@pytest.mark.parametrize("rule", IDS)
def test_the_document_tells_how_a_state_ends(rule: str) -> None:
    """Whatever stands on for more than a day after it was last seen says so."""
    known = POLICY.area(NATIONAL).rules[rule].parameters
    values = [value.value for each in known if each.name == "calm_days" for value in each.values]

    assert ("calm_days" in WORDED[rule].stands) == any(value != 1 for value in values)


@pytest.mark.parametrize("rule", IDS)
def test_a_world_shows_the_rule(rule: str) -> None:
    """Delivered files end in a finding of the rule for one institution, and in none for another."""
    world = WORLDS / rule
    lines = (world / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    found = [each for each in map(json.loads, lines) if each["rule"] == rule]
    rows = (world / "institutions.csv").read_text(encoding="utf-8").splitlines()
    names = {row["institution"] for row in csv.DictReader(r for r in rows if r[0] != "#")}

    assert found
    assert names - {each["institution"] for each in found}
    assert list(world.glob("bank*"))
