"""The core alone: facts in memory are added and judged at each day, one institution at a time."""

from datetime import timedelta

import msgspec

from alerts.evaluation import Law, Supervision
from bench.city import Days, Stated, stated
from bench.clock import Lap, resident_bytes
from models import facts as f
from models.keys import DECODER
from streams.collecting import collect_rarely

LAST_WEEK_DAYS, LONG_AGO_DAYS = 3, 60
LATE_FACTS = 10


def decode(city: dict[str, Days]) -> Lap:
    """The floor: only decode every fact's JSON."""
    bodies = [one.body for days in city.values() for _, told in days for one in told]
    with Lap(len(bodies)) as lap:
        for body in bodies:
            DECODER.decode(body)
    return lap


def supervise(city: dict[str, Days], law: Law) -> tuple[Lap, list[Supervision]]:
    """Add and judge day by day; the institutions are handed back as they then stand."""
    collect_rarely()
    count = sum(len(told) for days in city.values() for _, told in days)
    kept = []
    with Lap(count) as lap:
        for institution, days in city.items():
            supervision = Supervision(institution, law)
            for day, told in days:
                tell(supervision, told)
                supervision.evaluate(day)
            kept.append(supervision)
    return lap, kept


def tell(supervision: Supervision, told: list[Stated]) -> None:
    """Add facts as the shell does."""
    for identifier, digest, fact, _, stated_at in told:
        supervision.add(identifier, digest, fact, stated_at, stated_at)


def late_lessons(city: dict[str, Days], law: Law, days_late: int) -> Lap:
    """To every institution late class sessions of a day so long ago, each judged at once."""
    late = []
    for supervision, days in zip(supervise(city, law)[1], city.values(), strict=True):
        last = max(day for day, _ in days if day is not None)
        lessons = [
            one.fact
            for _, told in days
            for one in told
            if isinstance(one.fact, f.LessonDelivered)
            and one.fact.day <= last - timedelta(days=days_late)
        ]
        model = max(lessons, key=lambda lesson: lesson.day)
        for number in range(LATE_FACTS):
            fact = msgspec.structs.replace(model, number=f"late-{days_late}-{number}")
            late.append((supervision, [stated(fact, f"{last}T12:00:00Z")], last))
    with Lap(len(late)) as lap:
        for supervision, told, last in late:
            tell(supervision, told)
            supervision.evaluate(last)
    return lap


def memory_per_institution(city: dict[str, Days], law: Law) -> int:
    """Bytes that one institution's supervision holds beside its facts' own."""
    before = resident_bytes()
    _, kept = supervise(city, law)
    held = resident_bytes() - before
    return max(0, held) // len(kept)
