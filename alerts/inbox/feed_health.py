"""The page of the feeds: of each account how far it reaches, what is missing, what it waits for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection, func, select

from alerts.inbox import journal, queries
from alerts.inbox.frame import Inbox
from models.findings import Finding
from models.identity import mask_account
from models.store import tables
from models.store.engine import reading

GAP, BROKEN, SILENT = "statement-gap", "statement-broken", "feed-silent"
_BEGINS = "statement_begins"
_FINDING = msgspec.json.Decoder(Finding)
_findings = tables.FINDINGS.c
_held = tables.HELD.c
router = APIRouter(default_response_class=HTMLResponse)


class FeedsQuery(BaseModel):
    """Which feeds: of one bank or of all, all or those that want something, by pages."""

    bank: str = Field(default="", max_length=100)
    only: str = Field(default="", pattern="^(|wanting)$")
    page: int = Field(default=1, ge=1, le=1_000_000)


@dataclass(frozen=True, kw_only=True)
class Health:
    """One account. `proved_since`: from that day on every balance follows from the one before.

    `silent` is the level of the standing feed-silent, empty where none stands. `unconfirmed` are
    the ids of entries that were announced and are not booked in time.
    """

    account: str
    bank: str
    institution: str
    last_entry: date | None
    last_closing: date | None
    lag_days: int | None
    late: bool
    silent: str
    gaps: int
    broken: int
    proved_since: date | None
    unconfirmed: tuple[str, ...]
    held: int

    @property
    def is_wanting(self) -> bool:
        """Whether anything of it is late, missing, unproved or held."""
        late = self.late or self.silent or self.unconfirmed
        return bool(late or self.gaps or self.broken or self.held)


@dataclass
class _Told:
    """What findings say of an account: its breaks, each with the day from which it is whole."""

    gaps: int = 0
    broken: int = 0
    silent: str = ""
    whole_from: date = date.min


@router.get("/feeds")
def feeds(request: Request, asked: Annotated[FeedsQuery, Query()]) -> HTMLResponse:
    """Each account with a feed: by bank, then by number."""
    inbox: Inbox = request.app.state.inbox
    with reading(inbox.engine) as connection:
        every = health(
            connection,
            inbox.status(connection).feeds,
            inbox.feed_ends(connection),
            inbox.unconfirmed(connection),
        )
        of_bank = [one for one in every if asked.bank in {"", one.bank}]
        shown = [one for one in of_bank if one.is_wanting or not asked.only]
        first = (asked.page - 1) * queries.PAGE_ROWS
        return inbox.page(
            request,
            "feeds.html",
            connection,
            asked=asked,
            banks=sorted(Counter(one.bank for one in every).items()),
            total=len(shown),
            wanting=sum(one.is_wanting for one in of_bank),
            pages=max(1, -(-len(shown) // queries.PAGE_ROWS)),
            rows=shown[first : first + queries.PAGE_ROWS],
            names=queries.names(connection),
            refused=queries.file_states(connection).get("refused", 0),
            mask_account=mask_account,
            token=journal.token,
        )


def health(
    connection: Connection,
    known: Iterable[journal.Feed],
    ends: Mapping[str, journal.Ends],
    unconfirmed: Mapping[str, tuple[str, ...]],
) -> list[Health]:
    """Every account that has a feed or of which something is held, by bank and number."""
    told = _told(connection)
    held = _held_of(connection)
    feeds_of = {feed.account: feed for feed in known}
    nothing = journal.Feed("", "", "", None, None, late=False)
    rows = []
    for account in sorted(feeds_of.keys() | held.keys()):
        feed, said = feeds_of.get(account, nothing), told[account]
        reach = ends.get(account, journal.Ends(None, None))
        rows.append(
            Health(
                account=account,
                bank=feed.bank,
                institution=feed.institution,
                last_entry=reach.last_entry,
                last_closing=feed.last_closing,
                lag_days=feed.lag_days,
                late=feed.late,
                silent=said.silent,
                gaps=said.gaps,
                broken=said.broken,
                proved_since=_proved_since(feed.last_closing, reach.first_opening, said),
                unconfirmed=unconfirmed.get(account, ()),
                held=held.get(account, 0),
            )
        )
    return sorted(rows, key=lambda one: (one.bank, one.account))


def _proved_since(closing: date | None, opening: date | None, said: _Told) -> date | None:
    """The first day after the last break; None where nothing after it proves."""
    if closing is None or opening is None:
        return None
    since = max(opening, said.whole_from)
    return since if since <= closing else None


def _told(connection: Connection) -> defaultdict[str, _Told]:
    """Standing findings about feeds, by account."""
    told: defaultdict[str, _Told] = defaultdict(_Told)
    rules = (GAP, BROKEN, SILENT)
    query = select(_findings.body).where(_findings.rule.in_(rules)).order_by(_findings.finding_id)
    for body in connection.execute(query).scalars():
        found = _FINDING.decode(body)
        account = found.subject.partition(":")[2].partition("/")[0]
        one = told[account]
        if found.rule == SILENT:
            one.silent = found.level
        elif found.rule == GAP:
            one.gaps += 1
            begins = [step.value for step in found.formula if step.name == _BEGINS]
            whole = date.fromisoformat(begins[0]) if begins else found.day
            one.whole_from = max(one.whole_from, whole)
        else:
            one.broken += 1
            # Its day is the last of the statement that does not prove.
            one.whole_from = max(one.whole_from, found.day + timedelta(days=1))
    return told


def _held_of(connection: Connection) -> dict[str, int]:
    """How many rows wait of each account that they name."""
    query = select(_held.account, func.count()).where(_held.state == "waiting", _held.account != "")
    return {row[0]: row[1] for row in connection.execute(query.group_by(_held.account))}
