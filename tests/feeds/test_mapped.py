"""Bytes that are looked for in a file a megabyte at a time."""

import mmap
from pathlib import Path

import pytest

from streams.feeds.mapped import CHUNK_BYTES, find

SIGN = "\u3000".encode()


@pytest.mark.parametrize("place", [0, CHUNK_BYTES - 2, CHUNK_BYTES - 1, CHUNK_BYTES, 5_500_000])
def test_bytes_are_found_wherever_a_chunk_ends(place: int, tmp_path: Path) -> None:
    """Also those that stand over the end of a chunk, and where pages before were given back."""
    data = b"x" * place + SIGN + b"x" * 9 + SIGN
    path = tmp_path / "file"
    path.write_bytes(data)
    with (
        path.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped,
    ):
        assert [place] * 2 == [find(data, SIGN), find(mapped, SIGN)]
        assert data == mapped[:]


def test_what_stands_only_in_part_is_not_found() -> None:
    """The first two of three bytes at the very end are not the sign."""
    assert find(b"x" * CHUNK_BYTES + SIGN[:2], SIGN) == -1
    assert find(b"", SIGN) == -1
