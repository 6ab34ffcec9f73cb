"""The simulated city: the same seed, the shares that it promises, and statements that prove."""

import csv
import filecmp
import json
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from config.load import load_calendar
from models.money import parse_fen
from streams.embedded import rehearse
from streams.simulator import simulate
from streams.simulator.city import SIGNS
from streams.simulator.plant import PLANTS

START = date(2024, 1, 1)
RULES = {kind.partition("/")[0] for kind in PLANTS}
WITHOUT_AMOUNT = {
    *("several-accounts", "reserve-short", "reserve-pledged", "timeout-confirmed"),
    *("statement-gap", *SIGNS),
}
Line = dict[str, object]


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city of 40 institutions over six months."""
    out = tmp_path_factory.mktemp("city") / "made"
    simulate(4, 40, 6, START, out, load_calendar(), None)
    return out


def lines(path: Path) -> list[Line]:
    """The objects of a file with one JSON object a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def report(city: Path) -> dict[str, int]:
    """The shares and counts that the city reports of itself."""
    counts: dict[str, int] = json.loads((city / "city.json").read_text(encoding="utf-8"))
    return counts


def dishonest(city: Path) -> list[str]:
    """The institutions that do wrong on purpose."""
    made = json.loads((city / "city.json").read_text(encoding="utf-8"))
    return [f"{index}" for index in made["dishonest"]]


def rows(path: Path, encoding: str) -> list[list[str]]:
    """The rows of a CSV file."""
    return list(csv.reader(path.read_text(encoding=encoding).splitlines()))


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    """Two runs with the same arguments write the same files, another seed writes others."""
    for folder, seed in (("one", 3), ("two", 3), ("other", 4)):
        simulate(seed, 4, 3, date(2025, 6, 10), tmp_path / folder, load_calendar(), None)
    names = sorted(
        path.relative_to(tmp_path / "one").as_posix()
        for path in (tmp_path / "one").rglob("*")
        if path.is_file()
    )
    _, differing, missing = filecmp.cmpfiles(
        tmp_path / "one", tmp_path / "two", names, shallow=False
    )

    assert [] == differing
    assert [] == missing
    assert (tmp_path / "one/city.json").read_bytes() != (tmp_path / "other/city.json").read_bytes()


def test_progress_counts_institutions(tmp_path: Path) -> None:
    """The caller is told after each institution."""
    told: list[int] = []
    simulate(1, 3, 3, START, tmp_path / "city", load_calendar(), told.append)

    assert [1, 2, 3] == told


def test_years_without_calendar_and_used_folders_are_refused(tmp_path: Path) -> None:
    """Nothing is written over, and no holiday is guessed."""
    (tmp_path / "note").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="not empty"):
        simulate(1, 3, 3, START, tmp_path, load_calendar(), None)
    with pytest.raises(ValueError, match="no year 2027"):
        simulate(1, 3, 6, date(2026, 9, 1), tmp_path / "late", load_calendar(), None)


def test_payments_have_the_promised_shares(city: Path) -> None:
    """At least a fifth names no contract, a tenth comes from another member of the family."""
    counts = report(city)

    assert counts["payments without number"] * 5 >= counts["payments"]
    assert counts["payments by relatives"] * 10 >= counts["payments"]


@pytest.mark.parametrize(
    "what",
    [
        *("contracts in instalments", "contracts told late", "refunds", "refunds returned"),
        *("reversals", "interest", "re-registrations", "re-designations", "payments ambiguous"),
        *("bank boc", "bank ccb", "bank ganjiang", "bank tengwang"),
    ],
)
def test_ordinary_life_is_there(city: Path, what: str) -> None:
    """Every city has them, honest or not."""
    assert report(city)[what] > 0


def test_pupils_have_the_promised_median(city: Path) -> None:
    """The median institution teaches 80 to 200 pupils, also by the students of its contracts."""
    students: dict[str, set[str]] = {}
    for path in sorted(city.glob("*/contracts*.csv")):
        encoding = "gb18030" if path.stem.endswith("_zh") else "utf-8"
        for row in rows(path, encoding)[2:]:
            students.setdefault(row[0], set()).add(row[5].rstrip("?"))
    sizes = sorted(map(len, students.values()))

    assert 80 <= report(city)["pupils_median"] <= 200
    assert 80 <= sizes[len(sizes) // 2] <= 200


def test_enough_dishonest_do_several_wrongs(city: Path) -> None:
    """A quarter or more is dishonest, and a fifth of those or more does several wrongs."""
    assert 10 <= len(dishonest(city)) <= 14
    assert report(city)["several wrongs"] * 5 >= len(dishonest(city))


def test_every_rule_is_broken_and_more_often_nearly(city: Path) -> None:
    """Each rule has a wrong, and at least as many near-misses."""
    wrongs = Counter(line["rule"] for line in lines(city / "truth.jsonl"))
    near = Counter(line["rule"] for line in lines(city / "near_misses.jsonl"))

    assert 12 <= len(RULES)
    assert set() == RULES - set(wrongs)
    assert [] == [rule for rule in RULES if near[rule] < wrongs[rule]]


def test_honest_institutions_have_no_wrong(city: Path) -> None:
    """What is planted as a near-miss stays one."""
    told = lines(city / "truth.jsonl")
    wrong = {line["institution"] for line in told if line["rule"] not in SIGNS}

    assert set() == wrong - set(dishonest(city))
    assert "honest with wrongs" not in report(city)


def test_truth_lines_are_whole(city: Path) -> None:
    """Each line says rule, institution, subject, day, until and cause; money where there is."""
    for line in lines(city / "truth.jsonl"):
        assert {"rule", "institution", "subject", "day", "until", "cause"} <= set(line)
        assert line["cause"] in {"planted", "consequence"}
        assert ("amount_fen" in line) == (line["rule"] not in WITHOUT_AMOUNT)
        day = date.fromisoformat(str(line["day"]))
        assert START <= day <= date(2024, 6, 30)
        assert line["until"] is None or date.fromisoformat(str(line["until"])) >= day


def test_no_lesson_on_a_public_holiday(city: Path) -> None:
    """Nobody teaches at Spring Festival, nor in the Golden Week of May."""
    holidays = [date(2024, 2, 10) + timedelta(days=n) for n in range(8)]
    holidays += [date(2024, 5, day) for day in range(1, 6)]
    for day in holidays:
        assert not (city / day.isoformat() / "lessons.csv").exists()
    assert (city / "2024-03-16" / "lessons.csv").exists()


# ---- Statements, read without the program's own readers ----


def camt_figures(path: Path) -> list[tuple[str, int, int]]:
    """Account, opening and closing gap of each statement of a camt file."""
    figures = []
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - made a moment ago
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    for statement in root.iter("Stmt"):
        balances = {
            balance.findtext("Tp/CdOrPrtry/Cd"): parse_fen(balance.findtext("Amt") or "")
            for balance in statement.findall("Bal")
        }
        moved = 0
        for entry in statement.findall("Ntry"):
            if "BOOK" in (entry.findtext("Sts"), entry.findtext("Sts/Cd")):
                amount = parse_fen(entry.findtext("Amt") or "")
                moved += amount if entry.findtext("CdtDbtInd") == "CRDT" else -amount
        account = statement.findtext("Acct/Id/Othr/Id") or ""
        figures.append((account, balances["OPBD"], balances["OPBD"] + moved - balances["CLBD"]))
    return figures


def ccb_effect(row: list[str]) -> int:
    """What a row of the export does to the balance."""
    return parse_fen(row[4]) - parse_fen(row[3])


def test_daily_statements_prove(city: Path) -> None:
    """Opening and entries give the closing, except in the few that are broken on purpose."""
    wrong = checked = 0
    for path in sorted(city.glob("*/camt053_*.xml")):
        for _, _, gap in camt_figures(path):
            checked += 1
            wrong += gap != 0
    for path in sorted(city.glob("*/ccb_*.csv")):
        by_account: dict[str, list[list[str]]] = {}
        for row in rows(path, "gb18030")[1:]:
            by_account.setdefault(row[0], []).append(row)
        for told in by_account.values():
            checked += 1
            running = [parse_fen(one[5]) + ccb_effect(two) for one, two in pairwise(told)]
            wrong += running != [parse_fen(row[5]) for row in told[1:]]
    counts = report(city)
    broken = counts["wrong statement-broken"] + counts["near miss statement-broken"]

    assert checked > 1000
    assert broken == wrong


def test_monthly_statements_prove(city: Path) -> None:
    """The running balance follows, and the counts and sums above the heading are right."""
    files = sorted(city.glob("*/boc_*.csv"))
    assert files
    for path in files:
        table = rows(path, "gb18030")
        place = next(n for n, row in enumerate(table) if row[0].startswith("交易类型"))
        stated = {row[0].partition("[")[0]: row[1] for row in table[:place] if len(row) > 1}
        entries = table[place + 1 :]
        amounts = [parse_fen(row[13]) for row in entries]
        balances = [parse_fen(row[14]) for row in entries]

        assert str(len(entries)) == stated["总笔数"]
        assert sum(a for a in amounts if a > 0) == parse_fen(stated["贷方发生总额"])
        assert -sum(a for a in amounts if a < 0) == parse_fen(stated["借方发生总额"])
        steps = zip(balances, amounts[1:], strict=False)
        assert [balance + amount for balance, amount in steps] == balances[1:]
        assert 1 == (date.fromisoformat(path.parent.name) + timedelta(days=1)).day


def test_headings_are_english_or_chinese(city: Path) -> None:
    """Some institutions deliver Chinese tables; every table says when it was stated."""
    for name, heading, encoding in (
        ("contracts.csv", "institution", "utf-8"),
        ("contracts_zh.csv", "机构编号", "gb18030"),
    ):
        files = sorted(city.glob(f"*/{name}"))
        assert files
        for path in files:
            table = rows(path, encoding)
            assert f"# stated_at: {path.parent.name}T18:00:00+08:00" == ",".join(table[0])
            assert heading == table[1][0]


def test_contracts_are_told_again_every_week(city: Path) -> None:
    """A full export holds each contract once, with the content that counts."""
    files = sorted([*city.glob("*/contracts_full.csv"), *city.glob("*/contracts_full_zh.csv")])
    assert files
    for path in files:
        encoding = "gb18030" if path.stem.endswith("_zh") else "utf-8"
        numbers = [row[1] for row in rows(path, encoding)[2:]]
        assert len(set(numbers)) == len(numbers)
        assert date.fromisoformat(path.parent.name).isoweekday() == 7


def test_every_file_is_read(tmp_path: Path) -> None:
    """The program's readers refuse no file, and hold only what was broken on purpose."""
    out = tmp_path / "city"
    simulate(6, 7, 3, START, out, load_calendar(), None)
    summary = rehearse([path for path in sorted(out.iterdir()) if path.is_dir()], date(2026, 1, 1))
    counts = report(out)

    assert 0 == summary.refused
    assert summary.entries >= counts["entries"]
    broken = counts.get("wrong statement-broken", 0) + counts.get("near miss statement-broken", 0)
    assert broken == len(summary.problems)
