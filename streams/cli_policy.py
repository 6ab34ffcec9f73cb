"""The commands of the policy: check its files, show what is in force, compare, adopt."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from alerts.evaluation import Law
from alerts.texts import Language, rule_name
from config.load import CALENDARS, ConfigError, load_calendar
from config.policy_diff import CLAUSE, differences, rehashed
from config.policy_load import POLICY, load_policy
from config.settings import Settings
from models.money import format_yuan
from models.policy import (
    LEVEL_WORDS,
    MATCHING,
    NO_LEGAL_TEXT,
    AreaPolicy,
    Clause,
    DatedValue,
    Policy,
    Value,
)
from models.store import adopted
from models.store.engine import open_store, writing
from streams import embedded
from streams.cli_shared import (
    CHECK_FAILED,
    Database,
    err,
    load_law,
    out,
    policy_of,
    progress_bar,
    today,
)

Folder = Annotated[
    Path | None, typer.Argument(help="A folder like config/policy; default: the setting.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

policy_app = typer.Typer(no_args_is_help=True, help="The policy that an installation judges by.")


_Dated = TypeVar("_Dated", Clause, DatedValue)


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A value, or the clause, of a rule that is in force on a day; no `since`: none is."""

    city: str
    rule: str
    name: str
    unit: str = ""
    value: Value | None = None
    since: date | None = None
    basis: str | None = None
    area: str | None = None
    hash: str


@policy_app.command("check")
def policy_check_command(folder: Folder = None) -> None:
    """Read every file of the policy and the calendars; name every fault, one a line; exit 1."""
    settings = Settings()
    place = folder or settings.policy_dir or POLICY
    faults: list[str] = []
    try:
        policy = policy_of(place, settings)
    except ConfigError as fault:
        faults += str(fault).splitlines()
    try:
        load_calendar(settings.calendar_dir or CALENDARS)
    except ConfigError as fault:
        faults += str(fault).splitlines()
    for line in faults:
        out.print(Text(line, "red"))
    if faults:
        err.print(f"[red]{len(faults)} faults[/] in {place}", highlight=False)
        raise typer.Exit(CHECK_FAILED)
    rules, cities = len(policy.area("").rules), len(policy.cities())
    contracts = sum(len(own) for own in policy.exceptions.values())
    out.print(
        f"[green]no fault[/] {rules} rules, {cities} cities, {contracts} contracts of their own;"
        f" policy {policy.digest()[:16]}",
        highlight=False,
    )


@policy_app.command("show")
def policy_show_command(
    city: Annotated[str | None, typer.Option(help="A city, or national; default: yours.")] = None,
    rule: Annotated[str | None, typer.Option(help="The id of a rule; default: all.")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; default: today.")
    ] = None,
    contract: Annotated[
        str | None, typer.Option(help="INSTITUTION/NUMBER: what holds for one contract.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the values in force on a day: since when, by what text, from which area."""
    settings = Settings()
    policy = load_law(settings).policy
    institution, _, number = (contract or "").partition("/")
    area = policy.contract(policy.area(city or ""), institution, number)
    if rule is not None and rule not in area.rules:
        raise typer.BadParameter(f"{rule} is no rule; these are: {', '.join(area.rules)}")
    day = on.date() if on else today()
    shown = [one for each in ([rule] if rule else area.rules) for one in _in_force(area, each, day)]
    if as_json:
        _print_lines(shown)
        return
    out.print(Text(f"{contract or area.area_id}, {day.isoformat()}"))
    _print_shown(shown, settings.language)


@policy_app.command("diff")
def policy_diff_command(
    first: Annotated[Path, typer.Argument(exists=True, help="The policy before.")],
    second: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Say what differs between two folders of policy, and whose hashes change; exit 1 if so.

    With one folder, it is compared with the policy of this installation, which is the second.
    """
    settings = Settings()
    try:
        before = load_policy(first, settings.city)
        after = load_policy(second or settings.policy_dir or POLICY, settings.city)
    except ConfigError as fault:
        err.print(Text(str(fault), "red"))
        raise typer.Exit(CHECK_FAILED) from None
    if before.digest() == after.digest() and not differences(before, after):
        err.print("[green]alike[/]")
        return
    if as_json:
        _print_lines([*differences(before, after), *rehashed(before, after)])
    else:
        for table in _differences_shown(before, after):
            out.print(table)
        out.print(f"policy {before.digest()[:16]} → {after.digest()[:16]}", highlight=False)
    raise typer.Exit(CHECK_FAILED)


@policy_app.command("adopt")
def policy_adopt_command(database: Database = None) -> None:
    """Judge by the policy of this process's files from now on; workers with another one end.

    With SQLite there are no workers: every institution is judged anew at once.
    """
    settings = Settings()
    law = load_law(settings)
    engine = open_store(database or settings.database_url)
    with writing(engine) as connection:
        before = adopted.read(connection, adopted.POLICY)
        adopted.adopt(connection, adopted.POLICY, law.policy.digest())
    was = f", before it was {before[:16]}" if before else ""
    out.print(f"adopted {law.policy.digest()[:16]}{was}", highlight=False)
    if engine.dialect.name == "sqlite":
        _judge_anew(engine, law)


def _judge_anew(engine: Engine, law: Law) -> None:
    judged = 0
    with progress_bar("judging anew") as advance:

        def told(what: str, done: int, total: int) -> None:
            nonlocal judged
            judged = done
            advance(done, total, what)

        try:
            changes = embedded.judge_anew(engine, law, told).changes
        except embedded.StoreLocked as locked:
            err.print(f"[red]busy[/] {locked}")
            raise typer.Exit(CHECK_FAILED) from None
    counts = Counter(change.change for change in changes)
    told_counts = ", ".join(f"{counts[what]} {what}" for what in ("raised", "changed", "cleared"))
    out.print(f"judged anew: {judged} institutions; findings: {told_counts}", highlight=False)


def _in_force(area: AreaPolicy, rule: str, day: date) -> Iterator[_Shown]:
    """The clause of a rule, then each of its values, as they hold on a day."""
    policy = area.rules[rule]
    clause = _latest(policy.clauses, day)
    shown = _Shown(city=area.area_id, rule=rule, name=CLAUSE, hash=area.hash(rule))
    yield _dated(shown, clause) if clause else msgspec.structs.replace(shown, basis=NO_LEGAL_TEXT)
    for parameter in policy.parameters:
        named = msgspec.structs.replace(shown, name=parameter.name, unit=parameter.unit)
        told = _latest(parameter.values, day)
        yield _dated(named, told, told.value) if told else named


def _dated(shown: _Shown, told: Clause | DatedValue, value: Value | None = None) -> _Shown:
    return msgspec.structs.replace(
        shown, value=value, since=told.since, basis=told.basis, area=told.area
    )


def _latest(dated: Sequence[_Dated], day: date) -> _Dated | None:
    return next((each for each in reversed(dated) if each.since <= day), None)


def _differences_shown(before: Policy, after: Policy) -> Iterator[Table]:
    values = _table("area", "rule", "number", "since", "before", "after", "basis")
    for each in differences(before, after):
        texts = dict.fromkeys(text or "—" for text in (each.basis_before, each.basis_after))
        pair = [_written(value) for value in (each.before, each.after)]
        value = (each.area, each.rule, each.name, _text(each.since))
        values.add_row(*(Text(cell) for cell in (*value, *pair, " → ".join(texts))))
    if values.row_count:
        yield values
    areas: dict[tuple[str, str, str], list[str]] = {}
    for one in rehashed(before, after):
        areas.setdefault((one.rule, one.before or "—", one.after or "—"), []).append(one.area)
    hashes = _table("rule", "hash before", "hash after", "where")
    for names, places in areas.items():
        is_all = len(places) == len(after.cities()) + 1
        hashes.add_row(*names, "everywhere" if is_all else ", ".join(places))
    if hashes.row_count:
        yield hashes


def _print_shown(shown: Sequence[_Shown], language: Language) -> None:
    for rule, group in groupby(shown, key=lambda each: each.rule):
        clause, *values = group
        named = "" if rule == MATCHING else rule_name(rule, language)
        out.print(Text.assemble((rule, "bold"), f" {named} ", (clause.hash, "dim")))
        since = f"since {clause.since}, {clause.area}: " if clause.since else ""
        out.print(Text(f"§ {since}{clause.basis}", "italic"))
        table = _table("number", "value", "since", "written in", "basis")
        for each in values:
            told = (_text(each.since), each.area or "", each.basis or "")
            table.add_row(*map(Text, (each.name, _written(each.value, each.unit), *told)))
        out.print(table if values else "")


def _table(*heads: str) -> Table:
    """A table whose cells are never cut: what is compared must be there whole."""
    table = Table(box=SIMPLE_HEAD)
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _written(value: Value | None, unit: str = "") -> str:
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case int():
            return (
                format_yuan(value) + " yuan"
                if unit == "fen"
                else f"{value} {unit.replace('_', ' ')}".strip()
            )
        case dict():
            return ", ".join(f"{word} {_written(value[word])}" for word in LEVEL_WORDS)
    return "、".join(value)


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _print_lines(lines: Sequence[msgspec.Struct]) -> None:
    for line in lines:
        typer.echo(msgspec.json.encode(line).decode())
