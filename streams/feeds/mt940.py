"""Reads MT940 statements and MT942 reports in their dialects, as a stream with flat memory.

Pages (`:62M:` to `:60M:`) become one statement. A statement without its closing `:62F:` is cut and
so refused: without it nothing says that all of its entries are there.
"""

import re
from collections.abc import Iterator

from streams.feeds.mt940_fields import (
    Field,
    codec_of,
    fields,
    read_balance,
    read_floor,
    read_moment,
    read_sum,
    shown,
)
from streams.feeds.mt940_statement import Message, Statement
from streams.feeds.records import Data, Entry, FeedRefused, Record

_KINDS = {b"940", b"942"}
_KIND = re.compile(rb"\{2:[IO](\d{3})")
# Some banks let the text run into the end mark of its block.
_END_MARK = re.compile(
    rb"[\r\n]-(?:\}|XXX)?[ \x03]*(?=[\r\n{$]|\Z)|-\}(?=[\s\x03]*(?:\{[15S]:|\$|\Z))"
)
# What may stand around messages: SWIFT blocks, the banks' own envelopes, end marks, blanks.
_AROUND = re.compile(
    rb"[\s\x01\x03\x1a$]+|(?P<block>\{[A-Z0-9]:(?:[^{}]|\{[^{}]*\})*\})|(?P<open>\{4:)"
    rb"|(?P<end>-(?:\}|XXX)?)(?=[\s\x01\x03\x1a{$]|\Z)"
    rb"|(?::?(?P<kind>94[02]):?(?: 00)?|(?:0000 \d\d)?[A-Z]{6}[A-Z0-9]{2,11})(?=[ ]*(?:[\r\n]|\Z))"
)
# Tags that neither MT940 nor MT942 has, each with its own line: nothing of a figure is in them.
_UNKNOWN_TAG = re.compile(rb"[\r\n]+(:\d\d[A-Z]?:)[^\r\n]*")
_ONE_LINE = re.compile(rb"\s*([^\r\n]*)")
_PLAIN_HEADS = {b"21", b"25", b"25P", b"28", b"28C"}
_NO_FIGURE = {b"20", b"21"}
_DASHES = re.compile(rb"-[- ]*-")
_TEXT_LENGTH_MAX = 100


def read(data: Data) -> Iterator[Record]:
    """The records of a file, statement by statement.

    Raises FeedRefused, with the byte, for a statement that is cut and for everything that cannot
    be read with certainty.
    """
    reader = _Reader(codec_of(data))
    for field in fields(data):
        yield from reader.handle(field)
    yield from reader.end(len(data))


class _Reader:
    """Turns fields into records; knows the message that is open and the statement around it."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._messages = 0
        self._block_open = False
        self._is_942 = False
        self._has_ended = False
        self._message: Message | None = None
        self._statement: Statement | None = None
        self._line: Field | None = None
        self._further: list[Field] = []
        self._lines_before = 0

    def handle(self, field: Field) -> Iterator[Record]:
        """The records that a field completes."""
        tag = field.tag
        if self._line is not None:
            if tag in {b"86", b"NS"}:
                self._further.append(field)
                return
            if tag in _PLAIN_HEADS and self._further:
                # No message begins so: it is a text that was wrapped before a colon.
                last = self._further[-1]
                body = b"%b\n:%b:%b" % (last.body, tag, field.body)
                self._further[-1] = last._replace(body=body)
                return
            yield self._entry(is_last=tag == b"20")
        if tag == b"61":
            yield from self._begin_line(field)
        elif tag == b"20":
            yield from self._begin(field)
        elif not tag:
            self._before(field.body, field.at)
        elif tag in _PLAIN_HEADS and self._lacks_reference():
            yield from self._begin(Field(b"20", field.at, b""))
            assert self._message is not None, "begun in the line above"
            self._message.passed_over.append("message without :20:")
            yield from self._field(field, self._message)
        elif self._message is None:
            raise FeedRefused(f":{tag.decode()}: stands before any :20:", f"byte {field.at}")
        else:
            yield from self._field(field, self._message)

    def _begin_line(self, field: Field) -> Iterator[Record]:
        own = self._own()
        if own is not None and own.is_statement and not own.is_open:
            own.note_behind(field.at)
        elif own is None or not own.is_open:
            yield from self._begin_report(field, "an entry")
        self._line, self._further = field, []

    def end(self, size_bytes: int) -> Iterator[Record]:
        """The records that the end of the file completes."""
        if self._line is not None:
            yield self._entry(is_last=True)
        if not self._messages:
            raise FeedRefused("no :20: begins a message", "byte 0")
        yield from self._end_message(size_bytes)
        if self._statement is not None:
            yield from self._statement.end()
        if self._block_open:
            raise FeedRefused("cut: the block {4: does not end", f"byte {size_bytes}")

    def _begin(self, field: Field) -> Iterator[Record]:
        yield from self._end_message(field.at)
        self._messages += 1
        self._has_ended = False
        self._message = Message(field.at, "")
        self._message.passed_over += ["line before the first message"] * self._lines_before
        self._lines_before = 0
        self._message.reference = self._one_line(field)

    def _end_message(self, at: int) -> Iterator[Record]:
        """The message is complete, or it is refused as cut."""
        message = self._message
        if message is None:
            return
        if self._own() is None:
            if not self._is_report(message):
                reason = "cut: the message has neither an opening :60F: nor a closing :62F:"
                raise FeedRefused(reason, f"byte {at}")
            yield from self._new_report(message, message.floor_currency)
        statement = self._own()
        assert statement is not None, "begun above at the latest"
        self._message = None
        if statement.is_statement and statement.is_open:
            raise FeedRefused("cut: the statement has no closing :62F:", f"byte {at}")
        if not (statement.is_statement or statement.has_declared or self._has_ended):
            reason = "cut? the report has neither :90D: or :90C: nor an end mark"
            raise FeedRefused(reason, f"byte {at}")
        if not statement.waits_for_page:
            yield from statement.end()
            self._statement = None

    def _lacks_reference(self) -> bool:
        """Whether an account or number stands where only a new message can begin."""
        if self._message is None:
            return True
        statement = self._own()
        return statement is not None and statement.is_statement and not statement.is_open

    def _own(self) -> Statement | None:
        """The statement or report that the open message has begun or goes on with."""
        statement = self._statement
        return statement if statement and statement.message is self._message else None

    def _is_report(self, message: Message) -> bool:
        return self._is_942 or bool(message.floor_currency)

    def _field(self, field: Field, message: Message) -> Iterator[Record]:
        tag, statement = field.tag, self._own()
        if tag in {b"60F", b"60M"}:
            yield from self._open(field, message)
        elif tag in {b"62F", b"62M"}:
            yield from self._close(field, statement)
        elif tag in _PLAIN_HEADS:
            if statement is not None:
                reason = f":{tag.decode()}: stands behind the opening"
                raise FeedRefused(reason, f"byte {field.at}")
            self._name(field, message)
        elif tag in {b"90C", b"90D"}:
            count, currency, amount_fen, end = read_sum(field.body, field.body_at)
            if statement is None:
                yield from self._begin_report(field, "a sum", currency)
            statement = self._own()
            assert statement is not None, "begun above at the latest"
            is_credit = tag == b"90C"
            statement.declare(
                is_credit=is_credit, count=count, currency=currency, amount_fen=amount_fen
            )
            self._rest(field, end)
        elif tag == b"34F":
            message.floor_currency, end = read_floor(field.body, field.body_at)
            self._rest(field, end)
        elif tag in {b"13", b"13D"}:
            message.created, end = read_moment(field.body, field.body_at)
            self._rest(field, end)
        else:
            self._unused(field, statement)

    def _unused(self, field: Field, statement: Statement | None) -> None:
        """What is about the account and no entry: available balances and remarks."""
        if field.tag in {b"64", b"65"}:
            _, end = read_balance(field.body, field.body_at, may_lack_currency=True)
            self._rest(field, end)
        elif self._is_complete():
            self._cut_off(field)
        if statement is not None:
            statement.pass_over(field.tag)

    def _name(self, field: Field, message: Message) -> None:
        text = self._one_line(field)
        if field.tag == b"21":
            return
        name = "account" if field.tag[:2] == b"25" else "number"
        if getattr(message, name):
            raise FeedRefused(f"a second :{field.tag.decode()}: in a message", f"byte {field.at}")
        setattr(message, name, text)

    def _open(self, field: Field, message: Message) -> Iterator[Record]:
        if self._own() is not None:
            raise FeedRefused("a second opening in one message", f"byte {field.at}")
        balance, end = read_balance(field.body, field.body_at)
        self._rest(field, end)
        is_page = field.tag == b"60M"
        before = self._statement
        if before is not None and before.goes_on(message, balance, is_page=is_page):
            before.next_page(message, balance)
            return
        if before is not None:
            yield from before.end()
        self._statement = self._new(message, balance.currency, is_statement=not self._is_942)
        yield self._statement.open(balance, field.at, is_page=is_page)

    def _close(self, field: Field, statement: Statement | None) -> Iterator[Record]:
        if statement is None or not statement.is_open or not statement.has_opening:
            raise FeedRefused("a closing without an opening", f"byte {field.at}")
        balance, end = read_balance(field.body, field.body_at, may_lack_currency=True)
        yield from statement.close(balance, field.at, is_page=field.tag == b"62M")
        self._rest(field, end)

    def _begin_report(self, field: Field, what: str, currency: str = "") -> Iterator[Record]:
        """A report has no opening: it begins with its first entry or sum."""
        message = self._message
        place = f"byte {field.at}"
        if message is None:
            raise FeedRefused(f"{what} stands before any :20:", place)
        if self._own() is not None:
            raise FeedRefused(f"{what} stands behind the closing", place)
        if not self._is_report(message):
            raise FeedRefused(f"{what} stands before the opening :60F:", place)
        yield from self._new_report(message, message.floor_currency or currency)

    def _new_report(self, message: Message, currency: str) -> Iterator[Record]:
        if self._statement is not None:
            yield from self._statement.end()
        if not currency:
            raise FeedRefused("the report names no currency (:34F:)", f"byte {message.at}")
        self._statement = self._new(message, currency, is_statement=False)

    def _new(self, message: Message, currency: str, *, is_statement: bool) -> Statement:
        place = f"statement {self._messages} at byte {message.at}"
        return Statement(message, currency, place, self._codec, is_statement=is_statement)

    def _entry(self, *, is_last: bool) -> Entry:
        assert self._line is not None, "the caller has looked"
        assert self._statement is not None, "handle has begun it"
        if is_last and not self._statement.is_statement:
            if self._further:
                self._further[-1] = self._cut_off(self._further[-1])
            else:
                self._line = self._cut_off(self._line)
        entry = self._statement.entry(self._line, self._further)
        self._line = None
        return entry

    def _is_complete(self) -> bool:
        """Whether the end of the message may follow."""
        statement = self._own()
        if statement is None:
            # A report of a quiet hour has neither entries nor sums.
            return self._message is not None and self._is_report(self._message)
        return not (statement.is_open and statement.is_statement)

    def _cut_off(self, field: Field) -> Field:
        """A text without the end of the message and what stands around the next."""
        mark = _END_MARK.search(field.body)
        if mark is None:
            return field
        self._around(field.body[mark.start() :], field.body_at + mark.start())
        return field._replace(body=field.body[: mark.start()])

    def _one_line(self, field: Field) -> str:
        line = _ONE_LINE.match(field.body)
        assert line is not None, "it matches everything"
        first, end = line.group(1), self._pass_unknown(field.body, line.end())
        further = field.body[end:].strip()
        if further and field.tag != b"25P":
            at = field.body_at + field.body.index(further, end)
            raise FeedRefused(
                f"{shown(further)} stands behind :{field.tag.decode()}:", f"byte {at}"
            )
        text = first.decode(self._codec).strip()
        if field.tag in _NO_FIGURE and not text.isprintable():
            if self._message is not None:
                self._message.passed_over.append("control character in a reference")
            text = "".join(letter for letter in text if letter.isprintable())
        if len(text) > _TEXT_LENGTH_MAX or not text.isprintable():
            reason = f":{field.tag.decode()}: is too long or no text: {shown(first)}"
            raise FeedRefused(reason, f"byte {field.body_at}")
        return text

    def _pass_unknown(self, body: bytes, end: int) -> int:
        """Where the lines end that unknown tags begin behind a place; they are counted."""
        while self._message is not None and (unknown := _UNKNOWN_TAG.match(body, end)):
            self._message.passed_over.append(unknown.group(1).decode())
            end = unknown.end()
        return end

    def _rest(self, field: Field, end: int) -> None:
        """Behind the content of a field only the end of a complete message may stand."""
        end = self._pass_unknown(field.body, end)
        rest = field.body[end:]
        if not rest.strip():
            return
        at = field.body_at + end
        if not self._is_complete() or not rest.startswith((b"\r", b"\n", b"-}")):
            reason = f"{shown(rest.strip())} stands behind :{field.tag.decode()}:"
            raise FeedRefused(reason, f"byte {at}")
        self._around(rest, at)

    def _before(self, text: bytes, at: int) -> None:
        """What stands before the first message: frames, or a few lines of text, which are counted.

        Text with an end mark behind it is what a cut has left of another message.
        """
        if not text.strip() or _is_frame(text):
            self._around(text, at)
            return
        place = 0
        for line in text.splitlines(keepends=True):
            if line.strip() and (not _is_frame(line) or _DASHES.fullmatch(line.strip())):
                self._lines_before += 1
            elif self._lines_before and line.strip().startswith(b"-"):
                raise FeedRefused("cut: an end mark before the first message", f"byte {at + place}")
            else:
                self._around(line, at + place)
            place += len(line)

    def _around(self, text: bytes, at: int) -> None:
        place = 0
        while place < len(text):
            match = _AROUND.match(text, place)
            if match is None:
                reason = f"{shown(text[place:])} is neither a field nor the frame of a message"
                raise FeedRefused(reason, f"byte {at + place}")
            self._frame(match, at + place)
            place = match.end()

    def _frame(self, match: re.Match[bytes], at: int) -> None:
        name, text = match.lastgroup, match.group()
        if name == "end":
            self._has_ended, self._block_open = True, False
        elif name == "open" or (name == "block" and text.startswith(b"{1:")):
            if self._block_open:
                raise FeedRefused("cut: the block {4: before does not end", f"byte {at}")
            self._block_open = name == "open"
        elif name == "kind":
            self._is_942 = match.group("kind") == b"942"
        elif name == "block":
            kind = _KIND.match(text)
            if kind:
                if kind.group(1) not in _KINDS:
                    reason = f"MT{kind.group(1).decode()} is neither MT940 nor MT942"
                    raise FeedRefused(reason, f"byte {at}")
                self._is_942 = kind.group(1) == b"942"


def _is_frame(text: bytes) -> bool:
    """Whether nothing but frames of messages stands here."""
    place = 0
    while place < len(text):
        match = _AROUND.match(text, place)
        if match is None:
            return False
        place = match.end()
    return True
