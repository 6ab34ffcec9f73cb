"""Pairs of an entry and its reversal: in the balance, for every other rule they never were (G6).

A reversal names its original (`reverses`, a shared serial or end-to-end id, its serial in the
text), or it is the only entry of that amount and counterparty before it. Anything else stays open.
"""

from collections import defaultdict
from collections.abc import Mapping

from models.index import Index
from models.matching import Answer, Entry, Segment

Side = tuple[str, bool, int]


class Reversals:
    """The pairs of an institution, worked out again for the amounts that a batch touched."""

    def __init__(self) -> None:
        self._entries: Index[Side] = Index()
        self._reversals: dict[Side, set[str]] = defaultdict(set)
        self._pairs: dict[Side, dict[str, str]] = {}
        self._paired: dict[str, str] = {}
        self._dirty: set[Side] = set()

    def put(self, entry: Entry, *, adding: bool) -> None:
        """Note an entry or reversal; settle() pairs."""
        reversal = entry.fact.reversal
        side = (entry.account, entry.credit != reversal, entry.fact.amount_fen)
        if reversal:
            place = self._reversals[side]
            (place.add if adding else place.discard)(entry.id)
        else:
            self._entries.put(side, entry.id, adding=adding)
        if reversal or self._reversals.get(side):
            self._dirty.add(side)

    def partner(self, identifier: str) -> str:
        """The other half of the pair that an entry is in, empty when it is in none."""
        return self._paired.get(identifier, "")

    def settle(self, entries: Mapping[str, Entry]) -> set[str]:
        """Pair again where something changed; the ids whose class may have changed."""
        changed: set[str] = set()
        pairs_before = {side: self._pairs.pop(side, {}) for side in sorted(self._dirty)}
        # All of them first: an entry of another amount now is in another side's pairs.
        for before in pairs_before.values():
            for identifier in before:
                self._paired.pop(identifier, None)
        for side, before in pairs_before.items():
            after = self._pair(side, entries)
            self._paired.update(after)
            if after:
                self._pairs[side] = after
            changed |= {i for i in before.keys() | after.keys() if before.get(i) != after.get(i)}
            changed |= self._reversals[side]
        self._dirty.clear()
        return changed

    def segments(self, entry: Entry) -> tuple[Segment, ...] | None:
        """Nothing for a paired entry, an open answer for a reversal of nothing, else None."""
        if entry.id in self._paired:
            return ()
        if entry.fact.reversal:
            return (Segment(entry.day, Answer("reversal", "original-unknown", missing="original")),)
        return None

    def _pair(self, side: Side, entries: Mapping[str, Entry]) -> dict[str, str]:
        pairs: dict[str, str] = {}
        originals = sorted(
            (entries[i] for i in self._entries.get(side)), key=lambda e: (e.day, e.id)
        )
        reversals = sorted((entries[i] for i in self._reversals[side]), key=lambda e: (e.day, e.id))
        for named in (True, False):
            for reversal in reversals:
                if reversal.id in pairs:
                    continue
                free = [o for o in originals if o.id not in pairs and o.day <= reversal.day]
                fitting = [o for o in free if _fits(reversal, o, named=named)]
                if len(fitting) == 1:
                    pairs[reversal.id] = fitting[0].id
                    pairs[fitting[0].id] = reversal.id
        return pairs


def _fits(reversal: Entry, original: Entry, *, named: bool) -> bool:
    told, fact = reversal.fact, original.fact
    if named:
        return (
            told.reverses in (fact.serial, fact.end_to_end_id)
            if told.reverses
            else bool(told.end_to_end_id and told.end_to_end_id == fact.end_to_end_id)
            or told.serial == fact.serial
            or fact.serial.upper() in reversal.runs
        )
    if told.reverses:
        return False
    if told.counterparty_account:
        return told.counterparty_account == fact.counterparty_account
    return reversal.name == original.name
