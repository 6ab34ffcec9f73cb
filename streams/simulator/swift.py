"""Writes MT940 statements: pages, the three ways of telling who paid, blocks of SWIFT or none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

_LINE_LENGTH = 65
_SUBFIELD_LENGTH = 27
_TEXT_SUBFIELDS = (*range(20, 30), *range(60, 64))

Style = Literal["subfields", "words", "plain"]


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry as MT940 tells it; `direction` is its effect on the balance, also of a reversal."""

    booked: date
    amount_fen: int
    direction: Literal["C", "D"]
    reference: str = ""
    customer_reference: str = "NONREF"
    reversal: bool = False
    value: date | None = None
    name: str = ""
    other_account: str = ""
    text: str = ""

    @property
    def effect_fen(self) -> int:
        """What it adds to the balance."""
        return self.amount_fen if self.direction == "C" else -self.amount_fen


@dataclass(frozen=True, slots=True)
class Form:
    """How a bank writes: the style of `:86:`, entries a page (0: one page), blocks, line ends."""

    style: Style = "subfields"
    entries_a_page: int = 0
    blocks: bool = True
    line_end: str = "\r\n"
    currency: str = "CNY"


def statement(  # noqa: PLR0917 -- in the order of the message
    account: str, number: str, days: tuple[date, date], opening_fen: int,
    postings: Sequence[Posting], form: Form, closing_fen: int | None = None,
) -> str:  # fmt: skip
    """The messages of one statement; `closing_fen` is told instead of the true closing."""
    size = form.entries_a_page or max(len(postings), 1)
    pages = [postings[start : start + size] for start in range(0, len(postings), size)] or [[]]
    balance_fen = opening_fen
    messages = []
    for place, page in enumerate(pages, start=1):
        is_first, is_last = place == 1, place == len(pages)
        opened = f":60{'F' if is_first else 'M'}:{_balance(balance_fen, days[0], form.currency)}"
        balance_fen += sum(posting.effect_fen for posting in page)
        told_fen = closing_fen if is_last and closing_fen is not None else balance_fen
        closed = f":62{'F' if is_last else 'M'}:{_balance(told_fen, days[1], form.currency)}"
        lines = [f":20:{days[1]:%y%m%d}{place:03d}", f":25:{account}", f":28C:{number}/{place}"]
        lines += [opened, *_entries(page, form), closed]
        messages.append(_message(lines, form, "940"))
    return "".join(messages)


def report(account: str, number: str, moment: str, postings: Sequence[Posting], form: Form) -> str:
    """An MT942 with declared counts and sums; `moment` is YYMMDDHHMM in Shanghai."""
    lines = [f":20:{moment}", f":25:{account}", f":28C:{number}/1"]
    lines += [f":34F:{form.currency}0,", f":13D:{moment}+0800", *_entries(postings, form)]
    for key in "DC":
        some = [posting.amount_fen for posting in postings if posting.direction == key]
        lines.append(f":90{key}:{len(some)}{form.currency}{_amount(sum(some))}")
    return _message(lines, form, "942")


def _message(lines: list[str], form: Form, kind: str) -> str:
    head, tail = "", "-"
    if form.blocks:
        head = f"{{1:F01PYMNCNBJAXXX0000000000}}{{2:O{kind}PYMNCNBJXXXXN}}{{4:{form.line_end}"
        tail = "-}{5:}"
    return head + form.line_end.join([*lines, tail, ""])


def _entries(postings: Sequence[Posting], form: Form) -> Iterator[str]:
    for posting in postings:
        value = posting.value or posting.booked
        yield (
            f":61:{value:%y%m%d}{posting.booked:%m%d}{_mark(posting)}"
            f"{_amount(posting.amount_fen)}NTRF{posting.customer_reference}"
            f"{'//' if posting.reference else ''}{posting.reference}"
        )
        details = _DETAILS[form.style](posting)
        wrapped = [details[at : at + _LINE_LENGTH] for at in range(0, len(details), _LINE_LENGTH)]
        yield ":86:" + form.line_end.join(wrapped)


def _mark(posting: Posting) -> str:
    if not posting.reversal:
        return posting.direction
    # The mark names what is reversed, so it is the other than its effect.
    return "RC" if posting.direction == "D" else "RD"


def _subfields(posting: Posting) -> str:
    text = f"SVWZ+{posting.text}" if posting.text else ""
    parts = [text[at : at + _SUBFIELD_LENGTH] for at in range(0, len(text), _SUBFIELD_LENGTH)]
    told = [f"?{code}{part}" for code, part in zip(_TEXT_SUBFIELDS, parts, strict=False)]
    names = (posting.name[:_SUBFIELD_LENGTH], posting.name[_SUBFIELD_LENGTH:])
    told += [f"?31{posting.other_account}"] if posting.other_account else []
    told += [f"?{code}{name}" for code, name in zip((32, 33), names, strict=True) if name]
    return f"166?00转账{''.join(told)}"


def _words(posting: Posting) -> str:
    told = f"/CNTP/{posting.other_account}//{posting.name}/" if posting.name else ""
    return f"{told}/REMI/{posting.text}/"


def _plain(posting: Posting) -> str:
    return " ".join(filter(None, (posting.name, posting.other_account, posting.text)))


_DETAILS = {"subfields": _subfields, "words": _words, "plain": _plain}


def _balance(balance_fen: int, day: date, currency: str) -> str:
    mark = "D" if balance_fen < 0 else "C"
    return f"{mark}{day:%y%m%d}{currency}{_amount(abs(balance_fen))}"


def _amount(amount_fen: int) -> str:
    yuan, fen = divmod(amount_fen, 100)
    return f"{yuan},{fen:02d}"
