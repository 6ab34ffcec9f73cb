"""The core alone: facts in memory are added and judged at each day, one institution at a time."""

from datetime import date, timedelta

import msgspec

from alerts.evaluation import Law, Supervision
from bench.clock import Lap, resident_bytes
from bench.mix import Days, Stated, stated
from models import facts as f
from models.keys import DECODER

LAST_WEEK_DAYS, LONG_AGO_DAYS = 3, 170


def decode(city: dict[str, Days]) -> Lap:
    """The floor: only decode every fact's JSON."""
    bodies = [one.body for days in city.values() for _, told in days for one in told]
    with Lap(len(bodies)) as lap:
        for body in bodies:
            DECODER.decode(body)
    return lap


def supervise(city: dict[str, Days], law: Law) -> tuple[Lap, list[Supervision]]:
    """Add and judge day by day; the institutions are handed back as they then stand."""
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
    """To every institution one late class session of a day so long ago, judged at once."""
    _, kept = supervise(city, law)
    late = []
    for supervision, days in zip(kept, city.values(), strict=True):
        last: date = days[-1][0]
        wanted = last - timedelta(days=days_late)
        lessons = (
            one.fact
            for day, told in days
            for one in told
            if day <= wanted and isinstance(one.fact, f.LessonDelivered)
        )
        *_, model = lessons
        for number in range(5):
            fact = msgspec.structs.replace(model, number=f"late-{days_late}-{number}")
            late.append((supervision, [stated(fact, last)], last))
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
