"""The standing findings and their history: a row for each, and a row for each change."""

from collections.abc import Iterable
from datetime import date

import msgspec
from sqlalchemy import Connection, select

from models.findings import Change, Finding, Key
from models.store import dialect
from models.store.tables import FINDING_CHANGES, FINDINGS

_DECODER = msgspec.json.Decoder(Finding)
_ENCODER = msgspec.json.Encoder()
_CONTENT = ("level", "kind", "day", "amount_fen", "body")
_CHANGE_COLUMNS = (
    *("finding_id", "institution", "change", "closed_day"),
    *("level", "day", "amount_fen", "body"),
)


def encode(finding: Finding) -> bytes:
    """A finding as it is stored: JSON, its fields in the order of the struct."""
    return _ENCODER.encode(finding)


def standing(connection: Connection, institution: str | None = None) -> dict[Key, Finding]:
    """The standing findings of an institution, or of all, in order of their keys."""
    columns = FINDINGS.c
    query = select(columns.body).order_by(columns.rule, columns.institution, columns.subject)
    if institution is not None:
        query = query.where(columns.institution == institution)
    findings = (_DECODER.decode(body) for body in connection.execute(query).scalars())
    return {finding.key: finding for finding in findings}


def write(connection: Connection, changes: Iterable[Change], closed_day: date | None) -> None:
    """Bring the standing findings up to date and add each change to the history."""
    closed = closed_day.isoformat() if closed_day else None
    standing_rows, cleared, history = [], [], []
    for change in changes:
        finding = change.finding
        body, day = encode(finding), finding.day.isoformat()
        shown = (finding.level, day, finding.amount_fen, body)
        history.append((finding.id, finding.institution, change.change, closed, *shown))
        if change.change == "cleared":
            cleared.append((finding.id,))
        else:
            key = (finding.id, finding.rule, finding.institution, finding.subject)
            standing_rows.append((*key, finding.kind, *shown, closed))
    dialect.delete(connection, FINDINGS, cleared, where="finding_id = ?")
    dialect.upsert(connection, FINDINGS, standing_rows, *_CONTENT)
    dialect.insert(connection, FINDING_CHANGES, history, *_CHANGE_COLUMNS)


def bodies(connection: Connection) -> dict[str, bytes]:
    """The body of each standing finding by its id."""
    query = select(FINDINGS.c.finding_id, FINDINGS.c.body)
    return {row[0]: row[1] for row in connection.execute(query)}


def folded(connection: Connection) -> dict[str, bytes]:
    """What the history adds up to: the body of each finding that it leaves standing, by its id."""
    columns = FINDING_CHANGES.c
    query = select(columns.finding_id, columns.change, columns.body).order_by(columns.seq)
    left: dict[str, bytes] = {}
    for identifier, change, body in connection.execute(query):
        if change == "cleared":
            left.pop(identifier, None)
        else:
            left[identifier] = body
    return left
