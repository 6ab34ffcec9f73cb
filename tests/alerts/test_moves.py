"""Who moves is judged on each day by the numbers of the city of that day (rules.md G4, G12)."""

from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from alerts.evaluation import Law, Supervision
from config.policy_load import POLICY, load_policy
from tests.engine import in_order, law, tell
from tests.stories.runner import INSTITUTION, read

BEIJING = {
    "refund-unanswered": ("limit_working_days", 2),
    "several-accounts": ("window_days", 20),
}
"""Numbers of its own that Beijing has here: shorter than the nation's 5 and 90."""
OWN = """\
rule: {rule}
parameters:
  {name}:
    values:
      - {{since: 2021-01-01, value: {value}, basis: made for a test}}
"""
Move = tuple[str, str, str]
FROM, TO = ("北京市", "南昌市"), ("南昌市", "北京市")
UNANSWERED = """\
rules refund-unanswered
2024-01-02 contract HT-1 4000.00 hours=40
2024-01-02 asks TF-1 HT-1 1000.00
"""
SEVERAL = """\
rules several-accounts
2024-01-10 account A dedicated until=2024-01-19
2024-01-20 account B dedicated until=2024-01-29
2024-01-30 account A dedicated
"""


@pytest.fixture(scope="module")
def moved_law(tmp_path_factory: pytest.TempPathFactory) -> Law:
    """The delivered law, but for the numbers of BEIJING."""
    folder = Path(copytree(POLICY, tmp_path_factory.mktemp("policy") / "policy"))
    for rule, (name, value) in BEIJING.items():
        text = OWN.format(rule=rule, name=name, value=value)
        (folder / "city" / "beijing" / f"{rule}.yaml").write_text(text, encoding="utf-8")
    return Law(load_policy(folder), law().calendar)


@pytest.mark.parametrize(
    ("story", "move", "asked"),
    [
        # 4 January is the second working day, 9 January the fifth.
        (UNANSWERED, (*FROM, "2024-01-08"), ("2024-01-05", "2024-01-04")),
        (UNANSWERED, (*FROM, "2024-01-08"), ("2024-01-08", "")),
        (UNANSWERED, (*FROM, "2024-01-08"), ("2024-01-09", "2024-01-09")),
        (UNANSWERED, (*FROM, "2024-01-10"), ("2024-01-10", "2024-01-04")),
        (UNANSWERED, (*TO, "2024-01-08"), ("2024-01-05", "")),
        (UNANSWERED, (*TO, "2024-01-08"), ("2024-01-08", "2024-01-08")),
        (UNANSWERED, (*TO, "2024-01-08"), ("2024-01-20", "2024-01-08")),
        # The first change leaves 20 days on 9 February.
        (SEVERAL, (*FROM, "2024-02-09"), ("2024-02-09", "2024-01-30")),
        (SEVERAL, (*FROM, "2024-02-12"), ("2024-02-11", "")),
        (SEVERAL, (*FROM, "2024-02-12"), ("2024-02-12", "2024-02-12")),
        (SEVERAL, (*TO, "2024-02-05"), ("2024-02-08", "2024-01-30")),
        (SEVERAL, (*TO, "2024-02-05"), ("2024-02-09", "")),
    ],
)
def test_a_run_has_each_day_under_the_law_of_its_city(
    moved_law: Law, tmp_path: Path, story: str, move: Move, asked: tuple[str, str]
) -> None:
    """The finding stands since the first day on which it held where the institution was then."""
    closed, expected = asked
    before, after, moved = move
    rules, _, happened = story.partition("\n")
    path = tmp_path / "story.txt"
    path.write_text(
        f"{rules}\nstory of a move bare\n2022-01-01 institution name=星星学校 city={before}\n"
        f"{moved} institution name=星星学校 city={after}\n{happened}",
        encoding="utf-8",
    )
    (told,) = read(path)
    supervision = Supervision(INSTITUTION, moved_law)
    tell(supervision, told.told)
    supervision.evaluate(date.fromisoformat(closed))

    found = [str(each.day) for each in in_order(supervision) if each.rule in told.rules]
    assert ([expected] if expected else []) == found
