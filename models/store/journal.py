"""The journal: every content of every fact once, who said so where, and which owner it concerns."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, func, select

from models import facts as f
from models.identity import join_id, merchant_account
from models.keys import content_hash, encode, fact_id, own_day, stream_of
from models.store import dialect
from models.store.dialect import Row
from models.store.tables import ACCOUNT_OWNERS, JOURNAL, SIGHTINGS

# SQLite and PostgreSQL both take far more marks in one statement; this keeps plans short.
_STREAMS_AT_ONCE = 500


# Of a content: the fact's id and the content's hash.
Key = tuple[str, bytes]
# Fact id, content hash, body, first and last time stated.
JournalRow = tuple[str, bytes, bytes, str, str]


class Stated(msgspec.Struct, gc=False):
    """One content of one fact with the first and the last time at which it was stated."""

    stream: str
    fact_id: str
    content_hash: bytes
    body: bytes
    stated_first: str
    stated_last: str
    fact: f.Fact


def gather(told: Iterable[f.Told]) -> tuple[list[Stated], list[Key]]:
    """Each content once, in order of its key, and the key of each telling in its order."""
    contents: dict[Key, Stated] = {}
    keys: list[Key] = []
    for telling in told:
        fact, stated_at = telling.fact, telling.stated_at
        body = encode(fact)
        key = (fact_id(fact), content_hash(body))
        keys.append(key)
        known = contents.get(key)
        if known is None:
            stream = stream_of(key[0])
            contents[key] = Stated(stream, *key, body, stated_at, stated_at, fact)
        elif stated_at < known.stated_first:
            known.stated_first = stated_at
        elif stated_at > known.stated_last:
            known.stated_last = stated_at
    ordered = sorted(contents.values(), key=lambda c: (c.stream, c.fact_id, c.content_hash))
    return ordered, keys


def write(connection: Connection, contents: Sequence[Stated]) -> int:
    """Add the contents that are new, widen the stated times of the others; how many were new."""
    rows = [_journal_row(content) for content in contents]
    new = dialect.insert_new(connection, JOURNAL, rows)
    if new < len(rows):
        times = ("stated_first", "stated_last")
        spans = [
            (c.stream, c.fact_id, c.content_hash, c.stated_first, c.stated_last) for c in contents
        ]
        dialect.widen(connection, JOURNAL, spans, *times)
    return new


def write_sightings(connection: Connection, rows: Sequence[Row]) -> None:
    """Add rows of (fact id, content hash, file id, position, stated at, first seen), once each."""
    dialect.insert_new(connection, SIGHTINGS, rows)


def read(connection: Connection, streams: Iterable[str]) -> Iterator[JournalRow]:
    """The contents of these streams, stream by stream in order of their keys."""
    columns = JOURNAL.c
    wanted = sorted(streams)
    for start in range(0, len(wanted), _STREAMS_AT_ONCE):
        part = wanted[start : start + _STREAMS_AT_ONCE]
        query = (
            select(
                *(columns.fact_id, columns.content_hash, columns.body),
                *(columns.stated_first, columns.stated_last),
            )
            .where(columns.stream.in_(part))
            .order_by(columns.stream, columns.fact_id, columns.content_hash)
        )
        for row in connection.execute(query):
            yield row[0], row[1], row[2], row[3], row[4]


def count(connection: Connection, streams: Iterable[str]) -> int:
    """How many contents these streams hold."""
    wanted = sorted(streams)
    total = 0
    for start in range(0, len(wanted), _STREAMS_AT_ONCE):
        part = wanted[start : start + _STREAMS_AT_ONCE]
        query = select(func.count()).select_from(JOURNAL).where(JOURNAL.c.stream.in_(part))
        total += connection.execute(query).scalar_one()
    return total


def write_owners(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Remember that an account was stated to be of an institution."""
    dialect.insert_new(connection, ACCOUNT_OWNERS, sorted(set(pairs)))


def owners(
    connection: Connection,
    *,
    of: Iterable[str] | None = None,
    streams: Iterable[str] | None = None,
) -> list[tuple[str, str]]:
    """Every account with every institution that it was ever stated to be of.

    `of` asks for the accounts of these institutions alone, `streams` for these accounts' owners.
    """
    columns = ACCOUNT_OWNERS.c
    query = select(columns.account, columns.institution)
    if of is not None:
        query = query.where(columns.institution.in_(sorted(of)))
    if streams is not None:
        query = query.where(columns.account.in_(sorted(map(account_of, streams))))
    return [(row[0], row[1]) for row in connection.execute(query)]


def institution_streams(connection: Connection) -> list[str]:
    """The streams of institutions that the journal holds."""
    query = select(JOURNAL.c.stream).where(JOURNAL.c.stream.startswith("i:")).distinct()
    return list(connection.execute(query).scalars())


def account_streams(connection: Connection) -> list[str]:
    """The streams of accounts that the journal holds."""
    query = select(JOURNAL.c.stream).where(JOURNAL.c.stream.startswith("a:")).distinct()
    return list(connection.execute(query).scalars())


def account_named(row: f.AccountStated | f.MerchantCodeStated) -> str:
    """The account of which a register row names the owner; a merchant code is one, too."""
    return row.account if isinstance(row, f.AccountStated) else merchant_account(row.number)


def account_stream(account: str) -> str:
    """The stream of an account's facts."""
    return join_id("a:" + account)


def institution_stream(institution: str) -> str:
    """The stream of an institution's own facts."""
    return join_id("i:" + institution)


def institution_of(stream: str) -> str | None:
    """The institution whose own stream this is, or None."""
    return _without_escapes(stream[2:]) if stream.startswith("i:") else None


def account_of(stream: str) -> str:
    """The account whose stream this is."""
    assert stream.startswith("a:"), f"{stream} is of no account"
    return _without_escapes(stream[2:])


def _without_escapes(part: str) -> str:
    return part.replace("%2F", "/").replace("%25", "%")


def _journal_row(content: Stated) -> Row:
    day: date | None = own_day(content.fact)
    return (
        *(content.stream, content.fact_id, content.content_hash),
        type(content.fact).__name__,
        day.isoformat() if day else None,
        *(content.body, content.stated_first, content.stated_last),
    )
