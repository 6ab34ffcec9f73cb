"""Several processes at one store: who holds a partition, whom to wake, what all agree on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the holder of a partition, and two tables."""
    op.add_column("progress", sa.Column("holder", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "wakes",
        sa.Column("wake_id", NUMBER, nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("institution", KEY, nullable=False),
        sa.PrimaryKeyConstraint("wake_id", name="pk_wakes"),
    )
    op.create_index("ix_wakes_partition", "wakes", ["partition"])
    op.create_table(
        "adopted",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_adopted"),
    )
