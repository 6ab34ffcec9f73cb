"""The facts of a simulated city, as its files tell them: by institution, day by day."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from config.load import load_calendar
from models import facts as f
from models.keys import content_hash, encode, fact_id, stream_of
from streams.feeds import intake, planning
from streams.simulator import simulate

SEED = 7
FIRST = date(2024, 1, 1)
TODAY = date(2026, 1, 1)


class Stated(NamedTuple):
    """A fact as the shell hands it on."""

    fact_id: str
    content_hash: bytes
    fact: f.Fact
    body: bytes
    stated_at: str


Days = list[tuple[date | None, list[Stated]]]
"""The days of an institution in the order in which they are played, also those without facts."""


def write(folder: Path, institutions: int, months: int, first: date = FIRST) -> None:
    """Simulate a city into a folder."""
    simulate(SEED, institutions, months, first, folder, load_calendar())


def read(folder: Path) -> dict[str, Days]:
    """The facts of each institution, day by day."""
    owners: dict[str, set[str]] = defaultdict(set)
    city: dict[str, Days] = defaultdict(list)
    for place, (day, told) in enumerate(days(folder)):
        for one in told:
            if isinstance(one.fact, f.AccountStated):
                owners[one.fact.account].add(one.fact.institution)
        by_institution: dict[str, list[Stated]] = defaultdict(list)
        for one in told:
            fact = stated(one.fact, one.stated_at)
            letter, _, owner = stream_of(fact.fact_id).partition(":")
            for institution in owners[owner] if letter == "a" else (owner,):
                by_institution[institution].append(fact)
        for institution in city.keys() | by_institution.keys():
            own = city[institution]
            own.extend((None, []) for _ in range(place - len(own)))
            own.append((day, by_institution[institution]))
    return dict(city)


def days(folder: Path) -> Iterator[tuple[date | None, list[f.Told]]]:
    """What the files of a city tell, in the order of the days on which they are played."""
    for day, group in planning.plan([folder], TODAY):
        yield day, [one for proved in group for one in intake.told(proved)]


def stated(fact: f.Fact, stated_at: str) -> Stated:
    """A fact with its id and hash."""
    body = encode(fact)
    return Stated(fact_id(fact), content_hash(body), fact, body, stated_at)
