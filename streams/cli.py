"""The `escrow` command: the composition root, where settings, law, store and runners meet."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from config.load import load_calendar
from config.settings import Settings
from streams import printing
from streams.cli_evaluate import WhoTheyAre, profile_of
from streams.cli_evaluate import add_to as evaluate_command
from streams.cli_feeds import add_to as feeds_commands
from streams.cli_held import add_to as held_commands
from streams.cli_policy import policy_app
from streams.cli_settlements import add_to as settlements_command
from streams.cli_shared import (
    CHECK_FAILED,
    REFUSED,
    AsOf,
    Database,
    Out,
    err,
    existing_store,
    load_law,
    out,
    progress_bar,
    store,
    today,
)
from streams.cli_streams import add_to as streams_commands
from streams.embedded import StoreLocked, ingest, rehearse
from streams.feeds.archive import Archive
from streams.feeds.parse import parse_lines
from streams.feeds.records import FeedRefused
from streams.feeds.registers import templates
from streams.printing import Kept
from streams.reception import Summary
from streams.replay import findings_as_of, findings_lines, standing_findings, verify
from streams.simulator import simulate
from streams.simulator.archetypes import Profile
from streams.ways import Decided

DEMO_INSTITUTIONS, DEMO_MONTHS, DEMO_SEED = 30, 6, 7

app = typer.Typer(
    name="escrow",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Reads the bank feeds of training institutions' escrow accounts and proves every breach "
    "of the custody rules. 预收费资金监管：读取银行流水，逐条举证。\n\n"
    "Exit codes: 0 done, 1 a check failed, 2 usage, 3 something was refused or held.",
)
streams_commands(app)
feeds_commands(app)
held_commands(app)
app.add_typer(policy_app, name="policy")
evaluate_command(app)
settlements_command(app)


@app.command("simulate")
def simulate_command(
    *,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")],
    institutions: Annotated[int, typer.Option(min=1, help="How many institutions.")] = 30,
    months: Annotated[int, typer.Option(min=1, help="How many months.")] = 6,
    start: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day.")
    ] = datetime(2024, 1, 1),  # noqa: DTZ001 -- a calendar day
    profile: WhoTheyAre = "ordinary",
    folder: Out,
) -> None:
    """Write the files of an invented city: bank feeds, registers, and truth.jsonl."""
    if folder.exists() and any(folder.iterdir()):
        raise typer.BadParameter(f"{folder} is not empty; choose a new folder for --out")
    who = profile_of(profile)
    _simulate(seed, institutions, months, start.date(), folder, who)
    err.print(f"[green]done[/] {folder}: {institutions} institutions, {months} months")


def _simulate(  # noqa: PLR0917 -- as simulate() takes them
    seed: int,
    institutions: int,
    months: int,
    start: date,
    folder: Path,
    profile: Profile | None = None,
) -> None:
    with progress_bar("simulating") as advance:

        def one_more(done: int) -> None:
            advance(done, institutions)

        calendar = load_calendar()
        simulate(seed, institutions, months, start, folder, calendar, one_more, profile)


@app.command("ingest")
def ingest_command(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files and folders.")],
    database: Database = None,
    as_of: AsOf = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be accepted; store nothing.")
    ] = False,
) -> None:
    """Read files and folders; a folder is played in the order of its days, each day closed."""
    settings = Settings()
    if dry_run:
        summary = rehearse(paths, today())
    else:
        summary = _ingest(settings, paths, database, as_of.date() if as_of else None)
    printing.summary(out, summary)
    if not summary.is_clean:
        raise typer.Exit(REFUSED)


def _ingest(settings: Settings, paths: list[Path], url: str | None, as_of: date | None) -> Summary:
    engine, folder = store(settings, url)
    with progress_bar("reading") as advance:

        def told(what: str, done: int, total: int) -> None:
            advance(done, total, what)

        archive = Archive(folder)
        decided = Decided(engine, archive)
        try:
            done = ingest(
                [*paths, *decided.arrivals()],
                engine,
                load_law(settings),
                archive,
                today=today(),
                as_of=as_of,
                notify=told,
            )
            decided.settle(done)
        except StoreLocked as locked:
            err.print(f"[red]busy[/] {locked}")
            raise typer.Exit(CHECK_FAILED) from None
    return done


@app.command("parse")
def parse_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="One bank file.")],
    bank: Annotated[str | None, typer.Option(help="Profile of config/banks, if not found.")] = None,
) -> None:
    """Print the canonical statements and entries of one bank file as JSON lines."""
    write = sys.stdout.buffer.write
    try:
        for line in parse_lines(file, bank):
            write(msgspec.json.encode(line) + b"\n")
    except FeedRefused as refused:
        sys.stdout.flush()
        err.print(f"[red]refused[/] {file}: {refused}", highlight=False)
        raise typer.Exit(REFUSED) from None


@app.command("templates")
def templates_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to.")],
) -> None:
    """Write an empty, commented template of each register table."""
    for path in templates(folder):
        out.print(str(path), highlight=False)


@app.command("findings")
def findings_command(
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    as_of: AsOf = None,
) -> None:
    """Print the standing findings, sorted by key; with --json the same bytes for the same facts."""
    settings = Settings()
    engine, _ = existing_store(settings, database)
    if as_of is None:
        standing = standing_findings(engine)
    else:
        standing = findings_as_of(engine, load_law(settings), as_of.date())
    if as_json:
        for line in findings_lines(standing):
            sys.stdout.buffer.write(line + b"\n")
    else:
        printing.findings(out, standing, settings.language)


@app.command("explain")
def explain_command(
    finding: Annotated[str, typer.Argument(metavar="FINDING_ID", help="Of `escrow findings`.")],
    database: Database = None,
) -> None:
    """Print how one finding is known: clause, formula with its numbers, evidence and bytes."""
    settings = Settings()
    kept = existing_store(settings, database)
    found = next((one for one in standing_findings(kept.engine) if one.id == finding), None)
    if found is None:
        raise typer.BadParameter(f"no finding {finding} stands; see `escrow findings`")
    printing.explain(out, kept, load_law(settings), found, settings.language)


@app.command("verify")
def verify_command(database: Database = None) -> None:
    """Recompute every finding from the journal and compare; exit 1 names each difference."""
    settings = Settings()
    engine, _ = existing_store(settings, database)
    with progress_bar("recomputing") as advance:
        differences = verify(engine, load_law(settings), advance)
    for difference in differences:
        out.print(difference, highlight=False, markup=False)
    if differences:
        err.print(f"[red]{len(differences)} differences[/]")
        raise typer.Exit(CHECK_FAILED)
    err.print("[green]verified[/]: the stored findings are those that the journal gives")


@app.command("serve")
def serve_command(
    database: Database = None,
    host: Annotated[str | None, typer.Option(help="Loopback address.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
) -> None:
    """Serve the inbox on a loopback address."""
    settings = Settings()
    _serve(settings, existing_store(settings, database), host, port)


def _serve(settings: Settings, kept: Kept, host: str | None, port: int | None) -> None:
    from alerts.inbox.server import serve  # noqa: PLC0415 -- FastAPI takes half a second to load

    host, port = host or settings.host, port or settings.port
    settings = settings.model_copy(update={"archive_dir": kept.archive})
    err.print(f"[green]inbox[/] http://{host}:{port} (Ctrl-C ends it)")
    serve(kept.engine, settings, load_law(settings), host, port)


@app.command("demo")
def demo_command(
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End before the inbox.")] = False,
    folder: Out = Path("demo"),
) -> None:
    """Simulate a city, ingest it, print what was found, and serve the inbox."""
    settings = Settings()
    city = folder / "city"
    url = f"sqlite:///{folder / 'escrow.db'}"
    if not (city / "truth.jsonl").is_file():
        _simulate(DEMO_SEED, DEMO_INSTITUTIONS, DEMO_MONTHS, date(2026, 3, 1), city)
    summary = _ingest(settings, [city], url, None)
    printing.summary(out, summary)
    kept = store(settings, url)
    printing.findings(out, standing_findings(kept.engine), settings.language, most=20)
    if not no_serve:
        _serve(settings, kept, None, None)
