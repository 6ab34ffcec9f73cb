"""An officer's acceptance of a statement sets free what was held of it."""

from datetime import date
from pathlib import Path

from sqlalchemy import Engine, select

from models import facts as f
from models.keys import encode
from models.store import files
from models.store.engine import open_store, reading
from models.store.tables import JOURNAL
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.replay import standing_findings, verify
from tests.engine import law

WORLD = Path(__file__).parent.parent / "worlds" / "statement-broken"
TODAY = date(2024, 4, 1)


def _entries(engine: Engine) -> int:
    with reading(engine) as connection:
        kind = JOURNAL.c.kind == "EntryBooked"
        return len(connection.execute(select(JOURNAL.c.fact_id).where(kind)).all())


def test_acceptance_tells_the_held_entries_and_clears_the_finding(tmp_path: Path) -> None:
    """The statement's entries become facts, nothing of it waits, and a repeat changes nothing."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    archive = Archive(tmp_path / "archive")
    ingest([WORLD], engine, law(), archive, today=TODAY)
    (broken,) = [one for one in standing_findings(engine) if one.rule == "statement-broken"]
    account, _, statement = broken.subject.removeprefix("statement:").partition("/")
    before = _entries(engine)
    accepted = tmp_path / "accepted.ndjson"
    accepted.write_bytes(encode(f.StatementAccepted(account=account, statement=statement)) + b"\n")

    for _ in range(2):
        ingest([accepted], engine, law(), archive, today=TODAY)

        assert before < _entries(engine)
        assert "statement-broken" not in {one.rule for one in standing_findings(engine)}
        assert [] == verify(engine, law())
        with reading(engine) as connection:
            assert (account, statement) not in files.waiting_statements(connection)
