"""Another policy, calendar year or release: stale institutions are judged anew, in slices.

Nothing is written about a finding whose rule has the same values as before.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from shutil import copy, copytree

import msgspec
import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

import streams.monitor
from alerts.evaluation import Law
from config.load import CALENDARS, load_calendar
from config.policy_diff import rehashed
from config.policy_load import POLICY, load_policy
from models import facts as f
from models.findings import CANNOT_DECIDE, Finding
from models.store import institutions
from models.store.engine import open_store, reading
from models.store.progress import Lock, take_lock
from streams.cli import app
from streams.embedded import StoreLocked, ingest, judge_anew
from streams.feeds.archive import Archive
from streams.monitor import Monitor
from streams.replay import verify
from tests.contract.town import contract, town
from tests.streams.told import account, know_files, law, lines, play, tell

SCHOOLS = 5
CLOSED = date(2024, 3, 20)
LATER = date(2026, 1, 1)


def facts() -> Iterable[f.Fact]:
    """Of each school a charge above the limit, and a refund that is late."""
    for school in (f"JG-{n}" for n in range(SCHOOLS)):
        number = f"62-{school}"
        yield account(number, school)
        yield contract(school)
        yield f.EntryBooked(
            account=number,
            booking_date=date(2024, 3, 5),
            serial="1",
            amount_fen=600_000,
            direction="C",
            remittance="HT-1",
            currency="CNY",
        )
        yield f.RefundRequested(
            institution=school,
            number="TK-1",
            contract="HT-1",
            day=date(2024, 3, 6),
            amount_fen=1_000,
        )


def stored(path: Path, by: Law) -> Engine:
    """A store of these facts, judged by a law."""
    engine = open_store(f"sqlite:///{path}")
    told = tell(*facts())
    know_files(engine, told)
    play(Monitor(engine, by), told, CLOSED)
    return engine


def changed(folder: Path, name: str, old: str, new: str) -> Law:
    """The delivered law with another text in one file of its policy."""
    copytree(POLICY, folder, dirs_exist_ok=True)
    content = (folder / name).read_text(encoding="utf-8")
    assert old in content
    (folder / name).write_text(content.replace(old, new), encoding="utf-8")
    return Law(load_policy(folder), law().calendar)


def history(engine: Engine) -> list[tuple[str, str]]:
    """Every change of a finding that was ever written: what happened, and the rule asked."""
    query = "SELECT change, body FROM finding_changes ORDER BY seq"
    with reading(engine) as connection:
        rows = connection.execute(text(query)).all()
    found = [(row.change, msgspec.json.decode(row.body, type=Finding)) for row in rows]
    return [
        (change, one.subject.partition("/")[0] if one.rule == CANNOT_DECIDE else one.rule)
        for change, one in found
    ]


def with_another_hash(other: Law) -> set[str]:
    """The rules whose values are not as delivered."""
    return {each.rule for each in rehashed(law().policy, other.policy)}


def judged_by(engine: Engine, by: Law) -> int:
    """How many institutions are judged by this law and no other."""
    with reading(engine) as connection:
        made = institutions.read(connection)
    return sum(one.versions == streams.monitor.versions_of(by) for one in made.values())


def test_values_that_stay_write_nothing(tmp_path: Path) -> None:
    """A number of another city: all are judged anew, shown as progress, and no finding changes."""
    engine = stored(tmp_path / "a.db", law())
    before = history(engine), lines(engine)
    other = changed(tmp_path / "policy", "city/beijing/refund-late.yaml", "value: 5", "value: 6")
    seen: list[tuple[str, int, int]] = []

    outcome = judge_anew(engine, other, lambda *what: seen.append(what))

    assert ((), ()) == (outcome.changes, outcome.parked)
    assert before == (history(engine), lines(engine))
    assert [("judging anew", SCHOOLS, SCHOOLS)] == seen
    assert (0, SCHOOLS) == (judged_by(engine, law()), judged_by(engine, other))
    assert [] == verify(engine, other)


def test_other_words_leave_nobody_stale(tmp_path: Path) -> None:
    """Another description is no other policy: nobody is judged anew."""
    engine = stored(tmp_path / "a.db", law())
    other = changed(tmp_path / "policy", "national/refund-late.yaml", "The term of", "A term of")
    seen: list[tuple[str, int, int]] = []

    judge_anew(engine, other, lambda *what: seen.append(what))

    assert [] == seen


def test_changed_value_changes_the_findings_of_its_rule_alone(tmp_path: Path) -> None:
    """A higher limit clears what is under it now; other rules' findings are not written again."""
    engine = stored(tmp_path / "a.db", law())
    before = history(engine)
    assert SCHOOLS == before.count(("raised", "charge-amount"))
    assert SCHOOLS == before.count(("raised", "refund-late"))

    other = changed(tmp_path / "policy", "national/charge-amount.yaml", "500000", "700000")
    judge_anew(engine, other)

    after = history(engine)[len(before) :]
    assert SCHOOLS == after.count(("cleared", "charge-amount"))
    assert {rule for _, rule in after} <= with_another_hash(other)
    assert "refund-late" not in with_another_hash(other)
    assert [] == verify(engine, other)


def test_finding_that_stays_gets_the_new_hash(tmp_path: Path) -> None:
    """A limit that is changed and still passed: the finding tells by which values it stands."""
    engine = stored(tmp_path / "a.db", law())
    before = history(engine)
    other = changed(tmp_path / "policy", "national/charge-amount.yaml", "500000", "400000")

    judge_anew(engine, other)

    after = history(engine)[len(before) :]
    assert SCHOOLS == after.count(("changed", "charge-amount"))
    assert {"changed"} == {change for change, _ in after}
    assert {rule for _, rule in after} <= with_another_hash(other)
    assert [] == verify(engine, other)


@pytest.mark.parametrize("done", [1, 3])
def test_killed_between_slices_goes_on_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    """Each slice is kept: whoever comes next judges only who is left, and the end is the same."""
    monkeypatch.setattr(streams.monitor, "STALE_AT_ONCE", 1)
    engine = stored(tmp_path / "a.db", law())
    other = changed(tmp_path / "policy", "national/charge-amount.yaml", "500000", "700000")

    def kill(_what: str, at: int, _total: int) -> None:
        if at == done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge_anew(engine, other, kill)
    assert done == judged_by(engine, other)
    seen: list[tuple[str, int, int]] = []
    judge_anew(engine, other, lambda *what: seen.append(what))

    rest = SCHOOLS - done
    assert [("judging anew", n + 1, rest) for n in range(rest)] == seen
    assert lines(stored(tmp_path / "b.db", other)) == lines(engine)


def test_new_year_of_the_calendar_clears_what_lacked_it(tmp_path: Path) -> None:
    """Without the year a late refund cannot be decided; with its file it is, and nothing else."""
    folder = tmp_path / "calendars"
    folder.mkdir()
    for path in CALENDARS.glob("*.yaml"):
        if path.stem < "2024":
            copy(path, folder)
    old = Law(law().policy, load_calendar(folder))
    engine = stored(tmp_path / "a.db", old)
    before = history(engine)
    undecided = b'"missing":"calendar 2024 missing"'
    assert SCHOOLS == sum(b"refund-late/" in line and undecided in line for line in lines(engine))

    copy(CALENDARS / "2024.yaml", folder)
    new = Law(law().policy, load_calendar(folder))
    judge_anew(engine, new)

    assert not any(undecided in line for line in lines(engine))
    after = history(engine)[len(before) :]
    assert SCHOOLS == after.count(("raised", "refund-late"))
    assert ("changed", "charge-amount") not in after
    assert lines(stored(tmp_path / "b.db", law())) == lines(engine)


def test_new_release_judges_everybody_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the code: everybody once, and nothing is written if it answers alike."""
    engine = stored(tmp_path / "a.db", law())
    before = history(engine)
    monkeypatch.setattr(streams.monitor, "CODE_VERSION", "another")
    seen: list[tuple[str, int, int]] = []

    judge_anew(engine, law(), lambda *what: seen.append(what))
    judge_anew(engine, law(), lambda *what: seen.append(what))

    assert [("judging anew", SCHOOLS, SCHOOLS)] == seen
    assert before == history(engine)


def test_ingest_judges_anew_before_it_reads(tmp_path: Path) -> None:
    """Facts that come under another law meet institutions that are judged by it already."""
    engine = stored(tmp_path / "a.db", law())
    other = changed(tmp_path / "policy", "national/charge-amount.yaml", "500000", "400000")
    seen: list[str] = []
    archive = Archive(tmp_path / "archive")

    folder = town(tmp_path / "town")
    ingest([folder], engine, other, archive, today=LATER, notify=lambda what, *_: seen.append(what))

    assert ["judging anew", "journaling"] == list(dict.fromkeys(seen))
    assert [] == verify(engine, other)


def test_two_processes_do_not_judge_anew_at_once(tmp_path: Path) -> None:
    """While another process writes the store, adopting waits for nobody: it says who is at it."""
    engine = stored(tmp_path / "a.db", law())
    with engine.begin() as connection:
        take_lock(connection, "partition 0", Lock("elsewhere 1", "2999-01-01T00:00:00Z"))

    with pytest.raises(StoreLocked, match="elsewhere"):
        judge_anew(engine, law())


def test_adopting_says_what_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With SQLite the command judges at once, and counts institutions and findings."""
    stored(tmp_path / "a.db", law()).dispose()
    changed(tmp_path / "policy", "national/charge-amount.yaml", "500000", "700000")
    monkeypatch.setenv("ESCROW_POLICY_DIR", str(tmp_path / "policy"))
    monkeypatch.setenv("ESCROW_DATABASE_URL", f"sqlite:///{tmp_path / 'a.db'}")

    first, second = (CliRunner().invoke(app, ["policy", "adopt"]).stdout for _ in range(2))

    assert f"judged anew: {SCHOOLS} institutions; findings: 0 raised" in first
    assert f"{SCHOOLS} cleared" in first
    assert "judged anew: 0 institutions" in second
