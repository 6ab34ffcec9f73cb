"""The core alone: facts in memory are added and judged at each day, one institution at a time."""

import gc
from datetime import date, timedelta

import msgspec

from alerts import evaluation
from alerts.evaluation import Law, Supervision
from bench.city import Days, Stated, stated
from bench.clock import Lap, resident_bytes
from models import facts as f
from models.keys import DECODER, own_day, source_of
from streams.collecting import collect_rarely

LAST_WEEK_DAYS, LONG_AGO_DAYS = 3, 60
LATE_FACTS = 10
LATE_ONE_IN = 100
WEEK_DAYS = 7


def is_compiled() -> bool:
    """Whether the core that this process imports is the one that `make compiled` made."""
    return not str(evaluation.__file__).endswith(".py")


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


def late_lessons(kept: list[Supervision], city: dict[str, Days], days_late: int) -> Lap:
    """To every institution late class sessions of a day so long ago, each judged at once."""
    late = []
    for supervision, days in zip(kept, city.values(), strict=True):
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


def delayed(city: dict[str, Days], days_late: int) -> tuple[dict[str, Days], int]:
    """The same facts, of which one in a hundred comes so many days late; and how many do.

    Those that come late are spread evenly over all that can: so long before the end.
    """
    found: dict[str, Days] = {}
    late_count = 0
    for institution, days in city.items():
        later: Days = [(day, []) for day, _ in days]
        able = sum(len(told) for _, told in days[: max(0, len(days) - days_late)])
        every = max(1, able * LATE_ONE_IN // max(1, sum(len(told) for _, told in days)))
        place = 0
        for number, (_, told) in enumerate(days):
            for one in told:
                place += 1
                is_late = place <= able and place % every == 0
                late_count += is_late
                later[number + days_late if is_late else number][1].append(one)
        found[institution] = later
    return found, late_count


def last_week(city: dict[str, Days], law: Law, history_days: int | None) -> Lap:
    """The facts of the last week, told and judged day by day after so long a history.

    A short history is that of an institution which joined then: its registers, with the contracts,
    and what happened since. The facts that are measured are the same.
    """
    collect_rarely()
    kept: list[tuple[Supervision, Days]] = []
    for institution, days in city.items():
        past, week = days[:-WEEK_DAYS], days[-WEEK_DAYS:]
        last = max(day for day, _ in past if day is not None)
        supervision = Supervision(institution, law)
        for _, told in past:
            tell(supervision, [one for one in told if _is_kept(one.fact, last, history_days)])
        supervision.evaluate(last)
        kept.append((supervision, week))
    gc.collect()
    with Lap(sum(len(told) for _, week in kept for _, told in week)) as lap:
        for supervision, week in kept:
            for day, told in week:
                tell(supervision, told)
                supervision.evaluate(day)
    return lap


def _is_kept(fact: f.Fact, last: date, history_days: int | None) -> bool:
    day = own_day(fact)
    if history_days is None or day is None or source_of(fact) == "register":
        return True
    return day > last - timedelta(days=history_days)


def memory_per_institution(city: dict[str, Days], law: Law) -> int:
    """Bytes that one institution's supervision holds beside its facts' own."""
    before = resident_bytes()
    _, kept = supervise(city, law)
    held = resident_bytes() - before
    return max(0, held) // len(kept)
