"""The commands of what waits for a person: look at it, and settle it."""

import getpass
import re
import sys
from dataclasses import dataclass
from typing import Annotated

import msgspec
import typer
from rich.text import Text
from sqlalchemy import Connection

from config.settings import Settings
from models.keys import stream_of
from models.store import decisions, unpaired
from models.store.decisions import CannotSettle, Decision, How, Waiting
from models.store.engine import reading, writing
from models.store.unpaired import HeldEntry
from streams.cli_shared import CHECK_FAILED, Database, err, existing_store, load_law, out, today
from streams.embedded import StoreLocked, ingest
from streams.feeds.archive import Archive
from streams.printing import Kept
from streams.reception import now, utc_text
from streams.ways import Decided

held_app = typer.Typer(no_args_is_help=True, help="What is held or refused, and settling it.")
_ID = re.compile(r"(F?)(\d{1,15})", re.ASCII)
_ENTRY = re.compile(r"E[0-9a-f]{12}", re.ASCII)
_WHY = {
    "no-fact": "it holds no fact that could be told as it is; resubmit or supersede it",
    "after-today": "it is dated after today; resubmit it then",
    "settled": "it waits no longer",
    "being-taken-in": "it was settled otherwise and is being taken in",
    "reason-missing": "say why: --reason",
    "who-missing": "say who decides: --who",
    "no-entry": "no entry that counts has that serial; see `escrow held list`",
    "no-such-way": "an entry is accepted as one of its own, or superseded by one that counts",
}

Named = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="A number of a held row, F and a number of a file, E… of an entry."
    ),
]


@dataclass(frozen=True)
class _Row:
    """A line of the list, as JSON shows it."""

    id: str
    file: str
    position: str
    reason: str
    account: str
    statement: str
    first_seen: str
    tries: int
    settled: str


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(held_app, name="held")


@held_app.command("list")
def held_list_command(
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print what waits: file, position, reason, first seen, tries."""
    kept = existing_store(Settings(), database)
    with reading(kept.engine) as connection:
        rows = [_row(connection, about) for about in _waiting(connection)]
        rows += [_entry_row(one) for one in unpaired.held(connection)]
    if as_json:
        for row in rows:
            sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
        return
    for row in rows:
        # Lines instead of a table: a reason is a sentence, and no column is wide enough for it.
        head = (row.id, row.file, row.position, f"first seen {row.first_seen}", f"try {row.tries}")
        out.print(Text("  ".join(word for word in head if word), "bold"))
        for line in (row.reason, row.settled):
            if line:
                out.print(Text(f"    {line}"))


@held_app.command("show")
def held_show_command(identifier: Named, database: Database = None) -> None:
    """Print one with its original bytes, and every decision about it."""
    kept = existing_store(Settings(), database)
    if _ENTRY.fullmatch(identifier):
        _show_entry(kept, identifier)
        return
    with reading(kept.engine) as connection:
        about = _about(connection, identifier)
        told = decisions.history(connection, about)
    for name in ("file_name", "sha256", *_SHOWN):
        out.print(Text.assemble((f"{name.replace('_', ' ')}: ", "bold"), str(getattr(about, name))))
    original = Archive(kept.archive).original(about.sha256, about.position)
    for title, text in (("would be told", about.body), ("original", original)):
        if text:
            out.print(Text(title, "bold"))
            out.print(Text(text))
    for one in told:
        out.print(Text(_said(one)))


_SHOWN = ("position", "reason", "account", "statement", "first_seen", "tries", "state")


@held_app.command("settle")
def held_settle_command(
    identifier: Named,
    how: Annotated[str, typer.Argument(help="accept, supersede or resubmit.")],
    *,
    reason: Annotated[str, typer.Option(help="Why.")],
    who: Annotated[str | None, typer.Option(help="Who decides; default: the user.")] = None,
    by: Annotated[str, typer.Option(help="Of an entry: the serial of the one that it is.")] = "",
    database: Database = None,
) -> None:
    """Accept it as it is, let something else stand in its place, or have the file read again."""
    if how not in decisions.HOWS:
        raise typer.BadParameter(f"{how}: {', '.join(decisions.HOWS)}")
    settings = Settings()
    kept = existing_store(settings, database)
    signed = {"reason": reason, "who": who or getpass.getuser(), "at": utc_text(now())}
    is_pending = True
    try:
        with writing(kept.engine) as connection:
            if _ENTRY.fullmatch(identifier):
                said = _settle_entry(connection, identifier, how, by, signed)
            else:
                about = _about(connection, identifier)
                decided = decisions.settle(connection, about, _how(how), today=today(), **signed)
                said, is_pending = _said(decided), decided.is_pending
    except CannotSettle as fault:
        why = _WHY.get(fault.code, fault.code)
        err.print(f"[red]cannot[/] {identifier} {how}: {why} {fault.about}", highlight=False)
        raise typer.Exit(CHECK_FAILED) from None
    out.print(Text(said))
    if is_pending and kept.engine.dialect.name == "sqlite":
        _take_in(settings, kept)
    elif is_pending:
        err.print("the gateway takes it in at its next look")


def _settle_entry(
    connection: Connection, identifier: str, how: str, by: str, signed: dict[str, str]
) -> str:
    same_as = unpaired.settle(connection, _entry(connection, identifier), how, by=by, **signed)
    return f"{signed['at']} {signed['who']}: {how} {same_as}, {signed['reason']}"


def _entry(connection: Connection, identifier: str) -> HeldEntry:
    for one in unpaired.held(connection):
        if one.held_as == identifier:
            return one
    raise typer.BadParameter(f"nothing is held as {identifier}; see `escrow held list`")


def _show_entry(kept: Kept, identifier: str) -> None:
    with reading(kept.engine) as connection:
        one = _entry(connection, identifier)
    for name in ("file_name", "position", "first_seen", "tries", "entry", "institution"):
        out.print(Text.assemble((f"{name.replace('_', ' ')}: ", "bold"), str(getattr(one, name))))
    out.print(Text("may be", "bold"))
    for each in one.candidates:
        out.print(Text(f"    {each}"))


def _entry_row(one: HeldEntry) -> _Row:
    count = len(one.candidates)
    return _Row(
        id=one.held_as,
        file=one.file_name,
        position=one.position,
        reason=f"it has no reference of the bank and may be one of {count} that count: {one.entry}",
        account=stream_of(one.entry).removeprefix("a:"),
        statement="",
        first_seen=one.first_seen,
        tries=one.tries,
        settled="settled, being taken in" if one.is_pending else "",
    )


def _take_in(settings: Settings, kept: Kept) -> None:
    archive = Archive(kept.archive)
    decided = Decided(kept.engine, archive)
    try:
        done = ingest(decided.arrivals(), kept.engine, load_law(settings), archive, today=today())
        decided.settle(done)
    except StoreLocked:
        err.print("the process that writes the store takes it in at its next look")


def _waiting(connection: Connection) -> list[Waiting]:
    rows, files = decisions.waiting_ids(connection)
    found = [decisions.held(connection, one) for one in rows]
    found += [decisions.refused(connection, one) for one in files]
    return [one for one in found if one is not None]


def _about(connection: Connection, identifier: str) -> Waiting:
    match = _ID.fullmatch(identifier)
    if match is None:
        raise typer.BadParameter(f"{identifier}: a number, or F and a number of a refused file")
    find = decisions.refused if match[1] else decisions.held
    about = find(connection, int(match[2]))
    if about is None:
        raise typer.BadParameter(f"nothing is held as {identifier}; see `escrow held list`")
    return about


def _row(connection: Connection, about: Waiting) -> _Row:
    told = decisions.history(connection, about)
    return _Row(
        id=str(about.held_id) if about.held_id is not None else f"F{about.file_id}",
        file=about.file_name,
        position=about.position,
        reason=about.reason,
        account=about.account,
        statement=about.statement,
        first_seen=about.first_seen,
        tries=about.tries,
        settled=_said(told[-1]) if told else "",
    )


def _said(one: Decision) -> str:
    pending = " (being taken in)" if one.is_pending else ""
    return f"{one.decided_at} {one.who}: {one.how}, {one.reason}{pending}"


def _how(text: str) -> How:
    return next(one for one in decisions.HOWS if one == text)
