"""Large files through a memory map: pages that were read are given back, so that memory is flat."""

from collections.abc import Iterator
from mmap import MADV_DONTNEED, PAGESIZE, mmap

from streams.feeds.records import Data

CHUNK_BYTES = 1_048_576
_SEARCHED_BYTES = 65_536
_RELEASED_BYTES = 4 * CHUNK_BYTES


def chunks(data: Data) -> Iterator[bytes]:
    """The bytes in their order, a megabyte at a time."""
    keeper = Keeper(data)
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]
        keeper.release(start)


def find(data: Data, *signs: bytes) -> int:
    """A place at which any of these bytes stand, the first of the sign that is found; else -1."""
    keeper = Keeper(data)
    overlap = max(map(len, signs)) - 1
    for start in range(0, len(data), _SEARCHED_BYTES):
        # They may stand over the end of a piece. Bytes are searched far faster than a map.
        piece = data[start : start + _SEARCHED_BYTES + overlap]
        for sign in signs:
            # A single byte is found ten times as fast as two.
            place = piece.find(sign) if sign[:1] in piece else -1
            if place >= 0:
                return start + place
        keeper.release(start)
    return -1


def give_back(data: Data, first: int, end: int) -> None:
    """The pages from `first` to before `end` are not needed for now; they can be read again."""
    first -= first % PAGESIZE
    if isinstance(data, mmap) and end > first:
        data.madvise(MADV_DONTNEED, first, end - first)


class Keeper:
    """Gives back what lies behind the place where a reader stands; it can be read again."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._released = 0

    def release(self, place: int) -> None:
        """The bytes before this place are not needed for now."""
        if place - self._released >= _RELEASED_BYTES:
            end = place - place % PAGESIZE
            give_back(self._data, self._released, end)
            self._released = end
