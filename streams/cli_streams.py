"""The commands of the distributed engine: topics, gateway, worker."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from config.settings import Settings
from models.store.engine import open_store
from streams import printing
from streams.cli_shared import (
    CHECK_FAILED,
    REFUSED,
    AsOf,
    Database,
    err,
    load_law,
    out,
    progress_bar,
    store,
    today,
)
from streams.feeds.archive import Archive
from streams.reception import Summary

PARTITIONS = 8

Broker = Annotated[str | None, typer.Option("--broker", help="host:port; default: the setting.")]
Named = Annotated[str, typer.Option("--topic", help="The topic of facts.")]

topics_app = typer.Typer(no_args_is_help=True, help="Make the topics, or say how they are.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(topics_app, name="topics")
    app.command("gateway")(gateway_command)
    app.command("worker")(worker_command)


@topics_app.command("create")
def topics_create_command(
    broker: Broker = None,
    topic: Named = "events",
    partitions: Annotated[int, typer.Option(min=1, help="Fixed for life.")] = PARTITIONS,
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition.")] = 1,
) -> None:
    """Make the topics with explicit partitions; exit 1 if one exists and differs."""
    from streams import topics  # noqa: PLC0415 -- the client of Kafka takes a moment to load

    try:
        with closing(topics.connect(broker or Settings().broker)) as admin:
            for name in (topic, f"{topic}.inbound"):
                _show(topics.create(admin, name, partitions, replication))
    except topics.TopicFault as fault:
        raise _failed(fault) from None


@topics_app.command("describe")
def topics_describe_command(broker: Broker = None, topic: Named = "events") -> None:
    """Say how the topics are: identity, partitions, how long messages are kept."""
    from streams import topics  # noqa: PLC0415 -- as above

    try:
        with closing(topics.connect(broker or Settings().broker)) as admin:
            for name in (topic, f"{topic}.inbound"):
                _show(topics.describe(admin, name))
    except topics.TopicFault as fault:
        raise _failed(fault) from None


def gateway_command(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files and folders.")],
    database: Database = None,
    broker: Broker = None,
    topic: Named = "events",
    as_of: AsOf = None,
) -> None:
    """Prove and archive files and folders, and send their facts and closes to the workers."""
    from streams import gateway, topics  # noqa: PLC0415 -- as above

    settings = Settings()
    bootstrap = broker or settings.broker
    kept = store(settings, database)
    try:
        with closing(topics.connect(bootstrap)) as admin:
            found = topics.describe(admin, topic)
        with progress_bar("sending") as advance, closing(gateway.KafkaSink(bootstrap, topic)) as to:

            def told(_name: str, done: int, total: int) -> None:
                advance(done, total)

            archive = Archive(kept.archive)
            sender = gateway.Gateway(kept.engine, archive, to, found, today=today())
            day = as_of.date() if as_of else None
            summary: Summary = sender.deliver(paths, as_of=day, notify=told)
    except (topics.TopicFault, gateway.NotDelivered) as fault:
        raise _failed(fault) from None
    printing.summary(out, summary)
    if not summary.is_clean:
        raise typer.Exit(REFUSED)


def worker_command(
    database: Database = None,
    broker: Broker = None,
    topic: Named = "events",
    metrics_host: Annotated[str | None, typer.Option(help="Where /metrics is served.")] = None,
    metrics_port: Annotated[int | None, typer.Option(min=0, max=65535)] = None,
) -> None:
    """Take facts off the topic, judge, and store: one of as many processes as you like."""
    from streams import owning, topics, worker  # noqa: PLC0415 -- Faust takes a second to load

    settings = Settings()
    engine = open_store(database or settings.database_url)
    port = settings.metrics_port if metrics_port is None else metrics_port
    try:
        code = worker.run(
            engine,
            load_law(settings),
            broker or settings.broker,
            topic,
            metrics_host=metrics_host or settings.metrics_host,
            metrics_port=port,
            institutions_max=settings.institutions_max,
        )
    except (topics.TopicFault, owning.NotOurs) as fault:
        raise _failed(fault) from None
    raise typer.Exit(code)


def _show(topic: object) -> None:
    out.print(Text(str(topic)))


def _failed(fault: Exception) -> typer.Exit:
    err.print(f"[red]failed[/] {fault}", highlight=False)
    return typer.Exit(CHECK_FAILED)
