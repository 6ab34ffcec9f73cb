"""The page that sums complaints of all levels, patrol reports and register changes of a window."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, field_validator, model_validator
from sqlalchemy import Connection

from alerts.inbox import queries
from alerts.inbox.frame import Inbox, closed_day
from alerts.inbox.happened import happened
from alerts.inbox.presenting import Lister
from alerts.inbox.signals import LEVELS, Complaint, Signals, pupils
from models.store.engine import reading

WINDOW_DAYS = 90
WINDOW_DAYS_MAX = 1_100
INSTITUTIONS_MAX = 20
SUBJECTS_MAX = 30
EVENTS_MAX = 200
RISK = "runaway-risk"
_PUPILS = 100
_WEEK_DAYS = 7
router = APIRouter(default_response_class=HTMLResponse)


class AnalysisQuery(BaseModel):
    """The filters of the analysis as its address carries them; both days are included."""

    county: str = Field(default="", max_length=100)
    level: str = Field(default="", pattern="^(|national|city|county)$")
    first: date | None = Field(default=None, alias="from")
    last: date | None = Field(default=None, alias="to")

    @field_validator("first", "last", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        # A form sends also what was left empty.
        return value or None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first and self.last and self.first > self.last:
            message = "from is after to"
            raise ValueError(message)
        return self

    def window(self, closed: date) -> "Window":
        """The days asked for: by default the last 90 up to the closed day."""
        last = self.last or max(closed, self.first or closed)
        first = self.first or date.fromordinal(max(1, last.toordinal() - WINDOW_DAYS + 1))
        return Window(first, last)


@dataclass(frozen=True)
class Window:
    """Days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def holds(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.first <= day <= self.last

    def is_just_after(self, day: date) -> bool:
        """Whether the day lies in the window of the same length before it."""
        return 1 <= (self.first - day).days <= self.days


@dataclass(frozen=True)
class Count:
    """A count of the window and of the window before."""

    now: int
    before: int

    @property
    def change(self) -> str:
        """The difference with its sign; nothing where there is none."""
        difference = self.now - self.before
        return f"{difference:+d}".replace("-", "−") if difference else ""


@dataclass(frozen=True)
class Row:
    """A row of a table of counts: by level of the complaint, and in sum."""

    name: str
    by_level: dict[str, Count]
    total: Count


@dataclass(frozen=True)
class Complained:
    """An institution with its complaints, its pupils, and its standing risk (id and level)."""

    institution: str
    name: str
    county: str
    row: Row
    pupils: int
    risk: tuple[str, str] | None

    @property
    def rate(self) -> str:
        """Complaints per 100 pupils with one decimal, half up; a dash where no pupil is known."""
        if not self.pupils:
            return "—"
        tenths = (2 * 10 * _PUPILS * self.row.total.now + self.pupils) // (2 * self.pupils)
        return f"{tenths // 10}.{tenths % 10}"


@router.get("/analysis")
def analysis(request: Request, asked: Annotated[AnalysisQuery, Query()]) -> HTMLResponse:
    """Complaints by county, institution, subject and week; patrols and register changes."""
    inbox: Inbox = request.app.state.inbox
    lister = inbox.lister(request)
    with reading(inbox.engine) as connection:
        signals = inbox.signals(connection)
        window = asked.window(closed_day(connection) or _latest(signals))
        if window.days > WINDOW_DAYS_MAX:
            raise HTTPException(422)
        places = queries.places(connection)
        county = _county_of(places)
        heard = [
            each
            for each in signals.complaints
            if asked.level in {"", each.level} and asked.county in {"", county(each.institution)}
        ]
        within = [each for each in heard if window.holds(each.day)]
        before = [each for each in heard if window.is_just_after(each.day)]
        events = [
            each
            for each in signals.events
            if window.holds(each.day) and asked.county in {"", county(each.institution)}
        ]
        weeks = by_week(within, window)
        shown = LEVELS if not asked.level else (asked.level,)
        return inbox.page(
            request,
            "analysis.html",
            connection,
            asked=asked,
            window=window,
            levels=LEVELS,
            shown=shown,
            counties=sorted({place.county for place in places.values()} - {""}),
            total=row_of("", within, before),
            rows=rows_by(lambda each: county(each.institution), within, before),
            complained=_complained(connection, within, before, window, places),
            complained_count=len({each.institution for each in within}),
            subjects=rows_by(lambda each: each.about, within, before)[:SUBJECTS_MAX],
            subject_count=len({each.about for each in (*within, *before)}),
            weeks=weeks,
            institutions_max=INSTITUTIONS_MAX,
            chart=_chart(weeks, shown, lister),
            events=happened(events[:EVENTS_MAX], lister),
            event_count=len(events),
            events_shown=EVENTS_MAX,
            places=places,
        )


def _latest(signals: Signals) -> date:
    """Of a store that is closed to no day: the day of the last complaint, so as to show it."""
    return max((each.day for each in signals.complaints), default=date.min)


def _county_of(places: dict[str, queries.Place]) -> Callable[[str], str]:
    return lambda institution: places[institution].county if institution in places else ""


def row_of(name: str, within: Iterable[Complaint], before: Iterable[Complaint]) -> Row:
    """A row of counts over these complaints."""
    now, then = Counter(each.level for each in within), Counter(each.level for each in before)
    return Row(
        name,
        {level: Count(now[level], then[level]) for level in LEVELS},
        Count(now.total(), then.total()),
    )


def rows_by(
    key: Callable[[Complaint], str], within: list[Complaint], before: list[Complaint]
) -> list[Row]:
    """A row for each value of the key, the commonest first."""
    names = {key(each) for each in (*within, *before)}
    now: dict[str, list[Complaint]] = {name: [] for name in names}
    then: dict[str, list[Complaint]] = {name: [] for name in names}
    for table, complaints in ((now, within), (then, before)):
        for each in complaints:
            table[key(each)].append(each)
    rows = [row_of(name, now[name], then[name]) for name in names]
    return sorted(rows, key=lambda row: (-row.total.now, -row.total.before, row.name))


def _complained(
    connection: Connection,
    within: list[Complaint],
    before: list[Complaint],
    window: Window,
    places: dict[str, queries.Place],
) -> list[Complained]:
    rows = rows_by(lambda each: each.institution, within, before)
    worst = [row for row in rows if row.total.now][:INSTITUTIONS_MAX]
    identifiers = [row.name for row in worst]
    taught = pupils(connection, identifiers, window.first, window.last)
    risks = queries.standing_of(connection, RISK, identifiers)
    nowhere = queries.Place("", "")
    return [
        Complained(
            row.name,
            places.get(row.name, nowhere).name,
            places.get(row.name, nowhere).county,
            row,
            taught.get(row.name, 0),
            risks.get(row.name),
        )
        for row in worst
    ]


def by_week(complaints: list[Complaint], window: Window) -> list[tuple[date, Counter[str]]]:
    """Complaints by level for each week of the window, which is named by its Monday."""
    first = window.first - timedelta(days=window.first.weekday())
    count = ((window.last - first).days // _WEEK_DAYS) + 1
    weeks = [
        (first + timedelta(days=_WEEK_DAYS * number), Counter[str]()) for number in range(count)
    ]
    for each in complaints:
        weeks[(each.day - first).days // _WEEK_DAYS][1][each.level] += 1
    return weeks


def _chart(weeks: list[tuple[date, Counter[str]]], shown: tuple[str, ...], lister: Lister) -> str:
    """What the script of the page draws, as JSON; colours come from the style sheet."""
    return json.dumps(
        {
            "weeks": [monday.isoformat() for monday, _ in weeks],
            "levels": [
                {
                    "level": level,
                    "name": lister.t("told-" + level),
                    "counts": [counts[level] for _, counts in weeks],
                }
                for level in shown
            ],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
