"""Reads facts as JSON lines; a line is a fact, or one wrapped with the time it was stated at."""

from collections.abc import Iterator

import msgspec

from models.facts import Fact
from models.keys import DECODER
from streams.feeds.records import FeedRefused, Held
from streams.feeds.registers import Row, moment_of
from streams.feeds.text import split_lines

_LINE_LENGTH_MAX = 1_000_000


class _Wrapped(msgspec.Struct, forbid_unknown_fields=True):
    stated_at: str
    fact: Fact


_WRAPPED = msgspec.json.Decoder(_Wrapped)


def read(text: str, stated_at: str) -> Iterator[tuple[str, str, Row]]:
    """Per line its position, its stated_at and its fact, or what is held of it."""
    for number, line in enumerate(split_lines(text), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        position = f"line {number}"
        try:
            fact, told_at = _decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeError, FeedRefused) as error:
            yield position, stated_at, Held(position, str(error), line, stated_at=stated_at)
            continue
        yield position, told_at or stated_at, fact


def _decode(line: str) -> tuple[Fact, str]:
    if len(line) > _LINE_LENGTH_MAX:
        raise FeedRefused(f"a line of {len(line)} characters is no fact", "")
    if "\\u0000" in line:
        raise FeedRefused("it holds the character U+0000, which no database keeps in a text", "")
    if '"stated_at"' not in line:
        return DECODER.decode(line), ""
    wrapped = _WRAPPED.decode(line)
    return wrapped.fact, moment_of(wrapped.stated_at, "")
