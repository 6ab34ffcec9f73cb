"""What contract tests look for in a store, whoever wrote it."""

from datetime import date

from sqlalchemy import Engine, Row, Table, func, select

from models.findings import Finding
from models.store.engine import reading
from models.store.tables import HELD, JOURNAL, PROGRESS, SIGHTINGS
from streams.replay import findings_lines, standing_findings


def lines(engine: Engine) -> list[bytes]:
    """The standing findings as the command prints them."""
    return list(findings_lines(standing_findings(engine)))


def standing(engine: Engine, rule: str) -> list[Finding]:
    """The standing findings of a rule."""
    return [one for one in standing_findings(engine) if one.rule == rule]


def rows(engine: Engine, *tables: Table) -> list[Row[tuple[object, ...]]]:
    """Every row of these tables, each in the order of its key."""
    found: list[Row[tuple[object, ...]]] = []
    with reading(engine) as connection:
        for table in tables:
            found += connection.execute(select(table).order_by(*table.primary_key.columns))
    return found


def contents(engine: Engine, kind: str = "") -> list[tuple[str, bytes]]:
    """Id and content hash of every content that is journaled, of one kind or of all."""
    query = select(JOURNAL.c.fact_id, JOURNAL.c.content_hash)
    if kind:
        query = query.where(JOURNAL.c.kind == kind)
    with reading(engine) as connection:
        return sorted((row[0], bytes(row[1])) for row in connection.execute(query))


def sightings(engine: Engine) -> int:
    """How often a content was told by a file."""
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(SIGHTINGS)).scalar_one()


def held(engine: Engine, state: str = "waiting") -> int:
    """How many parts of files are in this state."""
    query = select(func.count()).select_from(HELD).where(HELD.c.state == state)
    with reading(engine) as connection:
        return connection.execute(query).scalar_one()


def closed_day(engine: Engine) -> date:
    """The day up to which every partition is closed."""
    with reading(engine) as connection:
        (day,) = connection.execute(select(PROGRESS.c.closed_day).distinct()).scalars()
    return date.fromisoformat(day)
