"""What the registers say of one institution on a day: accounts, agreements, bars, merchants.

Days are ordinals (`date.toordinal`). Built anew from all rows whenever a row changed: rare.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any, Final, TypeVar

from mypy_extensions import mypyc_attr

from models import facts as f
from models.identity import normalise_name

FOREVER: Final = date.max.toordinal()
NUMBERED: Final = (
    *(f.CustodyStated, f.FeeStated, f.MerchantCodeStated),
    *(f.RelatedPartyStated, f.TermStated),
)
"""The registers of which an institution may have several rows that hold on a day."""
Row = TypeVar(
    "Row",
    bound=f.InstitutionStated
    | f.CustodyStated
    | f.FeeStated
    | f.MerchantCodeStated
    | f.RelatedPartyStated
    | f.TermStated,
)


@mypyc_attr(acyclic=True)
class Stretch:
    """Both days included: who an account belongs to and whether it is designated or reserve."""

    __slots__ = ("designated", "first", "last", "owned", "reserve")

    def __init__(
        self, first: int, last: int, *, owned: bool, designated: bool, reserve: bool = False
    ) -> None:
        self.first = first
        self.last = last
        self.owned = owned
        self.designated = designated
        self.reserve = reserve


def ordinal(day: date | None) -> int:
    """A day as a number; a missing end is open."""
    return FOREVER if day is None else day.toordinal()


class Registers:
    """The answers of the registers, for one institution (rules.md G8: both ends included)."""

    def __init__(self, institution: str, rows: Iterable[f.Fact]) -> None:
        self.institution = institution
        self._designated_on: dict[int, tuple[str, ...]] = {}
        self._modes_on: dict[int, set[str]] = {}
        self._bar_on: dict[int, str] = {}
        self._reserve_on: dict[int, tuple[str, ...]] = {}
        by_account: dict[str, list[f.AccountStated]] = {}
        self._states: list[f.InstitutionStated] = []
        self._numbered: dict[type[Any], dict[str, list[Any]]] = {}
        self._firsts: dict[type[Any], list[tuple[list[int], list[Any]]]] = {}
        """Of each number the days from which its rows hold, and the rows."""
        self._spans: dict[type[Any], list[tuple[int, int, Any]]] = {}
        """The first and the last day of each row, ordered by number: none holds beside the next."""
        self._held_on: dict[tuple[type[Any], int], tuple[Any, ...]] = {}
        self._fees_on: dict[int, tuple[tuple[str, f.FeeStated], ...]] = {}
        self._suspensions: list[tuple[int, int]] = []
        self._restrictions: dict[str, list[tuple[int, int]]] = {}
        for row in rows:
            match row:
                case f.AccountStated():
                    by_account.setdefault(row.account, []).append(row)
                case f.InstitutionStated():
                    self._states.append(row)
                case _ if isinstance(row, NUMBERED):
                    numbered = self._numbered.setdefault(type(row), {})
                    numbered.setdefault(row.number, []).append(row)
                case f.ChargingSuspended():
                    self._suspensions.append((ordinal(row.valid_from), ordinal(row.valid_to)))
                case f.AccountRestricted():
                    span = (ordinal(row.valid_from), ordinal(row.valid_to))
                    self._restrictions.setdefault(row.account, []).append(span)
                case _:
                    pass
        self._states.sort(key=lambda state: state.valid_from)
        self._order()
        firsts = {a: min(rows, key=lambda row: row.valid_from) for a, rows in by_account.items()}
        self._first_registrations = {
            account: row.valid_from.toordinal()
            for account, row in sorted(firsts.items())
            if row.institution == institution
        }
        stretches = {a: _stretches(institution, by_account[a]) for a in sorted(by_account)}
        self.accounts = {a: s for a, s in stretches.items() if any(each.owned for each in s)}
        self._designation_days = self._find_designation_days()
        self._designation_changes = self._find_designation_changes()
        self._changes = self._find_changes()

    def _order(self) -> None:
        """Bring the rows of each number into the order of their days."""
        for kind, by_number in self._numbered.items():
            # By number: whoever takes the first that fits must not see which came first.
            self._numbered[kind] = dict(sorted(by_number.items()))
            for several in by_number.values():
                several.sort(key=lambda row: row.valid_from)
            self._firsts[kind] = [
                ([row.valid_from.toordinal() for row in several], several)
                for several in self._numbered[kind].values()
            ]
            self._spans[kind] = [
                (first, min(after - 1, ordinal(getattr(row, "valid_to", None))), row)
                for firsts, several in self._firsts[kind]
                for first, after, row in zip(
                    firsts, [*firsts[1:], FOREVER + 1], several, strict=True
                )
            ]

    # ---- accounts ----

    def owned(self, account: str, day: int) -> bool:
        """Whether the account is the institution's on that day, designated or not."""
        for stretch in self.accounts.get(account, ()):
            if stretch.first <= day <= stretch.last:
                return stretch.owned
        return False

    def designated(self, account: str, day: int) -> bool:
        """Whether the account is the institution's dedicated account on that day."""
        for stretch in self.accounts.get(account, ()):
            if stretch.first <= day <= stretch.last:
                return stretch.designated
        return False

    def designated_since(self, account: str, day: int) -> int:
        """The first day of the designation that holds on a day."""
        stretches = self.accounts.get(account, ())
        return max((s.first for s in stretches if s.designated and s.first <= day), default=day)

    def first_registrations(self) -> dict[str, int]:
        """Of each account that was first registered as this institution's, since when."""
        return self._first_registrations

    def designated_by(self, account: str, day: int) -> bool:
        """Whether it is designated on that day or was before."""
        return any(s.designated for s in self.accounts.get(account, ()) if s.first <= day)

    def designated_accounts(self, day: int) -> tuple[str, ...]:
        """The accounts designated on that day, in order."""
        known = self._designated_on.get(day)
        if known is None:
            known = tuple(a for a in self.accounts if self.designated(a, day))
            self._designated_on[day] = known
        return known

    def accounts_designated_by(self, day: int) -> tuple[str, ...]:
        """The accounts designated on that day or before (rules.md O1), in order."""
        return tuple(a for a in self.accounts if self.designated_by(a, day))

    def designation_days(self) -> tuple[int, ...]:
        """Every day on which the set of designated accounts may differ from the day before."""
        return self._designation_days

    def designation_changes(self) -> tuple[int, ...]:
        """Days after the first on which an account is designated that was not the day before."""
        return self._designation_changes

    def _find_designation_days(self) -> tuple[int, ...]:
        days: set[int] = set()
        for stretches in self.accounts.values():
            for stretch in stretches:
                if stretch.designated:
                    days |= {stretch.first, stretch.last + 1}
        return tuple(sorted(day for day in days if day <= FOREVER))

    def _find_designation_changes(self) -> tuple[int, ...]:
        return tuple(
            day
            for day in self._designation_days[1:]
            if set(self.designated_accounts(day)) - set(self.designated_accounts(day - 1))
        )

    def changes(self) -> list[tuple[str, int]]:
        """What changed of account, legal representative and capital, and since when, in order."""
        return self._changes

    def _find_changes(self) -> list[tuple[str, int]]:
        changes = [("account", change) for change in self._designation_changes]
        for before, after in pairwise(self._states):
            since = after.valid_from.toordinal()
            # What was not told before is told now, and no change.
            owners = {before.legal_representative, after.legal_representative} - {""}
            if len(owners) > 1:
                changes.append(("legal_representative", since))
            if len({before.capital_fen, after.capital_fen} - {None}) > 1:
                changes.append(("capital", since))
        return sorted(changes, key=lambda change: change[1])

    # ---- agreements, bars, merchants ----

    def agreement(self, mode: str, day: int) -> bool:
        """Whether an agreement of this mode (custody or reserve) covers the day."""
        return mode in self._modes(day)

    def _modes(self, day: int) -> set[str]:
        known = self._modes_on.get(day)
        if known is None:
            known = {row.mode for row in self.holding(f.CustodyStated, day)}
            self._modes_on[day] = known
        return known

    def bar(self, day: int) -> str:
        """Why charging is barred on that day (rules.md C6), empty when it is not."""
        known = self._bar_on.get(day)
        if known is None:
            known = self._bar_on[day] = self._find_bar(day)
        return known

    def _find_bar(self, day: int) -> str:
        if any(first <= day <= last for first, last in self._suspensions):
            return "suspended"
        state = _holding(self._states, day)
        if state is not None:
            if state.licence == "void":
                return "licence-void"
            due = state.nonprofit_change_due
            if due is not None and not state.nonprofit_change_done and due.toordinal() < day:
                return "nonprofit-overdue"
        if self.agreement("custody", day) or self.agreement("reserve", day):
            return ""
        return "no-agreement"

    def restricted(self, account: str, day: int) -> bool:
        """Whether a freeze or pledge of the account covers the day."""
        return any(first <= day <= last for first, last in self._restrictions.get(account, ()))

    def restrictions(self, account: str) -> list[tuple[int, int]]:
        """The first and last days of the freezes and pledges of an account."""
        return self._restrictions.get(account, [])

    def reserve_accounts(self, day: int) -> tuple[str, ...]:
        """The accounts that hold the reserve on a day, by their purpose or by an agreement."""
        known = self._reserve_on.get(day)
        if known is None:
            found = {
                account
                for account, stretches in self.accounts.items()
                if any(s.reserve and s.first <= day <= s.last for s in stretches)
            }
            for row in self.holding(f.CustodyStated, day):
                if row.mode == "reserve" and row.account:
                    found.add(row.account)
            known = self._reserve_on[day] = tuple(sorted(found))
        return known

    def payment_company(self, name: str, day: int) -> bool:
        """Whether a row of the merchant register that holds that day names this company."""
        rows = self.holding(f.MerchantCodeStated, day)
        return any(normalise_name(row.company) == name for row in rows)

    def merchant(self, code: str, day: int) -> f.MerchantCodeStated | None:
        """The row of the register of merchant codes that holds on that day."""
        rows = self.holding(f.MerchantCodeStated, day)
        return next((row for row in rows if row.number == code), None)

    def settles_to(self, code: str, day: int) -> str:
        """The account to which a merchant code settles on that day, empty when untold."""
        row = self.merchant(code, day)
        return row.settles_to if row is not None else ""

    def is_institution_name(self, name: str, day: int) -> bool:
        """Whether this is the institution's own name on that day."""
        state = _holding(self._states, day)
        return state is not None and normalise_name(state.name) == name

    def state(self, day: int) -> f.InstitutionStated | None:
        """The row of the register of institutions that holds on that day."""
        return _holding(self._states, day)

    def states(self) -> list[f.InstitutionStated]:
        """All rows of the register of institutions, in order of valid_from."""
        return self._states

    def ever(self, kind: type[Row]) -> bool:
        """Whether a numbered register has any row, whatever its days."""
        return kind in self._numbered

    def rows(self, kind: type[Row]) -> list[Row]:
        """All rows of a numbered register, whatever their days."""
        return [row for rows in self._numbered.get(kind, {}).values() for row in rows]

    def holding(self, kind: type[Row], day: int) -> tuple[Row, ...]:
        """The rows of a numbered register that hold on a day, one a number at most (G8)."""
        if kind not in self._spans:
            return ()
        known = self._held_on.get((kind, day))
        if known is None:
            spans = self._spans[kind]
            known = tuple([row for first, last, row in spans if first <= day <= last])
            self._held_on[kind, day] = known
        return known

    def fees(self, day: int) -> tuple[tuple[str, f.FeeStated], ...]:
        """The fees published on a day, each with its name in the form in which names compare."""
        known = self._fees_on.get(day)
        if known is None:
            held = self.holding(f.FeeStated, day)
            known = tuple((normalise_name(fee.name), fee) for fee in held)
            self._fees_on[day] = known
        return known

    def latest(self, kind: type[Row], day: int) -> Iterator[Row]:
        """Of each number of a numbered register the row that was last in force by a day."""
        for firsts, rows in self._firsts.get(kind, ()):
            place = bisect_right(firsts, day)
            if place:
                yield rows[place - 1]


def _holding(rows: list[Row], day: int) -> Row | None:
    """The row with the latest valid_from not after the day; rows in order of valid_from."""
    place = bisect_right(rows, day, key=lambda row: row.valid_from.toordinal())
    return rows[place - 1] if place else None


def _stretches(institution: str, rows: list[f.AccountStated]) -> tuple[Stretch, ...]:
    """An account's rows as stretches; a row ends the day before the next row's first day."""
    rows = sorted(rows, key=lambda row: row.valid_from)
    found = []
    for place, row in enumerate(rows):
        first = row.valid_from.toordinal()
        last = rows[place + 1].valid_from.toordinal() - 1 if place + 1 < len(rows) else FOREVER
        owned = row.institution == institution
        ends = min(last, ordinal(row.valid_to))
        if owned and row.purpose in {"dedicated", "reserve"} and ends >= first:
            is_reserve = row.purpose == "reserve"
            stretch = Stretch(
                first, ends, owned=True, designated=not is_reserve, reserve=is_reserve
            )
            found.append(stretch)
            if ends < last:
                found.append(Stretch(ends + 1, last, owned=True, designated=False))
        else:
            found.append(Stretch(first, last, owned=owned, designated=False))
    return tuple(found)
