"""The first tables: journal, files, findings, and who has come how far."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _files()
    _journal()
    _findings()
    _progress()


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("file_id", NUMBER, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", NUMBER, nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("batches_total", sa.Integer(), nullable=False),
        sa.Column("batches_journaled", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", name="pk_files"),
        sa.UniqueConstraint("sha256", name="uq_files_sha256"),
    )
    op.create_table(
        "held",
        sa.Column("held_id", NUMBER, nullable=False),
        sa.Column("file_id", NUMBER, nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name="fk_held_file_id"),
        sa.PrimaryKeyConstraint("held_id", name="pk_held"),
    )
    op.create_index("ix_held_file_id", "held", ["file_id"])


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("stream", KEY, nullable=False),
        sa.Column("fact_id", KEY, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("stated_first", sa.Text(), nullable=False),
        sa.Column("stated_last", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "fact_id", "content_hash", name="pk_journal"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sightings",
        sa.Column("fact_id", KEY, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("file_id", NUMBER, nullable=False),
        sa.Column("position", KEY, nullable=False),
        sa.Column("stated_at", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name="fk_sightings_file_id"),
        sa.PrimaryKeyConstraint(
            *("fact_id", "content_hash", "file_id", "position"), name="pk_sightings"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "account_owners",
        sa.Column("account", KEY, nullable=False),
        sa.Column("institution", KEY, nullable=False),
        sa.PrimaryKeyConstraint("account", "institution", name="pk_account_owners"),
        sqlite_with_rowid=False,
    )


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("rule", KEY, nullable=False),
        sa.Column("institution", KEY, nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("amount_fen", NUMBER, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("raised_on", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("finding_id", name="pk_findings"),
    )
    op.create_index("ix_findings_institution", "findings", ["institution"])
    op.create_table(
        "finding_changes",
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("institution", KEY, nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("closed_day", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("amount_fen", NUMBER, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_finding_changes"),
    )
    op.create_index("ix_finding_changes_finding_id", "finding_changes", ["finding_id"])
    op.create_index("ix_finding_changes_institution", "finding_changes", ["institution"])


def _progress() -> None:
    op.create_table(
        "institutions",
        sa.Column("institution", KEY, nullable=False),
        sa.Column("evaluated_count", NUMBER, nullable=False),
        sa.Column("evaluated_day", sa.Text(), nullable=True),
        sa.Column("evaluated_policy", sa.Text(), nullable=False),
        sa.Column("evaluated_calendar", sa.Text(), nullable=False),
        sa.Column("evaluated_code", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("institution", name="pk_institutions"),
    )
    op.create_table(
        "progress",
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_offset", NUMBER, nullable=False),
        sa.Column("closed_day", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("partition", name="pk_progress"),
    )
    op.create_table(
        "locks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_locks"),
    )
