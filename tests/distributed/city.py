"""A small simulated city, and what the embedded runner makes of it on SQLite: the measure."""

from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import msgspec
from sqlalchemy import select

from config.load import load_calendar
from models.store.engine import open_store, reading
from models.store.tables import JOURNAL
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.replay import findings_lines, standing_findings
from streams.simulator import simulate
from tests.streams.told import law

TODAY = date(2026, 11, 1)


class City(msgspec.Struct, frozen=True):
    """A folder of files, the findings that stand at its end, and every content of every fact."""

    folder: Path
    findings: tuple[bytes, ...]
    journal: frozenset[tuple[str, bytes]]


@cache
def city(institutions: int = 8, months: int = 3, seed: int = 3) -> City:
    """Simulate a city once a process, and ingest it."""
    base = Path(mkdtemp(prefix="escrow-city-"))
    folder = base / "city"
    simulate(seed, institutions, months, date(2024, 1, 1), folder, load_calendar())
    engine = open_store(f"sqlite:///{base}/measure.db")
    ingest([folder], engine, law(), Archive(base / "archive"), today=TODAY)
    with reading(engine) as connection:
        rows = connection.execute(select(JOURNAL.c.fact_id, JOURNAL.c.content_hash))
        journal = frozenset((row[0], bytes(row[1])) for row in rows)
    found = tuple(findings_lines(standing_findings(engine)))
    engine.dispose()
    return City(folder, found, journal)
