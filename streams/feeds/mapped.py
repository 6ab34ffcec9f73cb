"""Large files through a memory map: pages that were read are given back, so that memory is flat."""

from collections.abc import Iterator
from mmap import MADV_DONTNEED, PAGESIZE, mmap

from streams.feeds.records import Data

CHUNK_BYTES = 1_048_576
_RELEASED_BYTES = 4 * CHUNK_BYTES


def chunks(data: Data) -> Iterator[bytes]:
    """The bytes in their order, a megabyte at a time."""
    keeper = Keeper(data)
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]
        keeper.release(start)


class Keeper:
    """Gives back what lies behind the place where a reader stands; it can be read again."""

    def __init__(self, data: Data) -> None:
        self._map = data if isinstance(data, mmap) else None
        self._released = 0

    def release(self, place: int) -> None:
        """The bytes before this place are not needed for now."""
        if self._map is None or place - self._released < _RELEASED_BYTES:
            return
        end = place - place % PAGESIZE
        self._map.madvise(MADV_DONTNEED, self._released, end - self._released)
        self._released = end
