"""The value of a message on the topic `events`: lines of JSON, each a fact told, or a close.

Every line is whole in itself, so that one that cannot be read is held and the others count. A close
stands alone in its message. The layout is the one that `escrow topics describe` prints.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256

import msgspec

from models import facts as f
from models.store.files import File, Held
from streams.monitor import Batch

FACTS_MAX = 500
BYTES_MAX = 512_000
"""What one message holds at most; a single fact may be larger."""
MESSAGE_BYTES_MAX = 8_000_000
"""What the broker and every client are told to accept."""

NUL = b"\\u0000"
NUL_REASON = "it holds the character U+0000, which no database keeps in a text"

_SHOWN_BYTES_MAX = 100_000


class Close(msgspec.Struct, frozen=True):
    """The end of a day: the rules of that day are judged once everything before it is journaled."""

    close: date


_ENCODER = msgspec.json.Encoder()
_TOLD = msgspec.json.Decoder(f.Told)
_CLOSE = msgspec.json.Decoder(Close)


def encode(told: f.Told) -> bytes:
    """A fact told, as one line."""
    return _ENCODER.encode(told) + b"\n"


def encode_close(day: date) -> bytes:
    """A close, as the value of its message."""
    return _ENCODER.encode(Close(day)) + b"\n"


def decode(value: bytes, offset: int, place: str, seen_at: str) -> Batch:
    """The batch that a message is; what cannot be read of it is held, with its place.

    `place` is topic and partition, `seen_at` the message's time in UTC.
    """
    told: list[f.Told] = []
    bad: list[tuple[int, bytes, str]] = []
    close = None
    for number, line in enumerate(value.splitlines(), start=1):
        try:
            if NUL in line:
                bad.append((number, line, NUL_REASON))
            elif line.startswith(b'{"close"'):
                close = _CLOSE.decode(line).close
            elif line.strip():
                told.append(_TOLD.decode(line))
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            bad.append((number, line, str(error)))
    if not told and close is None and not bad:
        bad.append((1, value, "the message is empty"))
    position = f"{place} offset {offset}"
    held = tuple(
        _held(f"{position} line {number}", seen_at, line, reason) for number, line, reason in bad
    )
    return Batch(offset, told, close=close, held=held, seen_at=seen_at)


def without(batch: Batch, refused: Mapping[int, str], place: str) -> Batch:
    """The batch with these of its facts held for these reasons, and not told."""
    position = f"{place} offset {batch.offset}"
    held = tuple(
        _held(f"{position} fact {number + 1}", batch.seen_at, encode(batch.told[number]), reason)
        for number, reason in refused.items()
    )
    told = [one for number, one in enumerate(batch.told) if number not in refused]
    return msgspec.structs.replace(batch, told=told, held=batch.held + held)


def pack(lines: Iterable[bytes]) -> Iterable[bytes]:
    """Lines in values of messages, none with too much in it."""
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        if waiting and (len(waiting) >= FACTS_MAX or size + len(line) > BYTES_MAX):
            yield b"".join(waiting)
            waiting, size = [], 0
        waiting.append(line)
        size += len(line)
    if waiting:
        yield b"".join(waiting)


def _held(place: str, seen_at: str, line: bytes, reason: str) -> tuple[File, Held]:
    """A line that nobody can use, as a file of its own: its place makes it one of a kind."""
    file = File(
        sha256=sha256(place.encode() + b"\n" + line).hexdigest(),
        name=place,
        size_bytes=len(line),
        format="message",
        state="held",
        received_at=seen_at,
    )
    shown = line[:_SHOWN_BYTES_MAX].replace(b"\0", b"\\x00")
    body = shown.decode(errors="backslashreplace")
    return file, Held(position=place, reason=reason, body=body)
