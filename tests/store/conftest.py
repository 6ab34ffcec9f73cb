"""A fresh store for each test, once on SQLite and once on a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.store.engine import open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that does not exist yet; SQLite's in a folder that neither does."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("fresh_database"))
    return f"sqlite:///{tmp_path / 'new' / 'escrow.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A store of its own, open."""
    engine = open_store(url)
    yield engine
    engine.dispose()
