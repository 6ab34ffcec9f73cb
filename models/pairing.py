"""Which entries, told by several feeds of one account, are one (feeds.md 4.1).

An entry is known by the bank's own reference; where a feed has none, by its content and its place
among equals of a whole day. Such an entry is paired here with one of another feed, by nothing but
what both tell of one day. What cannot be told with certainty is held: shown, and counted nowhere.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from models.identity import join_id, normalise_name, reference_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from models.facts import EntryBooked, EntryPaired

_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("counterparty_name", "counterparty_account", "counterparty_bank"), ""),
    **dict.fromkeys(("remittance", "sub_account", "end_to_end_id", "code", "channel"), ""),
    "value_date": None,
}
"""The fields that only describe an entry, each as it is where it was not told."""
_MASKS: Final = "*＊"

PAIRING: Final = "pairing"
"""What stands before the subject of a finding about entries that are held."""
HELD_ENTRY, COUNTING_ENTRY = "held_entry", "counting_entry"
"""The lines of its formula: the serials of those held, and of those that they may be."""


class Group(NamedTuple):
    """Entries that may be one: of one account, day, currency, direction and amount in fen."""

    account: str
    day: date
    currency: str
    direction: str
    amount_fen: int

    @staticmethod
    def of(entry: EntryBooked) -> Group:
        """The group of an entry."""
        day, currency = entry.booking_date, entry.currency
        return Group(entry.account, day, currency, entry.direction, entry.amount_fen)

    @property
    def subject(self) -> str:
        """How findings name it."""
        parts = (self.account, self.day.isoformat(), self.direction, str(self.amount_fen))
        return "entries:" + join_id(*parts, *(() if self.currency == "CNY" else (self.currency,)))


class Listing(NamedTuple):
    """Of one group what one statement lists of a day: all ids, and those without reference.

    `is_whole`: no balance that was told of the day says that there is more of it.
    """

    members: set[str]
    loose: set[str]
    is_whole: bool = True


class Unpaired(NamedTuple):
    """Ids of entries that are held, and of those that count and that are nobody's pair yet."""

    held: tuple[str, ...]
    candidates: tuple[str, ...]


class Pairs(NamedTuple):
    """What became of a group: by id of an entry that is another one, that one; what is held."""

    same: dict[str, str]
    unpaired: Unpaired | None


def pair(
    entries: Mapping[str, EntryBooked],
    listings: Iterable[Listing],
    decisions: Mapping[str, EntryPaired],
) -> Pairs:
    """Pair the entries of one group, by id. The order of the listings must come from the facts.

    `decisions` are what people said of an entry. Each listing is of a statement that tells the
    whole day: what counts already and does not stand in it must be one of its entries without
    reference, and only if all of the former are found are the rest entries of their own. Of one
    that may tell a part of the day nothing is paired.
    """
    listings = list(listings)
    apart = _Apart(listings)
    loose = {identifier for listing in listings for identifier in listing.loose}
    same = _decided(entries, loose, decisions)
    loose -= {one for one in loose & decisions.keys() if not decisions[one].same_as}
    counted = entries.keys() - loose
    held: set[str] = set()
    candidates: set[str] = set()
    for listing in listings:
        inside = listing.members | {_root(one, same) for one in listing.members}
        known = counted | held | same.keys()
        theirs = sorted(listing.loose - known)
        others = sorted(counted - inside)
        found = dict(_matches(entries, theirs, others, apart)) if listing.is_whole else {}
        same |= found
        remaining = set(others) - set(found.values())
        for one in set(theirs) - found.keys():
            possible = apart.without(one, remaining)
            (held if possible else counted).add(one)
            candidates |= possible
    unpaired = Unpaired(tuple(sorted(held)), tuple(sorted(candidates))) if held else None
    return Pairs(same, unpaired)


class _Apart:
    """Which entries stand in one listing and so are two."""

    def __init__(self, listings: list[Listing]) -> None:
        self._listings = listings

    def without(self, one: str, others: set[str]) -> set[str]:
        """The others that may be the same as this one."""
        for listing in self._listings:
            if one in listing.members:
                others = others - listing.members
        return others

    def are_two(self, one: str, other: str) -> bool:
        """Whether one statement lists both."""
        return any({one, other} <= listing.members for listing in self._listings)


def _decided(
    entries: Mapping[str, EntryBooked], loose: set[str], decisions: Mapping[str, EntryPaired]
) -> dict[str, str]:
    """What people said to be another entry of the group; never two of each other."""
    same: dict[str, str] = {}
    for one in sorted(loose & decisions.keys()):
        other = decisions[one].same_as
        if other in entries and _root(other, same) != one:
            same[one] = other
    return same


def _root(identifier: str, same: Mapping[str, str]) -> str:
    while identifier in same:
        identifier = same[identifier]
    return identifier


def _matches(
    entries: Mapping[str, EntryBooked], theirs: list[str], others: list[str], apart: _Apart
) -> Iterator[tuple[str, str]]:
    """Pairs that are certain: both say what nobody else of either side does, or nobody is left."""

    def may_be(one: str, other: str) -> bool:
        return _may_be(entries[one], entries[other]) and not apart.are_two(one, other)

    for keys in _KEYS:
        if not (theirs and others):
            return
        said, heard = (_said_once(keys, entries, side) for side in (theirs, others))
        found = {(said[key], heard[key]) for key in said.keys() & heard.keys()}
        found = {both for both in found if may_be(*both)}
        counts = Counter(each for both in found for each in both)
        # What speaks for two at once speaks for none.
        certain = {both for both in found if counts[both[0]] == counts[both[1]] == 1}
        yield from certain
        theirs = [each for each in theirs if each not in {one for one, _ in certain}]
        others = [each for each in others if each not in {other for _, other in certain}]
    if len(theirs) == len(others) == 1 and may_be(theirs[0], others[0]):
        yield theirs[0], others[0]


def _said_once(
    keys: Callable[[EntryBooked], Iterable[str]],
    entries: Mapping[str, EntryBooked],
    side: list[str],
) -> dict[str, str]:
    """By what only one of them says, that one."""
    said = [(key, one) for one in side for key in set(keys(entries[one])) if key]
    counts = Counter(key for key, _ in said)
    return {key: one for key, one in said if counts[key] == 1}


def _may_be(one: EntryBooked, other: EntryBooked) -> bool:
    """Whether the counterparties' accounts do not differ; names and texts are cut by some banks."""
    accounts = (one.counterparty_account, other.counterparty_account)
    if not all(accounts) or any(mask in account for account in accounts for mask in _MASKS):
        return True
    return _bare(accounts[0]) == _bare(accounts[1])


def _bare(text: str) -> str:
    return "".join(sign for sign in normalise_name(text).upper() if sign.isalnum())


def _account_and_text(entry: EntryBooked) -> tuple[str, ...]:
    account, text = _bare(entry.counterparty_account), normalise_name(entry.remittance)
    return (join_id(account, text),) if account and text else ()


# What tells entries apart, the surest first.
_KEYS: tuple[Callable[[EntryBooked], Iterable[str]], ...] = (
    lambda entry: (entry.end_to_end_id,),
    _account_and_text,
    lambda entry: (_bare(entry.counterparty_account),),
    lambda entry: (normalise_name(entry.remittance),),
    lambda entry: (normalise_name(entry.counterparty_name),),
    lambda entry: reference_runs(entry.remittance),
)


def filled(entry: EntryBooked, others: Iterable[EntryBooked]) -> EntryBooked:
    """The entry with what it leaves out as the first of the others tells it."""
    missing: dict[str, Any] = {}
    for other in others:
        for name, empty in _EMPTY.items():
            if name not in missing and getattr(entry, name) == empty != getattr(other, name):
                missing[name] = getattr(other, name)
    return msgspec.structs.replace(entry, **missing) if missing else entry
