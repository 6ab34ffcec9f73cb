"""Entries that are held because they may be others that count, and what people say of them."""

from collections.abc import Iterator
from itertools import islice

import msgspec
from sqlalchemy import Connection, func, select

from models.findings import CANNOT_DECIDE, Finding
from models.identity import content_hash
from models.keys import serial_of
from models.pairing import COUNTING_ENTRY, HELD_ENTRY, PAIRING
from models.store import decisions
from models.store.decisions import CannotSettle
from models.store.tables import DECISIONS, FILES, FINDINGS, OUTBOX, SIGHTINGS

_DECODER = msgspec.json.Decoder(Finding)
_ID_DIGITS = 12


class HeldEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A held entry by its fact id, with the entries of which it may be one, by theirs.

    `held_as` is a short name for people. `tries` counts the places where it was read; file and
    position are the first of them. `is_pending`: a person said which it is, not taken in yet.
    """

    held_as: str
    entry: str
    candidates: tuple[str, ...]
    institution: str
    subject: str
    file_name: str
    position: str
    first_seen: str
    tries: int
    is_pending: bool


def held(connection: Connection, *, rows: int | None = None) -> list[HeldEntry]:
    """Every entry that is held, or the first rows of them, by institution and subject."""
    pending = _pending(connection)
    every = (one for each in _findings(connection) for one in _of(connection, each, pending))
    return list(islice(every, rows))


def count(connection: Connection) -> int:
    """How many entries are held."""
    return sum(len(_named(each, HELD_ENTRY)) for each in _findings(connection))


def _findings(connection: Connection) -> list[Finding]:
    columns = FINDINGS.c
    query = (
        select(columns.body)
        .where(columns.rule == CANNOT_DECIDE, columns.subject.startswith(f"{PAIRING}/"))
        .order_by(columns.institution, columns.subject)
    )
    return [_DECODER.decode(body) for body in connection.execute(query).scalars()]


def settle(
    connection: Connection, one: HeldEntry, how: str, *, by: str, reason: str, who: str, at: str
) -> str:
    """Say that it is an entry of its own (accept), or which entry it is (supersede); that one.

    `by` is the serial of the entry that it is; empty takes the one at the same place among those
    that count as this has among those held. CannotSettle.
    """
    if how not in {"accept", "supersede"}:
        raise CannotSettle("no-such-way", how)
    if one.is_pending:
        raise CannotSettle("being-taken-in")
    same_as = ""
    if how == "supersede":
        fits = [each for each in one.candidates if serial_of(each) == by] if by else None
        same_as = next(iter(one.candidates[:1] if fits is None else fits), "")
        if not same_as:
            raise CannotSettle("no-entry", by)
    decisions.pair(connection, one.entry, same_as, reason=reason, who=who, at=at)
    return same_as


def _of(connection: Connection, finding: Finding, pending: set[str]) -> Iterator[HeldEntry]:
    held_ids, candidates = (_named(finding, name) for name in (HELD_ENTRY, COUNTING_ENTRY))
    for place, entry in enumerate(held_ids):
        query = (
            select(FILES.c.name, SIGHTINGS.c.position, SIGHTINGS.c.first_seen)
            .join(FILES, FILES.c.file_id == SIGHTINGS.c.file_id)
            .where(SIGHTINGS.c.fact_id == entry)
            .order_by(SIGHTINGS.c.first_seen, SIGHTINGS.c.file_id, SIGHTINGS.c.position)
        )
        seen = connection.execute(query.limit(1)).one()
        tries = select(func.count()).where(SIGHTINGS.c.fact_id == entry)
        # From its own place on, so that equal ones that are settled in turn get one each.
        turned = (*candidates[place % len(candidates) :], *candidates[: place % len(candidates)])
        yield HeldEntry(
            held_as="E" + content_hash(entry.encode())[:_ID_DIGITS],
            entry=entry,
            candidates=turned,
            institution=finding.institution,
            subject=finding.subject,
            file_name=seen.name,
            position=seen.position,
            first_seen=seen.first_seen,
            tries=connection.execute(tries).scalar_one(),
            is_pending=entry in pending,
        )


def _named(finding: Finding, name: str) -> tuple[str, ...]:
    serials = {step.value for step in finding.formula if step.name == name}
    return tuple(one for one in finding.evidence if serial_of(one) in serials)


def _pending(connection: Connection) -> set[str]:
    """The entries of which a person said something that is not taken in yet."""
    query = select(DECISIONS.c.fact).join(OUTBOX, OUTBOX.c.decision_id == DECISIONS.c.decision_id)
    told = connection.execute(query.where(DECISIONS.c.fact.is_not(None))).scalars()
    facts = [decisions.fact_of(body) for body in told]
    return {getattr(fact, "entry", "") for fact in facts}
