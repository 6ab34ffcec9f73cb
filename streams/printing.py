"""What the command prints for people: summaries, findings, and how a finding is known."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine, select

from alerts.evaluation import Law
from alerts.texts import Language, kind_word, level_word, reason, rule_name, step_name
from models.findings import Finding, Level
from models.money import format_yuan
from models.store.engine import reading
from models.store.tables import FILES, INSTITUTIONS, SIGHTINGS
from streams.feeds.archive import Archive
from streams.reception import Summary

COLOURS = {"blue": "blue", "yellow": "yellow", "orange": "dark_orange", "red": "red"}


def summary(console: Console, done: Summary) -> None:
    """What an ingest did, and each refused or held piece with its reason."""
    for receipt in done.problems:
        console.print(Text(f"{receipt.outcome} {receipt.name} {receipt.position}", "red"))
        for told in receipt.reasons:
            console.print(Text(f"    {told}"))
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name in ("files", "seen", "entries", "facts", "facts_new", "refused", "held"):
        table.add_row(name.replace("_", " "), f"{getattr(done, name):,}")
    if done.closed_day is not None:
        for name in ("raised", "changed", "cleared", "standing"):
            table.add_row(f"findings {name}", f"{getattr(done, name):,}")
        table.add_row("closed to", done.closed_day.isoformat())
    table.add_row("seconds", f"{done.seconds:.1f}")
    table.add_row("facts per second", f"{done.facts_per_second:,}")
    console.print(table)
    for institution in done.parked:
        console.print(Text(f"parked: {institution} could not be evaluated; see the log", "red"))


def findings(
    console: Console, standing: list[Finding], language: Language, most: int | None = None
) -> None:
    """A finding a line, by key; with `most`, the worst of them and a count by rule."""
    shown = sorted(standing, key=lambda one: one.key)
    if most is not None:
        shown = sorted(standing, key=lambda one: (-Level[one.level.upper()], one.day, one.key))
    for one in shown[:most]:
        amount = "" if one.amount_fen is None else format_yuan(one.amount_fen)
        line = Text(f"{one.id} ") + Text(level_word(one, language), COLOURS[one.level])
        line += Text(f" {one.rule:24} {one.institution:8} {one.day.isoformat()} {amount:>14} ")
        console.print(line + Text(one.subject))
    counts = Counter((one.rule, one.kind) for one in standing)
    for (rule, _), count in sorted(counts.items()):
        console.print(f"{count:6d}  {rule_name(rule, language)} {rule}", highlight=False)


class Kept(NamedTuple):
    """A store and the archive of the files that it was fed from."""

    engine: Engine
    archive: Path


def explain(console: Console, kept: Kept, law: Law, one: Finding, language: Language) -> None:
    """Clause, formula with its numbers, evidence rows with file, position and original bytes."""
    with reading(kept.engine) as connection:
        columns = (INSTITUTIONS.c.name, INSTITUTIONS.c.city)
        query = select(*columns).where(INSTITUTIONS.c.institution == one.institution)
        name, city = (connection.execute(query).one_or_none() or ("", ""))[:2]
    area = law.policy.judging(city or "", one.institution, one.subject)
    level = Text(f"{level_word(one, language)} {kind_word(one, language)} ", COLOURS[one.level])
    console.print(level + Text(f"{rule_name(one.rule, language)} ({one.rule})", "bold"))
    console.print(Text(reason(one, language)))
    console.print(Text(f"{one.institution} {name or ''}  {one.subject}  {one.day.isoformat()}"))
    rule = one.rule if one.rule in area.rules else "cannot-decide"
    console.print(Text(f"§ {area.basis(rule, one.day.toordinal())}"), style="italic")
    console.print(Text(f"policy {one.policy}"), style="dim")
    for step in one.formula:
        expression = f"{step.expression} = " if step.expression else ""
        console.print(Text(f"  {step_name(step.name, language)}: {expression}{step.value}"))
    for identifier in one.evidence:
        _evidence(console, kept, identifier)


def _evidence(console: Console, kept: Kept, identifier: str) -> None:
    console.print(Text(identifier), style="cyan")
    columns = (FILES.c.name, FILES.c.sha256, SIGHTINGS.c.position, SIGHTINGS.c.stated_at)
    query = (
        select(*columns)
        .join(FILES, FILES.c.file_id == SIGHTINGS.c.file_id)
        .where(SIGHTINGS.c.fact_id == identifier)
        .order_by(SIGHTINGS.c.stated_at, SIGHTINGS.c.file_id, SIGHTINGS.c.position)
    )
    archive = Archive(kept.archive)
    with reading(kept.engine) as connection:
        for row in connection.execute(query).all():
            console.print(Text(f"    {row.name}, {row.position}, stated {row.stated_at}"))
            for line in archive.original(row.sha256, row.position).splitlines():
                console.print(Text(f"      │ {line}"), style="dim")
