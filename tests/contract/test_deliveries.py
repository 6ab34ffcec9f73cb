"""A delivered folder is played by its days; what came before is seen, what is none is refused."""

from itertools import pairwise
from pathlib import Path

from sqlalchemy import select

from models.store import files
from models.store.engine import reading
from models.store.tables import (
    FILES,
    FINDING_CHANGES,
    FINDINGS,
    HELD,
    INSTITUTIONS,
    JOURNAL,
    SIGHTINGS,
)
from streams.replay import standing_findings
from tests.contract.runners import Outcome, Runner, measured, play
from tests.contract.stored import closed_day, contents, held, lines, rows, sightings
from tests.contract.town import FIRST, SECOND, THIRD, contract, town
from tests.streams.deliveries import ndjson, statement, write

EVERYTHING = (FILES, FINDING_CHANGES, FINDINGS, HELD, INSTITUTIONS, JOURNAL, SIGHTINGS)


def test_folder_is_played_by_its_days(runner: Runner, tmp_path: Path) -> None:
    """All files are done, each day up to the last statement is closed, the findings stand."""
    outcome = play(runner, town(tmp_path / "town"))

    assert Outcome(files=5, seen=0, entries=3, refused=0, held=0, problems=()) == outcome
    assert THIRD == closed_day(runner.engine)
    with reading(runner.engine) as connection:
        assert ["done"] * 5 == [file.state for file in files.read(connection)]
        history = select(FINDING_CHANGES.c.closed_day).order_by(FINDING_CHANGES.c.seq)
        days = [day for day in connection.execute(history).scalars() if day]
    assert all(earlier <= later for earlier, later in pairwise(days))
    assert [
        ("cannot-decide", "charge-by-loan/contract:HT-1", FIRST, None),
        ("cannot-decide", "charge-split/contract:HT-1", FIRST, None),
        ("cannot-decide", "charge-unlisted/fees", FIRST, None),
        ("cannot-decide", "outflow-large/day:2024-03-06", SECOND, None),
        ("cannot-decide", "outflow-large/day:2024-03-08", THIRD, None),
        ("cannot-decide", "outflow-related-party/day:2024-03-06", SECOND, None),
        ("cannot-decide", "outflow-related-party/day:2024-03-08", THIRD, None),
        ("charge-amount", "contract:HT-1/2024-03-05", FIRST, 600_000),
        ("charge-while-barred", "contract:HT-1", FIRST, 600_000),
        ("coverage-short", "coverage", THIRD, 500_000),
        ("runaway-risk", "risk", THIRD, 600_000),
    ] == sorted(
        (one.rule, one.subject, one.day, one.amount_fen) for one in standing_findings(runner.engine)
    )
    assert measured(tmp_path / "measure", tmp_path / "town") == lines(runner.engine)


def test_one_call_for_the_folder_or_one_for_each_day(runner: Runner, tmp_path: Path) -> None:
    """The same findings stand, whether or not a call waits for what the one before sent."""
    folder = town(tmp_path / "town")
    expected = measured(tmp_path / "measure", folder)

    runner.deliver(folder / "bank/a.xml", folder / "bureau/register-2024-03-05.ndjson")
    runner.deliver(folder / "bank/b.xml")
    runner.deliver(folder / "bureau/again-2024-03-08.ndjson", folder / "bank/c.xml")
    runner.settle()

    assert expected == lines(runner.engine)
    assert THIRD == closed_day(runner.engine)


def test_folder_again_changes_nothing(runner: Runner, tmp_path: Path) -> None:
    """Every file is seen before, no row is added or touched and nothing is judged anew."""
    folder = town(tmp_path / "town")
    play(runner, folder)
    before = rows(runner.engine, *EVERYTHING)

    again = play(runner, folder)

    assert (5, 5, 0, 0) == (again.files, again.seen, again.refused, again.held)
    assert before == rows(runner.engine, *EVERYTHING)


def test_register_told_again_is_new_sighting_only(runner: Runner, tmp_path: Path) -> None:
    """A re-exported row under another name and time adds no fact and no finding."""
    folder = town(tmp_path / "town")
    play(runner, folder)
    facts, findings = contents(runner.engine), rows(runner.engine, FINDINGS, FINDING_CHANGES)
    seen = sightings(runner.engine)
    content = ndjson([contract()], "2024-03-09T01:00:00Z")
    write(folder / "bureau/again-2024-03-09.ndjson", content)

    again = play(runner, folder)

    assert (6, 5) == (again.files, again.seen)
    assert facts == contents(runner.engine)
    assert findings == rows(runner.engine, FINDINGS, FINDING_CHANGES)
    assert seen + 1 == sightings(runner.engine)


def test_close_stops_at_as_of_and_today(runner: Runner, tmp_path: Path) -> None:
    """No day after --as-of is closed, and a statement that is not over is held, then told."""
    folder = town(tmp_path / "town")
    early = play(runner, folder, today=SECOND, as_of=FIRST)
    assert ("c.xml",) == early.problems
    assert FIRST == closed_day(runner.engine)
    assert 0 < early.held == held(runner.engine)

    play(runner, folder / "bank" / "b.xml", today=SECOND)
    assert SECOND == closed_day(runner.engine)

    late = play(runner, folder, today=THIRD)
    assert (0, 4) == (late.held, late.seen)
    assert THIRD == closed_day(runner.engine)
    assert 0 == held(runner.engine)
    assert measured(tmp_path / "measure", folder) == lines(runner.engine)


def test_refused_file_leaves_only_its_receipt(runner: Runner, tmp_path: Path) -> None:
    """Nothing of a cut file is stored; the rest of the folder is played."""
    folder = town(tmp_path / "town")
    expected = measured(tmp_path / "measure", folder)
    write(folder / "bank/cut.xml", statement("62-A", SECOND, 0, ("C", 1, "x"))[:-40])

    outcome = play(runner, folder)

    assert (6, 1, 0) == (outcome.files, outcome.refused, outcome.held)
    assert ("cut.xml",) == outcome.problems
    assert THIRD == closed_day(runner.engine)
    with reading(runner.engine) as connection:
        (refused,) = files.read(connection, "refused")
        named = select(SIGHTINGS).join(FILES).where(FILES.c.name == "cut.xml")
        assert [] == connection.execute(named).all()
    assert "cut.xml" == refused.name
    assert expected == lines(runner.engine)
