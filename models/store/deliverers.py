"""Who delivers by the API, with which keys, which nonces they used, and what they delivered."""

import json
from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from models.store import dialect
from models.store.tables import DELIVERIES, FEED_KEYS, FEED_NONCES, FEEDS


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed: what it may tell. No accounts or no formats named means any. Times are UTC."""

    feed: str
    accounts: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("bank",)
    made_at: str
    revoked_at: str | None = None


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a feed; after `ends_at` (UTC) it is worth nothing, None is without end."""

    key_id: str
    feed: str
    made_at: str
    ends_at: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What was delivered by the API. `receipt` is JSON, empty while the state is waiting."""

    delivery: str
    feed: str
    sha256: str
    name: str
    size_bytes: int
    received_at: str
    state: str = "waiting"
    receipt: str = ""


def add_feed(connection: Connection, feed: Feed) -> bool:
    """Add a feed; False if one of that name is there."""
    lists = (json.dumps(some, ensure_ascii=False) for some in _lists(feed))
    row = (feed.feed, *lists, feed.made_at, feed.revoked_at)
    return dialect.insert_new(connection, FEEDS, [row]) == 1


def feeds(connection: Connection) -> list[Feed]:
    """All feeds, by name."""
    return [
        _feed(row) for row in connection.execute(select(FEEDS).order_by(FEEDS.c.feed)).mappings()
    ]


def feed(connection: Connection, name: str) -> Feed | None:
    """The feed of that name."""
    row = connection.execute(select(FEEDS).where(FEEDS.c.feed == name)).mappings().one_or_none()
    return None if row is None else _feed(row)


def revoke(connection: Connection, name: str, at: str) -> bool:
    """From now on the feed may tell nothing; False if there is none that might."""
    open_ = (FEEDS.c.feed == name, FEEDS.c.revoked_at.is_(None))
    return connection.execute(update(FEEDS).where(*open_).values(revoked_at=at)).rowcount == 1


def add_key(connection: Connection, key: Key) -> None:
    """Add a key."""
    connection.execute(insert(FEED_KEYS).values(msgspec.structs.asdict(key)))


def keys(connection: Connection, name: str) -> list[Key]:
    """The keys of a feed, the oldest first."""
    query = select(FEED_KEYS).where(FEED_KEYS.c.feed == name)
    rows = connection.execute(query.order_by(FEED_KEYS.c.made_at, FEED_KEYS.c.key_id)).mappings()
    return [Key(**row) for row in rows]


def key(connection: Connection, key_id: str) -> Key | None:
    """The key of that id."""
    row = (
        connection.execute(select(FEED_KEYS).where(FEED_KEYS.c.key_id == key_id))
        .mappings()
        .one_or_none()
    )
    return None if row is None else Key(**row)


def end_keys(connection: Connection, key_ids: Iterable[str], at: str) -> None:
    """Let these keys end then; one that ends earlier keeps its end."""
    columns = FEED_KEYS.c
    later = columns.ends_at.is_(None) | (columns.ends_at > at)
    named = columns.key_id.in_(sorted(set(key_ids)))
    connection.execute(update(FEED_KEYS).where(named, later).values(ends_at=at))


def use_nonce(connection: Connection, key_id: str, nonce: str, at: str) -> bool:
    """Note a nonce as used; False if it was used before."""
    return dialect.insert_new(connection, FEED_NONCES, [(key_id, nonce, at)]) == 1


def forget_nonces(connection: Connection, before: str) -> None:
    """Forget the nonces of requests that their time alone would refuse by now."""
    connection.execute(delete(FEED_NONCES).where(FEED_NONCES.c.used_at < before))


def add(connection: Connection, delivery: Delivery) -> Delivery:
    """Add a delivery; the one of the same id where there is one already."""
    dialect.insert_new(connection, DELIVERIES, [msgspec.structs.astuple(delivery)])
    kept = find(connection, delivery.feed, delivery.delivery)
    assert kept is not None, "ids are made with the feed's name"
    return kept


def find(connection: Connection, name: str, delivery: str) -> Delivery | None:
    """What a feed delivered under that id."""
    wanted = (DELIVERIES.c.delivery == delivery, DELIVERIES.c.feed == name)
    row = connection.execute(select(DELIVERIES).where(*wanted)).mappings().one_or_none()
    return None if row is None else Delivery(**row)


def waiting(connection: Connection) -> list[Delivery]:
    """What was not taken in yet, in the order in which it came."""
    columns = DELIVERIES.c
    query = select(DELIVERIES).where(columns.state == "waiting")
    rows = connection.execute(query.order_by(columns.received_at, columns.delivery)).mappings()
    return [Delivery(**row) for row in rows]


def last_feed(connection: Connection, sha256: str) -> str | None:
    """The feed that delivered these bytes last, None if none did."""
    columns = DELIVERIES.c
    query = select(columns.feed).where(columns.sha256 == sha256)
    return connection.execute(query.order_by(columns.received_at.desc())).scalars().first()


def settle(connection: Connection, outcomes: Iterable[tuple[str, str, str]]) -> None:
    """Note of (state, receipt as JSON, delivery) what became of it."""
    dialect.update(
        connection, DELIVERIES, sorted(outcomes), "state", "receipt", where="delivery = ?"
    )


def _lists(told: Feed) -> tuple[tuple[str, ...], ...]:
    return told.accounts, told.formats, told.kinds


def _feed(row: RowMapping) -> Feed:
    names = ("accounts", "formats", "kinds")
    lists = {name: tuple(json.loads(row[name])) for name in names}
    return Feed(**{**row, **lists})
