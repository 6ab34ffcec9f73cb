"""What is held or refused is settled by a person: once, with a reason, for everybody to read."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from models import facts as f
from models.keys import fact_id
from models.store import decisions
from models.store.decisions import CannotSettle, Decision, How, Waiting
from models.store.engine import open_store, reading, writing
from models.store.tables import DECISIONS, FILES, HELD, JOURNAL, OUTBOX, SIGHTINGS
from streams.cli import app
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.replay import standing_findings, verify
from streams.ways import Decided
from tests.streams.crashing import run_dying
from tests.streams.deliveries import ndjson, statement, write
from tests.streams.told import account, law

TODAY = date(2024, 3, 20)
DAY = date(2024, 3, 5)
AT = "2024-03-20T08:00:00Z"
BROKEN = statement("62-A", DAY, 0, ("C", 600_000, "HT-1"), ("C", 5, "x"), closing_fen=1)
OUTSIDE = statement("62-A", DAY, 0, ("C", 600_000, "HT-1")).replace(
    f"<BookgDt><Dt>{DAY}", "<BookgDt><Dt>2024-03-04"
)
LATER = f.EntryBooked(
    account="62-A", booking_date=date(2024, 3, 25), serial="9", amount_fen=7, direction="C"
)


class Desk:
    """A store with its archive, and an officer."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = f"sqlite:///{root / 'escrow.db'}"
        self.engine = open_store(self.url)
        self.archive = Archive(root / "archive")
        register = ndjson([account("62-A", "JG-1")], "2024-01-01T00:00:00Z")
        self.deliver("register.ndjson", register)

    def deliver(self, name: str, text: str, today: date = TODAY) -> None:
        """Ingest a file."""
        path = write(self.root / "in" / name, text)
        ingest([path], self.engine, law(), self.archive, today=today)

    def waiting(self) -> list[Waiting]:
        """What waits, held rows first."""
        with reading(self.engine) as connection:
            rows, files = decisions.waiting_ids(connection)
            found = [
                *(decisions.held(connection, one) for one in rows),
                *(decisions.refused(connection, one) for one in files),
            ]
        return [one for one in found if one is not None]

    def settle(
        self, about: Waiting, how: How, reason: str = "checked", today: date = TODAY
    ) -> Decision:
        """Settle something and have it taken in."""
        with writing(self.engine) as connection:
            fresh = (
                decisions.refused(connection, about.file_id)
                if about.held_id is None
                else decisions.held(connection, about.held_id)
            )
            assert fresh is not None
            decided = decisions.settle(
                connection, fresh, how, reason=reason, who="王主任", at=AT, today=today
            )
        self.take_in(today)
        return decided

    def take_in(self, today: date = TODAY) -> None:
        """What a runner does at its next look."""
        decided = Decided(self.engine, self.archive)
        done = ingest(decided.arrivals(), self.engine, law(), self.archive, today=today)
        decided.settle(done)

    def kinds(self) -> list[str]:
        """The kinds of all contents in the journal, sorted."""
        with reading(self.engine) as connection:
            return sorted(connection.execute(select(JOURNAL.c.kind)).scalars())

    def rules(self) -> set[str]:
        """The rules whose findings stand."""
        return {found.rule for found in standing_findings(self.engine)}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An account of an institution, nothing held."""
    return Desk(tmp_path)


def test_accepted_statement_is_told_whole(desk: Desk) -> None:
    """Accepting one part of a statement that does not prove tells all of its parts, and clears."""
    desk.deliver("broken.xml", BROKEN)
    assert "statement-broken" in desk.rules()
    first, *others = desk.waiting()
    assert 3 == len(others)
    desk.settle(first, "accept")

    assert [] == desk.waiting()
    assert 2 == desk.kinds().count("EntryBooked")
    assert 1 == desk.kinds().count("StatementAccepted")
    assert "statement-broken" not in desk.rules()
    assert [] == verify(desk.engine, law())


def test_decision_is_a_file_that_says_who_and_why(desk: Desk) -> None:
    """The accepting fact was read in a file of the archive, which names officer and reason."""
    desk.deliver("broken.xml", BROKEN)
    desk.settle(desk.waiting()[0], "accept", "the bank's letter of 19 March")
    fact = f.StatementAccepted(account="62-A", statement=f"S-62-A-{DAY}")
    with reading(desk.engine) as connection:
        seen = select(FILES.c.sha256, FILES.c.name).join(
            SIGHTINGS, SIGHTINGS.c.file_id == FILES.c.file_id
        )
        row = connection.execute(seen.where(SIGHTINGS.c.fact_id == fact_id(fact))).one()
    text = desk.archive.path(row.sha256).read_text(encoding="utf-8")

    assert "decision-1.ndjson" == row.name
    assert "王主任" in text
    assert "the bank's letter of 19 March" in text


def test_accepted_row_keeps_its_place(desk: Desk) -> None:
    """A single entry is told as it was read, from the file and position where it stands."""
    desk.deliver("outside.xml", OUTSIDE)
    (about,) = desk.waiting()
    assert "outside of its period" in about.reason
    desk.settle(about, "accept")

    entry = f.EntryBooked(
        account="62-A",
        booking_date=date(2024, 3, 4),
        serial=f"R{DAY:%Y%m%d}0001",
        amount_fen=1,
        direction="C",
    )
    with reading(desk.engine) as connection:
        seen = select(FILES.c.name, SIGHTINGS.c.position, SIGHTINGS.c.stated_at).join(
            SIGHTINGS, SIGHTINGS.c.file_id == FILES.c.file_id
        )
        row = connection.execute(seen.where(SIGHTINGS.c.fact_id == fact_id(entry))).one()
    assert ("outside.xml", about.position, f"{DAY}T12:00:00Z") == tuple(row)
    assert [] == desk.waiting()
    assert [] == verify(desk.engine, law())


def test_superseded_row_waits_no_longer(desk: Desk) -> None:
    """What something else stands for is told nowhere and is not held again with its file."""
    desk.deliver("outside.xml", OUTSIDE)
    before = desk.kinds()
    desk.settle(desk.waiting()[0], "supersede", "see statement 6")
    desk.deliver("copy.xml", OUTSIDE)

    assert [] == desk.waiting()
    assert before == desk.kinds()
    with reading(desk.engine) as connection:
        assert ["superseded"] == list(connection.execute(select(HELD.c.state)).scalars())


def test_resubmitted_file_is_read_again(desk: Desk) -> None:
    """A row that was dated in the future is told once its day is there; until then it is tried."""
    desk.deliver("later.ndjson", ndjson([LATER], "2024-03-19T00:00:00Z"))
    desk.settle(desk.waiting()[0], "resubmit")
    (about,) = desk.waiting()
    assert (2, "waiting") == (about.tries, about.state)

    desk.settle(about, "resubmit", today=date(2024, 3, 25))
    assert [] == desk.waiting()
    assert 1 == desk.kinds().count("EntryBooked")


def test_refused_file_is_tried_again_or_superseded(desk: Desk) -> None:
    """A file that nobody reads stays refused when it is tried again, and can be laid aside."""
    desk.deliver("letter.txt", "Dear Sirs")
    (about,) = desk.waiting()
    assert (None, "letter.txt", 1) == (about.held_id, about.file_name, about.tries)
    desk.settle(about, "resubmit")
    (about,) = desk.waiting()
    assert 2 == about.tries

    desk.settle(about, "supersede", "a letter")
    assert [] == desk.waiting()


@pytest.mark.parametrize(
    ("text", "how", "reason", "code"),
    [
        (ndjson([LATER], AT), "accept", "x", "after-today"),
        ("# ndjson\n{}\n", "accept", "x", "no-fact"),
        ("Dear Sirs", "accept", "x", "no-fact"),
        (OUTSIDE, "accept", " \n ", "reason-missing"),
        (OUTSIDE, "supersede", "x" * 501, "reason-too-long"),
    ],
)
def test_what_cannot_be_settled_so(desk: Desk, text: str, how: How, reason: str, code: str) -> None:
    """No fact, a day to come, no reason: the code says which, and nothing is written."""
    desk.deliver("file", text)
    (about,) = desk.waiting()
    with pytest.raises(CannotSettle) as fault:
        desk.settle(about, how, reason)

    assert code == fault.value.code
    assert [about] == desk.waiting()
    with reading(desk.engine) as connection:
        assert [] == list(connection.execute(select(DECISIONS)))


def test_settled_twice_is_settled_once(desk: Desk) -> None:
    """The same again is the same decision; another one comes too late."""
    desk.deliver("outside.xml", OUTSIDE)
    (about,) = desk.waiting()
    first = desk.settle(about, "accept", "first")
    again = desk.settle(about, "accept", "second")

    assert (first.decision_id, "first") == (again.decision_id, again.reason)
    with pytest.raises(CannotSettle, match="settled"):
        desk.settle(about, "supersede")
    with reading(desk.engine) as connection:
        assert 1 == len(connection.execute(select(DECISIONS)).all())
        assert [] == list(connection.execute(select(OUTBOX)))


def test_second_officer_waits_for_the_first(desk: Desk) -> None:
    """What is being taken in is not settled otherwise meanwhile."""
    desk.deliver("outside.xml", OUTSIDE)
    (about,) = desk.waiting()
    with writing(desk.engine) as connection:
        settle: Callable[[How], Decision] = lambda how: decisions.settle(  # noqa: E731
            connection, about, how, reason="x", who="李", at=AT, today=TODAY
        )
        settle("accept")
        with pytest.raises(CannotSettle, match="being-taken-in"):
            settle("supersede")


def _take_in(root: str) -> None:
    desk = Desk(Path(root))
    desk.take_in()
    desk.engine.dispose()


@pytest.mark.slow
def test_killed_while_it_is_taken_in(tmp_path: Path) -> None:
    """Wherever the process dies, the next one ends with each decision taken in once."""
    number, died = 0, 1
    while died:
        number += 3
        desk = Desk(tmp_path / str(number))
        desk.deliver("broken.xml", BROKEN)
        desk.deliver("outside.xml", OUTSIDE.replace(str(DAY), "2024-03-06"))
        about = desk.waiting()
        with writing(desk.engine) as connection:
            for one in (about[0], about[-1]):
                decisions.settle(
                    connection, one, "accept", reason="x", who="李", at=AT, today=TODAY
                )
        desk.engine.dispose()
        died = run_dying(_take_in, str(desk.root), before=number)
        _take_in(str(desk.root))
        assert [] == desk.waiting(), number
        assert 3 == desk.kinds().count("EntryBooked")
        assert [] == verify(desk.engine, law())
        desk.engine.dispose()
    assert number > 30


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_commands(desk: Desk) -> None:
    """`escrow held` lists, shows and settles; the list is empty in the end."""
    desk.deliver("outside.xml", OUTSIDE)
    desk.deliver("letter.txt", "Dear Sirs")
    at = ("--db", desk.url)
    rows = [json.loads(line) for line in _run("held", "list", "--json", *at).stdout.splitlines()]
    assert ["1", "F3"] == [row["id"] for row in rows]
    assert {"outside.xml", "letter.txt"} == {row["file"] for row in rows}
    assert all(row["position"] or row["file"] == "letter.txt" for row in rows)
    assert "outside of its period" in _run("held", "list", *at).stdout

    shown = _run("held", "show", "1", *at).stdout
    assert "<BookgDt><Dt>2024-03-04" in shown
    assert 2 == _run("held", "show", "77", *at).exit_code
    assert 2 == _run("held", "settle", "1", "forget", "--reason", "x", *at).exit_code
    assert 1 == _run("held", "settle", "F3", "accept", "--reason", "x", *at).exit_code

    told = _run("held", "settle", "1", "accept", "--reason", "true", "--who", "李", *at)
    assert (0, True) == (told.exit_code, "李: accept, true" in told.stdout)
    assert 0 == _run("held", "settle", "F3", "supersede", "--reason", "a letter", *at).exit_code
    assert "" == _run("held", "list", "--json", *at).stdout
    assert 1 == desk.kinds().count("EntryBooked")
    assert "李: accept, true" in _run("held", "show", "1", *at).stdout


def test_ingest_takes_in_what_was_settled(desk: Desk) -> None:
    """A decision of the inbox is taken in by the next `escrow ingest` too."""
    desk.deliver("outside.xml", OUTSIDE)
    (about,) = desk.waiting()
    with writing(desk.engine) as connection:
        decisions.settle(connection, about, "accept", reason="x", who="李", at=AT, today=TODAY)
    other = write(desk.root / "in/next.xml", statement("62-A", date(2024, 3, 6), 600_000))
    assert 0 == _run("ingest", str(other), "--db", desk.url).exit_code

    assert 1 == desk.kinds().count("EntryBooked")
    assert [] == desk.waiting()
