"""The commands of the ways in: watch, receive, and who may deliver."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.exc import OperationalError

from config.settings import Settings
from models.store import deliverers
from models.store.deliverers import Feed, Key
from models.store.engine import reading, writing
from models.store.progress import OffsetMoved
from streams import printing
from streams.cli_shared import CHECK_FAILED, Database, err, existing_store, load_law, out, store
from streams.cli_shared import today as today_
from streams.dropping import DropFolderTaken
from streams.embedded import StoreLocked, ingest
from streams.ending import when_told
from streams.feeds import signing
from streams.feeds.archive import Archive
from streams.feeds.folder import Delivered
from streams.feeds.rights import KINDS
from streams.printing import Kept
from streams.reception import Summary, now, utc_text
from streams.watching import Watch
from streams.ways import ways_in

AWAY = (OperationalError, StoreLocked, OffsetMoved)
ROTATION_DAYS = 14

Drops = Annotated[list[Path] | None, typer.Argument(metavar="DIR", help="Drop folders.")]
Every = Annotated[float, typer.Option(min=0.1, help="Look every SECONDS.")]
Named = Annotated[str, typer.Argument(metavar="FEED", help="Its name.")]

feeds_app = typer.Typer(no_args_is_help=True, help="Who may deliver by the API, and what.")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("watch")(watch_command)
    app.command("receive")(receive_command)
    app.add_typer(feeds_app, name="feeds")


def watch_command(drops: Drops = None, database: Database = None, every: Every = 5.0) -> None:
    """Stay, and take in what comes: by drop folders and by the API."""
    settings = Settings()
    engine, folder = store(settings, database)
    law, archive = load_law(settings), Archive(folder)

    def deliver(some: Sequence[Delivered]) -> Summary:
        summary = ingest(some, engine, law, archive, today=today_())
        if summary.files:
            printing.summary(out, summary)
        return summary

    try:
        with ways_in(engine, archive, drops or []) as ways:
            Watch(ways, deliver, AWAY).run(when_told(), every)
    except DropFolderTaken as taken:
        raise _failed(taken) from None


def receive_command(
    database: Database = None,
    host: Annotated[str | None, typer.Option(help="Loopback address.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
) -> None:
    """Serve the API of the feeds on a loopback address; `escrow watch` takes in what came."""
    import uvicorn  # noqa: PLC0415 -- FastAPI takes half a second to load

    from alerts.inbox.guard import is_loopback  # noqa: PLC0415 -- as above
    from streams.feeds.api import Receiver, create_api  # noqa: PLC0415 -- as above

    settings = Settings()
    host, port = host or settings.host, port or settings.feeds_port
    if not is_loopback(host):
        raise typer.BadParameter(f"{host} can be reached by others; use 127.0.0.1 or ::1")
    kept = existing_store(settings, database)
    secret = _secret(settings, kept, make=False)
    receiver = Receiver(
        kept.engine,
        Archive(kept.archive),
        secret,
        delivery_bytes_max=settings.delivery_bytes_max,
    )
    err.print(f"[green]feeds[/] http://{host}:{port}/feeds (Ctrl-C ends it)", highlight=False)
    uvicorn.run(
        create_api(receiver),
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        proxy_headers=False,  # or a header could claim to come from this machine
        server_header=False,
    )


@feeds_app.command("add")
def feeds_add_command(
    feed: Named,
    account: Annotated[list[str] | None, typer.Option(help="Of these alone; any.")] = None,
    form: Annotated[
        list[str] | None, typer.Option("--format", help="As receipts name it: camt, mt940, ….")
    ] = None,
    tells: Annotated[list[str] | None, typer.Option(help=", ".join(KINDS))] = None,
    database: Database = None,
) -> None:
    """Let a feed deliver, and show its first key, this once."""
    kinds = tuple(tells or ("bank",))
    if not _NAME.fullmatch(feed):
        raise typer.BadParameter("a name is 1 to 50 small letters, digits and hyphens")
    if wrong := sorted(set(kinds) - set(KINDS)):
        raise typer.BadParameter(f"{', '.join(wrong)}: a feed tells {', '.join(KINDS)}")
    settings = Settings()
    kept = store(settings, database)
    secret = _secret(settings, kept, make=True)
    made = Feed(
        feed=feed,
        accounts=tuple(account or ()),
        formats=tuple(form or ()),
        kinds=kinds,
        made_at=utc_text(now()),
    )
    key = Key(key_id=signing.new_key_id(), feed=feed, made_at=made.made_at)
    with writing(kept.engine) as connection:
        if not deliverers.add_feed(connection, made):
            raise typer.BadParameter(f"there is a feed {feed} already; see `escrow feeds list`")
        deliverers.add_key(connection, key)
    _show(secret, key)


@feeds_app.command("list")
def feeds_list_command(database: Database = None) -> None:
    """Say which feeds there are, what each may tell, and until when its keys count."""
    kept = existing_store(Settings(), database)
    table = Table("feed", "tells", "formats", "accounts", "keys", "revoked")
    with reading(kept.engine) as connection:
        for one in deliverers.feeds(connection):
            keys = [
                f"{key.key_id} until {key.ends_at}" if key.ends_at else key.key_id
                for key in deliverers.keys(connection, one.feed)
            ]
            table.add_row(
                one.feed,
                ", ".join(one.kinds),
                ", ".join(one.formats) or "any",
                "\n".join(one.accounts) or "any",
                "\n".join(keys),
                one.revoked_at or "",
            )
    out.print(table)


@feeds_app.command("rotate")
def feeds_rotate_command(
    feed: Named,
    days: Annotated[
        int, typer.Option(min=0, help="So long the present keys still count.")
    ] = ROTATION_DAYS,
    database: Database = None,
) -> None:
    """Show a new key, this once; the present ones end after some days, 0 is now."""
    settings = Settings()
    kept = existing_store(settings, database)
    secret = _secret(settings, kept, make=False)
    moment = now()
    key = Key(key_id=signing.new_key_id(), feed=feed, made_at=utc_text(moment))
    ends_at = utc_text(moment + timedelta(days=days))
    with writing(kept.engine) as connection:
        known = deliverers.feed(connection, feed)
        if known is None or known.revoked_at:
            raise typer.BadParameter(f"no feed {feed} may deliver; see `escrow feeds list`")
        present = [one.key_id for one in deliverers.keys(connection, feed)]
        deliverers.end_keys(connection, present, ends_at)
        deliverers.add_key(connection, key)
    err.print(f"[green]rotated[/] keys before it end at {ends_at}", highlight=False)
    _show(secret, key)


@feeds_app.command("revoke")
def feeds_revoke_command(
    feed: Named,
    key: Annotated[str | None, typer.Option(help="This key alone, at once.")] = None,
    database: Database = None,
) -> None:
    """Let a feed, or one of its keys, deliver no more; what it delivered stays."""
    kept = existing_store(Settings(), database)
    at = utc_text(now())
    with writing(kept.engine) as connection:
        known = {one.key_id for one in deliverers.keys(connection, feed)}
        if key is None:
            if not deliverers.revoke(connection, feed, at):
                raise typer.BadParameter(f"no feed {feed} may deliver; see `escrow feeds list`")
        elif key not in known:
            raise typer.BadParameter(f"feed {feed} has no key {key}; see `escrow feeds list`")
        deliverers.end_keys(connection, known if key is None else [key], at)
    err.print("[green]revoked[/]")


def _secret(settings: Settings, kept: Kept, *, make: bool) -> bytes:
    path = settings.feeds_secret or kept.archive.parent / "feeds.secret"
    try:
        return signing.installation_secret(path, make=make)
    except signing.SecretFault as fault:
        raise _failed(fault) from None


def _show(secret: bytes, key: Key) -> None:
    """The key for a program to read: two lines on standard output."""
    err.print("This is the only time that the secret is shown:")
    out.print(f"key    {key.key_id}", highlight=False)
    out.print(f"secret {signing.secret_of(secret, key.feed, key.key_id)}", highlight=False)


def _failed(fault: Exception) -> typer.Exit:
    err.print(f"[red]failed[/] {fault}", highlight=False)
    return typer.Exit(CHECK_FAILED)
