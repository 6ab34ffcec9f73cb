"""Every page is the same, byte for byte, whether the store is SQLite or PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from alerts.inbox import journal, queries
from alerts.inbox.app import create_app
from config.settings import Settings
from models.keys import fact_id
from models.store import findings
from models.store.engine import open_store, reading
from tests.inbox import world


@pytest.fixture
def other(fresh_database: str, tmp_path: Path) -> Iterator[TestClient]:
    """A browser before the same small store on PostgreSQL."""
    archive = tmp_path / "archive-of-postgresql"
    settings = Settings(database_url=fresh_database, archive_dir=archive)
    engine = open_store(fresh_database)
    world.fill(engine, settings.archive)
    app = create_app(engine, settings, world.law())
    yield TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))
    engine.dispose()


def _paths(inbox: FastAPI) -> Iterator[str]:
    yield from (
        "/",
        "/?lang=en",
        "/?level=red",
        "/?county=东湖区",
        "/?rule=refund-late",
        "/?page=2",
    )
    yield from ("/?q=coverage", "/?q=100%25", "/?q=_", "/?q=东", "/?institution=NC-0002")
    yield from ("/analysis", "/analysis?county=东湖区&level=city&lang=en")
    yield from ("/held", "/held?reason=entry", "/files", "/files?state=refused", "/files/1")
    yield from ("/feeds", "/feeds?lang=en&bank=ccb", "/feeds?only=wanting", "/feeds?only=x")
    yield from ("/settle/held/9", "/settle/refused/1", "/settle/other/1")
    yield from ("/files/99", "/findings/none", "/institutions/NC-0001", "/institutions/NC-0002")
    yield from ("/metrics", "/ready", "/healthz", "/held?lang=en&page=2")
    yield "/evidence/" + journal.token(fact_id(world.ENTRY))
    yield "/evidence/" + journal.token(fact_id(world.CONTRACT))
    with reading(inbox.state.inbox.engine) as connection:
        found = findings.standing(connection)
        kinds = {reason for reason, _ in queries.held_by_kind_of_reason(connection)}
    yield from (f"/findings/{one.id}" for one in found.values())
    yield from (f"/held?reason={kind}" for kind in sorted(kinds))


def test_pages_are_the_same_on_both_databases(
    inbox: FastAPI, client: TestClient, other: TestClient
) -> None:
    """Lists, filters, searches, one of each thing, metrics: nothing tells which database it is."""
    different = [
        path
        for path in _paths(inbox)
        if (here := client.get(path)).content != (there := other.get(path)).content
        or here.status_code != there.status_code
        or here.status_code >= 500
    ]

    assert [] == different
