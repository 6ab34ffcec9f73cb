"""Files, held rows, findings, offsets and locks as rows of the store."""

from datetime import date

import msgspec
import pytest
from sqlalchemy import Engine, text

from models.findings import Change, Finding, Step
from models.store import files, findings, journal, progress
from models.store.engine import reading, writing
from models.store.progress import Lock, OffsetMoved, Progress

FILE = files.File(
    sha256="ab" * 32, name="a.xml", size_bytes=3, format="camt", state="proved", received_at="T1"
)
FINDING = Finding(
    rule="coverage-short",
    kind="warning",
    level="yellow",
    institution="JG-1",
    subject="coverage",
    day=date(2024, 3, 5),
    amount_fen=700,
    evidence=("a:62/EntryBooked/2024-03-05/1",),
    formula=(Step("余额", "1 + 2", "3"),),
    policy="00ff",
)


def test_file_is_registered_once(engine: Engine) -> None:
    """The same bytes again renew the row; when they first came, and how far, stays."""
    again = msgspec.structs.replace(FILE, name="b.xml", received_at="T2", day=date(2024, 3, 5))
    with writing(engine) as connection:
        first = files.register(connection, [FILE])
        files.journaled(connection, [(FILE.sha256, 1, 3)])
        assert first == files.register(connection, [again])
        assert first == files.ids(connection, [FILE.sha256, "00"])

        (found,) = files.read(connection)

    assert ("b.xml", "T1", date(2024, 3, 5)) == (found.name, found.received_at, found.day)
    assert 1 == found.batches_journaled


def test_files_are_read_by_state(engine: Engine) -> None:
    """A file is done with its last batch, and no longer among those to be finished."""
    with writing(engine) as connection:
        files.register(connection, [FILE])
        assert [FILE.sha256] == [file.sha256 for file in files.read(connection, "proved")]
        files.journaled(connection, [(FILE.sha256, 2, 2)])

        assert [] == files.read(connection, "proved")
        assert ["done"] == [file.state for file in files.read(connection)]


def test_unregistered_file_cannot_be_journaled(engine: Engine) -> None:
    """Journaling a file that nobody registered is a fault of the program."""
    with pytest.raises(AssertionError, match="before it was registered"), writing(engine) as c:
        files.journaled(c, [(FILE.sha256, 1, 1)])


def test_held_rows_are_kept_once(engine: Engine) -> None:
    """The same file read again holds nothing a second time."""
    held = [files.Held(position="row 2", reason="no amount"), files.Held(position="3", reason="x")]
    with writing(engine) as connection:
        for _ in range(2):
            files.register(connection, [FILE], {FILE.sha256: held})

        assert 2 == files.held_count(connection)


def test_any_bytes_can_be_held(engine: Engine) -> None:
    """What no text column can hold is shown in its place, and known again when it is told again."""
    odd = "a\0b\udcffc 甲"
    file = msgspec.structs.replace(FILE, name=odd)
    with writing(engine) as connection:
        for _ in range(2):
            files.register(
                connection, [file], {FILE.sha256: [files.Held(position=odd, reason=odd)]}
            )
        (row,) = connection.execute(text("SELECT position, reason, state, tries FROM held")).all()
        (found,) = files.read(connection)

    shown = "a\u2400b\\udcffc 甲"
    assert (shown, shown, "waiting", 2) == tuple(row)
    assert shown == found.name


def test_findings_and_their_history(engine: Engine) -> None:
    """Raised, changed and cleared: the rows stand as the history adds up, raised_on stays."""
    changed = msgspec.structs.replace(FINDING, level="red", amount_fen=None)
    with writing(engine) as connection:
        findings.write(connection, [Change("raised", FINDING)], None)
        assert {FINDING.key: FINDING} == findings.standing(connection, "JG-1")
        assert {} == findings.standing(connection, "JG-2")
        findings.write(connection, [Change("changed", changed)], date(2024, 3, 6))

        assert {FINDING.key: changed} == findings.standing(connection)
        query = text("SELECT level, amount_fen, raised_on FROM findings")
        assert ("red", None, None) == tuple(connection.execute(query).one())
        assert findings.bodies(connection) == findings.folded(connection)

        findings.write(connection, [Change("cleared", changed)], date(2024, 3, 7))
        assert {} == findings.bodies(connection) == findings.folded(connection)
        query = text("SELECT change, closed_day FROM finding_changes ORDER BY seq")
        told = [("raised", None), ("changed", "2024-03-06"), ("cleared", "2024-03-07")]
        assert told == [tuple(row) for row in connection.execute(query)]


def test_offset_moves_by_comparison(engine: Engine) -> None:
    """A partition moves on only from where it was read; an unknown one begins at 0."""
    there = Progress(1, date(2024, 3, 5))
    with writing(engine) as connection:
        assert Progress(0, None) == progress.read(connection, 0)
        progress.start(connection, 0)
        progress.advance(connection, 0, Progress(), there)
        progress.start(connection, 0)

        assert there == progress.read(connection, 0)
        with pytest.raises(OffsetMoved, match="no longer 0"):
            progress.advance(connection, 0, Progress(), Progress(1))


def test_lock_is_released_by_its_holder_alone(engine: Engine) -> None:
    """Whoever no longer holds a name cannot let go of it for the present holder."""
    with writing(engine) as connection:
        assert progress.lock(connection, "partition 0") is None
        progress.take_lock(connection, "partition 0", Lock("a 1", "T1"))
        progress.take_lock(connection, "partition 0", Lock("a 2", "T2"))
        progress.release_lock(connection, "partition 0", "a 1")
        assert Lock("a 2", "T2") == progress.lock(connection, "partition 0")
        progress.release_lock(connection, "partition 0", "a 2")
        assert progress.lock(connection, "partition 0") is None


def test_streams_and_names_of_institutions() -> None:
    """A stream names its institution back, whatever characters the name has."""
    for name in ("JG-1", "a/b", "50%", "%2F", "甲"):
        stream = journal.institution_stream(name)
        assert "/" not in stream
        assert name == journal.institution_of(stream)
    assert journal.institution_of(journal.account_stream("62")) is None


def test_reading_sees_one_state(engine: Engine) -> None:
    """A reader that has begun does not see what is committed after."""
    with reading(engine) as connection:
        assert [] == files.read(connection)
        with writing(engine) as other:
            files.register(other, [FILE])
        assert [] == files.read(connection)
    with reading(engine) as connection:
        assert 1 == len(files.read(connection))
