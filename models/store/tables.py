"""The tables of the store, and for each why its key is what it is.

Days are ISO texts, so that they sort as days in every database. Texts that are keys sort by byte
on PostgreSQL too, as Python and SQLite sort them.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
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

KEY = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
# SQLite numbers rows by itself only in a column of type INTEGER.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")

JOURNAL = Table(
    "journal",
    METADATA,
    # Two contents of one id are two rows: nothing told is ever overwritten. The stream comes first,
    # so that a replay reads one range of the table.
    Column("stream", KEY, primary_key=True),
    Column("fact_id", KEY, primary_key=True),
    Column("content_hash", LargeBinary, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("day", Text),
    Column("body", LargeBinary, nullable=False),
    Column("stated_first", Text, nullable=False),
    Column("stated_last", Text, nullable=False),
    sqlite_with_rowid=False,
)

SIGHTINGS = Table(
    "sightings",
    METADATA,
    Column("fact_id", KEY, primary_key=True),
    Column("content_hash", LargeBinary, primary_key=True),
    Column("file_id", NUMBER, ForeignKey("files.file_id"), primary_key=True),
    Column("position", KEY, primary_key=True),
    Column("stated_at", Text, nullable=False),
    Column("first_seen", Text, nullable=False),
    sqlite_with_rowid=False,
)

FILES = Table(
    "files",
    METADATA,
    Column("file_id", NUMBER, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("size_bytes", NUMBER, nullable=False),
    Column("format", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("day", Text),
    Column("batches_total", Integer, nullable=False),
    Column("batches_journaled", Integer, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("receipt", Text, nullable=False),
)

HELD = Table(
    "held",
    METADATA,
    Column("held_id", NUMBER, primary_key=True),
    Column("file_id", NUMBER, ForeignKey("files.file_id"), nullable=False, index=True),
    Column("position", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("first_seen", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", Text, nullable=False),
)

FINDINGS = Table(
    "findings",
    METADATA,
    Column("finding_id", Text, primary_key=True),
    Column("rule", KEY, nullable=False),
    Column("institution", KEY, nullable=False, index=True),
    Column("subject", KEY, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("amount_fen", NUMBER),
    Column("body", LargeBinary, nullable=False),
    Column("raised_on", Text),
)

FINDING_CHANGES = Table(
    "finding_changes",
    METADATA,
    Column("seq", NUMBER, primary_key=True),
    Column("finding_id", Text, nullable=False, index=True),
    Column("institution", KEY, nullable=False, index=True),
    Column("change", Text, nullable=False),
    Column("closed_day", Text),
    Column("level", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("amount_fen", NUMBER),
    Column("body", LargeBinary, nullable=False),
)

INSTITUTIONS = Table(
    "institutions",
    METADATA,
    Column("institution", KEY, primary_key=True),
    Column("evaluated_count", NUMBER, nullable=False),
    Column("evaluated_day", Text),
    Column("evaluated_policy", Text, nullable=False),
    Column("evaluated_calendar", Text, nullable=False),
    Column("evaluated_code", Text, nullable=False),
    Column("error", Text),
    Column("name", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("county", Text, nullable=False),
)

# Every owner that any version of the register ever named: an owner corrected away must still be
# told of the facts by which it is judged anew.
ACCOUNT_OWNERS = Table(
    "account_owners",
    METADATA,
    Column("account", KEY, primary_key=True),
    Column("institution", KEY, primary_key=True),
    sqlite_with_rowid=False,
)

PROGRESS = Table(
    "progress",
    METADATA,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", NUMBER, nullable=False),
    Column("closed_day", Text),
    # Which topic the offset counts in: another of the same name is not a hole but a mistake.
    Column("topic", Text),
    # Who moves the offset on; it is part of the comparison, so that a fenced process cannot.
    Column("holder", Text, nullable=False, server_default=""),
)

# Whom the owner of a partition must judge anew because somebody else wrote facts of theirs. Rows
# are only added and deleted by number, so that two writers never wait for each other.
WAKES = Table(
    "wakes",
    METADATA,
    Column("wake_id", NUMBER, primary_key=True),
    Column("partition", Integer, nullable=False, index=True),
    Column("institution", KEY, nullable=False),
)

# What all processes of an installation must agree on: the policy, the number of partitions.
ADOPTED = Table(
    "adopted",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

LOCKS = Table(
    "locks",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("taken_at", Text, nullable=False),
)
