"""The institution's days: balances at close and what is owed, one value a day.

Extended to the closed day and cut back to the first touched day, so a fact of last week costs a
week. Days are ordinals, amounts fen. Sources: rules.md G9, B1, O1, R1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from models.registers import FOREVER

if TYPE_CHECKING:
    from models.facts import BalanceReported
    from models.ledger import Ledger
    from models.matching import Entry
    from models.touched import Touched

Standing = Callable[[int], bool | None]
Value = TypeVar("Value")
Given = TypeVar("Given")


def sums_by_day() -> dict[int, int]:
    """An empty table of sums by day, to add to. A lambda would hold what it was made in."""
    return defaultdict(int)


class Series:
    """Values by day from the first day on which anything is known, through `last`."""

    def __init__(self, touched: Touched) -> None:
        # Not the ledger: an institution that is let go must be no cycle, so that it goes at once.
        self._touched = touched
        self._closings: dict[str, dict[int, int]] = defaultdict(dict)
        self._openings: dict[str, dict[int, int]] = defaultdict(dict)
        self._first_opening: dict[str, int] = {}
        self._net: dict[str, dict[int, int]] = defaultdict(sums_by_day)
        self._first_entry: dict[str, int] = {}
        self.first = FOREVER
        """The first day of the series; past every day when there is none."""
        self.last = 0
        self._balances: dict[str, list[int | None]] = {}
        self._unearned: list[int] = []
        self._due: list[int] = []
        self._paid: list[int] = []
        self._lacking: list[int] = []
        self._batched: list[int] = []
        self._runs: dict[str, list[int | None]] = {}
        self._memos: dict[str, list[Any]] = {}

    # ---- what facts say ----

    def book(self, entry: Entry, adding: bool) -> None:
        """A booked entry of the home currency moves the balance of its account."""
        self._net[entry.account][entry.day] += entry.signed_fen if adding else -entry.signed_fen
        if entry.day < self._first_entry.get(entry.account, FOREVER):
            self._first_entry[entry.account] = entry.day
        self._touched.day(entry.day)

    def report(self, fact: BalanceReported, adding: bool) -> None:
        """A reported balance: the closing counts from its day on, the first opening before it."""
        day = fact.day.toordinal()
        table = (self._closings if fact.what == "closing" else self._openings)[fact.account]
        if adding:
            table[day] = fact.balance_fen
        else:
            table.pop(day, None)
        if fact.what == "opening" and day <= self._first_opening.get(fact.account, FOREVER):
            self._first_opening[fact.account] = min(table, default=FOREVER)
            self._touched.everything()
        self._touched.day(day)

    # ---- keeping the days right ----

    def extend(self, ledger: Ledger, closed: int) -> None:
        """Cut back to the first touched day, then work the days out through the closed day."""
        self._cut(self._touched.since)
        if self.first == FOREVER:
            self.first = self._first_day(ledger)
            if closed < self.first:
                self.first = FOREVER
                return
            self.last = self.first - 1
        changes, batches = ledger.totals.changes, ledger.batches
        unearned = self._unearned[-1] if self._unearned else 0
        due = self._due[-1] if self._due else 0
        paid = self._paid[-1] if self._paid else 0
        lacking = self._lacking[-1] if self._lacking else 0
        batched = self._batched[-1] if self._batched else 0
        for day in range(self.last + 1, closed + 1):
            change = changes.get(day)
            if change is not None:
                unearned += change.unearned
                due += change.due
                paid += change.paid
                lacking += change.lacking
            batched += batches.get(day, 0)
            self._unearned.append(unearned)
            self._due.append(due)
            self._paid.append(paid)
            self._lacking.append(lacking)
            self._batched.append(batched)
        for account in ledger.registers.accounts:
            self._extend_balance(account, closed)
        self.last = max(self.last, closed)

    def _extend_balance(self, account: str, closed: int) -> None:
        values = self._balances.setdefault(account, [])
        balance = values[-1] if values else None
        closings, net = self._closings.get(account, {}), self._net.get(account, {})
        if not values:
            # A closing reported before the first of these days still carries into them.
            earlier = [day for day in closings if day < self.first]
            balance = closings[max(earlier)] if earlier else None
        for day in range(self.first + len(values), closed + 1):
            reported = closings.get(day)
            if reported is not None:
                balance = reported
            elif balance is not None:
                balance += net.get(day, 0)
            values.append(balance)

    def _cut(self, day: int) -> None:
        if day <= self.first:  # what began the series may be gone
            self.first = FOREVER
            day = 0
        length = max(0, day - self.first) if self.first != FOREVER else 0
        for sums in (self._unearned, self._due, self._paid, self._lacking, self._batched):
            del sums[length:]
        for balances in self._balances.values():
            del balances[length:]
        for values in (*self._runs.values(), *self._memos.values()):
            del values[length:]
        if self.first == FOREVER:
            self.last = 0
        else:
            self.last = min(self.last, day - 1)

    def _first_day(self, ledger: Ledger) -> int:
        """The first day of which anything is known; what was taken away leaves zeros behind."""
        tables: list[Mapping[int, object]] = [ledger.credits_on, ledger.debits_on]
        tables.append(ledger.records.lessons_on)
        days = [
            min((day for day, told in each.items() if told), default=FOREVER) for each in tables
        ]
        days += [day for day, change in ledger.totals.changes.items() if any(change.figures())]
        reported = (*self._closings.values(), *self._openings.values())
        days += [min(table) for table in reported if table]
        days += [request.asked for request in ledger.directory.requests.values()]
        return min([*days, ledger.records.first_day(), ledger.feed.first_day()])

    # ---- answers ----

    def unearned(self, day: int) -> int:
        """Sum of what is owed in lessons, of the contracts signed by then (B1)."""
        return self._at(self._unearned, day)

    def due(self, day: int) -> int:
        """Sum over contracts of what may be released and was not by name (R1)."""
        return self._at(self._due, day)

    def paid(self, day: int) -> int:
        """Everything paid on all contracts."""
        return self._at(self._paid, day)

    def lacking(self, day: int) -> int:
        """What was due for certain and did not come, less what came beyond the prices."""
        return self._at(self._lacking, day)

    def reported(self, account: str, day: int) -> bool:
        """Whether a closing of this very day was reported."""
        return day in self._closings.get(account, ())

    def batched(self, day: int) -> int:
        """Everything released in batches."""
        return self._at(self._batched, day)

    def _at(self, values: list[int], day: int) -> int:
        place = day - self.first
        return values[place] if 0 <= place < len(values) else 0

    def balance(self, account: str, day: int) -> int | None:
        """The balance at close (G9), None when no closing was reported by then."""
        place = day - self.first
        values = self._balances.get(account, ())
        return values[place] if 0 <= place < len(values) else None

    def balance_or_opening(self, account: str, day: int) -> int | None:
        """The balance at close, before the first statement its opening (O1)."""
        balance = self.balance(account, day)
        openings = self._openings.get(account)
        if balance is not None or not openings:
            return balance
        first = self._first_opening[account]
        net = self._net.get(account, {})
        return openings[first] + sum(net.get(d, 0) for d in range(first, day + 1))

    def closing_by(self, account: str, day: int) -> int | None:
        """The latest day, not after this one, of which a closing was reported."""
        closings = self._closings.get(account, ())
        for each in range(day, min(self.first, day) - 1, -1):  # nearly always the day itself
            if each in closings:
                return each
        return max((each for each in closings if each <= day), default=None)

    def closing(self, account: str, day: int) -> int | None:
        """The closing reported of this very day."""
        return self._closings.get(account, {}).get(day)

    def joins(self, account: str, earlier: int, day: int) -> bool:
        """Whether the closings reported of two days differ by the entries booked between."""
        closings, net = self._closings.get(account, {}), self._net.get(account, {})
        moved = sum(net.get(each, 0) for each in range(earlier + 1, day + 1))
        return closings[earlier] + moved == closings[day]

    def opening(self, account: str, day: int) -> int | None:
        """The opening reported of this very day."""
        return self._openings.get(account, {}).get(day)

    def first_entry(self, account: str) -> int:
        """No entry of the account was booked before this day; past every day without any."""
        return self._first_entry.get(account, FOREVER)

    def last_closing(self, account: str) -> int | None:
        """The latest day of which a closing was reported."""
        return max(self._closings.get(account, ()), default=None)

    def memo(
        self,
        name: str,
        day: int,
        work_out: Callable[[Given, int, Value | None], Value],
        given: Given,
    ) -> list[Value]:
        """What is worked out of each day from the first through this one, kept while it is right.

        `work_out` is asked day by day, with what it answered of the day before. It is a function of
        a module, with what it reads in `given`: to make one at each question cost a fifth.
        """
        values = self.memos(name)
        for each in range(self.first + len(values), day + 1):
            values.append(work_out(given, each, values[-1] if values else None))
        return values

    def memos(self, name: str) -> list[Any]:
        """The list that `memo` keeps under this name, cut to the days that are still right."""
        values = self._memos.get(name)
        if values is None:
            values = self._memos[name] = []
        return values

    def run_start(self, name: str, day: int, stands: Standing) -> int | None:
        """The first day of the unbroken run of days, ending at this day, on which it stands (G4).

        `stands` answers for one day; None means that the day cannot be decided and neither begins
        nor breaks a run. None when it does not stand on the day itself.
        """
        runs = self._runs.setdefault(name, [])
        for each in range(self.first + len(runs), day + 1):
            before = runs[-1] if runs else None
            answer = stands(each)
            if answer is None:
                runs.append(before)
            elif answer:
                runs.append(each if before is None else before)
            else:
                runs.append(None)
        place = day - self.first
        return runs[place] if 0 <= place < len(runs) and stands(day) else None
