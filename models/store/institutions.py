"""The institutions known, what each was last evaluated with, and how it is called."""

from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import Connection, func, or_, select

from models import facts as f
from models.keys import DECODER
from models.store import dialect
from models.store.dialect import Row, holdable
from models.store.journal import institution_stream
from models.store.tables import INSTITUTIONS, JOURNAL


class Versions(msgspec.Struct, frozen=True):
    """With what an evaluation was made: hashes of policy and calendar, and the release."""

    policy: str
    calendar: str
    code: str


class Evaluated(msgspec.Struct, frozen=True):
    """An institution's last evaluation; `error` says why a later one was not possible."""

    institution: str
    count: int
    day: date | None
    versions: Versions
    error: str | None = None


def read(connection: Connection) -> dict[str, Evaluated]:
    """Every institution that was ever evaluated, in order."""
    columns = INSTITUTIONS.c
    query = select(
        *(columns.institution, columns.evaluated_count, columns.evaluated_day),
        *(columns.evaluated_policy, columns.evaluated_calendar, columns.evaluated_code),
        columns.error,
    ).order_by(columns.institution)
    found = {}
    for name, number, day, policy, calendar, code, error in connection.execute(query):
        versions = Versions(policy, calendar, code)
        closed = date.fromisoformat(day) if day else None
        found[name] = Evaluated(name, number, closed, versions, error)
    return found


def stale_count(connection: Connection, versions: Versions) -> int:
    """How many were last judged with other versions than these."""
    columns = INSTITUTIONS.c
    query = select(func.count()).where(
        or_(
            columns.evaluated_policy != versions.policy,
            columns.evaluated_calendar != versions.calendar,
            columns.evaluated_code != versions.code,
        )
    )
    return connection.execute(query).scalar_one()


def among(connection: Connection, names: Iterable[str]) -> list[str]:
    """Those of these names that were ever evaluated."""
    column = INSTITUTIONS.c.institution
    return list(connection.execute(select(column).where(column.in_(sorted(names)))).scalars())


def write(connection: Connection, evaluated: Iterable[Evaluated]) -> None:
    """Store evaluations; one with an error leaves what the last good one stored."""
    good: list[Row] = []
    bad: list[Row] = []
    for one in evaluated:
        day = one.day.isoformat() if one.day else None
        made_with = (one.versions.policy, one.versions.calendar, one.versions.code)
        error = None if one.error is None else holdable(one.error)
        row = (one.institution, one.count, day, *made_with, error, "", "", "")
        (bad if one.error else good).append(row)
    columns = ("count", "day", "policy", "calendar", "code")
    changing = (*(f"evaluated_{column}" for column in columns), "error")
    dialect.upsert(connection, INSTITUTIONS, good, *changing)
    dialect.upsert(connection, INSTITUTIONS, bad, "error")


def write_names(connection: Connection, institutions: Iterable[str]) -> None:
    """Show each institution under the name of its latest register row."""
    rows = [(*name(connection, one), one) for one in sorted(institutions)]
    columns = ("name", "city", "county")
    dialect.update(connection, INSTITUTIONS, rows, *columns, where="institution = ?")


def name(connection: Connection, institution: str) -> tuple[str, str, str]:
    """Name, city and county by the register row with the latest valid_from that was stated last.

    For lists and headings only: which row holds on a day is the ledger's matter.
    """
    columns = JOURNAL.c
    stream = institution_stream(institution)
    first = f"{stream}/{f.InstitutionStated.__name__}/"
    # A range of the key, because the stream also holds every lesson; "0" is what follows "/".
    query = select(columns.body).where(
        columns.stream == stream, columns.fact_id >= first, columns.fact_id < first[:-1] + "0"
    )
    latest = query.order_by(
        columns.day.desc(), columns.stated_last.desc(), columns.content_hash
    ).limit(1)
    body = connection.execute(latest).scalar_one_or_none()
    if body is None:
        return "", "", ""
    fact = DECODER.decode(body)
    assert isinstance(fact, f.InstitutionStated)
    return holdable(fact.name), holdable(fact.city), holdable(fact.county)
