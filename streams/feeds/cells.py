"""Cells of register tables as values of facts, by the way a column says it is written."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Literal

from models.facts import Instalment, Stage
from models.money import parse_fen_cell, parse_hundredths
from streams.feeds.text import clean, is_spreadsheet_number, parse_day

Way = Literal[
    "text", "day", "money", "hours", "yes-no", "number", "list", "choice", "instalments", "stages"
]

_YES_NO = {
    **dict.fromkeys(("yes", "true", "y", "1", "是", "有"), True),
    **dict.fromkeys(("no", "false", "n", "0", "否", "无"), False),
}


def _text(cell: str) -> str:
    if is_spreadsheet_number(cell):
        raise ValueError(f"{cell!r} has lost digits in a spreadsheet; format the column as text")
    return cell


def _hours(cell: str) -> int:
    return parse_hundredths(cell)


def _yes_no(cell: str) -> bool:
    answer = _YES_NO.get(cell.lower())
    if answer is None:
        raise ValueError(f"{cell!r} is neither yes nor no (是/否)")
    return answer


def _number(cell: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and len(cell) < 10):
        raise ValueError(f"{cell!r} is no whole number")
    return int(cell)


def _several(cell: str) -> list[str]:
    return [part for part in map(clean, cell.replace("；", ";").split(";")) if part]


@lru_cache(maxsize=65_536)
def _list(cell: str) -> tuple[str, ...]:
    return tuple(_several(cell))


def _instalments(cell: str) -> tuple[Instalment, ...]:
    """`amount|due|hours|begins|ends`, by semicolons; parts after the amount may be empty."""
    found = []
    for text in _several(cell):
        parts = [clean(part) for part in text.split("|")]
        if len(parts) > 5 or not parts[0]:
            raise ValueError(f"{text!r} is no instalment amount|due|hours|begins|ends")
        amount, due, hours, begins, ends = parts + [""] * (5 - len(parts))
        found.append(
            Instalment(
                amount_fen=parse_fen_cell(amount),
                due=_day(due),
                hours_hundredths=parse_hundredths(hours) if hours else None,
                begins=_day(begins),
                ends=_day(ends),
            )
        )
    return tuple(found)


def _day(text: str) -> date | None:
    return parse_day(text) if text else None


def _stages(cell: str) -> tuple[Stage, ...]:
    """`taught:released` in percent, by semicolons."""
    found = []
    for text in _several(cell.replace("：", ":").replace("%", "")):
        taught, colon, released = text.partition(":")
        if not colon:
            raise ValueError(f"{text!r} is no stage taught:released")
        found.append(Stage(_number(taught), _number(released)))
    return tuple(found)


CONVERTERS: dict[Way, Callable[[str], object]] = {
    "text": _text,
    "day": parse_day,
    "money": parse_fen_cell,
    "hours": _hours,
    "yes-no": _yes_no,
    "number": _number,
    "list": _list,
    "instalments": _instalments,
    "stages": _stages,
}
"""Each raises ValueError with a sentence for a cell that it cannot read with certainty."""

SUFFIXES: dict[str, str] = {"money": "_fen", "hours": "_hundredths"}
"""Fields carry their unit; headings do not."""


def choice(choices: dict[str, str]) -> Callable[[str], object]:
    """A converter for one of several words, English or Chinese."""
    known = {**{value: value for value in choices.values()}, **choices}

    def convert(cell: str) -> object:
        value = known.get(cell) or known.get(cell.lower())
        if value is None:
            raise ValueError(f"{cell!r} is none of {', '.join(known)}")
        return value

    return convert
