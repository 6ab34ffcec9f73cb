"""What every page shares: its language, its links, its status line, its template."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, cast

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection, Engine, func, select

from alerts.evaluation import Law
from alerts.inbox import journal
from alerts.inbox.presenting import Lister
from alerts.inbox.words import LANGUAGES, Language
from alerts.metrics import Reading
from config.settings import Settings
from models.store import tables

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Status:
    """How far the pages may be believed: facts to a moment, closed to a day, feeds late."""

    facts_to: str
    closed_day: date | None
    feeds: tuple[journal.Feed, ...]

    @property
    def late(self) -> int:
        """How many feeds are late."""
        return sum(feed.late for feed in self.feeds)


class Inbox:
    """The store, the settings and the law that the pages read, and what they may remember.

    What costs more than a page may cost is worked out again only when the store has changed.
    """

    def __init__(self, engine: Engine, settings: Settings, law: Law) -> None:
        self.engine = engine
        self.settings = settings
        self.law = law
        self._lock = RLock()
        self._remembered: dict[str, tuple[object, Any]] = {}

    @cached_property
    def environment(self) -> Environment:
        """The templates; autoescape on, unknown names are errors."""
        return Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def status(self, connection: Connection) -> Status:
        """How far the store reaches; remembered until a file or a close arrives."""
        return cast("Status", self._remember("status", connection, _status))

    def reading(self, connection: Connection) -> Reading:
        """What takes a pass over the whole journal; remembered likewise."""
        return cast("Reading", self._remember("reading", connection, self._read))

    def _read(self, connection: Connection) -> Reading:
        return Reading(
            feeds=self.status(connection).feeds,
            kinds=journal.facts_by_kind(connection),
            contested=tuple(journal.contested(connection)),
        )

    def _remember(self, name: str, connection: Connection, work: Any) -> Any:  # noqa: ANN401
        version = store_version(connection)
        with self._lock:
            remembered = self._remembered.get(name)
            if remembered is None or remembered[0] != version:
                remembered = self._remembered[name] = (version, work(connection))
            return remembered[1]

    def lister(self, request: Request) -> Lister:
        """The language that the address asks for, else that of the settings."""
        default = self.settings.language
        asked = request.query_params.get("lang")
        language = asked if asked in LANGUAGES else default
        return Lister(language, default)

    def page(
        self,
        request: Request,
        template: str,
        connection: Connection,
        *,
        status_code: int = 200,
        **values: object,
    ) -> HTMLResponse:
        """A page of that template inside the frame."""
        lister = self.lister(request)
        other: Language = "en" if lister.language == "zh" else "zh"
        kept = {name: value for name, value in request.query_params.items() if name != "lang"}
        html = self.environment.get_template(template).render(
            l=lister,
            t=lister.t,
            status=self.status(connection),
            other_language=Lister(other, lister.default).link(request.url.path, **kept),
            path=request.url.path,
            q=request.query_params.get("q", ""),
            **values,
        )
        return HTMLResponse(html, status_code)


def store_version(connection: Connection) -> tuple[object, ...]:
    """A value that changes whenever facts, findings or the closed day have changed."""
    files, evaluated = tables.FILES.c, tables.INSTITUTIONS.c
    progress = tables.PROGRESS.c
    return (
        *connection.execute(
            select(func.count(), func.sum(files.batches_journaled), func.max(files.received_at))
        ).one(),
        *connection.execute(select(func.count(), func.sum(evaluated.evaluated_count))).one(),
        *connection.execute(
            select(func.sum(progress.next_offset), func.max(progress.closed_day))
        ).one(),
    )


def closed_day(connection: Connection) -> date | None:
    """The day to which every partition is closed: the earliest of theirs."""
    day = connection.execute(select(func.min(tables.PROGRESS.c.closed_day))).scalar()
    return date.fromisoformat(day) if day else None


def _status(connection: Connection) -> Status:
    facts_to = connection.execute(select(func.max(tables.FILES.c.received_at))).scalar()
    closed = closed_day(connection)
    return Status(facts_to or "", closed, tuple(journal.feeds(connection, closed)))
