"""The inbox over the small store, asked by this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from alerts.inbox.app import create_app
from config.settings import Settings
from models.store.engine import open_store
from tests.inbox import world


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[FastAPI]:
    """The application over a store of its own."""
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'store.db'}", archive_dir=tmp_path / "archive"
    )
    engine = open_store(settings.database_url)
    world.fill(engine, settings.archive)
    app = create_app(engine, settings, world.law())
    # A busy machine takes long over little: what is remembered is to be renewed all the same.
    app.state.inbox.patience_seconds = float("inf")
    yield app
    engine.dispose()


@pytest.fixture
def client(inbox: FastAPI) -> TestClient:
    """A browser of this machine."""
    return TestClient(inbox, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))
