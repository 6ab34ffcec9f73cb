"""What every page shares: its language, its links, its status line, its template."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from secrets import token_bytes
from threading import RLock, Thread
from time import monotonic
from typing import Any, cast

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from alerts.evaluation import CODE_VERSION, Law
from alerts.inbox import journal
from alerts.inbox.presenting import Lister
from alerts.inbox.signals import Signals, signals_of
from alerts.inbox.unconfirmed import unconfirmed
from alerts.inbox.words import LANGUAGES, Language
from alerts.metrics import Reading
from config.settings import Settings
from models.store import tables
from models.store.engine import reading
from models.store.institutions import Versions, stale_count

HERE = Path(__file__).parent
# What takes longer is renewed beside the pages, and takes at most one part in so many of the time.
PATIENCE_SECONDS = 0.02
RENEWED_SHARE = 10
_Work = Callable[[Connection], object]


@dataclass(frozen=True)
class Status:
    """How far the pages may be believed: facts to a moment, closed to a day, feeds late."""

    facts_to: str
    closed_day: date | None
    feeds: tuple[journal.Feed, ...]
    stale: int
    """How many institutions are still to be judged by the present law."""

    @property
    def late(self) -> int:
        """How many feeds are late."""
        return sum(feed.late for feed in self.feeds)


@dataclass
class _Remembered:
    """What was worked out, from which state of the store, in how long, and when it was done."""

    version: tuple[object, ...]
    value: Any
    seconds: float
    done_at: float
    is_renewed: bool = False

    def may_be_renewed(self) -> bool:
        """Whether nobody is at it, and it was not done just now for what it costs."""
        return not self.is_renewed and monotonic() - self.done_at > RENEWED_SHARE * self.seconds


class Inbox:
    """The store, the settings and the law that the pages read, and what they may remember.

    What costs more than a page may cost is worked out again only when the store has changed. Where
    that takes long, pages are given what was known before, and it is renewed beside them.
    """

    def __init__(self, engine: Engine, settings: Settings, law: Law) -> None:
        self.engine = engine
        self.settings = settings
        self.law = law
        self.versions = Versions(law.policy.digest(), law.calendar.digest(), CODE_VERSION)
        self.patience_seconds = PATIENCE_SECONDS
        # Forms that were given out by a former process are refused: their page is shown again.
        self.form_secret = token_bytes(32)
        self._lock = RLock()
        self._remembered: dict[str, _Remembered] = {}

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
        """How far the store reaches; of the feeds, as far as it is remembered."""
        facts_to = connection.execute(select(func.max(tables.FILES.c.received_at))).scalar()
        closed = closed_day(connection)
        feeds = self._remember("feeds", connection, _feeds)
        stale = stale_count(connection, self.versions)
        return Status(facts_to or "", closed, cast("tuple[journal.Feed, ...]", feeds), stale)

    def reading(self, connection: Connection) -> Reading:
        """What takes a pass over the whole journal; remembered likewise."""
        return cast("Reading", self._remember("reading", connection, self._read))

    def signals(self, connection: Connection) -> Signals:
        """Complaints, patrol reports and register changes of all institutions; likewise."""
        return cast("Signals", self._remember("signals", connection, signals_of))

    def feed_ends(self, connection: Connection) -> Mapping[str, journal.Ends]:
        """How far each account's feed reaches back and forth; likewise."""
        ends = self._remember("feed ends", connection, journal.feed_ends)
        return cast("Mapping[str, journal.Ends]", ends)

    def unconfirmed(self, connection: Connection) -> Mapping[str, tuple[str, ...]]:
        """Of each account what was announced and is not booked in time; likewise."""

        def work(connection: Connection) -> object:
            return unconfirmed(connection, self.law.calendar, closed_day(connection))

        late = self._remember("unconfirmed", connection, work)
        return cast("Mapping[str, tuple[str, ...]]", late)

    def _read(self, connection: Connection) -> Reading:
        return Reading(
            feeds=self.status(connection).feeds,
            kinds=journal.facts_by_kind(connection),
            contested=tuple(journal.contested(connection)),
        )

    def _remember(self, name: str, connection: Connection, work: _Work) -> object:
        version = store_version(connection)
        with self._lock:
            known = self._remembered.get(name)
            if known is None:
                known = self._work_out(name, connection, work, version)
            elif known.version != version:
                if known.seconds < self.patience_seconds:
                    known = self._work_out(name, connection, work, version)
                elif known.may_be_renewed():
                    known.is_renewed = True
                    Thread(target=self._renew, args=(name, work), daemon=True).start()
            return known.value

    def _work_out(
        self, name: str, connection: Connection, work: _Work, version: tuple[object, ...]
    ) -> _Remembered:
        begun = monotonic()
        value = work(connection)
        done_at = monotonic()
        found = _Remembered(version, value, done_at - begun, done_at)
        self._remembered[name] = found
        return found

    def _renew(self, name: str, work: _Work) -> None:
        try:
            with reading(self.engine) as connection:
                self._work_out(name, connection, work, store_version(connection))
        except SQLAlchemyError:
            # The page that comes next meets the same fault, and tells it.
            self._remembered[name].is_renewed = False

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
    evaluated, progress = tables.INSTITUTIONS.c, tables.PROGRESS.c
    return (
        connection.execute(select(func.max(tables.FILES.c.file_id))).scalar(),
        *connection.execute(select(func.count(), func.sum(evaluated.evaluated_count))).one(),
        *connection.execute(
            select(func.sum(progress.next_offset), func.max(progress.closed_day))
        ).one(),
    )


def closed_day(connection: Connection) -> date | None:
    """The day to which every partition is closed: the earliest of theirs."""
    day = connection.execute(select(func.min(tables.PROGRESS.c.closed_day))).scalar()
    return date.fromisoformat(day) if day else None


def _feeds(connection: Connection) -> tuple[journal.Feed, ...]:
    return tuple(journal.feeds(connection, closed_day(connection)))
