"""What does not prove is held: until it is corrected, or an officer accepts it."""

from pathlib import Path

from sqlalchemy import select

from models import facts as f
from models.keys import encode
from models.store import files, tables
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


def test_pages_in_two_files_wait_until_one_brings_both(runner: Runner, tmp_path: Path) -> None:
    """Each says what it awaits; they are not joined, and one file with both settles them."""
    folder = town(tmp_path / "town")
    first = statement("62-A", SECOND, 600_000, ("D", 300_000, "rent"))
    second = statement("62-A", SECOND, 300_000, ("D", 100_000, "rent")).replace("0001</", "0002</")
    pages = [_page(first, 1), _page(second, 2, last=True)]
    write(folder / "bank/b.xml", pages[0])
    write(folder / "bank/b2.xml", pages[1])
    outcome = play(runner, folder)

    assert ("b.xml", "b2.xml") == outcome.problems
    assert 0 < outcome.held == held(runner.engine)
    with reading(runner.engine) as connection:
        reasons = {reason for (reason,) in connection.execute(select(tables.HELD.c.reason))}
    assert {"the pages behind it are awaited", "the pages before it are awaited"} == {
        reason.partition("; ")[2].partition(":")[0] for reason in reasons
    }

    end = pages[0].index("</BkToCstmrStmt>")
    behind = pages[1][pages[1].index("<Stmt>") : pages[1].index("</BkToCstmrStmt>")]
    whole = write(tmp_path / "whole.xml", pages[0][:end] + behind + pages[0][end:])
    mended = play(runner, whole)

    assert (1, 0, 0, ()) == (mended.files, mended.refused, mended.held, mended.problems)
    assert (0, outcome.held) == (held(runner.engine), held(runner.engine, "released"))
    assert 4 == len(contents(runner.engine, "EntryBooked"))
    assert [] == standing(runner.engine, "statement-broken")


def _page(text: str, number: int, *, last: bool = False) -> str:
    told = f"<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{str(last).lower()}</LastPgInd></StmtPgntn>"
    return text.replace("</Id><CreDtTm>", f"</Id>{told}<CreDtTm>")


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
