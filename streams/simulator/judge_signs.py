"""The truth about signs of trouble: owners, complaints, requests, small debits, debits to kin."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from streams.simulator.judge import Wrong, windows
from streams.simulator.judge_days import DailyJudge
from streams.simulator.plan import Day, Entry, Institution, iso
from streams.simulator.season import Season

_OWNER_DAYS = 90
_COMPLAINT_DAYS, _COMPLAINTS_LEAST = 30, 3
_COMPLAINT_STEPS = ((10, "red"), (5, "orange"), (2, "yellow"), (1, "blue"))
_REQUEST_DAYS, _REQUESTS_LEAST, _BEFORE_DAYS = 7, 5, 56
_REQUEST_STEPS = ((10, "red"), (5, "orange"), (3, "yellow"), (2, "blue"))
_SMALL_FEN, _SMALL_DAYS, _SMALL_COUNT = 100_000, 30, 5
_SMALL_STEPS = ((60, "red"), (30, "orange"), (20, "yellow"), (10, "blue"))
_KIN_STEPS = ((30, "red"), (10, "orange"))
_APPROVING_CITIES = ("运城市",)
_CASH_CITIES = ("泉州市",)
_CASH_WORKING_DAYS = 3

Counts = dict[Day, int]


def signs(inst: Institution, daily: DailyJudge, entries: list[Entry]) -> Iterator[Wrong]:
    """Everything that tells of trouble to come; `daily` has played the institution's days."""
    if not inst.registered:
        return
    yield from _owners(inst, daily)
    yield from _complaints(inst)
    yield from _requests(inst)
    yield from _small_debits(inst, daily, entries)
    yield from _kin(inst, daily, entries)
    yield from _unapproved(inst, entries)
    yield from _cash(inst, daily.season, entries)


def _standing(
    inst: Institution, rule: str, subject: str, level_of: Callable[[Day], str | None]
) -> Iterator[Wrong]:
    """The windows of days on which a level holds; they carry no amount."""
    levels = ((day, level_of(day)) for day in range(inst.first, inst.last + 1))
    days = ((day, (None, level) if level else None) for day, level in levels)
    yield from windows(rule, subject, days, inst.last)


def _owners(inst: Institution, daily: DailyJudge) -> Iterator[Wrong]:
    """A new representative or a new account while families were owed lessons."""
    changes = [
        day
        for place, (day, name) in enumerate(inst.representatives)
        if name != (inst.representatives[place - 1][1] if place else inst.representative)
    ]
    starts = sorted({each.valid_from for each in inst.accounts if each.purpose == "dedicated"})
    changes += starts[1:]
    changes = [day for day in changes if daily.unearned.get(day, 0) > 0]

    def level(day: Day) -> str | None:
        return "yellow" if any(day - _OWNER_DAYS < each <= day for each in changes) else None

    if changes:
        yield from _standing(inst, "owner-changed", "owner", level)


def _complaints(inst: Institution) -> Iterator[Wrong]:
    filed = [each[0] for each in inst.complaints] + [each[0] for each in inst.grievances]

    def level(day: Day) -> str | None:
        count = sum(day - _COMPLAINT_DAYS < each <= day for each in filed)
        if count < _COMPLAINTS_LEAST:
            return None
        pupils = max(1, sum(each.signed <= day <= each.ends for each in inst.contracts))
        return next((w for least, w in _COMPLAINT_STEPS if count * 100 >= least * pupils), None)

    if len(filed) >= _COMPLAINTS_LEAST:
        yield from _standing(inst, "complaint-surge", "complaints", level)


def _requests(inst: Institution) -> Iterator[Wrong]:
    asked = sorted(refund.asked for refund in inst.refunds)

    def level(day: Day) -> str | None:
        now = sum(day - _REQUEST_DAYS < each <= day for each in asked)
        if now < _REQUESTS_LEAST:
            return None
        since = day - _REQUEST_DAYS
        before = sum(since - _BEFORE_DAYS < each <= since for each in asked)
        mean = max(before * _REQUEST_DAYS, _BEFORE_DAYS)
        return next((w for n, w in _REQUEST_STEPS if now * _BEFORE_DAYS >= n * mean), None)

    if len(asked) >= _REQUESTS_LEAST:
        yield from _standing(inst, "refund-surge", "refunds", level)


def _small_debits(inst: Institution, daily: DailyJudge, entries: list[Entry]) -> Iterator[Wrong]:
    """Many small debits that together are a large one, of which nothing else tells."""
    small: dict[Day, list[int]] = defaultdict(list)
    for entry in entries:
        is_debit = entry.meaning == "other" and entry.account.purpose == "dedicated"
        if is_debit and entry.amount_fen < _SMALL_FEN:
            small[entry.day].append(entry.amount_fen)
    large = {wrong.day for wrong in daily.out_wrongs}

    def level(day: Day) -> str | None:
        days = range(day - _SMALL_DAYS + 1, day + 1)
        found = [fen for each in days for fen in small.get(each, ())]
        if len(found) < _SMALL_COUNT or sum(found) < _SMALL_FEN or large.intersection(days):
            return None
        since = max(days[0], inst.first) - 1
        highest = max(daily.close(day, each) for each in range(since, day))
        return next((w for n, w in _SMALL_STEPS if sum(found) * 100 >= n * highest), None)

    if sum(map(len, small.values())) >= _SMALL_COUNT:
        yield from _standing(inst, "outflow-split", "small-debits", level)


def _kin(inst: Institution, daily: DailyJudge, entries: list[Entry]) -> Iterator[Wrong]:
    """Debits to the institution's own head."""
    taken: Counts = defaultdict(int)
    for entry in entries:
        is_debit = entry.meaning == "other" and entry.account.purpose == "dedicated"
        if is_debit and entry.name == inst.owner(entry.day):
            taken[entry.day] += entry.amount_fen
    for day, amount in taken.items():
        before = daily.close(day, day - 1)
        level = next((w for n, w in _KIN_STEPS if amount * 100 >= n * before), "yellow")
        yield Wrong("outflow-related-party", f"day:{iso(day)}", day, None, amount, level)


def _unapproved(inst: Institution, entries: list[Entry]) -> Iterator[Wrong]:
    """Where every withdrawal needs an approval: each that has none."""
    if inst.city not in _APPROVING_CITIES:
        return
    for entry in entries:
        if entry.meaning == "other" and entry.account in inst.designated(entry.day):
            amount = entry.amount_fen
            yield Wrong("outflow-unapproved", entry.subject, entry.day, None, amount, "orange")


def _cash(inst: Institution, season: Season, entries: list[Entry]) -> Iterator[Wrong]:
    """Where cash must be banked: what was on no dedicated account in time."""
    if inst.city not in _CASH_CITIES:
        return
    for taken in inst.cash:
        late = season.after(taken.day, _CASH_WORKING_DAYS)
        if late is None:
            continue
        banked = sum(
            entry.amount_fen
            for entry in entries
            if entry.contract is taken.contract
            and entry.meaning == "payment"
            and taken.day <= entry.day <= late
            and entry.account in inst.designated(entry.day)
        )
        if banked < taken.amount_fen:
            left = taken.amount_fen - banked
            yield Wrong("cash-not-banked", f"cash:{taken.number}", late, None, left, "yellow")
