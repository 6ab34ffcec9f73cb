"""Changes of bytes: flips, cuts, repetitions, tokens of the format, pieces of another file."""

import random
from collections.abc import Callable, Sequence

Change = Callable[[random.Random, bytearray, bytes, bytes], None]
SIZE_BYTES_MAX = 20_000


def mutated(chance: random.Random, seeds: Sequence[bytes], tokens: Sequence[bytes]) -> bytes:
    """A seed with one to eight changes."""
    data = bytearray(chance.choice(seeds))
    other = chance.choice(seeds)
    for _ in range(chance.randint(1, 8)):
        chance.choice(_CHANGES)(chance, data, other, chance.choice(tokens))
    return bytes(data[:SIZE_BYTES_MAX])


def _place(chance: random.Random, data: bytes | bytearray) -> int:
    return chance.randrange(len(data) + 1)


def _flip(chance: random.Random, data: bytearray, _other: bytes, _token: bytes) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _digit(chance: random.Random, data: bytearray, _other: bytes, _token: bytes) -> None:
    places = [place for place, byte in enumerate(data) if 48 <= byte <= 57]
    if places:
        data[chance.choice(places)] = 48 + chance.randrange(10)


def _cut(chance: random.Random, data: bytearray, _other: bytes, _token: bytes) -> None:
    start = _place(chance, data)
    del data[start : start + chance.choice((1, 1, 2, 10, 100, len(data)))]


def _repeat(chance: random.Random, data: bytearray, _other: bytes, _token: bytes) -> None:
    start = _place(chance, data)
    data[start:start] = data[start : start + chance.randint(1, 300)]


def _insert(chance: random.Random, data: bytearray, _other: bytes, token: bytes) -> None:
    start = _place(chance, data)
    data[start:start] = token


def _overwrite(chance: random.Random, data: bytearray, _other: bytes, token: bytes) -> None:
    start = _place(chance, data)
    data[start : start + len(token)] = token


def _splice(chance: random.Random, data: bytearray, other: bytes, _token: bytes) -> None:
    start, end = sorted((_place(chance, other), _place(chance, other)))
    place = _place(chance, data)
    data[place : place + chance.choice((0, end - start))] = other[start:end]


def _swap_lines(chance: random.Random, data: bytearray, _other: bytes, _token: bytes) -> None:
    lines = data.splitlines(keepends=True)
    if len(lines) > 1:
        one, two = chance.sample(range(len(lines)), 2)
        lines[one], lines[two] = lines[two], lines[one]
        data[:] = b"".join(lines)


_CHANGES: tuple[Change, ...] = (
    *(_flip, _digit, _digit, _cut, _repeat, _insert, _overwrite, _splice, _swap_lines),
)
