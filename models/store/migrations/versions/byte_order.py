"""All texts sort by byte on PostgreSQL; indexes for the pages, for held rows and for owners."""

from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

TEXTS = {
    "adopted": ("name", "value"),
    "files": ("sha256", "name", "format", "state", "day", "received_at", "receipt"),
    "finding_changes": ("finding_id", "change", "closed_day", "level", "day"),
    "findings": ("finding_id", "kind", "level", "day", "raised_on"),
    "held": ("position", "reason", "statement", "account", "body", "first_seen", "state"),
    "institutions": (
        *("evaluated_day", "evaluated_policy", "evaluated_calendar", "evaluated_code"),
        *("error", "name", "city", "county"),
    ),
    "journal": ("kind", "day", "stated_first", "stated_last"),
    "locks": ("name", "holder", "taken_at"),
    "progress": ("closed_day", "topic", "holder"),
    "sightings": ("stated_at", "first_seen"),
}
INDEXES = {
    "ix_account_owners_institution": ("account_owners", ["institution"]),
    "ix_files_received_at": ("files", ["received_at"]),
    "ix_files_state": ("files", ["state", "file_id"]),
    "ix_held_account": ("held", ["account", "statement"]),
    "ix_held_state": ("held", ["state", "first_seen", "held_id"]),
}


def upgrade() -> None:
    """Change the texts where there is something to change, then add the indexes."""
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in TEXTS.items():
            for column in columns:
                op.alter_column(table, column, type_=postgresql.TEXT(collation="C"))
    for name, (table, indexed) in INDEXES.items():
        op.create_index(name, table, indexed)
