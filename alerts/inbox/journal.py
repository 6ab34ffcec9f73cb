"""The journal as the pages read it: facts with their sightings, contested ids, feeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, func, literal, select, true

from models import facts as f
from models.identity import join_id
from models.keys import DECODER, stream_of
from models.store import tables
from models.store.journal import JournalRow

# A register row told twice differently has versions; only these can be contested.
CONTESTABLE = tuple(
    kind.__name__ for kind in f.Happening.__args__ if kind is not f.StatementReceived
)
IDS_A_QUERY = 500  # below what any database takes as parameters of one statement
_LATE_ALLOWANCE_DAYS = 3  # a weekend and a bank that delivers in the morning
_AFTER_SLASH = "0"  # the sign that follows "/" in byte order
_Column = ColumnElement[Any]
_OF_MONEY = ("EntryBooked", "MerchantTransactionBilled")
_CLOSING = "BalanceReported/CNY/closing"
_OPENING = "BalanceReported/CNY/opening"
_journal = tables.JOURNAL.c
_sightings = tables.SIGHTINGS.c


@dataclass(frozen=True)
class Sighting:
    """Where one content of a fact was read."""

    file_id: int
    file_name: str
    position: str
    stated_at: str


@dataclass(frozen=True)
class Evidence:
    """One content of a fact with everywhere it was read."""

    fact_id: str
    content: str
    fact: f.Fact
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True)
class Feed:
    """An account that somebody registered, and how far its statements reach."""

    account: str
    bank: str
    institution: str
    last_closing: date | None
    lag_days: int | None
    late: bool


@dataclass(frozen=True)
class Ends:
    """From when to when an account's feed reaches: its first opening balance, its last entry."""

    first_opening: date | None
    last_entry: date | None


def evidence(connection: Connection, identifiers: Sequence[str]) -> list[Evidence]:
    """Every content of these facts with its sightings, in the order of the ids."""
    contents: dict[str, list[tuple[str, bytes]]] = {}
    seen: dict[tuple[str, str], list[Sighting]] = {}
    for some in _portions(identifiers):
        streams = sorted({stream_of(identifier) for identifier in some})
        rows = connection.execute(
            select(_journal.fact_id, _journal.content_hash, _journal.body)
            .where(_journal.stream.in_(streams), _journal.fact_id.in_(some))
            .order_by(_journal.fact_id, _journal.stated_first, _journal.content_hash)
        )
        for identifier, content, body in rows:
            contents.setdefault(identifier, []).append((content.hex(), body))
        for row in connection.execute(_sightings_of(some)):
            where = Sighting(row.file_id, row.name or "", row.position, row.stated_at)
            seen.setdefault((row.fact_id, row.content_hash.hex()), []).append(where)
    return [
        Evidence(
            identifier, content, DECODER.decode(body), tuple(seen.get((identifier, content), ()))
        )
        for identifier in identifiers
        for content, body in contents.get(identifier, ())
    ]


def contents(connection: Connection, identifiers: Sequence[str]) -> Iterable[tuple[str, f.Fact]]:
    """Every content of these facts."""
    for some in _portions(identifiers):
        streams = sorted({stream_of(identifier) for identifier in some})
        query = select(_journal.fact_id, _journal.body).where(
            _journal.stream.in_(streams), _journal.fact_id.in_(some)
        )
        for identifier, body in connection.execute(query):
            yield identifier, DECODER.decode(body)


def _sightings_of(identifiers: Sequence[str]) -> Any:  # noqa: ANN401 -- a Select of five columns
    files = tables.FILES
    return (
        select(
            *(_sightings.fact_id, _sightings.content_hash, _sightings.file_id, files.c.name),
            *(_sightings.position, _sightings.stated_at),
        )
        .select_from(tables.SIGHTINGS.outerjoin(files, _sightings.file_id == files.c.file_id))
        .where(_sightings.fact_id.in_(identifiers))
        .order_by(_sightings.fact_id, _sightings.stated_at, _sightings.file_id)
    )


def all_streams(connection: Connection) -> list[str]:
    """Every stream that the journal holds, by jumping from one to the next in its index."""
    first = select(func.min(_journal.stream).label("stream")).cte("streams", recursive=True)
    following = (
        select(func.min(_journal.stream)).where(_journal.stream > first.c.stream).scalar_subquery()
    )
    jumps = first.union_all(select(following).where(first.c.stream.is_not(None)))
    query = select(jumps.c.stream).where(jumps.c.stream.is_not(None))
    return list(connection.execute(query).scalars())


def unregistered(connection: Connection) -> list[tuple[str, int, str, str]]:
    """Accounts and merchant codes that no register names: stream, rows, first day, last day."""
    owners = select(tables.ACCOUNT_OWNERS.c.account).distinct()
    owned = {join_id("a:" + account) for account in connection.execute(owners).scalars()}
    streams = [each for each in all_streams(connection) if each.startswith("a:")]
    found: list[tuple[str, int, str, str]] = []
    for some in _portions([each for each in streams if each not in owned]):
        query = (
            select(_journal.stream, func.count(), func.min(_journal.day), func.max(_journal.day))
            .where(_journal.stream.in_(some), _journal.kind.in_(_OF_MONEY))
            .group_by(_journal.stream)
            .order_by(_journal.stream)
        )
        found += [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]
    return found


def contested(connection: Connection) -> list[str]:
    """The ids of happenings that were told with more than one content."""
    # In the order of the key and of its columns alone, so that neither table nor sort is needed.
    query = (
        select(_journal.fact_id)
        .group_by(_journal.stream, _journal.fact_id)
        .having(func.count() > 1)
        .order_by(_journal.stream, _journal.fact_id)
    )
    return [
        identifier
        for identifier in connection.execute(query).scalars()
        if kind_of(identifier) in CONTESTABLE
    ]


def facts_by_kind(connection: Connection) -> dict[str, int]:
    """How many contents of each kind the journal holds."""
    query = select(_journal.kind, func.count()).group_by(_journal.kind)
    return {row[0]: row[1] for row in connection.execute(query)}


def feeds(connection: Connection, closed_day: date | None) -> list[Feed]:
    """How far each registered account's statements reach, against the closed day.

    A feed is late when its last closing lies further back than its own rhythm, the distance of
    its last two closings, and three days.
    """
    found = []
    for account, body, *closings in connection.execute(_last_told()):
        told = DECODER.decode(body) if body is not None else None
        stated = told if isinstance(told, f.AccountStated) else None
        days = [date.fromisoformat(each.rpartition("/")[2]) for each in closings if each]
        if days or _is_expected(stated, closed_day):
            found.append(_feed(account, stated, days, closed_day))
    return found


def feed_ends(connection: Connection) -> dict[str, Ends]:
    """The ends of the feed of each account that anybody registered."""
    accounts = select(tables.ACCOUNT_OWNERS.c.account).distinct().subquery()
    escaped = func.replace(func.replace(accounts.c.account, "%", "%25"), "/", "%2F")
    stream = literal("a:").concat(escaped)

    def end(kind: str, *, newest: bool) -> ScalarSelect[Any]:
        first = stream.concat(f"/{kind}/")
        ids = (_journal.fact_id > first, _journal.fact_id < first.concat("~"))
        order = _journal.fact_id.desc() if newest else _journal.fact_id
        query = select(_journal.fact_id).where(_journal.stream == stream, *ids)
        return query.order_by(order).limit(1).correlate(accounts).scalar_subquery()

    opening, entry = end(_OPENING, newest=False), end("EntryBooked", newest=True)
    rows = connection.execute(select(accounts.c.account, opening, entry))
    # The id of an opening ends in its day, that of an entry has it before the serial.
    return {
        account: Ends(
            date.fromisoformat(first.rpartition("/")[2]) if first else None,
            date.fromisoformat(last.split("/")[2]) if last else None,
        )
        for account, first, last in rows
    }


def _last_told() -> Any:  # noqa: ANN401 -- a Select of four columns
    """Each account with its latest register row and the ids of its last two closings.

    One statement for all accounts, each part of which takes one step in the key of the journal.
    """
    accounts = select(tables.ACCOUNT_OWNERS.c.account).distinct().subquery()
    escaped = func.replace(func.replace(accounts.c.account, "%", "%25"), "/", "%2F")
    stream = literal("a:").concat(escaped)

    def last(column: _Column, kind: str, *further: ColumnElement[bool]) -> ScalarSelect[Any]:
        first = stream.concat(f"/{kind}/")
        ids = (_journal.fact_id > first, _journal.fact_id < first.concat("~"))
        # Of equal ids the latest told counts, of equals the smaller hash (rules G5).
        order = (_journal.fact_id.desc(), _journal.stated_last.desc(), _journal.content_hash)
        query = select(column).where(_journal.stream == stream, *ids, *further)
        return query.order_by(*order).limit(1).correlate(accounts).scalar_subquery()

    # The id of a closing ends in its day.
    closing = last(_journal.fact_id, _CLOSING)
    before = last(_journal.fact_id, _CLOSING, _journal.fact_id < closing)
    stated = last(_journal.body, "AccountStated")
    return select(accounts.c.account, stated, closing, before).order_by(accounts.c.account)


def _feed(
    account: str, stated: f.AccountStated | None, days: list[date], closed_day: date | None
) -> Feed:
    expected = _is_expected(stated, closed_day)
    owner = (stated.bank, stated.institution) if stated else ("", "")
    if not days or closed_day is None:
        return Feed(account, *owner, days[0] if days else None, None, expected and not days)
    lag_days = max(0, (closed_day - days[0]).days)
    rhythm_days = (days[0] - days[1]).days if len(days) > 1 else 1
    late = expected and lag_days > rhythm_days + _LATE_ALLOWANCE_DAYS
    return Feed(account, *owner, days[0], lag_days, late)


def _is_expected(stated: f.AccountStated | None, closed_day: date | None) -> bool:
    """Only accounts that take prepayments or hold a reserve owe statements, until they end."""
    if stated is None or stated.purpose not in {"dedicated", "reserve"}:
        return False
    return stated.valid_to is None or closed_day is None or stated.valid_to >= closed_day


def versions_under(connection: Connection, prefix: str) -> list[f.Fact]:
    """The register rows whose ids begin so, by id; of several contents the latest told counts.

    The prefix ends in "/": the sign after it bounds all ids below, also those of Chinese numbers.
    """
    query = (
        select(_journal.fact_id, _journal.body)
        .where(
            _journal.stream == stream_of(prefix),
            _journal.fact_id > prefix,
            _journal.fact_id < prefix.removesuffix("/") + _AFTER_SLASH,
        )
        # The last of an id wins below: the latest told, of equals the smaller hash (rules G5).
        .order_by(_journal.fact_id, _journal.stated_last, _journal.content_hash.desc())
    )
    counting = {row[0]: row[1] for row in connection.execute(query)}
    return [DECODER.decode(body) for body in counting.values()]


def of_institutions(
    connection: Connection, kind: str, institutions: Sequence[str] | None = None
) -> list[JournalRow]:
    """Every content of a kind in the streams of these institutions, of all registered ones if None.

    The columns are those of `models.store.journal.read`.
    """
    column = tables.INSTITUTIONS.c.institution
    query = select(column)
    if institutions is not None:
        query = query.where(column.in_(institutions))
    return _of_kind(connection, "i:", kind, query)


def of_accounts(
    connection: Connection, kind: str, institution: str = "", *, account: str = "", since: str = ""
) -> list[JournalRow]:
    """Likewise in the streams of every account that anybody, or that institution, ever had.

    With `account` in its stream alone; `since` a day, of a kind whose ids begin with one.
    """
    owners = tables.ACCOUNT_OWNERS.c
    query = select(owners.account).distinct()
    if institution:
        query = query.where(owners.institution == institution)
    if account:
        query = query.where(owners.account == account)
    return _of_kind(connection, "a:", kind, query, since)


def _of_kind(
    connection: Connection, letter: str, kind: str, owners: Select[tuple[str]], since: str = ""
) -> list[JournalRow]:
    """One range of the key of the journal for each owner: there is no index by kind."""
    owner = owners.subquery("owners")
    escaped = func.replace(func.replace(next(iter(owner.c)), "%", "%25"), "/", "%2F")
    stream = literal(letter).concat(escaped)
    columns = (
        *(_journal.fact_id, _journal.content_hash, _journal.body),
        *(_journal.stated_first, _journal.stated_last),
    )
    fits = (
        _journal.stream == stream,
        _journal.fact_id > stream.concat(f"/{kind}/{since}"),
        _journal.fact_id < stream.concat(f"/{kind}{_AFTER_SLASH}"),
    )
    query = select(*columns).select_from(owner).where(*fits)
    if connection.dialect.name == "postgresql":
        # A plain join might be planned as one pass over the whole journal; what has an OFFSET
        # cannot be taken apart. SQLite knows no LATERAL, and always goes owner by owner.
        ranges = select(*columns).where(*fits).correlate(owner).offset(0).lateral("ranges")
        query = select(*ranges.c).select_from(owner.join(ranges, true()))
    return [(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(query)]


def kind_of(identifier: str) -> str:
    """The kind of a fact by its id."""
    return identifier.split("/", 2)[1]


def token(identifier: str) -> str:
    """A fact id for an address: the account number in it becomes a digest.

    An address ends up in histories and logs, where no account number belongs.
    """
    stream, slash, rest = identifier.partition("/")
    if not stream.startswith("a:"):
        return identifier
    return f"a~{sha256(stream.encode()).hexdigest()[:16]}{slash}{rest}"


def of_token(connection: Connection, text: str) -> str | None:
    """The fact id that `token` made into this text, or None when no stream fits."""
    stream, slash, rest = text.partition("/")
    if not stream.startswith("a~"):
        return text
    for each in all_streams(connection):
        if each.startswith("a:") and token(each) == stream:
            return each + slash + rest
    return None


def _portions(identifiers: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(identifiers), IDS_A_QUERY):
        yield identifiers[start : start + IDS_A_QUERY]
