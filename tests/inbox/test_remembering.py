"""What takes long is renewed beside the pages: they are given what was known before meanwhile."""

from datetime import timedelta
from threading import Event
from time import monotonic, sleep

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Connection, update
from sqlalchemy.exc import OperationalError

from alerts.inbox import journal
from alerts.inbox.frame import Inbox
from models.store import tables
from models.store.engine import reading, writing
from tests.inbox import world

DEADLINE_SECONDS = 20.0


@pytest.fixture
def slow(inbox: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    """The inbox, taking everything for slow but never for too dear."""
    monkeypatch.setattr("alerts.inbox.frame.RENEWED_SHARE", 0)
    found: Inbox = inbox.state.inbox
    found.patience_seconds = 0
    return found


def _late(inbox: Inbox) -> int:
    with reading(inbox.engine) as connection:
        return inbox.status(connection).late


def _close(inbox: Inbox, days: int) -> None:
    with writing(inbox.engine) as connection:
        day = world.CLOSED + timedelta(days=days)
        connection.execute(update(tables.PROGRESS).values(closed_day=day.isoformat()))


def _until_late(inbox: Inbox, wanted: int) -> None:
    deadline = monotonic() + DEADLINE_SECONDS
    while _late(inbox) != wanted:
        assert monotonic() < deadline, "was never renewed"
        sleep(0.01)


def test_page_does_not_wait_for_what_takes_long(
    slow: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is worked out anew the former value is given, and by one thread alone."""
    assert 0 == _late(slow)
    begun, may_end, times = Event(), Event(), []
    feeds = journal.feeds

    def waiting(connection: Connection, *given: object) -> object:
        times.append(1)
        begun.set()
        assert may_end.wait(DEADLINE_SECONDS)
        return feeds(connection, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(journal, "feeds", waiting)
    _close(slow, 30)

    assert [0, 0] == [_late(slow), _late(slow)]
    assert begun.wait(DEADLINE_SECONDS)
    assert 0 == _late(slow)
    may_end.set()
    _until_late(slow, 1)
    assert [1] == times


def test_renewal_that_failed_is_tried_again(slow: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away for a moment does not freeze what is remembered."""
    assert 0 == _late(slow)
    feeds, failed = journal.feeds, Event()

    def failing(_: Connection, *__: object) -> object:
        failed.set()
        raise OperationalError("SELECT", None, Exception("gone"))

    monkeypatch.setattr(journal, "feeds", failing)
    _close(slow, 30)
    assert 0 == _late(slow)
    assert failed.wait(DEADLINE_SECONDS)
    monkeypatch.setattr(journal, "feeds", feeds)

    _until_late(slow, 1)


def test_nothing_is_worked_out_while_the_store_rests(
    slow: Inbox, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages and scrapes of an unchanged store read no journal twice."""
    for path in ("/", "/held", "/analysis", "/metrics"):
        assert 200 == client.get(path).status_code
    assert 0 == _late(slow)
    monkeypatch.setattr(journal, "feeds", None)
    monkeypatch.setattr(journal, "contested", None)
    monkeypatch.setattr("alerts.inbox.frame.signals_of", None)

    for path in ("/", "/held", "/analysis", "/metrics"):
        assert 200 == client.get(path).status_code
