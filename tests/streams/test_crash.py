"""A process killed before any statement, and run again, ends where an undisturbed one ends."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from models import facts as f
from models.store.engine import open_store
from streams.replay import verify
from tests.streams.crashing import DIED, run_dying
from tests.streams.told import account, broken, know_files, law, lines, monitor_of, play, tell

SECOND = tell(account("62-B", "JG-1"), stated_at="2024-03-07T00:00:00Z", file="ab" * 32)
STEPS: tuple[list[f.Told] | date, ...] = (
    tell(account("62-A", "JG-1"), broken("62-A"), broken("62-B")),
    date(2024, 3, 4),
    tell(account("62-B", "JG-1"), f.StatementAccepted(account="62-A", statement="S1")),
    SECOND,
    date(2024, 3, 6),
)


def _play_on(url: str) -> None:
    """Hand over what is still missing, as a runner does that begins at the offset in SQL."""
    engine = open_store(url)
    monitor = monitor_of(engine)
    know_files(engine, SECOND)
    play(monitor, *STEPS[monitor.progress.next_offset :])


@pytest.mark.slow
def test_killed_before_each_statement(tmp_path: Path) -> None:
    """Wherever it dies, the rerun gives the same findings, byte for byte, and verify passes."""
    whole = f"sqlite:///{tmp_path / 'whole.db'}"
    _play_on(whole)
    expected = lines(open_store(whole))
    assert expected

    empty = tmp_path / "empty.db"
    open_store(f"sqlite:///{empty}").dispose()
    number, died = 0, DIED
    while died:
        number += 1
        url = f"sqlite:///{shutil.copy(empty, tmp_path / f'{number}.db')}"
        died = run_dying(_play_on, url, before=number)
        _play_on(url)
        engine = open_store(url)
        assert (expected, []) == (lines(engine), verify(engine, law())), number
        engine.dispose()
    assert number > len(STEPS) * 8


@pytest.mark.slow
def test_killed_again_and_again(tmp_path: Path) -> None:
    """Dying later and later on one store, while its tables are made too, ends the same."""
    whole, url = (f"sqlite:///{tmp_path / name}.db" for name in ("whole", "killed"))
    _play_on(whole)

    number = 1
    while run_dying(_play_on, url, before=number):
        number += 1

    engine = open_store(url)
    assert lines(open_store(whole)) == lines(engine)
    assert [] == verify(engine, law())
