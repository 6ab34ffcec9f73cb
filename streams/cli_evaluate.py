"""`escrow evaluate`: tries the rules on simulated cities that know nothing of them."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from config.settings import Settings
from streams.cli_shared import err, out, progress_bar
from streams.examining import City, Examined, examine
from streams.scoring import score
from streams.simulator.archetypes import PROFILES, REPORT, Profile

PROCESSES_MOST = 2


WhoTheyAre = Annotated[
    str,
    typer.Option(
        help=f"Who the institutions are: {', '.join(PROFILES)} (ever wider ranges of all"
        " archetypes), or ordinary."
    ),
]
"""An option that names a profile of `simulator.archetypes`, or ordinary for none."""


def profile_of(name: str) -> Profile | None:
    """The profile of a name, None for ordinary. Raises BadParameter for any other."""
    if name not in {*PROFILES, "ordinary"}:
        raise typer.BadParameter(f"--profile {name}: {', '.join(PROFILES)} or ordinary")
    return PROFILES.get(name)


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("evaluate")(evaluate_command)


def evaluate_command(
    *,
    seeds: Annotated[str, typer.Option(help="Cities to examine: numbers, by commas.")],
    institutions: Annotated[int, typer.Option(min=1, help="Of each city.")] = 100,
    months: Annotated[int, typer.Option(min=1, help="How many months.")] = 24,
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day.")
    ] = datetime(2024, 1, 1),  # noqa: DTZ001 -- a calendar day
    profile: WhoTheyAre = REPORT.name,
    processes: Annotated[int, typer.Option(min=1, max=PROCESSES_MOST)] = PROCESSES_MOST,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    details: Annotated[
        Path | None, typer.Option(help="File for one JSON object for each institution.")
    ] = None,
) -> None:
    """Examine the rules on simulated cities in memory, and report what was found and how early."""
    try:
        numbers = [int(seed) for seed in seeds.split(",")]
    except ValueError:
        raise typer.BadParameter(f"--seeds {seeds}: numbers by commas, as in 11,12") from None
    profile_of(profile)
    cities = [City(seed, institutions, months, start.date(), profile) for seed in numbers]
    total = institutions * len(cities)
    with progress_bar("examining") as advance:
        results = []
        for one in examine(cities, processes, Settings().city):
            results.append(one)
            advance(len(results), total)
    if details is not None:
        details.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in results))
    report = score(results)
    if as_json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        _print(report)
    for line in _missed(results):
        err.print(line, highlight=False, markup=False)


def _print(report: dict[str, Any]) -> None:
    table = Table(title=f"{report['institution_months']} institution-months")
    for heading in ("rule", "planted", "found", "unplanned", "precision", "recall"):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    for rule, counts in report["rules"].items():
        table.add_row(rule, *(_text(counts[name]) for name in counts))
    out.print(table)
    risk = Table(title="runaway-risk", show_header=False)
    for name, value in report["runaway"].items():
        if isinstance(value, dict):
            for inner, figure in value.items():
                risk.add_row(f"{name} {inner}", _text(figure))
        else:
            risk.add_row(name, _text(value))
    out.print(risk)


def _text(value: object) -> str:
    return "-" if value is None else str(value)


def _missed(results: list[Examined]) -> Iterator[str]:
    """Every miss by name, as far as a page goes."""
    lines = [
        f"missed: seed {one.seed} {one.institution} {rule} {subject}"
        for one in results
        for rule, subject, was_found in one.planted
        if not was_found
    ]
    yield from lines[:_LINES_MOST]
    if len(lines) > _LINES_MOST:
        yield f"and {len(lines) - _LINES_MOST} more; --details FILE lists all"


_LINES_MOST = 40
