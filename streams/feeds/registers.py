"""Reads register tables (CSV) as facts: the headings decide the table, a bad row waits alone."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pydantic

from config.load import ConfigError, read_yaml
from models import facts as f
from streams.feeds.cells import CONVERTERS, SUFFIXES, Way, choice
from streams.feeds.records import FeedRefused, Held
from streams.feeds.text import (
    EPOCH,
    clean,
    days_inside,
    end_of_day,
    heading,
    parse_day,
    parse_moment,
    read_rows,
    split_lines,
    to_utc,
)

TABLES = Path(__file__).resolve().parents[2] / "config" / "tables" / "registers.yaml"
STATED_AT = ("stated_at", "导出时间")

_STATED_COMMENT = re.compile(r"#\s*(?:stated_at|导出时间)\s*[:：]\s*([^\s,\"]+(?:[ ][\d:]+)?)")
_TABLE_COMMENT = re.compile(r"#\s*table\s*[:：]\s*([a-z_]+)")

Row = f.Fact | Held


class Column(pydantic.BaseModel):
    """A column; `required` is about the heading, `empty` allows empty cells all the same.

    `field` is the fact's field where it has another name than the heading.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    zh: tuple[str, ...]
    way: Way = pydantic.Field(alias="as")
    required: bool = False
    empty: bool = False
    example: str
    about: str
    en: str
    choices: dict[str, str] = {}
    field: str = ""


class Table(pydantic.BaseModel):
    """One register table and the fact that its rows state."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    title: dict[str, str]
    fact: str
    columns: dict[str, Column]

    def field_of(self, cell: str) -> str | None:
        """The column that a heading names, in English or Chinese."""
        wanted = heading(cell)
        for name, column in self.columns.items():
            if wanted == name or wanted in map(heading, column.zh):
                return name
        return "stated_at" if wanted in STATED_AT else None


@cache
def load_tables(path: Path = TABLES) -> dict[str, Table]:
    """The declarations of all register tables by name. Raises ConfigError naming the file."""
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: tables are a mapping")
    try:
        return {name: Table.model_validate(table) for name, table in content.items()}
    except pydantic.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from error


def without_comments(lines: list[str]) -> list[str]:
    """Lines that begin with `#` (spreadsheets may quote them) become blank and keep their place."""
    return ["" if line.lstrip("\ufeff\"' ").startswith("#") else line for line in lines]


def find_table(text: str) -> str | None:
    """The name of the table whose headings these are, None for no register table.

    Raises FeedRefused when the headings fit two tables, or one but for an unknown column.
    """
    lines = split_lines(text)
    first = next((row for _, row in read_rows(without_comments(lines)) if any(row)), None)
    if first is None:
        return None
    cells = [cell for cell in first if clean(cell)]
    named = [match.group(1) for line in lines[:20] if (match := _TABLE_COMMENT.search(line))]
    fitting: dict[str, int] = {}
    for name, table in load_tables().items():
        fields = [table.field_of(cell) for cell in cells]
        required = {field for field, column in table.columns.items() if column.required}
        if None not in fields and required <= set(fields):
            fitting[name] = len(table.columns.keys() - set(fields))
        elif required <= set(fields) and name in (named or fitting or [name]):
            unknown = [cell for cell, field in zip(cells, fields, strict=True) if field is None]
            fitting.setdefault(f"?{name}: {', '.join(unknown)}", 1000)
    sure = {name: missing for name, missing in fitting.items() if not name.startswith("?")}
    if named and named[0] in sure:
        return named[0]
    best = [name for name, missing in sure.items() if missing == min(sure.values())]
    if len(best) > 1:
        reason = f"the headings fit {' and '.join(best)}; write `# table: {best[0]}` above them"
        raise FeedRefused(reason, "row 1")
    if best:
        return best[0]
    for name in fitting:
        raise FeedRefused(f"unknown heading for table {name[1:]}", "row 1")
    return None


def stated_at_of(text: str, name: str) -> str:
    """When an export says it was made: its comment, else a date in its name, else never."""
    for line in split_lines(text[:10_000])[:20]:
        match = _STATED_COMMENT.match(line.lstrip("\ufeff\"' "))
        if match:
            return moment_of(match.group(1), "row 1")
    days = days_inside(name)
    return end_of_day(days[-1]) if days else EPOCH


def moment_of(text: str, position: str) -> str:
    """A moment as UTC; a date alone means its last second."""
    try:
        return to_utc(parse_moment(text)) if ":" in text else end_of_day(parse_day(text))
    except ValueError as error:
        raise FeedRefused(f"stated_at: {error}", position) from error


def read(text: str, name: str, stated_at: str) -> Iterator[tuple[str, str, Row]]:
    """Per row its position, its stated_at and its facts, or what is held of it."""
    table = load_tables()[name]
    lines = without_comments(split_lines(text))
    rows = (row for row in read_rows(lines) if any(map(str.strip, row[1])))
    _, headings = next(rows)
    reader = _Rows(table, headings)
    for line, cells in rows:
        position = f"row {line}"
        try:
            facts, told_at = reader.read(cells)
        except (ValueError, FeedRefused) as error:
            held = Held(position, str(error), lines[line - 1], stated_at=stated_at)
            yield position, stated_at, held
            continue
        for fact in facts:
            yield position, told_at or stated_at, fact


class _Rows:
    """Reads the rows under one heading."""

    def __init__(self, table: Table, headings: list[str]) -> None:
        self._width = len(headings)
        self._places: list[tuple[int, str, str, Callable[[str], object], bool]] = []
        self._stated_place = -1
        for place, cell in enumerate(headings):
            name = table.field_of(cell)
            if name == "stated_at":
                self._stated_place = place
            elif name is not None:
                column = table.columns[name]
                field = (column.field or name) + SUFFIXES.get(column.way, "")
                convert = (
                    choice(column.choices) if column.way == "choice" else CONVERTERS[column.way]
                )
                must = column.required and not column.empty
                self._places.append((place, field, name, convert, must))
        fields = [field for _, field, _, _, _ in self._places]
        doubled = {field for field in fields if fields.count(field) > 1}
        if doubled:
            raise FeedRefused(f"two headings for {', '.join(sorted(doubled))}", "row 1")
        self._kind: type[Any] = getattr(f, table.fact)
        self._build = _refund if table.fact == "RefundRequested" else self._one

    def read(self, cells: list[str]) -> tuple[tuple[f.Fact, ...], str]:
        """The facts of a row and its own stated_at; raises ValueError naming the column."""
        if len(cells) != self._width:
            raise ValueError(f"{len(cells)} cells where the heading has {self._width}")
        values: dict[str, object] = {}
        for place, field, name, convert, must in self._places:
            cell = clean(cells[place])
            if not cell:
                if must:
                    raise ValueError(f"{name} is empty")
                continue
            try:
                values[field] = convert(cell)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
        told_at = clean(cells[self._stated_place]) if self._stated_place >= 0 else ""
        return self._build(values), moment_of(told_at, "") if told_at else ""

    def _one(self, values: dict[str, object]) -> tuple[f.Fact, ...]:
        fact: f.Fact = msgspec.convert(values, self._kind)
        return (fact,)


def _refund(values: dict[str, object]) -> tuple[f.Fact, ...]:
    """One row is the request and, once answered, the answer."""
    answered, agreed_fen = values.pop("answered", None), values.pop("agreed_fen", None)
    values["day"] = values.pop("requested")
    requested = msgspec.convert(values, f.RefundRequested)
    if answered is None:
        if agreed_fen is not None:
            raise ValueError("agreed: an amount without the day of the answer")
        return (requested,)
    if agreed_fen is None:
        raise ValueError("agreed is empty though the request is answered (refused is 0)")
    told = {"institution": requested.institution, "number": requested.number}
    answer = {**told, "day": answered, "agreed_fen": agreed_fen}
    return (requested, msgspec.convert(answer, f.RefundAnswered))


def templates(folder: Path) -> list[Path]:
    """Write an empty template of each table; comments explain every column in both languages."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in load_tables().items():
        lines = [
            f"# table: {name}",
            f"# {table.title['zh']} / {table.title['en']}",
            "# 日期 YYYY-MM-DD，金额单位元；以 # 开头的行是注释。表头可用英文或中文。",
            "# Dates YYYY-MM-DD, money in yuan; a line that begins with # is a comment.",
            "# Headings in English or Chinese. Take the first # from the next line and say when",
            "# the rows were exported (the latest export of a row counts):",
            "# # stated_at: 2024-03-05T18:00:00+08:00",
        ]
        for field, column in table.columns.items():
            must = "必填 required" if column.required and not column.empty else "可空 may be empty"
            words = f" ({'/'.join(dict.fromkeys(column.choices.values()))})" * bool(column.choices)
            lines.append(
                f"# {field} | {' '.join(column.zh)} | {must} | {column.about} / {column.en}{words}"
                f" | 例 e.g. {column.example}"
            )
        lines.append(",".join(table.columns))
        path = folder / f"{name}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
        written.append(path)
    return written
