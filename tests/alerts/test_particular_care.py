"""What findings say beyond level and day: links, bounds, by what a payee is known; no flood."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from alerts.evaluation import Supervision
from models.findings import CANNOT_DECIDE, Change, Finding
from tests.engine import in_order, law, tell
from tests.stories.runner import FOLDER, INSTITUTION, Story, read


def told(folder: Path, table: str) -> Supervision:
    """An ordinary institution in memory, with what the table of a story tells of it."""
    path = folder / "table.txt"
    path.write_text(f"story of its own\n{table}", encoding="utf-8")
    (story,) = read(path)
    supervision = Supervision(INSTITUTION, law())
    tell(supervision, story.told)
    return supervision


def standing(folder: Path, table: str, day: date, rule: str) -> list[Finding]:
    """The findings of a rule that stand at the close of a day."""
    supervision = told(folder, table)
    supervision.evaluate(day)
    return [one for one in supervision.standing.values() if one.rule == rule]


def lines(finding: Finding, name: str) -> list[tuple[str, str]]:
    """The lines of that name of a formula: expression and value."""
    return [(step.expression, step.value) for step in finding.formula if step.name == name]


# --- charge-split ---------------------------------------------------------------------------------

COURSE = "hours=25 begins={0} ends={1} student=小明 subject=美术"
THREE = f"""\
2024-01-02 contract HT-1 2000.00 {COURSE.format("2024-01-05", "2024-02-10")}
2024-01-02 contract HT-2 2000.00 {COURSE.format("2024-02-12", "2024-03-20")}
2024-01-02 contract HT-3 2000.00 {COURSE.format("2024-01-05", "2024-02-10")}
2024-01-03 in 2000.00 HT-1 from=王芳
2024-01-03 in 2000.00 HT-2 from=李强
2024-01-08 in 2000.00 HT-3 from=王芳
"""


def test_a_split_gives_the_reason_of_every_link(tmp_path: Path) -> None:
    """Three contracts of a student are one finding that says of each pair why it is linked."""
    (found,) = standing(tmp_path, THREE, date(2024, 1, 31), "charge-split")

    assert [
        ("HT-1 + HT-2", "same-subject, same-day, back-to-back, several-payers"),
        ("HT-1 + HT-3", "same-subject, overlap, same-payer"),
        ("HT-2 + HT-3", "same-subject, back-to-back, several-payers"),
    ] == lines(found, "linked")
    assert found.amount_fen == 600_000


def test_courses_of_two_subjects_are_no_split(tmp_path: Path) -> None:
    """The same payments for three subjects are three honest courses."""
    table = THREE.replace("美术", "书法", 1).replace("美术", "围棋", 1)

    assert [] == standing(tmp_path, table, date(2024, 1, 31), "charge-split")


# --- missing-inflow -------------------------------------------------------------------------------


def test_missing_inflow_is_bounded_without_any_counterparty(tmp_path: Path) -> None:
    """At least what lessons show and nothing paid, at most all that fell due; nobody is named."""
    table = """\
2024-01-01..2024-03-31 closing 0.00
2024-01-02 contract HT-1 4000.00 hours=40 begins=2024-01-08 ends=2024-04-05
2024-01-02 contract HT-2 4000.00 hours=40 begins=2024-01-08 ends=2024-04-05
2024-01-09 in 1000.00 "" from="" at=""
2024-01-10 lesson 30 HT-1
"""
    (found,) = standing(tmp_path, table, date(2024, 1, 31), "missing-inflow")

    # 30 lessons are 3,000.00; the 1,000.00 of nobody may have paid for them.
    assert [("", "2,000.00")] == lines(found, "missing_at_least")
    ((_, most),) = lines(found, "missing_at_most")
    assert most == "8,000.00"
    assert found.amount_fen == 200_000


# --- outflow --------------------------------------------------------------------------------------

FAMILIES = 40


def releases(last: str) -> str:
    """Forty families that paid and were taught, and the day on which all of it is released."""
    return "\n".join(
        [
            "2024-01-01 opening 100000.00",
            *(
                f"2024-01-02 contract HT-{n} 2000.00 hours=20 begins=2024-01-03 ends=2024-03-31\n"
                f"2024-01-02 in 2000.00 HT-{n}\n"
                f"2024-01-10 lesson 20 HT-{n}"
                for n in range(FAMILIES)
            ),
            *(f"2024-01-31 out 2000.00 HT-{n} at=S" for n in range(FAMILIES // 2)),
            f"2024-01-31 out {last} 批量划拨 at=S",
        ]
    )


@pytest.mark.parametrize(
    ("batch", "raised"),
    [("40000.00", []), ("40000.01", ["release-ahead"]), ("41000.00", ["release-ahead"])],
)
def test_a_day_of_releases_does_not_flood(tmp_path: Path, batch: str, raised: list[str]) -> None:
    """What may be released raises nothing, by name or in a batch; what is above raises one."""
    supervision = told(tmp_path, releases(batch))
    supervision.evaluate(date(2024, 1, 30))

    changes = supervision.evaluate(date(2024, 1, 31))

    assert raised == [x.finding.rule for x in changes if x.finding.rule != CANNOT_DECIDE]


@pytest.mark.parametrize(
    ("debit", "line"),
    [
        ('"往来款" to="ＡＢＣ  公司"', "related_by_name"),
        ("往来款 to=小六", "related_by_name"),
        ("往来款 to=某人 at=62-LIU", "related_by_account"),
    ],
)
def test_a_related_party_is_known_by_account_or_name(tmp_path: Path, debit: str, line: str) -> None:
    """The finding says by which of both it was found, and which row of the register says so."""
    table = f"""\
2024-01-01 opening 100000.00
2023-01-01 related GL-1 "ABC 公司;小六" account=62-LIU
2024-01-10 out 100.00 {debit}
"""
    (found,) = standing(tmp_path, table, date(2024, 1, 31), "outflow-related-party")

    assert [("", "GL-1")] == lines(found, line)
    assert [each for each in found.evidence if "GL-1" in each]


# --- hysteresis -----------------------------------------------------------------------------------


def closed_singly(supervision: Supervision, first: date, days: int) -> list[Change]:
    """The changes of a rule's findings when each day is closed by itself."""
    return [
        change
        for n in range(days)
        for change in supervision.evaluate(first + timedelta(days=n))
        if change.finding.rule == "complaint-surge"
    ]


def test_a_flicker_is_one_finding_and_a_relapse_another(tmp_path: Path) -> None:
    """Three complaints, then two for a day, three again: one finding; after a calm a new one."""
    table = """\
2024-01-01 contract HT-1 1000.00 hours=10
2024-03-01 complaint T1
2024-03-03 complaint T2
2024-03-05 complaint T3
2024-04-01 complaint T4
2024-06-01 complaint T5
2024-06-01 complaint T6
2024-06-01 complaint T7
"""
    changes = closed_singly(told(tmp_path, table), date(2024, 3, 1), 100)

    # T1 counts through 30 March, so that the 31st has two; T2 through 1 April, with T3 and T4.
    raised_and_cleared = [(x.change, str(x.finding.day)) for x in changes if x.change != "changed"]
    expected = [("raised", "2024-03-05"), ("cleared", "2024-03-05"), ("raised", "2024-06-01")]
    assert expected == raised_and_cleared


def test_on_the_day_between_it_stands(tmp_path: Path) -> None:
    """On the day with two complaints between days with three the finding tells when it was seen."""
    table = """\
2024-01-01 contract HT-1 1000.00 hours=10
2024-03-01 complaint T1
2024-03-03 complaint T2
2024-03-05 complaint T3
"""
    (found,) = standing(tmp_path, table, date(2024, 3, 31), "complaint-surge")

    assert [("", "2024-03-30")] == lines(found, "last_seen")


# --- order ----------------------------------------------------------------------------------------

BY_DAYS = ("payroll-missed", "rent-missed", "release-ahead")
"""Rules whose habits and schedules reach over more days than a drawn history has."""


@pytest.mark.parametrize(
    "story",
    [story for rule in BY_DAYS for story in read(FOLDER / f"{rule}.txt")],
    ids=lambda story: f"{story.place} {story.title}",
)
def test_late_facts_and_single_closes_end_the_same(story: Story) -> None:
    """The later half through every close, then the earlier one in thirds: the same stands."""
    last = story.closes[-1].day
    at_once = Supervision(story.institution, law())
    tell(at_once, story.told)
    at_once.evaluate(last)

    in_parts = Supervision(story.institution, law())
    half = len(story.told) // 2
    tell(in_parts, story.told[half:])
    for close in story.closes:
        in_parts.evaluate(close.day)
    for part in range(3):
        tell(in_parts, story.told[part:half:3])
        in_parts.evaluate(last)

    assert in_order(at_once) == in_order(in_parts)


# --- cities ---------------------------------------------------------------------------------------

SAME_FACTS = """\
2024-01-02 institution name=星星学校 city={city}
2024-01-02 contract HT-1 4000.00 hours=80 begins=2024-03-04 ends=2024-04-30 subject=美术、书法
2024-01-02 in 4000.00 HT-1
2024-01-03 asks TF-1 HT-1 1000.00
"""
TOO_EARLY = "charge-early"
TOO_LONG = "charge-hours"


@pytest.mark.parametrize(
    ("city", "rules", "refund"),
    [
        ("南昌", {TOO_LONG}, "warning"),
        ("无名市", {TOO_LONG}, "warning"),
        ("北京", {TOO_EARLY}, "breach"),
        ("南京", {TOO_EARLY}, "warning"),
        ("杭州", set(), "warning"),
        ("成都", {TOO_LONG, TOO_EARLY}, "breach"),
    ],
)
def test_the_same_facts_are_judged_by_each_citys_law(
    tmp_path: Path, city: str, rules: set[str], refund: str
) -> None:
    """Eighty hours of two subjects, paid two months ahead, a refund open for eight days."""
    supervision = told(tmp_path, SAME_FACTS.format(city=city))
    supervision.evaluate(date(2024, 1, 11))
    found = supervision.standing.values()

    assert rules == {x.rule for x in found} & {TOO_EARLY, TOO_LONG}
    assert {refund} == {x.kind for x in found if x.rule == "refund-late"}
    undecided = {x.subject.partition("/")[0] for x in found if x.rule == CANNOT_DECIDE}
    assert (TOO_LONG in undecided) == (TOO_LONG not in rules)
