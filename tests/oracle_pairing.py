"""One entry told by several feeds, a second time: from the text of feeds.md 4.1, without thrift.

Of one account, day, currency, direction and amount only entries can be one. A listing is what one
statement tells of a whole day, so two entries of it are two, and whatever counts besides must be
among those of it that carry no reference.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from hashlib import sha256
from typing import NamedTuple

import msgspec

from models import facts as f

WORDS = (
    *("counterparty_name", "counterparty_account", "counterparty_bank", "remittance"),
    *("sub_account", "end_to_end_id", "code", "channel", "value_date"),
)


def listing_digest(listing: f.EntriesListed) -> str:
    """Half of the SHA-256 over what it says, as JSON: two feeds may list a day alike."""
    lists = [sorted(listing.referenced), sorted(listing.unreferenced)]
    said = [*lists, listing.currency, listing.opening_fen, listing.closing_fen]
    return sha256(msgspec.json.encode(said)).hexdigest()[:32]


def with_words_of(entry: f.EntryBooked, other: f.Fact) -> f.EntryBooked:
    """The entry, and where it says nothing what the other says."""
    said = {name: getattr(entry, name) or getattr(other, name) for name in WORDS}
    return msgspec.structs.replace(entry, **said)


def pairing_identity(fact: f.EntriesListed | f.EntryPaired) -> str:
    """The id of a listing by what it lists, of a decision by the entry that it is about."""
    if isinstance(fact, f.EntriesListed):
        return f"a:{fact.account}/EntriesListed/{fact.day}/{listing_digest(fact)}"
    stream, _, rest = fact.entry.partition("/")
    return f"{stream}/EntryPaired/" + rest.replace("%", "%25").replace("/", "%2F")


def described(fact: f.Fact, told: Iterable[f.Told]) -> f.Fact:
    """An entry with what other contents of the same posting describe and it does not."""
    posting = ("amount_fen", "direction", "currency", "reversal")
    if isinstance(fact, f.EntryBooked):
        for other in (one.fact for one in told):
            if all(getattr(other, name) == getattr(fact, name) for name in posting):
                fact = with_words_of(fact, other)
    return fact


def _id(entry: f.EntryBooked) -> str:
    parts = (f"a:{entry.account}", "EntryBooked", str(entry.booking_date), entry.serial)
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _letters(text: str) -> str:
    return "".join(sign for sign in _plain(text).upper() if sign.isalnum())


def _signs(entry: f.EntryBooked, strength: int) -> set[object]:
    """What an entry says of itself, the surest first."""
    account, text = _letters(entry.counterparty_account), _plain(entry.remittance)
    plain = unicodedata.normalize("NFKC", entry.remittance).upper()
    signs: list[set[object]] = [
        {entry.end_to_end_id},
        {(account, text)} if account and text else set(),
        {account},
        {text},
        {_plain(entry.counterparty_name)},
        set(re.findall("[A-Z0-9-]+", plain)),
    ]
    return signs[strength] - {""}


def _may_be_one(one: f.EntryBooked, other: f.EntryBooked) -> bool:
    first, second = one.counterparty_account, other.counterparty_account
    hidden = "*" in first + second or "＊" in first + second
    return not first or not second or hidden or _letters(first) == _letters(second)


def _pairs(
    theirs: list[f.EntryBooked],
    others: list[f.EntryBooked],
    are_two: Callable[[f.EntryBooked, f.EntryBooked], bool],
) -> list[tuple[f.EntryBooked, f.EntryBooked]]:
    """Who is whom, as far as it is certain."""
    found: list[tuple[f.EntryBooked, f.EntryBooked]] = []
    for strength in range(6):
        possible = []
        for one in theirs:
            for other in others:
                common = [
                    sign
                    for sign in _signs(one, strength) & _signs(other, strength)
                    if sum(sign in _signs(x, strength) for x in theirs) == 1
                    and sum(sign in _signs(x, strength) for x in others) == 1
                ]
                if common and _may_be_one(one, other) and not are_two(one, other):
                    possible.append((one, other))
        for one, other in possible:
            if sum(one is x or other is y for x, y in possible) == 1:
                found.append((one, other))
        theirs = [x for x in theirs if all(x is not one for one, _ in found)]
        others = [y for y in others if all(y is not other for _, other in found)]
    if len(theirs) == len(others) == 1:
        one, other = theirs[0], others[0]
        if _may_be_one(one, other) and not are_two(one, other):
            found.append((one, other))
    return found


class _Group:
    """Entries that may be one: `same` by id is another one, `held` waits, `counts` counts."""

    def __init__(
        self,
        entries: list[f.EntryBooked],
        listings: list[f.EntriesListed],
        said: dict[str, f.EntryPaired],
        partial: set[str],
    ) -> None:
        self.listings, self.partial = listings, partial
        self.by_id = {_id(entry): entry for entry in entries}
        loose = {_id(e) for e in entries for x in listings if e.serial in x.unreferenced}
        self.same: dict[str, str] = {}
        for name in sorted(loose & said.keys()):
            other = said[name].same_as
            if other in self.by_id and self.is_at_last(other) != name:
                self.same[name] = other
        loose -= {name for name in loose if name in said and not said[name].same_as}
        self.counts = set(self.by_id) - loose
        self.held: set[str] = set()
        for listing in sorted(listings, key=listing_digest):
            self.compare(listing, loose)

    def is_at_last(self, name: str) -> str:
        """The entry that one is, through all that were said to be others."""
        return self.is_at_last(self.same[name]) if name in self.same else name

    def are_two(self, one: f.EntryBooked, other: f.EntryBooked) -> bool:
        """Whether one statement lists both."""
        lists = [{*x.referenced, *x.unreferenced} for x in self.listings]
        return any({one.serial, other.serial} <= serials for serials in lists)

    def compare(self, listing: f.EntriesListed, loose: set[str]) -> None:
        """What one statement tells of the day against what counts so far."""
        serials = {*listing.referenced, *listing.unreferenced}
        mine = {name for name, entry in self.by_id.items() if entry.serial in serials}
        known = {self.is_at_last(name) for name in mine} | mine
        theirs = [
            name
            for name in sorted(mine & loose)
            if self.by_id[name].serial in listing.unreferenced
            and name not in self.same
            and name not in self.held
            and name not in self.counts
        ]
        others = sorted(self.counts - known)
        found: list[tuple[f.EntryBooked, f.EntryBooked]] = []
        if listing_digest(listing) not in self.partial:
            sides = ([self.by_id[n] for n in theirs], [self.by_id[n] for n in others])
            found = _pairs(*sides, self.are_two)
        self.same |= {_id(one): _id(other) for one, other in found}
        remaining = set(others) - {_id(other) for _, other in found}
        for name in theirs:
            if name in self.same:
                continue
            may_be = any(not self.are_two(self.by_id[name], self.by_id[x]) for x in remaining)
            (self.held if may_be else self.counts).add(name)


class HeldGroup(NamedTuple):
    """Entries that wait: their account and day, and what they are called."""

    account: str
    day: date
    subject: str


def _tells_a_part(listing: f.EntriesListed, told: list[f.BalanceReported]) -> bool:
    """Whether a balance that was told of the day is not the listing's own."""
    own = {"opening": listing.opening_fen, "closing": listing.closing_fen}
    return any(
        own[x.what] is not None and own[x.what] != x.balance_fen
        for x in told
        if (x.account, x.day, x.currency) == (listing.account, listing.day, listing.currency)
    )


def paired(facts: Iterable[f.Fact], told: Iterable[f.Told]) -> tuple[list[f.Fact], list[HeldGroup]]:
    """The facts with each entry once, and what is held; `told` has every content of balances."""
    facts = list(facts)
    standing = {
        (x.account, x.day, x.currency, x.what) for x in facts if isinstance(x, f.BalanceReported)
    }
    balances = [one.fact for one in told if isinstance(one.fact, f.BalanceReported)]
    balances = [x for x in balances if (x.account, x.day, x.currency, x.what) in standing]
    listings = [x for x in facts if isinstance(x, f.EntriesListed)]
    said = {x.entry: x for x in facts if isinstance(x, f.EntryPaired)}
    groups: dict[tuple[str, date, str, str, int], list[f.EntryBooked]] = {}
    for x in facts:
        if isinstance(x, f.EntryBooked):
            key = (x.account, x.booking_date, x.currency, x.direction, x.amount_fen)
            groups.setdefault(key, []).append(x)
    kept: list[f.Fact] = [x for x in facts if not isinstance(x, f.EntryBooked)]
    held: list[HeldGroup] = []
    same: dict[str, str] = {}
    for (account, day, currency, direction, amount_fen), entries in groups.items():
        lists = [x for x in listings if (x.account, x.day) == (account, day)]
        partial = {listing_digest(x) for x in lists if _tells_a_part(x, balances)}
        group = _Group(entries, lists, said, partial)
        for name in sorted(group.counts):
            entry = group.by_id[name]
            for other in sorted(group.same):
                if group.is_at_last(other) == name:
                    entry = with_words_of(entry, group.by_id[other])
            kept.append(entry)
        same |= {name: group.is_at_last(name) for name in group.same}
        if group.held:
            tail = "" if currency == "CNY" else f"/{currency}"
            subject = f"entries:{account}/{day}/{direction}/{amount_fen}{tail}"
            held.append(HeldGroup(account, day, subject))
    return _attributed(kept, same), held


def _attributed(facts: list[f.Fact], same: dict[str, str]) -> list[f.Fact]:
    """What people said of an entry that is another holds for that, where nothing else does."""
    told = [x for x in facts if isinstance(x, f.PaymentAttributed)]
    taken = {x.entry for x in told}
    kept: list[f.Fact] = [x for x in facts if not isinstance(x, f.PaymentAttributed)]
    for x in sorted(told, key=lambda x: x.entry.replace("%", "%25").replace("/", "%2F")):
        entry = same.get(x.entry, x.entry)
        is_moved = entry not in taken
        taken.add(entry)
        kept.append(msgspec.structs.replace(x, entry=entry) if is_moved else x)
    return kept
