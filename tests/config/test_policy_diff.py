"""Two policies compared: each value once, where it is written, and the hashes that change."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from config.policy_diff import differences, rehashed
from config.policy_load import POLICY, load_policy

Changed = Callable[[str, str, str], list[str]]
LIMIT = "national/charge-hours.yaml"


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """Change a text in one file of a copy, and give the lines of the difference."""

    def compare(name: str, old: str, new: str) -> list[str]:
        copytree(POLICY, tmp_path / "policy")
        path = tmp_path / "policy" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        before, after = load_policy(), load_policy(tmp_path / "policy")
        values = [
            f"{each.area} {each.rule} {each.name} {each.since} {each.before} {each.after}"
            for each in differences(before, after)
        ]
        hashes = rehashed(before, after)
        rules = sorted({each.rule for each in hashes})
        return [*values, *(f"{rule} {sum(e.rule == rule for e in hashes)}" for rule in rules)]

    return compare


def test_same_folder_is_alike() -> None:
    """A policy does not differ from itself."""
    assert [] == differences(load_policy(), load_policy())
    assert [] == rehashed(load_policy(), load_policy())


def test_number_of_the_nation_is_told_once(changed: Changed) -> None:
    """A national number is one difference, though every city is judged by it."""
    areas = 1 + len(load_policy().cities())

    value, *hashes = changed(LIMIT, "value: 60", "value: 48")

    assert "national charge-hours limit_hours 2021-01-01 60 48" == value
    assert f"charge-hours {areas}" in hashes
    assert not any(line.startswith("refund-late") for line in hashes)


def test_number_of_a_city_changes_that_city_alone(changed: Changed) -> None:
    """A city's number has the city's name, and the hash changes there alone."""
    lines = changed("city/beijing/refund-late.yaml", "value: 5", "value: 6")

    assert "city/beijing refund-late term_before_start_days 2021-01-01 5 6" == lines[0]
    assert "refund-late 1" in lines


def test_other_words_change_no_hash(changed: Changed) -> None:
    """Another text of the law is told, and no finding is another for it."""
    assert ["national charge-hours clause 2021-01-01 () ()"] == changed(
        LIMIT, "since: 2021-01-01, basis: 教监", "since: 2021-01-01, basis: 新教监"
    )


def test_another_day_is_a_value_less_and_one_more(changed: Changed) -> None:
    """A number that begins on another day is gone from the one day and new on the other."""
    lines = changed("national/charge-amount.yaml", "2022-12-29", "2022-12-28")

    assert [
        "national charge-amount limit_fen 2022-12-28 None 500000",
        "national charge-amount limit_fen 2022-12-29 500000 None",
    ] == [line for line in lines if " limit_fen " in line]
