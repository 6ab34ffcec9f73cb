"""Feeds with their keys, what they delivered, what officers settled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    _feeds()
    _deliveries()
    _decisions()


def _feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("feed", KEY, nullable=False),
        sa.Column("accounts", KEY, nullable=False),
        sa.Column("formats", KEY, nullable=False),
        sa.Column("kinds", KEY, nullable=False),
        sa.Column("made_at", KEY, nullable=False),
        sa.Column("revoked_at", KEY, nullable=True),
        sa.PrimaryKeyConstraint("feed", name="pk_feeds"),
    )
    op.create_table(
        "feed_keys",
        sa.Column("key_id", KEY, nullable=False),
        sa.Column("feed", KEY, nullable=False),
        sa.Column("made_at", KEY, nullable=False),
        sa.Column("ends_at", KEY, nullable=True),
        sa.ForeignKeyConstraint(["feed"], ["feeds.feed"], name="fk_feed_keys_feed"),
        sa.PrimaryKeyConstraint("key_id", name="pk_feed_keys"),
    )
    op.create_index("ix_feed_keys_feed", "feed_keys", ["feed"])
    op.create_table(
        "feed_nonces",
        sa.Column("key_id", KEY, nullable=False),
        sa.Column("nonce", KEY, nullable=False),
        sa.Column("used_at", KEY, nullable=False),
        sa.PrimaryKeyConstraint("key_id", "nonce", name="pk_feed_nonces"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feed_nonces_used_at", "feed_nonces", ["used_at"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery", KEY, nullable=False),
        sa.Column("feed", KEY, nullable=False),
        sa.Column("sha256", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("size_bytes", NUMBER, nullable=False),
        sa.Column("received_at", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("receipt", KEY, nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feeds.feed"], name="fk_deliveries_feed"),
        sa.PrimaryKeyConstraint("delivery", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_sha256", "deliveries", ["sha256"])
    op.create_index("ix_deliveries_state", "deliveries", ["state", "received_at", "delivery"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", NUMBER, nullable=False),
        sa.Column("file_id", NUMBER, nullable=False),
        sa.Column("held_id", NUMBER, nullable=True),
        sa.Column("how", KEY, nullable=False),
        sa.Column("reason", KEY, nullable=False),
        sa.Column("who", KEY, nullable=False),
        sa.Column("decided_at", KEY, nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name="fk_decisions_file_id"),
        sa.ForeignKeyConstraint(["held_id"], ["held.held_id"], name="fk_decisions_held_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_file_id", "decisions", ["file_id"])
    op.create_index("ix_decisions_held_id", "decisions", ["held_id"])
    op.create_table(
        "outbox",
        sa.Column("outbox_id", NUMBER, nullable=False),
        sa.Column("decision_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.decision_id"], name="fk_outbox_decision_id"
        ),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_outbox"),
    )
