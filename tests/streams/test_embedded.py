"""What only the embedded runner has: counts, one history, a lock, a rehearsal, death at any moment.

What it must do with delivered files as any other runner must, tests/contract says.
"""

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from models.store import progress
from models.store.engine import open_store, reading, writing
from models.store.progress import Lock
from streams.embedded import StoreLocked, holding, ingest, rehearse
from streams.feeds.archive import Archive
from streams.reception import Summary
from streams.replay import verify
from tests.contract.town import FIRST, SECOND, THIRD, town
from tests.streams.crashing import DIED, run_dying
from tests.streams.deliveries import statement, write
from tests.streams.told import law, lines

TODAY = date(2024, 4, 1)


def _ingest(
    engine: Engine, *paths: Path, today: date = TODAY, as_of: date | None = None
) -> Summary:
    archive = Archive(Path(str(engine.url.database)).parent / "archive")
    return ingest(paths, engine, law(), archive, today=today, as_of=as_of)


def _history(engine: Engine) -> list[tuple[str, str, str | None, bytes]]:
    query = "SELECT finding_id, change, closed_day, body FROM finding_changes ORDER BY seq"
    with reading(engine) as connection:
        return [(row[0], row[1], row[2], row[3]) for row in connection.execute(text(query))]


def test_summary_says_what_an_ingest_did(engine: Engine, tmp_path: Path) -> None:
    """New and known facts, what came to stand and up to which day; a repeat adds nothing."""
    folder = town(tmp_path / "town")
    summary = _ingest(engine, folder)

    assert summary.facts == summary.facts_new + 1
    assert THIRD == summary.closed_day
    assert summary.standing == len(lines(engine)) == summary.raised - summary.cleared
    assert summary.is_clean

    again = _ingest(engine, folder)
    assert (summary.facts, 0) == (again.facts, again.facts_new)
    assert (0, 0, 0) == (again.raised, again.changed, again.cleared)
    assert (THIRD, summary.standing) == (again.closed_day, again.standing)


def test_one_call_or_one_for_each_day_makes_the_same_history(
    engine: Engine, tmp_path: Path
) -> None:
    """Findings come, change and go alike, change by change."""
    folder = town(tmp_path / "town")
    _ingest(engine, folder)
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    _ingest(other, folder / "bank/a.xml", folder / "bureau/register-2024-03-05.ndjson")
    _ingest(other, folder / "bank/b.xml")
    _ingest(other, folder / "bureau/again-2024-03-08.ndjson", folder / "bank/c.xml")

    assert _history(engine) == _history(other)


def test_summary_is_not_clean_when_a_file_is_refused_or_held(
    engine: Engine, tmp_path: Path
) -> None:
    """A cut file, and a statement that is not over, each leave a problem."""
    cut = write(tmp_path / "cut.xml", statement("62-A", SECOND, 0, ("C", 1, "x"))[:-40])
    assert not _ingest(engine, cut).is_clean

    early = _ingest(engine, town(tmp_path / "town"), today=SECOND, as_of=FIRST)
    assert (FIRST, 1, False) == (early.closed_day, len(early.problems), early.is_clean)


def test_rehearsal_says_what_would_be_accepted(tmp_path: Path) -> None:
    """It counts like an ingest and leaves no store, no archive and no receipt behind."""
    folder = town(tmp_path / "town")
    before = sorted(tmp_path.rglob("*"))

    summary = rehearse([folder], TODAY)

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


def _ingest_into(folder: str, delivered: str) -> None:
    _ingest(open_store(f"sqlite:///{folder}/escrow.db"), Path(delivered))


@pytest.mark.slow
def test_killed_ingest_is_finished_by_the_next(tmp_path: Path) -> None:
    """Killed before any statement and run again: same findings, same history, verify passes."""
    delivered = str(town(tmp_path / "town"))
    whole = tmp_path / "whole"
    _ingest_into(str(whole), delivered)
    engine = open_store(f"sqlite:///{whole}/escrow.db")
    expected = (lines(engine), _history(engine))

    empty = tmp_path / "empty"
    open_store(f"sqlite:///{empty}/escrow.db").dispose()
    number, died = 0, DIED
    while died:
        number += 1
        folder = Path(shutil.copytree(empty, tmp_path / str(number)))
        died = run_dying(_ingest_into, str(folder), delivered, before=number)
        _ingest_into(str(folder), delivered)
        store = open_store(f"sqlite:///{folder}/escrow.db")
        assert expected == (lines(store), _history(store)), number
        assert [] == verify(store, law()), number
        store.dispose()
