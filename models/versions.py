"""Which of several contents of one fact counts: a grow-only set of versions by fact id."""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from msgspec.structs import replace
from mypy_extensions import mypyc_attr

from models.facts import (
    BalanceReported,
    ConflictSettled,
    EntriesListed,
    EntryAnnounced,
    EntryBooked,
    EntryPaired,
    Fact,
    FactRetracted,
    PaymentAttributed,
)
from models.identity import join_id
from models.keys import source_of
from models.paired import PairedEntries, Settled
from models.pairing import Group, Unpaired, filled

_PAIRING: Final = frozenset({EntriesListed, EntryPaired})
_ABOUT_ANOTHER: Final = frozenset({FactRetracted, ConflictSettled})
_DECISIVE: Final = ("amount_fen", "direction", "currency", "reversal")
"""What of an entry two feeds may not tell differently; the rest describes it, as far as each has
room."""


@mypyc_attr(acyclic=True)
class Version:
    """One content of a fact with the earliest and latest time at which a source stated it."""

    __slots__ = ("content_hash", "fact", "stated_first", "stated_last")

    def __init__(
        self, content_hash: bytes, fact: Fact, stated_first: str, stated_last: str
    ) -> None:
        self.content_hash = content_hash
        self.fact = fact
        self.stated_first = stated_first
        self.stated_last = stated_last


class Contest(NamedTuple):
    """A fact of a bank with several contents: the one that counts, and all as they were stated."""

    counts: Fact
    told: tuple[Version, ...]


class Versions:
    """The facts of an institution by id; `effective` is the version that counts (G5).

    Adding is set union: the same version again changes nothing, a wider span of stated times
    widens. What people retract or settle lies here too, and may arrive before what it is about.
    """

    def __init__(self) -> None:
        self._told: dict[str, Version | list[Version]] = {}
        self._retracted: set[str] = set()
        self._settled: dict[str, bytes] = {}
        self._several: set[str] = set()
        self._count = 0
        self._paired: PairedEntries | None = None
        self._attributions: set[str] = set()
        self._moved: dict[str, PaymentAttributed] = {}

    def __len__(self) -> int:
        return self._count

    def add(self, identifier: str, version: Version) -> tuple[str, ...]:
        """Add one version; the ids whose effective fact may have changed, often just its own.

        Those of entries that are paired may change besides, when settle() is called.
        """
        touched = self._add(identifier, version)
        if self._paired is not None or type(version.fact) in _PAIRING:  # quicker than isinstance
            for each in touched:
                self._touch(each)
        return touched

    def settle(self) -> Settled:
        """Pair the entries that several feeds tell, by all that was added since the last call."""
        if self._paired is None:
            return Settled(set(), set())
        settled = self._paired.settle()
        before, self._moved = self._moved, self._attributions_moved(self._paired.same)
        ids = before.keys() | self._moved.keys()
        settled.entries.update(one for one in ids if before.get(one) != self._moved.get(one))
        return settled

    @property
    def unpaired(self) -> dict[Group, Unpaired]:
        """What waits, by group, as of the last settle()."""
        return self._paired.unpaired if self._paired is not None else {}

    def _add(self, identifier: str, version: Version) -> tuple[str, ...]:
        known = self._told.get(identifier)
        if known is None:
            self._told[identifier] = version
            self._count += 1
        elif not self._merge(identifier, known, version):
            return ()
        fact = version.fact
        if type(fact) not in _ABOUT_ANOTHER:  # quicker than isinstance
            return (identifier,)
        if isinstance(fact, FactRetracted):
            self._retracted.add(fact.fact)
            return (fact.fact,)
        if isinstance(fact, ConflictSettled):
            chosen = self._chosen(identifier)
            assert isinstance(chosen, ConflictSettled)
            self._settled[fact.fact] = bytes.fromhex(chosen.content)
            return (fact.fact,)
        return (identifier,)

    def effective(self, identifier: str) -> Fact | None:
        """The content that counts, or None when there is none or it was retracted.

        Also None for an entry that is another one or is held, as of the last settle().
        """
        if identifier in self._retracted:
            return None
        if self._paired is not None and identifier in self._paired.said:
            return self._paired.said[identifier]
        if identifier in self._moved:
            return self._moved[identifier]
        return self._chosen(identifier)

    def contested(self) -> Iterator[str]:
        """Ids of bank facts and happenings that were told with more than one content."""
        for identifier, told in self._told.items():
            if isinstance(told, list) and source_of(told[0].fact) in ("bank", "happening"):
                yield identifier

    def is_several(self, identifier: str) -> bool:
        """Whether an id was ever told with more than one content."""
        return identifier in self._several

    def contest(self, identifier: str) -> Contest | None:
        """What a bank told of one id with several contents, unless a person settled it.

        Entries of which only the descriptions differ are no contest: feeds have room for more or
        less of them.
        """
        counts = self.effective(identifier)
        told = self.versions(identifier)
        if counts is None or len(told) < 2 or source_of(counts) != "bank":
            return None
        if len({_decisive(one.fact) for one in told}) == 1:
            return None
        if self._settled.get(identifier) in {one.content_hash for one in told}:
            return None
        return Contest(counts, tuple(sorted(told, key=lambda v: (v.stated_first, v.content_hash))))

    def versions(self, identifier: str) -> tuple[Version, ...]:
        """Every content told of one id, in no order that means anything."""
        told = self._told.get(identifier, ())
        return (told,) if isinstance(told, Version) else tuple(told)

    def ids(self) -> Iterator[str]:
        """Every id told."""
        return iter(self._told)

    def _merge(self, identifier: str, known: Version | list[Version], new: Version) -> bool:
        """Merge a version into those known; whether another one may count now."""
        told = [known] if isinstance(known, Version) else known
        for place, old in enumerate(told):
            if old.content_hash == new.content_hash:
                first = min(old.stated_first, new.stated_first)
                last = max(old.stated_last, new.stated_last)
                if first == old.stated_first and last == old.stated_last:
                    return False
                told[place] = Version(old.content_hash, old.fact, first, last)
                break
        else:
            told.append(new)
            self._several.add(identifier)
            self._count += 1
        self._told[identifier] = told[0] if len(told) == 1 else told
        return len(told) > 1

    def _touch(self, identifier: str) -> None:
        """Note what may be paired otherwise."""
        told = self._told.get(identifier)
        if told is None:
            return
        if self._paired is None:
            self._paired = PairedEntries(self._counting, self._balances)
        fact = (told if isinstance(told, Version) else told[0]).fact
        if isinstance(fact, EntryBooked):
            if fact.account in self._paired.accounts:
                self._paired.put_entry(identifier)
        elif isinstance(fact, PaymentAttributed):
            self._attributions.add(identifier)
        elif isinstance(fact, BalanceReported):
            self._paired.put_balance(fact.account, fact.day)
        elif isinstance(fact, EntryPaired):
            self._paired.put_decision(identifier, fact.entry)
        elif isinstance(fact, EntriesListed):
            is_first = fact.account not in self._paired.accounts
            self._paired.put_listing(identifier, fact)
            for each in tuple(self._told) if is_first else ():
                self._touch(each)

    def _attributions_moved(self, same: dict[str, str]) -> dict[str, PaymentAttributed]:
        """What people said of an entry that is another one holds for that, if nothing else does."""
        told = [(one, self._counting(one)) for one in sorted(self._attributions)]
        said = {one: fact for one, fact in told if isinstance(fact, PaymentAttributed)}
        taken = {fact.entry for fact in said.values()}
        moved = {}
        for identifier, fact in said.items():
            entry = same.get(fact.entry, fact.entry)
            if entry not in taken:
                taken.add(entry)
                moved[identifier] = replace(fact, entry=entry)
        return moved

    def _balances(self, account: str, currency: str, what: str, day: date) -> set[int]:
        name = BalanceReported.__name__
        identifier = join_id(f"a:{account}", name, currency, what, day.isoformat())
        if identifier in self._retracted:
            return set()
        facts = (version.fact for version in self.versions(identifier))
        return {fact.balance_fen for fact in facts if isinstance(fact, BalanceReported)}

    def _counting(self, identifier: str) -> Fact | None:
        return None if identifier in self._retracted else self._chosen(identifier)

    def _chosen(self, identifier: str) -> Fact | None:
        told = self._told.get(identifier)
        if told is None:
            return None
        if isinstance(told, Version):
            return told.fact
        settled = self._settled.get(identifier)
        for version in told:
            if version.content_hash == settled:
                return version.fact
        if source_of(told[0].fact) in ("bank", "happening"):
            in_order = sorted(told, key=lambda v: (v.stated_first, v.content_hash))
            return _described([version.fact for version in in_order])
        latest = max(version.stated_last for version in told)
        return min(
            (version for version in told if version.stated_last == latest),
            key=lambda v: v.content_hash,
        ).fact


def _decisive(fact: Fact) -> tuple[object, ...] | Fact:
    """What makes two contents of one id a contest where it differs."""
    if isinstance(fact, EntryBooked | EntryAnnounced):
        return tuple(getattr(fact, name, None) for name in _DECISIVE)
    # A listing is known by what stands in it.
    return () if isinstance(fact, EntriesListed) else fact


def _described(told: list[Fact]) -> Fact:
    """The first content; of an entry with what only later ones say of the same posting."""
    first = told[0]
    if not isinstance(first, EntryBooked):
        return first
    alike = [one for one in told[1:] if _decisive(one) == _decisive(first)]
    return filled(first, [one for one in alike if isinstance(one, EntryBooked)])
