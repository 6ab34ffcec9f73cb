"""Single contracts with values of their own: judged by them, with their hash, and no other."""

from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from alerts.evaluation import Law, Supervision
from alerts.rules import RULES
from config.policy_load import POLICY, load_policy
from models import facts as f
from models.findings import Finding
from models.policy import NATIONAL
from tests.engine import in_order, law, tell
from tests.stories.runner import INSTITUTION, read

CLOSED = date(2024, 2, 1)
STORY = """\
story three contracts of four months
2024-01-01 contract HT-1 3000.00 hours=40 begins=2024-01-01 ends=2024-04-30
2024-01-01 contract HT-2 3000.00 hours=40 begins=2024-01-01 ends=2024-04-30
2023-01-01 contract HT-3 3000.00 hours=40 begins=2023-01-01 ends=2023-04-30
2024-01-01 in 3000.00 HT-1
2024-01-01 in 3000.00 HT-2
2023-01-01 in 3000.00 HT-3
"""
OWN = """\
institution: {institution}
contracts:
  HT-1: &approved
    charge-span:
      clauses: [{{since: 2023-09-01, basis: approval 17 of the county bureau}}]
      parameters:
        limit_months:
          values: [{{since: 2023-09-01, value: {months}, basis: approval 17 of the county bureau}}]
  HT-3: *approved
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[f.Told]:
    """Three contracts, each paid at once for four months."""
    path = tmp_path_factory.mktemp("story") / "charge-span.txt"
    path.write_text(STORY, encoding="utf-8")
    (story,) = read(path)
    return story.told


def own_law(tmp_path: Path, months: int = 4, institution: str = INSTITUTION) -> Law:
    """The delivered law, with two contracts of an institution that have their own span."""
    folder = Path(copytree(POLICY, tmp_path / f"{institution}-{months}"))
    path = folder / "contract" / f"{institution}.yaml"
    path.parent.mkdir()
    path.write_text(OWN.format(months=months, institution=institution), encoding="utf-8")
    return Law(load_policy(folder), law().calendar)


def judged(by: Law, told: list[f.Told]) -> dict[str, Finding]:
    """By subject what stands of charge-span."""
    supervision = Supervision(INSTITUTION, by)
    tell(supervision, told)
    supervision.evaluate(CLOSED)
    return {each.subject: each for each in in_order(supervision) if each.rule == "charge-span"}


def test_contract_is_judged_by_its_own_value(tmp_path: Path, told: list[f.Told]) -> None:
    """The approved four months clear the one contract, not its neighbour, nor a charge before."""
    subjects = [f"contract:HT-{n}/{year}-01-01" for n, year in ((1, 2024), (2, 2024), (3, 2023))]

    assert subjects == sorted(judged(law(), told))
    assert subjects[1:] == sorted(judged(own_law(tmp_path), told))


def test_finding_carries_the_hash_of_its_own_values(tmp_path: Path, told: list[f.Told]) -> None:
    """A contract that breaks its own limit has its own hash; its neighbour's stays the city's."""
    by = own_law(tmp_path, months=2)
    own, neighbour = (judged(by, told)[f"contract:HT-{n}/2024-01-01"] for n in (1, 2))
    policy = by.policy

    assert neighbour.policy == law().policy.area("").hash("charge-span") != own.policy
    assert own.policy == policy.judging("南昌市", INSTITUTION, own.subject).hash("charge-span")
    basis = policy.judging("", INSTITUTION, own.subject).basis("charge-span", CLOSED.toordinal())
    assert "approval 17 of the county bureau" == basis
    assert neighbour == judged(law(), told)[neighbour.subject]


def test_other_institutions_are_judged_as_before(tmp_path: Path, told: list[f.Told]) -> None:
    """A contract of the same number at another institution is none of it."""
    assert judged(law(), told) == judged(own_law(tmp_path, institution="JG-2"), told)


def test_only_rules_of_single_contracts_may_differ_by_contract() -> None:
    """What differs by contract is asked of one contract, and by the day of the charge alone."""
    per_contract = {
        name for name, rule in law().policy.area(NATIONAL).rules.items() if rule.per_contract
    }

    assert {"charge-span", "charge-hours", "charge-amount"} <= per_contract
    for rule in RULES:
        if rule.id in per_contract:
            assert (rule.subject, rule.at_close) == ("payments", False), rule.id
