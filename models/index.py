"""Ids by key, in little room: most keys have one id, and a set for each would fill the memory."""

from collections.abc import Collection
from typing import Generic, TypeVar

Key = TypeVar("Key")


class Index(Generic[Key]):
    """A set of ids for every key."""

    __slots__ = ("_ids",)

    def __init__(self) -> None:
        self._ids: dict[Key, str | set[str]] = {}

    def put(self, key: Key, identifier: str, *, adding: bool) -> None:
        """Add an id to those of a key, or take it away."""
        known = self._ids.get(key)
        if isinstance(known, set):
            (known.add if adding else known.discard)(identifier)
        elif adding:
            alone = known is None or known == identifier
            self._ids[key] = identifier if alone else {known or "", identifier}
        elif known == identifier:
            del self._ids[key]

    def get(self, key: Key) -> Collection[str]:
        """The ids of a key, in no order that means anything."""
        known = self._ids.get(key)
        if isinstance(known, str):
            return (known,)
        return known or ()
