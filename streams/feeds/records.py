"""What a reader yields from one bank file, whatever its format, and how it refuses one.

Per statement the order is: opening, entries from the oldest on, closing, declared, checks, end. A
row that can be told by nobody yet is held, in its place among the entries.
Everything between two `End`s belongs to the later one.
"""

from collections import Counter
from datetime import date
from hashlib import blake2b
from mmap import mmap
from typing import Literal

import msgspec

from models.facts import EntriesListed, EntryAnnounced, EntryBooked, MerchantTransactionBilled

Data = bytes | mmap
"""The bytes of a file; a map of it keeps the memory flat however large it is."""

LastDay = Literal["whole", "whole-when-over", "partial"]

AMOUNT_FEN_MAX = 2**53
TEXT_LENGTH_MAX = 200
SERIAL_LENGTH_MAX = TEXT_LENGTH_MAX - len("#9999")
_SEQUENCE_LENGTH_MAX = 16
_DIGEST_BYTES = 16


class FeedRefused(Exception):  # noqa: N818 -- it reads as the sentence that it is
    """A file that cannot be trusted as a whole: why, and where the first doubtful byte stands."""

    def __init__(self, reason: str, position: str) -> None:
        super().__init__(f"{position}: {reason}" if position else reason)
        self.reason = reason
        self.position = position


class Opening(msgspec.Struct, frozen=True, gc=False):
    """The balance before the first entry; `interim` on a page that is not the first."""

    account: str
    statement: str
    currency: str
    balance_fen: int
    day: date | None
    position: str
    interim: bool = False


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One posting as the fact it will be.

    `balance_fen` is the balance after it, where the format reports one. `red_ink` says that the
    bank wrote it as a negative amount of the other direction (红字冲正). Without the bank's own
    reference an entry is known by its payment's or by its content (tiers 2 and 3).
    """

    fact: EntryBooked | EntryAnnounced
    position: str
    balance_fen: int | None = None
    red_ink: bool = False
    has_reference: bool = True


class Listed(msgspec.Struct, frozen=True, gc=False):
    """A listing of entries of a day, at the place of the first without reference."""

    fact: EntriesListed
    position: str


class Billed(msgspec.Struct, frozen=True, gc=False):
    """One row of a merchant's bill as the fact it will be: no posting, and in no balance."""

    fact: MerchantTransactionBilled
    position: str


class Closing(msgspec.Struct, frozen=True, gc=False):
    """The balance after the last entry; `interim` on a page that is not the last."""

    account: str
    statement: str
    currency: str
    balance_fen: int
    day: date | None
    position: str
    interim: bool = False


class Declared(msgspec.Struct, frozen=True, gc=False):
    """What the file itself says about its numbers; None where it says nothing.

    `net_fen` is credits less debits.
    """

    account: str
    statement: str
    currency: str
    entries: int | None = None
    credits: int | None = None
    debits: int | None = None
    credit_fen: int | None = None
    debit_fen: int | None = None
    sum_fen: int | None = None
    net_fen: int | None = None


class Check(msgspec.Struct, frozen=True, gc=False):
    """One comparison by name. `gap_fen` is the absolute difference of money, where there is one."""

    account: str
    statement: str
    currency: str
    name: str
    ok: bool
    detail: str = ""
    gap_fen: int = 0


class End(msgspec.Struct, frozen=True, gc=False):
    """A statement read to its end; both days of the period belong to it.

    `created` is UTC. `is_statement` is False for an intraday report or a notification, which tells
    entries and closes nothing. `period_declared` is False where the dates give the period.
    `sequence` is the bank's running number of the account's statements, None where it gives none.
    `last_day` says whether all of it is there; it matters where entries have no serials, for their
    ordinals among equals stand in a whole day only (tier 3).
    """

    account: str
    statement: str
    currency: str
    created: str
    begins: date
    ends: date
    position: str
    is_statement: bool = True
    period_declared: bool = True
    last_day: LastDay = "whole"
    sequence: int | None = None


class Held(msgspec.Struct, frozen=True, gc=False):
    """What waits: one entry, balance or row, with the place and the reason.

    `body` is the fact as JSON where there is one (it can be released as it stands), else the
    original text.
    """

    position: str
    reason: str
    body: str
    account: str = ""
    statement: str = ""
    stated_at: str = ""


Record = Opening | Entry | Billed | Closing | Declared | Check | End | Held


def sequence_of(text: str) -> int | None:
    """The running number of a statement; a zero is what banks write that have none."""
    is_number = text.isascii() and text.isdecimal() and len(text) < _SEQUENCE_LENGTH_MAX
    return (int(text) if is_number else 0) or None


class Serials:
    """Makes serials unique within account and day: the second of the same gets `#2`."""

    def __init__(self) -> None:
        # What is left of the digests by their first two bytes, one behind the other: a million of
        # them take some 25 MB, as many serials would take 100.
        self._seen: dict[bytes, bytes] = {}
        self._again: Counter[bytes] = Counter()

    def unique(self, account: str, day: date, serial: str) -> str:
        """The serial itself, or with the ordinal among equals behind it."""
        told = f"{day.toordinal()}\0{account}\0{serial}".encode()
        digest = blake2b(told, digest_size=_DIGEST_BYTES).digest()
        first, rest = digest[:2], digest[2:]
        seen = self._seen.get(first, b"")
        place = seen.find(rest)
        while place > 0 and place % len(rest):
            # It stands there by chance, over the end of another.
            place = seen.find(rest, place + 1)
        if place < 0:
            self._seen[first] = seen + rest
            return serial
        self._again[digest] += 1
        return f"{serial}#{self._again[digest] + 1}"
