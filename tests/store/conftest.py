"""A fresh store for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.store.engine import open_store


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A store in a file of its own."""
    engine = open_store(f"sqlite:///{tmp_path / 'escrow.db'}")
    yield engine
    engine.dispose()
