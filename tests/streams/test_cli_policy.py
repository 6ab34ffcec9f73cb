"""escrow policy check, show, diff and adopt: what an officer sees, and the exit codes."""

from pathlib import Path
from shutil import copytree

import msgspec
import pytest
from typer.testing import CliRunner, Result

from config.policy_load import POLICY
from streams.cli import app


@pytest.fixture(autouse=True)
def _store_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCROW_DATABASE_URL", f"sqlite:///{tmp_path / 'a.db'}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the delivered policy."""
    return Path(copytree(POLICY, tmp_path / "policy"))


def escrow(*arguments: object) -> Result:
    """Run a command of the policy."""
    return CliRunner().invoke(app, ["policy", *map(str, arguments)])


def shown(*arguments: str) -> dict[str, dict[str, object]]:
    """By name what `show --json` says of each value."""
    result = escrow("show", "--json", *arguments)

    assert 0 == result.exit_code, result.output
    lines = [msgspec.json.decode(line) for line in result.stdout.splitlines()]
    return {line["name"]: line for line in lines}


def change(path: Path, old: str, new: str) -> None:
    """Replace a text that is there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_delivered_policy_has_no_fault() -> None:
    """The policy of this release passes its own check."""
    result = escrow("check")

    assert 0 == result.exit_code, result.output
    assert "no fault" in result.stdout


def test_every_fault_is_a_line(folder: Path) -> None:
    """Faults of several files come at once, each with file and key; the exit code is 1."""
    change(folder / "national/charge-hours.yaml", "value: 60, ", "")
    change(folder / "city/wuhu/payment-outside-account.yaml", "red_above_fen", "red_above")
    (folder / "national/refund-late.yaml").unlink()
    (folder / "city/atlantis").mkdir()
    result = escrow("check", folder)

    assert 1 == result.exit_code
    lines = [line.removeprefix(f"{folder}/") for line in result.stdout.splitlines()]
    for expected in (
        "national/charge-hours.yaml: parameters.limit_hours.values.0.value: Field required",
        "city/wuhu/payment-outside-account.yaml: parameters.red_above: national/ does not declare",
        "national/refund-late.yaml: the file is missing",
        "city/atlantis: areas.yaml names no such city",
    ):
        assert [True] == [True for line in lines if line.startswith(expected)], result.stdout


def test_commands_that_judge_end_on_a_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No command judges by a policy with a fault; it says which and ends with exit code 1."""
    change(folder / "national/charge-hours.yaml", "value: 60, ", "")
    monkeypatch.setenv("ESCROW_POLICY_DIR", str(folder))

    assert 1 == escrow("show").exit_code
    assert 1 == escrow("adopt").exit_code


def test_values_of_a_day_tell_where_they_are_written() -> None:
    """Of each value: the number in force, since when, by what text, from which area's file."""
    terms = shown("--city", "北京", "--rule", "refund-late", "--on", "2024-06-01")

    assert ["clause", "working_days", "term_before_start_days", "term_after_start_days"] == list(
        terms
    )[:4]
    before = terms["term_before_start_days"]
    assert (5, "2021-01-01", "city/beijing") == (before["value"], before["since"], before["area"])
    assert "Beijing: 5 days before the course starts" == before["basis"]
    assert "national" == terms["working_days"]["area"]


def test_day_before_the_first_value_has_none() -> None:
    """The limit of the amount is law from 29 December 2022, and none is shown before."""
    before, first = (
        shown("--rule", "charge-amount", "--on", day) for day in ("2022-12-28", "2022-12-29")
    )

    assert (None, 500_000) == (before["limit_fen"]["value"], first["limit_fen"]["value"])
    assert "project default, no legal text" == before["clause"]["basis"]
    assert before["clause"]["hash"] == first["clause"]["hash"]


def test_table_has_every_rule_with_its_hash() -> None:
    """Without options all rules of the own city are shown as of today."""
    result = escrow("show")
    clauses = shown()

    assert 0 == result.exit_code
    assert "charge-span" in result.stdout
    assert str(clauses["clause"]["hash"]) in result.stdout
    assert 2 == escrow("show", "--rule", "no-rule").exit_code


def test_difference_names_values_and_hashes(folder: Path) -> None:
    """What differs is told as a table and as lines, exit code 1; alike is exit code 0."""
    assert 0 == escrow("diff", folder).exit_code
    change(folder / "national/charge-hours.yaml", "value: 60", "value: 48")
    table, lines = escrow("diff", POLICY, folder), escrow("diff", POLICY, folder, "--json")

    assert (1, 1) == (table.exit_code, lines.exit_code)
    assert "everywhere" in table.stdout
    told = [msgspec.json.decode(line) for line in lines.stdout.splitlines()]
    assert ("national", "limit_hours", 60, 48) == tuple(
        told[0][name] for name in ("area", "name", "before", "after")
    )
    assert "charge-hours" in {line["rule"] for line in told[1:]}


def test_folder_of_the_setting_is_adopted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adopting says which policy was and which is now the installation's."""
    first = escrow("adopt").stdout.splitlines()[0]
    change(folder / "national/charge-hours.yaml", "value: 60", "value: 48")
    monkeypatch.setenv("ESCROW_POLICY_DIR", str(folder))
    second = escrow("adopt").stdout.splitlines()[0]

    assert first.split()[1] == second.split()[-1]
    assert first.split()[1] != second.split()[1].rstrip(",")
