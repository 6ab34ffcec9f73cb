"""From files to findings in SQLite, and the whole recomputed from its journal."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from alerts.evaluation import Law
from bench.city import TODAY
from bench.clock import Lap
from models.store.engine import open_store
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.replay import verify


def csv_files(folder: Path) -> list[Path]:
    """The tables of a city: registers and the statements of banks that export CSV."""
    return sorted(folder.rglob("*.csv"))


def end_to_end(paths: list[Path], law: Law) -> tuple[Lap, Lap]:
    """Files into an empty store, then all of it verified: both laps count facts."""
    with _empty_store() as (engine, archive):
        with Lap() as reading:
            summary = ingest(paths, engine, law, archive, today=TODAY)
        with Lap() as verifying:
            faults = verify(engine, law)
        assert not faults, faults[:3]
        reading.count = verifying.count = summary.facts
        return reading, verifying


@contextmanager
def _empty_store() -> Iterator[tuple[Engine, Archive]]:
    with TemporaryDirectory() as name:
        engine = open_store(f"sqlite:///{name}/bench.db")
        try:
            yield engine, Archive(Path(name) / "archive")
        finally:
            engine.dispose()
