"""What does not prove is held: until it is corrected, or an officer accepts it."""

from pathlib import Path

from models import facts as f
from models.keys import encode
from models.store import files
from models.store.engine import reading
from tests.contract.runners import Runner, play
from tests.contract.stored import contents, held, standing
from tests.contract.town import SECOND, town
from tests.streams.deliveries import statement, write

WORLD = Path(__file__).parent.parent / "worlds" / "statement-broken"


def test_broken_statement_is_held_until_a_corrected_one_comes(
    runner: Runner, tmp_path: Path
) -> None:
    """Its entries wait and statement-broken stands until a statement of its identity proves."""
    folder = town(tmp_path / "town")
    wrong = statement("62-A", SECOND, 600_000, ("D", 400_000, "rent"), closing_fen=1)
    write(folder / "bank/b.xml", wrong)
    outcome = play(runner, folder)

    assert ("b.xml",) == outcome.problems
    assert 0 < outcome.held == held(runner.engine)
    assert 2 == len(contents(runner.engine, "EntryBooked"))
    assert 1 == len(standing(runner.engine, "statement-broken"))

    right = statement("62-A", SECOND, 600_000, ("D", 400_000, "rent"))
    mended = play(runner, write(tmp_path / "mended.xml", right))

    assert (1, 0, 0, ()) == (mended.files, mended.refused, mended.held, mended.problems)
    assert (0, outcome.held) == (held(runner.engine), held(runner.engine, "released"))
    assert 3 == len(contents(runner.engine, "EntryBooked"))
    assert [] == standing(runner.engine, "statement-broken")


def test_acceptance_tells_the_held_entries_and_clears_the_finding(
    runner: Runner, tmp_path: Path
) -> None:
    """The statement's entries become facts, nothing of it waits, and a repeat changes nothing."""
    play(runner, WORLD)
    (broken,) = standing(runner.engine, "statement-broken")
    account, _, name = broken.subject.removeprefix("statement:").partition("/")
    before = len(contents(runner.engine, "EntryBooked"))
    accepted = tmp_path / "accepted.ndjson"
    accepted.write_bytes(encode(f.StatementAccepted(account=account, statement=name)) + b"\n")

    for _ in range(2):
        play(runner, accepted)

        assert before + 1 == len(contents(runner.engine, "EntryBooked"))
        assert [] == standing(runner.engine, "statement-broken")
        assert [] == runner.verify()
        with reading(runner.engine) as connection:
            assert (account, name) not in files.waiting_statements(connection)
