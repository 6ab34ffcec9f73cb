"""What an institution's files would tell, day by day, without the files."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import NamedTuple

from models.facts import Fact
from streams.simulator.plan import Day, Institution, iso
from streams.simulator.statements import statements
from streams.simulator.telling import tellings


class Delivered(NamedTuple):
    """A fact with the time, in UTC, at which its source says that it was told."""

    stated_at: str
    fact: Fact


def deliveries(inst: Institution) -> dict[Day, list[Delivered]]:
    """The facts by the day on which they are delivered: registers first, then statements."""
    by_day: dict[Day, list[Delivered]] = defaultdict(list)
    for row in tellings(inst):
        stated_at = _utc(f"{iso(row.told)}T{row.clock}+08:00")
        facts = by_day[row.told]
        if row.beside is not None:
            facts.append(Delivered(stated_at, row.beside))
        facts.append(Delivered(stated_at, row.fact))
    for slip in statements(inst):
        by_day[slip.delivered].extend(Delivered(slip.stated_at, fact) for fact in slip.facts)
    return by_day


def _utc(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
