"""The commands of the ways in: watch drop folders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from config.settings import Settings
from models.store.progress import OffsetMoved
from streams import printing
from streams.cli_shared import CHECK_FAILED, Database, err, load_law, out, store, today
from streams.dropping import DropFolderTaken
from streams.embedded import StoreLocked, ingest
from streams.ending import when_told
from streams.feeds.archive import Archive
from streams.feeds.folder import Delivered
from streams.reception import Summary
from streams.watching import Watch
from streams.ways import ways_in

AWAY = (OperationalError, StoreLocked, OffsetMoved)

Drops = Annotated[list[Path] | None, typer.Argument(metavar="DIR", help="Drop folders.")]
Every = Annotated[float, typer.Option(min=0.1, help="Look every SECONDS.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("watch")(watch_command)


def watch_command(drops: Drops = None, database: Database = None, every: Every = 5.0) -> None:
    """Stay, and take in what comes: drop folders, the API, what officers settled."""
    settings = Settings()
    engine, folder = store(settings, database)
    law, archive = load_law(settings), Archive(folder)

    def deliver(some: Sequence[Delivered]) -> Summary:
        summary = ingest(some, engine, law, archive, today=today())
        if summary.files:
            printing.summary(out, summary)
        return summary

    try:
        with ways_in(engine, archive, drops or []) as ways:
            Watch(ways, deliver, AWAY).run(when_told(), every)
    except DropFolderTaken as taken:
        err.print(f"[red]busy[/] {taken}", highlight=False)
        raise typer.Exit(CHECK_FAILED) from None
