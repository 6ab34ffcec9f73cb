"""The tables of the store, and for each why its key is what it is.

Days are ISO texts, so that they sort as days in every database. All texts sort by byte on
PostgreSQL too, as Python and SQLite sort them.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects import postgresql

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
# SQLite numbers rows by itself only in a column of type INTEGER.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")

JOURNAL = Table(
    "journal",
    METADATA,
    # Two contents of one id are two rows: nothing told is ever overwritten. The stream comes first,
    # so that a replay reads one range of the table.
    Column("stream", TEXT, primary_key=True),
    Column("fact_id", TEXT, primary_key=True),
    Column("content_hash", LargeBinary, primary_key=True),
    Column("kind", TEXT, nullable=False),
    Column("day", TEXT),
    Column("body", LargeBinary, nullable=False),
    Column("stated_first", TEXT, nullable=False),
    Column("stated_last", TEXT, nullable=False),
    sqlite_with_rowid=False,
)

SIGHTINGS = Table(
    "sightings",
    METADATA,
    Column("fact_id", TEXT, primary_key=True),
    Column("content_hash", LargeBinary, primary_key=True),
    Column("file_id", NUMBER, ForeignKey("files.file_id"), primary_key=True),
    Column("position", TEXT, primary_key=True),
    Column("stated_at", TEXT, nullable=False),
    Column("first_seen", TEXT, nullable=False),
    sqlite_with_rowid=False,
)

FILES = Table(
    "files",
    METADATA,
    Column("file_id", NUMBER, primary_key=True),
    Column("sha256", TEXT, nullable=False, unique=True),
    Column("name", TEXT, nullable=False),
    Column("size_bytes", NUMBER, nullable=False),
    Column("format", TEXT, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("day", TEXT),
    Column("batches_total", Integer, nullable=False),
    Column("batches_journaled", Integer, nullable=False),
    Column("received_at", TEXT, nullable=False),
    Column("receipt", TEXT, nullable=False),
    Index("ix_files_received_at", "received_at"),
    Index("ix_files_state", "state", "file_id"),
)

HELD = Table(
    "held",
    METADATA,
    Column("held_id", NUMBER, primary_key=True),
    Column("file_id", NUMBER, ForeignKey("files.file_id"), nullable=False, index=True),
    Column("position", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("statement", TEXT, nullable=False),
    Column("account", TEXT, nullable=False),
    Column("body", TEXT, nullable=False),
    Column("first_seen", TEXT, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", TEXT, nullable=False),
    Index("ix_held_account", "account", "statement"),
    Index("ix_held_state", "state", "first_seen", "held_id"),
)

FINDINGS = Table(
    "findings",
    METADATA,
    Column("finding_id", TEXT, primary_key=True),
    Column("rule", TEXT, nullable=False),
    Column("institution", TEXT, nullable=False, index=True),
    Column("subject", TEXT, nullable=False),
    Column("kind", TEXT, nullable=False),
    Column("level", TEXT, nullable=False),
    Column("day", TEXT, nullable=False),
    Column("amount_fen", NUMBER),
    Column("body", LargeBinary, nullable=False),
    Column("raised_on", TEXT),
)

FINDING_CHANGES = Table(
    "finding_changes",
    METADATA,
    Column("seq", NUMBER, primary_key=True),
    Column("finding_id", TEXT, nullable=False, index=True),
    Column("institution", TEXT, nullable=False, index=True),
    Column("change", TEXT, nullable=False),
    Column("closed_day", TEXT),
    Column("level", TEXT, nullable=False),
    Column("day", TEXT, nullable=False),
    Column("amount_fen", NUMBER),
    Column("body", LargeBinary, nullable=False),
)

INSTITUTIONS = Table(
    "institutions",
    METADATA,
    Column("institution", TEXT, primary_key=True),
    Column("evaluated_count", NUMBER, nullable=False),
    Column("evaluated_day", TEXT),
    Column("evaluated_policy", TEXT, nullable=False),
    Column("evaluated_calendar", TEXT, nullable=False),
    Column("evaluated_code", TEXT, nullable=False),
    Column("error", TEXT),
    Column("name", TEXT, nullable=False),
    Column("city", TEXT, nullable=False),
    Column("county", TEXT, nullable=False),
)

# Every owner that any version of the register ever named: an owner corrected away must still be
# told of the facts by which it is judged anew.
ACCOUNT_OWNERS = Table(
    "account_owners",
    METADATA,
    Column("account", TEXT, primary_key=True),
    Column("institution", TEXT, primary_key=True, index=True),
    sqlite_with_rowid=False,
)

PROGRESS = Table(
    "progress",
    METADATA,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", NUMBER, nullable=False),
    Column("closed_day", TEXT),
    # Which topic the offset counts in: another of the same name is not a hole but a mistake.
    Column("topic", TEXT),
    # Who moves the offset on; it is part of the comparison, so that a fenced process cannot.
    Column("holder", TEXT, nullable=False, server_default=""),
)

# Whom the owner of a partition must judge anew because somebody else wrote facts of theirs. Rows
# are only added and deleted by number, so that two writers never wait for each other.
WAKES = Table(
    "wakes",
    METADATA,
    Column("wake_id", NUMBER, primary_key=True),
    Column("partition", Integer, nullable=False, index=True),
    Column("institution", TEXT, nullable=False),
)

# What all processes of an installation must agree on: the policy, the number of partitions.
ADOPTED = Table(
    "adopted",
    METADATA,
    Column("name", TEXT, primary_key=True),
    Column("value", TEXT, nullable=False),
)

LOCKS = Table(
    "locks",
    METADATA,
    Column("name", TEXT, primary_key=True),
    Column("holder", TEXT, nullable=False),
    Column("taken_at", TEXT, nullable=False),
)

# Who may deliver by the API, and what: lists as JSON, an empty one of accounts or formats is all.
FEEDS = Table(
    "feeds",
    METADATA,
    Column("feed", TEXT, primary_key=True),
    Column("accounts", TEXT, nullable=False),
    Column("formats", TEXT, nullable=False),
    Column("kinds", TEXT, nullable=False),
    Column("made_at", TEXT, nullable=False),
    Column("revoked_at", TEXT),
)

# A key's secret is derived from its id and the installation's own secret, which is no row.
FEED_KEYS = Table(
    "feed_keys",
    METADATA,
    Column("key_id", TEXT, primary_key=True),
    Column("feed", TEXT, ForeignKey("feeds.feed"), nullable=False, index=True),
    Column("made_at", TEXT, nullable=False),
    Column("ends_at", TEXT),
)

FEED_NONCES = Table(
    "feed_nonces",
    METADATA,
    Column("key_id", TEXT, primary_key=True),
    Column("nonce", TEXT, primary_key=True),
    Column("used_at", TEXT, nullable=False, index=True),
    sqlite_with_rowid=False,
)

# The id of a delivery that names an idempotency key is made of it, so that there is only one.
DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("delivery", TEXT, primary_key=True),
    Column("feed", TEXT, ForeignKey("feeds.feed"), nullable=False),
    Column("sha256", TEXT, nullable=False, index=True),
    Column("name", TEXT, nullable=False),
    Column("size_bytes", NUMBER, nullable=False),
    Column("received_at", TEXT, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("receipt", TEXT, nullable=False),
    Index("ix_deliveries_state", "state", "received_at", "delivery"),
)

# What officers settled of what is held or refused; rows are only ever added.
DECISIONS = Table(
    "decisions",
    METADATA,
    Column("decision_id", NUMBER, primary_key=True),
    Column("file_id", NUMBER, ForeignKey("files.file_id"), nullable=False, index=True),
    Column("held_id", NUMBER, ForeignKey("held.held_id"), index=True),
    Column("how", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("who", TEXT, nullable=False),
    Column("decided_at", TEXT, nullable=False),
    Column("fact", TEXT, nullable=True),
)

# What of it the owner of the facts still has to take in; rows are added and deleted by number.
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("outbox_id", NUMBER, primary_key=True),
    Column("decision_id", NUMBER, ForeignKey("decisions.decision_id"), nullable=False),
)
