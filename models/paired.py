"""The entries of accounts of which some feed tells without references, kept in groups.

What is kept follows from the set of facts alone. Other accounts cost nothing here.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from models.facts import EntriesListed, EntryBooked, EntryPaired, Fact
from models.pairing import Group, Listing, Unpaired, filled, pair

Balances = Callable[[str, str, str, date], set[int]]
"""By account, currency, "opening" or "closing", and day."""
Day = tuple[str, date]
"""Account and booking day."""


class Settled(NamedTuple):
    """Ids of entries that count otherwise than before, and groups of which other entries wait."""

    entries: set[str]
    groups: set[Group]


class PairedEntries:
    """Which entry counts for those that several feeds tell, settled on demand.

    `counts` gives the content that counts of an id as if nothing were paired, None where it was
    retracted; `balances` every amount that was told of a balance.
    """

    def __init__(self, counts: Callable[[str], Fact | None], balances: Balances) -> None:
        self.accounts: set[str] = set()
        self.said: dict[str, EntryBooked | None] = {}
        """What counts where it is not the content of its own: None for another, or for held."""
        self.same: dict[str, str] = {}
        """By id of an entry that is another one, the one that stands for both."""
        self.unpaired: dict[Group, Unpaired] = {}
        self._counts = counts
        self._balances = balances
        self._listings: dict[str, EntriesListed] = {}
        self._listed: dict[Day, dict[str, dict[str, bool]]] = {}
        """By serial the ids of its listings, and whether it stands there without reference."""
        self._group_of: dict[str, Group] = {}
        self._members: dict[Group, set[str]] = defaultdict(set)
        self._groups_on: dict[Day, set[Group]] = defaultdict(set)
        self._decided: dict[str, EntryPaired] = {}
        self._dirty: set[Group] = set()
        self._left: set[str] = set()

    def put_listing(self, identifier: str, told: EntriesListed) -> None:
        """A listing was told or taken back."""
        counts = self._counts(identifier) is not None
        if counts:
            self._listings[identifier] = told
        self.accounts.add(told.account)
        day = (told.account, told.day)
        by_serial = self._listed.setdefault(day, {})
        for serials, is_loose in ((told.referenced, False), (told.unreferenced, True)):
            for serial in serials:
                if counts:
                    by_serial.setdefault(serial, {})[identifier] = is_loose
                else:
                    by_serial.get(serial, {}).pop(identifier, None)
        self._dirty |= self._groups_on[day]

    def put_entry(self, identifier: str) -> None:
        """An entry of one of the accounts was told, has another content, or was taken back."""
        fact = self._counts(identifier)
        group = Group.of(fact) if isinstance(fact, EntryBooked) else None
        old = self._group_of.pop(identifier, None)
        if old is not None and old != group:
            self._members[old].discard(identifier)
            self._dirty.add(old)
            self.same.pop(identifier, None)
            if identifier in self.said:
                del self.said[identifier]
                self._left.add(identifier)
        if group is not None:
            self._group_of[identifier] = group
            self._members[group].add(identifier)
            self._groups_on[group.account, group.day].add(group)
            self._dirty.add(group)

    def put_balance(self, account: str, day: date) -> None:
        """A balance was told, or taken back: days may be whole that were not, or no more."""
        if (account, day) in self._listed:
            self._dirty |= self._groups_on[account, day]

    def put_decision(self, identifier: str, entry: str) -> None:
        """A person said which entry one is, or took it back."""
        fact = self._counts(identifier)
        if isinstance(fact, EntryPaired):
            self._decided[entry] = fact
        else:
            self._decided.pop(entry, None)
        if entry in self._group_of:
            self._dirty.add(self._group_of[entry])

    def settle(self) -> Settled:
        """Pair what was touched since the last call."""
        settled = Settled(self._left, set())
        self._left = set()
        for group in self._dirty:
            self._settle(group, settled)
        self._dirty.clear()
        return settled

    def _settle(self, group: Group, settled: Settled) -> None:
        entries: dict[str, EntryBooked] = {}
        for identifier in self._members[group]:
            counting = self._counts(identifier)
            assert isinstance(counting, EntryBooked), "members are entries that count"
            entries[identifier] = counting
        listings = self._listings_of(group, entries)
        said: dict[str, EntryBooked | None] = {}
        same: dict[str, str] = {}
        unpaired = None
        # Of one feed alone there is nothing to pair, unless a person says so.
        is_alone = len(listings) == 1 and listings[0].members == entries.keys()
        if not is_alone or entries.keys() & self._decided.keys():
            same, unpaired = pair(entries, listings, self._decided)
            same = {one: _root(one, same) for one in same}
            said = _said(entries, same, unpaired)
        for identifier, fact in entries.items():
            self.same.pop(identifier, None)
            if said.get(identifier, fact) != self.said.get(identifier, fact):
                settled.entries.add(identifier)
            if identifier in said:
                self.said[identifier] = said[identifier]
            else:
                self.said.pop(identifier, None)
        self.same |= same
        if unpaired != self.unpaired.get(group):
            settled.groups.add(group)
            if unpaired is None:
                del self.unpaired[group]
            else:
                self.unpaired[group] = unpaired

    def _listings_of(self, group: Group, entries: dict[str, EntryBooked]) -> list[Listing]:
        """What the listings of the day tell of the group, in the order of their ids."""
        by_serial = self._listed.get((group.account, group.day), {})
        found: dict[str, Listing] = {}
        for identifier, entry in entries.items():
            for name, is_loose in by_serial.get(entry.serial, {}).items():
                if name not in found:
                    found[name] = Listing(set(), set(), self._is_whole(self._listings[name]))
                listing = found[name]
                listing.members.add(identifier)
                if is_loose:
                    listing.loose.add(identifier)
        return [found[name] for name in sorted(found)]

    def _is_whole(self, told: EntriesListed) -> bool:
        own = {"opening": told.opening_fen, "closing": told.closing_fen}
        return all(
            balance_fen is None
            or self._balances(told.account, told.currency, what, told.day) <= {balance_fen}
            for what, balance_fen in own.items()
        )


def _root(identifier: str, same: dict[str, str]) -> str:
    while identifier in same:
        identifier = same[identifier]
    return identifier


def _said(
    entries: dict[str, EntryBooked], same: dict[str, str], unpaired: Unpaired | None
) -> dict[str, EntryBooked | None]:
    """What counts of each entry that does not simply count as it was told."""
    said: dict[str, EntryBooked | None] = dict.fromkeys(same)
    said |= dict.fromkeys(unpaired.held if unpaired else ())
    others: dict[str, list[EntryBooked]] = defaultdict(list)
    for one in sorted(same):
        others[same[one]].append(entries[one])
    for identifier, told in others.items():
        if identifier not in said:
            said[identifier] = filled(entries[identifier], told)
    return said
