"""The revisions of the store, applied in order by Alembic."""
