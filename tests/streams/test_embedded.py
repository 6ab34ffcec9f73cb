"""The embedded runner: folders are played by days, repeats are seen, what is broken is held."""

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from models import facts as f
from models.store import files, progress
from models.store.engine import open_store, reading, writing
from models.store.progress import Lock
from streams.embedded import StoreLocked, holding, ingest, rehearse
from streams.feeds.archive import Archive
from streams.reception import Summary
from streams.replay import verify
from tests.streams.crashing import DIED, run_dying
from tests.streams.deliveries import ndjson, statement, write
from tests.streams.told import account, law, lines

TODAY = date(2024, 4, 1)
FIRST, SECOND, THIRD = (date(2024, 3, day) for day in (5, 6, 8))


def _ingest(
    engine: Engine, *paths: Path, today: date = TODAY, as_of: date | None = None
) -> Summary:
    archive = Archive(Path(str(engine.url.database)).parent / "archive")
    return ingest(paths, engine, law(), archive, today=today, as_of=as_of)


def _contract() -> f.ContractStated:
    return f.ContractStated(
        institution="JG-1",
        number="HT-1",
        signed=date(2024, 3, 1),
        price_fen=600_000,
        paid_hours_hundredths=4_000,
        academic=False,
        begins=FIRST,
        ends=date(2024, 5, 5),
    )


def _city(folder: Path) -> Path:
    """Three days of one institution: a charge above the limit, then money that leaves."""
    register: list[f.Fact] = [account("62-A", "JG-1"), _contract()]
    for name, content in {
        "bureau/register-2024-03-05.ndjson": ndjson(register, "2024-03-05T01:00:00Z"),
        "bureau/again-2024-03-08.ndjson": ndjson([_contract()], "2024-03-08T01:00:00Z"),
        "bank/a.xml": statement("62-A", FIRST, 0, ("C", 600_000, "HT-1")),
        "bank/b.xml": statement("62-A", SECOND, 600_000, ("D", 400_000, "rent")),
        "bank/c.xml": statement("62-A", THIRD, 200_000, ("D", 100_000, "rent")),
    }.items():
        write(folder / name, content)
    return folder


def _history(engine: Engine) -> list[tuple[str, str, str | None, bytes]]:
    query = "SELECT finding_id, change, closed_day, body FROM finding_changes ORDER BY seq"
    with reading(engine) as connection:
        return [(row[0], row[1], row[2], row[3]) for row in connection.execute(text(query))]


def test_folder_is_played_by_its_days(engine: Engine, tmp_path: Path) -> None:
    """All files are done, each day up to the last statement is closed, the findings stand."""
    summary = _ingest(engine, _city(tmp_path / "city"))

    assert (5, 3, 0, 0, 0) == (
        summary.files,
        summary.entries,
        summary.seen,
        summary.refused,
        summary.held,
    )
    assert summary.facts == summary.facts_new + 1
    assert THIRD == summary.closed_day
    assert summary.standing == len(lines(engine)) == summary.raised - summary.cleared
    assert summary.is_clean
    found = b"".join(lines(engine))
    assert b"charge-amount" in found
    assert b"outflow-large" in found
    days = [day for _, _, day, _ in _history(engine) if day]
    assert sorted(days) == days
    with reading(engine) as connection:
        assert {"done"} == {file.state for file in files.read(connection)}
    assert [] == verify(engine, law())


def test_one_call_for_the_folder_or_one_for_each_day(engine: Engine, tmp_path: Path) -> None:
    """The history of findings is the same, change by change."""
    city = _city(tmp_path / "city")
    _ingest(engine, city)
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    _ingest(other, city / "bank/a.xml", city / "bureau/register-2024-03-05.ndjson")
    _ingest(other, city / "bank/b.xml")
    _ingest(other, city / "bureau/again-2024-03-08.ndjson", city / "bank/c.xml")

    assert _history(engine) == _history(other)
    assert lines(engine) == lines(other)


def test_folder_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """Every file is seen before, no row is added and nothing is judged anew."""
    city = _city(tmp_path / "city")
    _ingest(engine, city)
    history, standing = _history(engine), lines(engine)

    again = _ingest(engine, city)

    assert (5, 5, 0, 0) == (again.files, again.seen, again.facts_new, again.raised)
    assert (history, standing) == (_history(engine), lines(engine))


def test_register_told_again_is_new_sighting_only(engine: Engine, tmp_path: Path) -> None:
    """A re-exported row under another name and time adds no fact and no finding."""
    city = _city(tmp_path / "city")
    _ingest(engine, city)
    content = ndjson([_contract()], "2024-03-09T01:00:00Z")
    write(city / "bureau/again-2024-03-09.ndjson", content)

    again = _ingest(engine, city)

    assert (1, 0) == (again.files - again.seen, again.facts_new)
    assert [] == verify(engine, law())


def test_close_stops_at_as_of_and_today(engine: Engine, tmp_path: Path) -> None:
    """No day after --as-of is closed, and a statement that is not over is held."""
    city = _city(tmp_path / "city")
    summary = _ingest(engine, city, today=SECOND, as_of=FIRST)
    assert (FIRST, 1) == (summary.closed_day, len(summary.problems))

    assert SECOND == _ingest(engine, city / "bank" / "b.xml", today=SECOND).closed_day

    late = _ingest(engine, city, today=THIRD)
    assert (THIRD, 0, 4) == (late.closed_day, late.held, late.seen)
    with reading(engine) as connection:
        assert 0 == files.held_count(connection)


def test_broken_statement_is_held_until_a_corrected_one_comes(
    engine: Engine, tmp_path: Path
) -> None:
    """Its entries wait and statement-broken stands until a statement of its identity proves."""
    city = _city(tmp_path / "city")
    wrong = statement("62-A", SECOND, 600_000, ("D", 400_000, "rent"), closing_fen=1)
    write(city / "bank/b.xml", wrong)
    summary = _ingest(engine, city)

    assert summary.held > 0
    assert ["b.xml"] == [receipt.name for receipt in summary.problems]
    assert b'"statement-broken"' in b"".join(lines(engine))

    right = statement("62-A", SECOND, 600_000, ("D", 400_000, "rent"))
    mended = _ingest(engine, write(tmp_path / "mended.xml", right))

    assert mended.is_clean
    with reading(engine) as connection:
        assert 0 == files.held_count(connection)
    assert b'"statement-broken"' not in b"".join(lines(engine))
    assert [] == verify(engine, law())


def test_refused_file_leaves_only_its_receipt(engine: Engine, tmp_path: Path) -> None:
    """Nothing of a cut file is stored; the rest of the folder is played."""
    city = _city(tmp_path / "city")
    write(city / "bank/cut.xml", statement("62-A", SECOND, 0, ("C", 1, "x"))[:-40])
    summary = _ingest(engine, city)

    assert (6, 1, False) == (summary.files, summary.refused, summary.is_clean)
    assert THIRD == summary.closed_day
    with reading(engine) as connection:
        (refused,) = files.read(connection, "refused")
        query = text("SELECT count(*) FROM sightings JOIN files USING (file_id) WHERE name = :name")
        assert 0 == connection.execute(query, {"name": "cut.xml"}).scalar()
    assert "cut.xml" == refused.name
    assert [] == verify(engine, law())


def test_rehearsal_says_what_would_be_accepted(tmp_path: Path) -> None:
    """It counts like an ingest and leaves no store, no archive and no receipt behind."""
    city = _city(tmp_path / "city")
    before = sorted(tmp_path.rglob("*"))

    summary = rehearse([city], TODAY)

    assert (5, 3, 0) == (summary.files, summary.entries, summary.refused)
    assert before == sorted(tmp_path.rglob("*"))


def test_second_process_is_told_to_wait(engine: Engine) -> None:
    """A partition that a living process holds is refused; one whose holder is gone is not."""
    now = datetime.now(UTC)
    recent, old = ((now - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ") for ago in (5, 90))
    host = os.uname().nodename
    gone = 2**22 + 1  # above the greatest process id of Linux

    for holder, taken_at, is_refused in (
        (f"{host} {os.getppid()}", recent, True),
        (f"{host} {os.getppid()}", old, False),
        (f"{host} {gone}", recent, False),
        ("elsewhere 1", recent, True),
        ("elsewhere 1", old, False),
        (f"{host} {os.getpid()}", recent, False),
    ):
        with writing(engine) as connection:
            progress.take_lock(connection, "p", Lock(holder, taken_at))
        if is_refused:
            with pytest.raises(StoreLocked, match=holder), holding(engine, "p"):
                pass
        else:
            with holding(engine, "p"):
                pass
            with reading(engine) as connection:
                assert progress.lock(connection, "p") is None


def _ingest_into(folder: str, city: str) -> None:
    _ingest(open_store(f"sqlite:///{folder}/escrow.db"), Path(city))


@pytest.mark.slow
def test_killed_ingest_is_finished_by_the_next(tmp_path: Path) -> None:
    """Killed before any statement and run again: same findings, same history, verify passes."""
    city = str(_city(tmp_path / "city"))
    whole = tmp_path / "whole"
    _ingest_into(str(whole), city)
    engine = open_store(f"sqlite:///{whole}/escrow.db")
    expected = (lines(engine), _history(engine))

    empty = tmp_path / "empty"
    open_store(f"sqlite:///{empty}/escrow.db").dispose()
    number, died = 0, DIED
    while died:
        number += 1
        folder = Path(shutil.copytree(empty, tmp_path / str(number)))
        died = run_dying(_ingest_into, str(folder), city, before=number)
        _ingest_into(str(folder), city)
        store = open_store(f"sqlite:///{folder}/escrow.db")
        assert expected == (lines(store), _history(store)), number
        assert [] == verify(store, law()), number
        store.dispose()
