"""The truth about what the banks deliver: silence, gaps, contradictions, accounts of nobody."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from streams.simulator.banks import reporting_days, statement_id
from streams.simulator.judge import Wrong, windows
from streams.simulator.plan import Account, Day, Entry, Institution, iso
from streams.simulator.season import Season

_SILENT_STEPS = ((20, "red"), (15, "orange"), (10, "yellow"), (5, "blue"))
_RHYTHM_STATEMENTS = 20
_FIRST_DAYS = 31
_TUITION_WORDS = ("学费", "培训费", "课时费", "报名费", "补课费")
_UNLICENSED_WORKING_DAYS = 5


class _Told(NamedTuple):
    """A statement: its days, when it is delivered, and whether its figures prove."""

    begins: Day
    ends: Day
    delivered: Day
    proves: bool


def feed(inst: Institution, season: Season) -> Iterator[Wrong]:
    """Everything wrong about what the banks tell of this institution's accounts."""
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in inst.entries:
        entries[entry.account.number].append(entry)
    for account in inst.accounts:
        if not account.fed:
            continue
        told = list(_statements(inst, account, entries[account.number]))
        if not inst.registered:
            yield from _unlicensed(season, account, entries[account.number])
            yield from _unrouted(account, entries[account.number])
            continue
        if account.purpose == "dedicated":
            yield from _silence(inst, season, account, told)
        yield from _gaps(season, account, told, entries[account.number])
        early = [entry for entry in entries[account.number] if entry.day < account.valid_from]
        yield from _unrouted(account, early)
    yield from _conflicts(inst)


def _statements(inst: Institution, account: Account, entries: list[Entry]) -> Iterator[_Told]:
    """What the bank ever tells of an account, in order of the days."""
    days = reporting_days(inst, account)
    if account.bank == "boc":
        months: dict[str, list[Day]] = defaultdict(list)
        for day in days:
            months[iso(day)[:7]].append(day)
        for some in months.values():
            yield _Told(some[0], some[-1], some[-1], proves=True)
        return
    booked = {entry.day for entry in entries}
    slips = {slip.day: slip for slip in inst.broken if slip.account == account.number}
    for day in days:
        if account.bank == "ccb" and day not in booked:
            continue
        slip = slips.get(day)
        if slip is None:
            yield _Told(day, day, day, proves=True)
        elif not slip.dropped:
            yield _Told(day, day, day, proves=slip.corrected is not None)
        elif slip.corrected is not None:
            yield _Told(day, day, slip.corrected, proves=True)


def told_days(inst: Institution, account: Account) -> set[Day]:
    """The last days of the statements that the bank ever tells of an account, and that prove."""
    entries = [entry for entry in inst.entries if entry.account is account]
    return {told.ends for told in _statements(inst, account, entries) if told.proves}


def _silence(
    inst: Institution, season: Season, account: Account, told: list[_Told]
) -> Iterator[Wrong]:
    """Working days past the longest way between the last statements, as was known each day."""
    known: list[Day] = []
    waiting = sorted(told, key=lambda one: one.delivered)
    place = 0

    def standing(day: Day) -> tuple[None, str] | None:
        nonlocal place
        while place < len(waiting) and waiting[place].delivered <= day:
            known.append(waiting[place].ends)
            place += 1
        if not account.valid_from <= day <= account.valid_to:
            return None
        if known:
            last = sorted(known[-2 * _RHYTHM_STATEMENTS :])[-_RHYTHM_STATEMENTS:]
            ways = [later - earlier for earlier, later in pairwise(last)]
            is_known = len(known) >= _RHYTHM_STATEMENTS
            expected = last[-1] + (max(ways) if is_known else _FIRST_DAYS)
        else:
            expected = max(account.valid_from, inst.first) + _FIRST_DAYS
        late = sum(season.working(each) for each in range(expected + 1, day + 1))
        level = next((word for least, word in _SILENT_STEPS if late >= least), None)
        return (None, level) if level else None

    days = [(day, standing(day)) for day in range(inst.first, inst.last + 1)]
    yield from windows("feed-silent", f"account:{account.number}", days, inst.last)


def _gaps(
    season: Season, account: Account, told: list[_Told], entries: list[Entry]
) -> Iterator[Wrong]:
    """Money moved between two statements, or could have: no figure proves that it did not."""
    booked = {entry.day for entry in entries}
    for before, after in pairwise(told):
        if before.ends < account.valid_from:
            continue
        between = range(before.ends + 1, after.begins)
        if before.proves and after.proves:
            moved = any(day in booked for day in between)
            closing = account.closings.get(before.ends, 0)
            is_gap = moved and account.closings.get(after.begins - 1, 0) != closing
        else:
            is_gap = any(season.working(day) for day in between)
        if is_gap:
            identity = statement_id(account.bank, account.number, after.begins, after.ends)
            subject = f"statement:{account.number}/{identity}"
            yield Wrong("statement-gap", subject, before.ends + 1, None, None, "yellow")


def _conflicts(inst: Institution) -> Iterator[Wrong]:
    for again in inst.resent:
        if again.reverses:
            subject = f"entry:{again.account}/{iso(again.day)}/{again.serial}"
            yield Wrong("statement-conflict", subject, again.day, None, None, "yellow")


def _unrouted(account: Account, entries: list[Entry]) -> Iterator[Wrong]:
    if entries:
        amount = sum(entry.amount_fen for entry in entries if entry.direction == "C")
        subject = f"account:{account.number}"
        yield Wrong("entry-unrouted", subject, entries[0].day, None, amount, "yellow")


def _unlicensed(season: Season, account: Account, entries: list[Entry]) -> Iterator[Wrong]:
    tuition = [
        entry
        for entry in entries
        if entry.direction == "C" and any(word in entry.remittance for word in _TUITION_WORDS)
    ]
    late = season.after(tuition[0].day, _UNLICENSED_WORKING_DAYS) if tuition else None
    if late is not None:
        amount = sum(entry.amount_fen for entry in tuition)
        subject = f"account:{account.number}"
        yield Wrong("unlicensed-collection", subject, late, None, amount, "red")
