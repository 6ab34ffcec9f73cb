"""Which credit of a payment company pays which days of a merchant's bills.

Payments less refunds less fees of some days that follow each other are one credit, from the day
after the last of them on. Credits are taken in the order of their days and look only at days before
their own, so that what comes later changes nothing of what was found before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator

from models.bills import BillDay, Bills, Settled, owed_fen
from models.facts import MerchantCodeStated
from models.identity import normalise_name
from models.matching import Entry
from models.registers import FOREVER, Registers

Window = Callable[[int], tuple[int, int]]
"""Of a credit's day: how many days before it a bill may end at the latest, and begin at most."""


def match(bills: Bills, registers: Registers, window: Window) -> None:
    """Bring the pairs up to date: those of credits from the day `bills.since` on."""
    matching = bills.matching
    matching.forget(bills.since)
    for day, identifier in bills.credit_order[bisect_left(bills.credit_order, (bills.since, "")) :]:
        entry = bills.credits[identifier]
        latest, earliest = (day - days for days in window(day))
        codes = [
            code
            for code in merchants_of(entry, registers)
            if bills.days_of.get(code) and bills.days_of[code][0] <= latest
        ]
        best: tuple[int, int, str, tuple[int, ...]] | None = None
        for code in codes:
            near = bills.days_of[code]
            near = near[bisect_left(near, earliest) : bisect_right(near, latest)]
            open_days = [each for each in near if (code, each) not in matching.by_day]
            days = _paid_by(entry.fact.amount_fen, open_days, bills.days[code])
            if days:
                found = (-days[-1], len(days), code, days)
                best = found if best is None else min(best, found)
        if best is not None:
            _, _, code, days = best
            settled = Settled(identifier, day, code, days)
            matching.by_credit[identifier] = settled
            matching.by_day.update({(code, each): settled for each in days})
        elif codes:
            matching.unexplained.append((day, identifier))
    bills.since = FOREVER


def merchants_of(entry: Entry, registers: Registers) -> list[str]:
    """The merchant codes that a credit may settle, in order: if it names some, only those."""
    rows = registers.holding(MerchantCodeStated, entry.day)
    fitting = sorted(row.number for row in rows if _may_pay(entry, row))
    named = [code for code in fitting if code in entry.runs]
    return named or fitting


def _may_pay(entry: Entry, row: MerchantCodeStated) -> bool:
    is_account = row.settles_to in {"", entry.account}
    return is_account and normalise_name(row.company) == entry.name


def _paid_by(
    amount_fen: int, open_days: list[int], days: dict[int, BillDay]
) -> tuple[int, ...] | None:
    """The days, one after another, that are owed this amount: the latest end, then the fewest."""
    for run in _runs(open_days):
        if amount_fen in owed_fen([days[day] for day in run]):
            return run
    return None


def _runs(days: list[int]) -> Iterator[tuple[int, ...]]:
    """Every run of neighbours: those that end last first, of these the shortest first."""
    for end in range(len(days), 0, -1):
        for begin in range(end - 1, -1, -1):
            yield tuple(days[begin:end])
