"""What holds since when: values by the day from which each of them holds."""

from bisect import bisect_right
from typing import Generic, TypeVar

from models.registers import FOREVER

Value = TypeVar("Value")


class Timeline(Generic[Value]):
    """The days from which values hold, in order, these values, and what holds before the first."""

    __slots__ = ("_latest", "_newest", "before", "since", "values")

    def __init__(self, since: list[int], values: list[Value], before: Value) -> None:
        self.since = since
        self.values = values
        self.before = before
        self._newest = since[-1] if since else FOREVER
        self._latest = values[-1] if since else before

    def at(self, ordinal: int) -> Value:
        """What holds on a day."""
        if ordinal >= self._newest:  # nearly always the latest holds
            return self._latest
        place = bisect_right(self.since, ordinal)
        return self.values[place - 1] if place else self.before
