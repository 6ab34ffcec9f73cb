"""What the commands share: exit codes, options, the store, and how progress is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from alerts.evaluation import Law
from alerts.wording import RULES
from config.load import CALENDARS, ConfigError, load_calendar
from config.policy_load import POLICY, load_policy
from config.settings import Settings, archive_beside
from models.policy import MATCHING, Policy
from models.store.engine import open_store
from streams.printing import Kept

DONE, CHECK_FAILED, USAGE, REFUSED = 0, 1, 2, 3
SHANGHAI = timezone(timedelta(hours=8))

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)

Database = Annotated[
    str | None, typer.Option("--db", help="Store as an SQLAlchemy URL; default: the setting.")
]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The last day to count, YYYY-MM-DD."),
]
Out = Annotated[Path, typer.Option("--out", help="Folder to write to.")]


class Advance(Protocol):
    """Tell a progress bar how much is done, how much there is, and what is being done."""

    def __call__(self, done: int, total: int, what: str = ...) -> None:
        """Show it."""


def today() -> date:
    """The calendar day in Asia/Shanghai: the one place that asks the clock for a day."""
    return datetime.now(UTC).astimezone(SHANGHAI).date()


@contextmanager
def progress_bar(text: str) -> Iterator[Advance]:
    """A bar on standard error, so that standard output stays for programs."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as bar:
        task = bar.add_task(text, total=None)

        def advance(done: int, total: int, what: str = text) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield advance


def load_law(settings: Settings) -> Law:
    """The law that this installation judges by; its faults end the command, one a line."""
    try:
        calendar = load_calendar(settings.calendar_dir or CALENDARS)
        return Law(policy_of(settings.policy_dir or POLICY, settings), calendar)
    except ConfigError as fault:
        err.print(Text(str(fault), "red"))
        raise typer.Exit(CHECK_FAILED) from None


def policy_of(folder: Path, settings: Settings) -> Policy:
    """The policy of a folder, which must have a file for every rule; ConfigError as it says."""
    return load_policy(folder, settings.city, rules={*RULES, MATCHING})


def store(settings: Settings, url: str | None) -> Kept:
    """The store and the archive beside it."""
    if url is None:
        return Kept(open_store(settings.database_url), settings.archive)
    return Kept(open_store(url), settings.archive_dir or archive_beside(url))


def existing_store(settings: Settings, url: str | None) -> Kept:
    """As store(), but a missing SQLite file is a mistake of the caller, not to be made."""
    address = url or settings.database_url
    name = address.removeprefix("sqlite:///")
    if address.startswith("sqlite:///") and not Path(name).is_file():
        raise typer.BadParameter(f"{name} does not exist; `escrow ingest` makes it")
    return store(settings, url)
