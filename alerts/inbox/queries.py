"""What the pages ask of the store: counts and rows as plain values, in SQLAlchemy Core."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, case, func, or_, select

from models.findings import CANNOT_DECIDE, Finding, Level
from models.store import tables

PAGE_ROWS = 50
LEVELS = tuple(level.word for level in sorted(Level, reverse=True))
_FINDING = msgspec.json.Decoder(Finding)

_LEFT_OUT = "…"
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\b[\w*-]*\d[\w*,.:/+-]*")

_findings = tables.FINDINGS.c
_institutions = tables.INSTITUTIONS.c
_changes = tables.FINDING_CHANGES.c
_files = tables.FILES.c
_held = tables.HELD.c


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the list of findings is narrowed to; empty means all."""

    level: str = ""
    county: str = ""
    rule: str = ""
    institution: str = ""
    text: str = ""

    def without(self, name: str) -> "Filters":
        """The same filters with one of them open."""
        return Filters(**{**self.__dict__, name: ""})

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filters as conditions on findings joined with institutions."""
        exact = (
            (_findings.level, self.level),
            (_institutions.county, self.county),
            (_findings.rule, self.rule),
            (_findings.institution, self.institution),
        )
        found = [column == value for column, value in exact if value]
        if self.text:
            columns = (
                *(_findings.finding_id, _findings.subject, _findings.institution),
                *(_findings.rule, _institutions.name),
            )
            found.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return found


@dataclass(frozen=True)
class Counts:
    """How many findings each value of one filter would leave, the other filters kept."""

    by_level: Mapping[str, int]
    by_rule: Mapping[str, int]
    by_county: Mapping[str, int]
    total: int


@dataclass(frozen=True)
class Listed:
    """One row of a list of findings: the finding with its institution's name and county."""

    finding: Finding
    name: str
    county: str


@dataclass(frozen=True)
class Changed:
    """One row of a finding's history."""

    change: str
    closed_day: date | None
    level: str
    day: date
    amount_fen: int | None


def _joined() -> Any:  # noqa: ANN401 -- SQLAlchemy's FromClause does not type its join
    return tables.FINDINGS.outerjoin(
        tables.INSTITUTIONS, _findings.institution == _institutions.institution
    )


def counts(connection: Connection, filters: Filters) -> Counts:
    """Counts by level, rule and county, and of all that the filters leave."""

    def grouped(column: ColumnElement[Any], name: str) -> dict[str, int]:
        query = (
            select(column, func.count())
            .select_from(_joined())
            .where(*filters.without(name).conditions())
            .group_by(column)
            .order_by(column)
        )
        return {value or "": count for value, count in connection.execute(query)}

    total = select(func.count()).select_from(_joined()).where(*filters.conditions())
    return Counts(
        by_level=grouped(_findings.level, "level"),
        by_rule=grouped(_findings.rule, "rule"),
        by_county=grouped(_institutions.county, "county"),
        total=connection.execute(total).scalar_one(),
    )


def findings(
    connection: Connection, filters: Filters, *, page: int = 1, rows: int = PAGE_ROWS
) -> list[Listed]:
    """One page of standing findings: the worst level first, then the latest day."""
    badness = case({level: place for place, level in enumerate(LEVELS)}, value=_findings.level)
    query = (
        select(_findings.body, _institutions.name, _institutions.county)
        .select_from(_joined())
        .where(*filters.conditions())
        .order_by(badness, _findings.day.desc(), _findings.finding_id)
        .limit(rows)
        .offset((page - 1) * rows)
    )
    return [
        Listed(_FINDING.decode(body), name or "", county or "")
        for body, name, county in connection.execute(query)
    ]


def finding(connection: Connection, finding_id: str) -> tuple[Finding, bool] | None:
    """A finding and whether it stands; one that has cleared is shown as it last stood."""
    standing = select(_findings.body).where(_findings.finding_id == finding_id)
    body = connection.execute(standing).scalar()
    if body is not None:
        return _FINDING.decode(body), True
    last = (
        select(_changes.body)
        .where(_changes.finding_id == finding_id)
        .order_by(_changes.seq.desc())
        .limit(1)
    )
    body = connection.execute(last).scalar()
    return None if body is None else (_FINDING.decode(body), False)


def history(connection: Connection, finding_id: str) -> list[Changed]:
    """What happened to a finding, the oldest first."""
    query = (
        select(
            *(_changes.change, _changes.closed_day, _changes.level),
            *(_changes.day, _changes.amount_fen),
        )
        .where(_changes.finding_id == finding_id)
        .order_by(_changes.seq)
    )
    return [
        Changed(change, _day(closed), level, date.fromisoformat(day), amount)
        for change, closed, level, day, amount in connection.execute(query)
    ]


def institution(connection: Connection, identifier: str) -> Row[Any] | None:
    """The row of an institution, or None."""
    query = select(tables.INSTITUTIONS).where(_institutions.institution == identifier)
    return connection.execute(query).one_or_none()


def names(connection: Connection) -> dict[str, str]:
    """The registered name of each institution."""
    query = select(_institutions.institution, _institutions.name)
    return {row[0]: row[1] for row in connection.execute(query)}


@dataclass(frozen=True)
class Place:
    """What an institution is called and where it is."""

    name: str
    county: str


def places(connection: Connection) -> dict[str, Place]:
    """The registered name and county of each institution."""
    query = select(_institutions.institution, _institutions.name, _institutions.county)
    return {row[0]: Place(row[1], row[2]) for row in connection.execute(query)}


def standing_of(
    connection: Connection, rule: str, institutions: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Of each of these institutions that has one, the rule's worst finding: its id and level."""
    query = select(_findings.institution, _findings.finding_id, _findings.level).where(
        _findings.institution.in_(institutions), _findings.rule == rule
    )
    rows = sorted(connection.execute(query), key=lambda row: LEVELS.index(row.level), reverse=True)
    return {row.institution: (row.finding_id, row.level) for row in rows}


def accounts_of(connection: Connection, identifier: str) -> list[str]:
    """Every account that any row of the register ever gave to the institution."""
    owners = tables.ACCOUNT_OWNERS.c
    query = select(owners.account).where(owners.institution == identifier).order_by(owners.account)
    return list(connection.execute(query).scalars())


def _about_entries() -> ColumnElement[bool]:
    return or_(*(_findings.subject.startswith(f"{what}/") for what in ("matching", "pairing")))


def cannot_decide(connection: Connection, *, matching: bool, rows: int) -> list[Listed]:
    """What waits for a field: entries left open or held as pairs, or what rules could not say."""
    about_matching = _about_entries()
    query = (
        select(_findings.body, _institutions.name, _institutions.county)
        .select_from(_joined())
        .where(_findings.rule == CANNOT_DECIDE, about_matching if matching else ~about_matching)
        .order_by(_findings.day.desc(), _findings.finding_id)
        .limit(rows)
    )
    return [
        Listed(_FINDING.decode(body), name or "", county or "")
        for body, name, county in connection.execute(query)
    ]


def cannot_decide_counts(connection: Connection) -> tuple[int, int]:
    """How many cannot-decide findings stand for matching, and how many for the rules."""
    about_matching = _about_entries()
    query = select(
        func.coalesce(func.sum(case((about_matching, 1), else_=0)), 0), func.count()
    ).where(_findings.rule == CANNOT_DECIDE)
    matching, every = connection.execute(query).one()
    return matching, every - matching


@lru_cache(maxsize=65_536)
def kind_of_reason(reason: str) -> str:
    """A reason without its numbers and quoted values, under which rows are counted."""
    return _PARTICULAR.sub(_LEFT_OUT, reason)


def held_by_kind_of_reason(connection: Connection) -> list[tuple[str, int]]:
    """How many rows wait for each kind of reason, the commonest first."""
    query = (
        select(_held.reason, func.count()).where(_held.state == "waiting").group_by(_held.reason)
    )
    kinds: Counter[str] = Counter()
    for reason, count in connection.execute(query):
        kinds[kind_of_reason(reason)] += count
    return sorted(kinds.items(), key=lambda each: (-each[1], each[0]))


def held(connection: Connection, kind: str, *, page: int, rows: int) -> list[Row[Any]]:
    """Rows that wait, the oldest first, with the file that told them; every kind when empty."""
    query = (
        select(tables.HELD, _files.name.label("file_name"))
        .select_from(tables.HELD.outerjoin(tables.FILES, _held.file_id == _files.file_id))
        .where(_held.state == "waiting")
        .order_by(_held.first_seen, _held.held_id)
        .limit(rows)
        .offset((page - 1) * rows)
    )
    if kind:
        # Each value that the kind leaves out may be anything.
        plain = kind.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(_held.reason.like(plain.replace(_LEFT_OUT, "%"), escape="\\"))
    return list(connection.execute(query))


def files(
    connection: Connection, state: str, *, page: int = 1, rows: int = PAGE_ROWS
) -> list[Row[Any]]:
    """Delivered files, the latest first; all states when empty."""
    query = select(tables.FILES).order_by(_files.file_id.desc())
    if state:
        query = query.where(_files.state == state)
    return list(connection.execute(query.limit(rows).offset((page - 1) * rows)))


def file_states(connection: Connection) -> dict[str, int]:
    """How many files are in each state."""
    query = select(_files.state, func.count()).group_by(_files.state).order_by(_files.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def file(connection: Connection, file_id: int) -> Row[Any] | None:
    """One delivered file, or None."""
    query = select(tables.FILES).where(_files.file_id == file_id)
    return connection.execute(query).one_or_none()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
