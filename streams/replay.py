"""Recompute from the journal alone, without anything kept in between, and compare or answer."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

import msgspec
from sqlalchemy import Connection, Engine, func, select

from alerts.evaluation import Law, Supervision
from models import facts as f
from models.findings import Finding, Key
from models.identity import account_of_nobody, nobody_of
from models.keys import DECODER, content_hash, fact_id
from models.store import findings, institutions, journal
from models.store.engine import reading
from models.store.institutions import Evaluated
from models.store.tables import INSTITUTIONS, JOURNAL, SIGHTINGS
from streams.collecting import collect_rarely
from streams.monitor import replayed, versions_of

Notify = Callable[[int, int], None]

# A whole table comes in parts: PostgreSQL's driver would else take all of it into memory.
_PARTS = {"yield_per": 10_000}


def verify(engine: Engine, law: Law, progress: Notify | None = None) -> list[str]:
    """Every difference between what is stored and what the journal says, as sentences.

    `progress` is told how many of how many institutions are done.
    """
    collect_rarely()
    with reading(engine) as connection:
        made = institutions.read(connection)
        streams = _streams(connection)
        faults = [f"institution {name}: not evaluated" for name in sorted(streams.keys() - made)]
        stored = _by_institution(findings.standing(connection).values())
        for done, name in enumerate(sorted(made), start=1):
            rows = list(journal.read(connection, streams.get(name, ())))
            faults += _institution_faults(law, made[name], rows, stored.pop(name, {}))
            if progress:
                progress(done, len(made))
        faults += [f"institution {name}: has findings but no row" for name in sorted(stored)]
        return [
            *faults,
            *_history_faults(connection),
            *_journal_faults(connection),
            *_sighting_faults(connection),
            *_owner_faults(connection),
        ]


def findings_as_of(engine: Engine, law: Law, day: date) -> list[Finding]:
    """What would stand at the close of a day, by the facts of days up to it as known now."""
    with reading(engine) as connection:
        streams = _streams(connection)
        found: list[Finding] = []
        for name in sorted(streams):
            rows = journal.read(connection, streams[name])
            supervision = replayed(name, law, rows, as_of=day)
            supervision.evaluate(day)
            found += supervision.standing.values()
    return found


def standing_findings(engine: Engine) -> list[Finding]:
    """What stands now, as stored."""
    with reading(engine) as connection:
        return list(findings.standing(connection).values())


def findings_lines(standing: Iterable[Finding]) -> Iterator[bytes]:
    """One JSON object a finding, sorted by key: the same findings are the same bytes."""
    for finding in sorted(standing, key=lambda one: one.key):
        line = {
            "id": finding.id,
            "rule": finding.rule,
            "kind": finding.kind,
            "level": finding.level,
            "institution": finding.institution,
            "subject": finding.subject,
            "day": finding.day,
            "amount_fen": finding.amount_fen,
            "evidence": finding.evidence,
            "policy": finding.policy,
            "formula": finding.formula,
            "missing": finding.missing,
        }
        yield msgspec.json.encode(line)


def supervision_of(
    engine: Engine, law: Law, institution: str, as_of: date | None = None
) -> Supervision:
    """An institution as it stands, for pages and explanations: replayed and evaluated.

    At `as_of`, or else at the day at which it was last evaluated.
    """
    with reading(engine) as connection:
        streams = _streams_of(connection, institution)
        supervision = replayed(institution, law, journal.read(connection, streams), as_of)
        made = institutions.read(connection).get(institution)
    supervision.evaluate(as_of or (made.day if made else None))
    return supervision


def _streams(connection: Connection) -> dict[str, set[str]]:
    """The streams of each institution that a fact speaks for or that was ever named an owner.

    An account that nobody was ever named the owner of is looked after for itself.
    """
    streams: dict[str, set[str]] = {}
    for stream in journal.institution_streams(connection):
        streams.setdefault(journal.institution_of(stream) or "", set()).add(stream)
    owned = set()
    for account, owner in journal.owners(connection):
        stream = journal.account_stream(account)
        owned.add(stream)
        streams.setdefault(owner, set()).add(stream)
    for stream in set(journal.account_streams(connection)) - owned:
        streams.setdefault(nobody_of(journal.account_of(stream)), set()).add(stream)
    return streams


def _streams_of(connection: Connection, institution: str) -> set[str]:
    """The same of one institution alone."""
    accounts = journal.owners(connection, of=[institution])
    streams = {journal.account_stream(account) for account, _ in accounts}
    account = account_of_nobody(institution)
    if account is not None:
        stream = journal.account_stream(account)
        streams |= set() if journal.owners(connection, streams=[stream]) else {stream}
    return streams | {journal.institution_stream(institution)}


def _by_institution(standing: Iterable[Finding]) -> dict[str, dict[Key, Finding]]:
    found: dict[str, dict[Key, Finding]] = {}
    for finding in standing:
        found.setdefault(finding.institution, {})[finding.key] = finding
    return found


def _institution_faults(
    law: Law, made: Evaluated, rows: list[journal.JournalRow], stored: dict[Key, Finding]
) -> Iterator[str]:
    where = f"institution {made.institution}"
    if made.error:
        yield f"{where}: could not be evaluated: {made.error}"
        return
    if made.count != len(rows):
        yield f"{where}: {made.count} facts were evaluated, the journal holds {len(rows)}"
    wanted = versions_of(law)
    for what in wanted.__struct_fields__:
        old, new = getattr(made.versions, what), getattr(wanted, what)
        if old != new:
            yield f"{where}: was evaluated with {what} {old}, now it is {new}"
    supervision = replayed(made.institution, law, rows)
    supervision.evaluate(made.day)
    fresh = supervision.standing
    for key in sorted(fresh.keys() | stored.keys()):
        old_body = findings.encode(stored[key]) if key in stored else b"nothing"
        new_body = findings.encode(fresh[key]) if key in fresh else b"nothing"
        if old_body != new_body:
            named = " ".join(key)
            yield f"finding {named}: stored {old_body.decode()}, recomputed {new_body.decode()}"


def _history_faults(connection: Connection) -> Iterator[str]:
    stored, folded = findings.bodies(connection), findings.folded(connection)
    for identifier in sorted(stored.keys() | folded.keys()):
        if stored.get(identifier) != folded.get(identifier):
            yield f"finding {identifier}: its history does not add up to what stands"


def _journal_faults(connection: Connection) -> Iterator[str]:
    columns = JOURNAL.c
    query = select(columns.stream, columns.fact_id, columns.content_hash, columns.body)
    for stream, identifier, digest, body in connection.execute(query, execution_options=_PARTS):
        if content_hash(body) != digest:
            yield f"fact {identifier}: its body has another hash than {digest.hex()}"
        elif (own := fact_id(DECODER.decode(body))) != identifier or not own.startswith(stream):
            yield f"fact {identifier}: its body is of {own}, its stream {stream}"


def _sighting_faults(connection: Connection) -> Iterator[str]:
    """Stated times in the journal against those of the sightings, content by content.

    Compared here and not by a join: the tables are ordered by different keys, and SQLite would
    look through one of them for every row of the other.
    """
    seen_by = (SIGHTINGS.c.fact_id, SIGHTINGS.c.content_hash)
    times = (func.min(SIGHTINGS.c.stated_at), func.max(SIGHTINGS.c.stated_at))
    query = select(*seen_by, *times).group_by(*seen_by)
    found = connection.execute(query, execution_options=_PARTS)
    seen = {(row[0], row[1]): (row[2], row[3]) for row in found}
    columns = JOURNAL.c
    stated = select(
        *(columns.fact_id, columns.content_hash, columns.stated_first, columns.stated_last)
    ).order_by(columns.fact_id)
    for row in connection.execute(stated, execution_options=_PARTS):
        if seen.pop((row[0], row[1]), None) != (row[2], row[3]):
            yield f"fact {row[0]}: its sightings do not give the times at which it was stated"
    for identifier, _ in sorted(seen):
        yield f"fact {identifier}: was seen but is not in the journal"


def _owner_faults(connection: Connection) -> Iterator[str]:
    kinds = (f.AccountStated.__name__, f.MerchantCodeStated.__name__)
    query = select(JOURNAL.c.body).where(JOURNAL.c.kind.in_(kinds))
    stated = set()
    for body in connection.execute(query).scalars():
        fact = DECODER.decode(body)
        assert isinstance(fact, f.AccountStated | f.MerchantCodeStated)
        stated.add((journal.account_named(fact), fact.institution))
    for account, owner in sorted(stated.symmetric_difference(journal.owners(connection))):
        yield f"account {account}: the register and account_owners differ about {owner}"
    names = select(INSTITUTIONS.c.institution, INSTITUTIONS.c.name, INSTITUTIONS.c.city)
    for row in connection.execute(names.add_columns(INSTITUTIONS.c.county)):
        if tuple(row[1:]) != institutions.name(connection, row[0]):
            yield f"institution {row[0]}: is not shown under the name of its latest register row"
