"""Which credit of a payment company pays which days of a merchant's bills.

Payments less refunds less fees of some days that follow each other are one credit, from the day
after the last of them on. Credits are taken in the order of their days and look only at days before
their own, so that what comes later changes nothing of what was found before.
"""

from collections.abc import Callable, Iterator

import msgspec

from models.bills import BillDay, Bills, owed_fen
from models.facts import MerchantCodeStated
from models.identity import normalise_name
from models.matching import Entry
from models.registers import FOREVER, Registers

Window = Callable[[int], tuple[int, int]]
"""Of a credit's day: how many days before it a bill may end at the latest, and begin at most."""


class Settled(msgspec.Struct, frozen=True, gc=False):
    """A credit with the days of a merchant's bills that it pays."""

    credit: str
    day: int
    merchant: str
    days: tuple[int, ...]


class Matching(msgspec.Struct, frozen=True):
    """What was found: `by_day` by merchant code and day of the bill, `by_credit` by entry.

    `unexplained` are the credits that no bill explains though a bill of that merchant came before.
    """

    by_day: dict[tuple[str, int], Settled]
    by_credit: dict[str, Settled]
    unexplained: tuple[str, ...]


def match(bills: Bills, registers: Registers, window: Window) -> Matching:
    """Pair all credits with all bills."""
    by_day: dict[tuple[str, int], Settled] = {}
    by_credit: dict[str, Settled] = {}
    unexplained: list[str] = []
    first_of = {code: min(days) for code, days in bills.days.items() if days}
    for entry in sorted(bills.credits.values(), key=lambda one: (one.day, one.id)):
        latest, earliest = (entry.day - days for days in window(entry.day))
        codes = [c for c in merchants_of(entry, registers) if first_of.get(c, FOREVER) <= latest]
        best: tuple[int, int, str, tuple[int, ...]] | None = None
        for code in codes:
            open_days = [
                day
                for day in sorted(bills.days[code])
                if earliest <= day <= latest and (code, day) not in by_day
            ]
            days = _paid_by(entry.fact.amount_fen, open_days, bills.days[code])
            if days:
                found = (-days[-1], len(days), code, days)
                best = found if best is None else min(best, found)
        if best is not None:
            _, _, code, days = best
            settled = Settled(entry.id, entry.day, code, days)
            by_credit[entry.id] = settled
            by_day.update({(code, day): settled for day in days})
        elif codes:
            unexplained.append(entry.id)
    return Matching(by_day, by_credit, tuple(unexplained))


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
