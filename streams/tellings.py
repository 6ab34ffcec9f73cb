"""What a batch leaves in the store before it is judged: facts, who told them, what is held."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError

from models import facts as f
from models.store import files, journal
from models.store.journal import Stated


def write(
    connection: Connection,
    told: Sequence[f.Told],
    contents: list[Stated],
    keys: list[journal.Key],
    seen_at: str,
) -> int:
    """Journal what was told and who told it where; how many contents were new."""
    known = _file_ids(connection, {telling.file for telling in told}, seen_at)
    new = journal.write(connection, contents)
    rows = [
        (*key, known[telling.file], telling.position, telling.stated_at, seen_at)
        for telling, key in zip(told, keys, strict=True)
    ]
    journal.write_sightings(connection, sorted(rows))
    return new


def unstorable(engine: Engine, told: Sequence[f.Told], seen_at: str) -> dict[int, str]:
    """Which of these the database refuses to store, by their place in `told`, and why."""
    with engine.connect() as connection:
        transaction = connection.begin()
        try:
            write(connection, told, *journal.gather(told), seen_at)
        except (DataError, IntegrityError) as refused:
            why = str(refused.orig).strip()
        else:
            return {}
        finally:
            transaction.rollback()
    if len(told) == 1:
        return {0: why}
    half = len(told) // 2
    later = unstorable(engine, told[half:], seen_at)
    return unstorable(engine, told[:half], seen_at) | {
        half + place: why for place, why in later.items()
    }


def write_held(connection: Connection, held: Iterable[tuple[files.File, files.Held]]) -> None:
    """Register what of the messages could not be read, so that it is shown and can be told."""
    by_file = {file.sha256: (file, [one]) for file, one in held}
    several = {sha256: parts for sha256, (_, parts) in by_file.items()}
    files.register(connection, [file for file, _ in by_file.values()], several)


def _file_ids(connection: Connection, named: set[str], seen_at: str) -> dict[str, int]:
    """The numbers of the files that a batch names.

    A file that nobody registered gets a row as well: its row may have been lost with a restored
    database, and what was told of it must not be.
    """
    known = files.ids(connection, named)
    if len(known) == len(named):
        return known
    rows = [
        files.File(
            sha256=sha256,
            name="?",
            size_bytes=0,
            format="unknown",
            state="done",
            received_at=seen_at,
        )
        for sha256 in sorted(named - known.keys())
    ]
    return known | files.register(connection, rows)
