"""The commands of the distributed engine: topics, gateway, worker, and all of it for a trial."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry
from rich.text import Text

from alerts.gateway_metrics import GatewayMetrics
from config.settings import Settings
from models.store.engine import open_store
from streams import printing
from streams.cli_shared import (
    CHECK_FAILED,
    REFUSED,
    SHANGHAI,
    AsOf,
    Database,
    err,
    load_law,
    out,
    progress_bar,
    store,
    today,
)
from streams.dropping import DropFolderTaken
from streams.ending import end_before_begun, when_told
from streams.feeds.archive import Archive
from streams.feeds.folder import Delivered
from streams.printing import Kept
from streams.reception import Summary
from streams.watching import Folders, Watch, Way
from streams.ways import ways_in

PARTITIONS = 8

Broker = Annotated[str | None, typer.Option("--broker", help="host:port; default: the setting.")]
Named = Annotated[str, typer.Option("--topic", help="The topic of facts.")]
Paths = Annotated[list[Path] | None, typer.Argument(exists=True, help="Files and folders.")]
Every = Annotated[
    float | None, typer.Option(min=0.1, help="Stay, and look for new files every SECONDS.")
]
Drop = Annotated[
    list[Path] | None,
    typer.Option(metavar="DIR", help="With --every: a drop folder, whose files are moved."),
]
ReplayFrom = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="FROM",
        help="Send again what was archived since FROM, behind a hole or onto a new topic.",
    ),
]
MetricsHost = Annotated[str | None, typer.Option(help="Where /metrics is served.")]
MetricsPort = Annotated[int | None, typer.Option(min=0, max=65535)]

topics_app = typer.Typer(no_args_is_help=True, help="Make the topics, or say how they are.")
cluster_app = typer.Typer(no_args_is_help=True, help="All processes on this machine, for a trial.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(topics_app, name="topics")
    app.command("gateway")(gateway_command)
    app.command("inbound")(inbound_command)
    app.command("worker")(worker_command)
    app.command("migrate")(migrate_command)
    app.add_typer(cluster_app, name="cluster")


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
    paths: Paths = None,
    *,
    database: Database = None,
    broker: Broker = None,
    topic: Named = "events",
    as_of: AsOf = None,
    every: Every = None,
    drop: Drop = None,
    replay_archive: ReplayFrom = None,
    metrics_host: MetricsHost = None,
    metrics_port: MetricsPort = None,
) -> None:
    """Prove and archive files and folders, and send their facts and closes to the workers."""
    from streams import gateway_service  # noqa: PLC0415 -- as above

    settings, registry = Settings(), CollectorRegistry()
    metrics = GatewayMetrics(registry)
    kept = store(settings, database)
    delivery = gateway_service.Delivery(*kept, broker or settings.broker, topic, metrics)

    def deliver(some: Sequence[Delivered]) -> Summary:
        with progress_bar("sending") as advance:
            latest = as_of.date() if as_of else None
            summary = delivery.deliver(some, today=today(), as_of=latest, notify=advance)
        if summary.files or every is None:
            printing.summary(out, summary)
        return summary

    _refuse_idle(every, drop, works=bool(paths or replay_archive))
    with ExitStack() as stack:
        ways = stack.enter_context(_ways(kept, paths, drop)) if every is not None else []
        watch = Watch(ways, deliver, gateway_service.AWAY, metrics.failed)
        at = (metrics_host or settings.metrics_host, _port(settings, metrics_port))
        stack.enter_context(gateway_service.page(*at, registry, watch.faults))
        if every is not None:
            watch.run(when_told(), every)
            return
        try:
            summary = Summary()
            if replay_archive is not None:
                since = replay_archive.replace(tzinfo=SHANGHAI)
                summary = delivery.replay(since, today=today())
                printing.summary(out, summary)
            if paths:
                summary = deliver(paths)
        except gateway_service.AWAY as fault:
            raise _failed(fault) from None
    if not summary.is_clean:
        raise typer.Exit(REFUSED)


def _refuse_idle(every: float | None, drop: list[Path] | None, *, works: bool) -> None:
    if drop and every is None:
        raise typer.BadParameter("--drop needs --every SECONDS")
    if every is None and not works:
        raise typer.BadParameter("name files or folders, or --every, or --replay-archive FROM")


@contextmanager
def _ways(kept: Kept, paths: list[Path] | None, drop: list[Path] | None) -> Iterator[list[Way]]:
    """What a gateway that stays looks at."""
    try:
        with ways_in(kept.engine, Archive(kept.archive), drop or []) as ways:
            yield [Folders(paths or []), *ways]
    except DropFolderTaken as taken:
        raise _failed(taken) from None


def inbound_command(
    database: Database = None,
    broker: Broker = None,
    topic: Named = "events",
    metrics_host: MetricsHost = None,
    metrics_port: MetricsPort = None,
) -> None:
    """Take single facts of third parties off the topic TOPIC.inbound, and send them on."""
    end_before_begun()
    from streams import gateway_service  # noqa: PLC0415 -- as above

    settings = Settings()
    registry = CollectorRegistry()
    delivery = gateway_service.Delivery(
        *store(settings, database), broker or settings.broker, topic, GatewayMetrics(registry)
    )
    faults: dict[str, str] = {}
    host = metrics_host or settings.metrics_host
    port = _port(settings, metrics_port)
    with gateway_service.page(host, port, registry, lambda: list(faults.values())):
        raise typer.Exit(delivery.serve_inbound(today, faults))


def worker_command(
    database: Database = None,
    broker: Broker = None,
    topic: Named = "events",
    metrics_host: MetricsHost = None,
    metrics_port: MetricsPort = None,
) -> None:
    """Take facts off the topic, judge, and store: one of as many processes as you like."""
    end_before_begun()
    from streams import owning, topics, worker  # noqa: PLC0415 -- Faust takes a second to load

    settings = Settings()
    engine = open_store(database or settings.database_url)
    try:
        code = worker.run(
            engine,
            load_law(settings),
            broker or settings.broker,
            topic,
            metrics_host=metrics_host or settings.metrics_host,
            metrics_port=_port(settings, metrics_port),
            institutions_max=settings.institutions_max,
        )
    except (topics.TopicFault, owning.NotOurs) as fault:
        raise _failed(fault) from None
    raise typer.Exit(code)


def migrate_command(database: Database = None) -> None:
    """Bring the store to the newest revision, and end; every process does it at its start too."""
    open_store(database or Settings().database_url).dispose()
    err.print("[green]migrated[/]")


@cluster_app.command("up")
def cluster_up_command(
    workers: Annotated[int, typer.Option(min=1, help="How many workers.")] = 2,
    partitions: Annotated[int, typer.Option(min=1, help="Fixed for life.")] = PARTITIONS,
    folder: Annotated[Path, typer.Option(help="Data and logs, kept between runs.")] = Path(
        "cluster"
    ),
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Without the demo city.")] = False,
) -> None:
    """Start broker, database, workers, gateway and inbox on loopback; Ctrl-C ends them all."""
    from streams import cluster  # noqa: PLC0415 -- the servers are no part of an installation

    wanted = cluster.Wanted(folder.absolute(), workers, partitions, is_demo=not no_demo)
    try:
        cluster.up(wanted, Settings().port, err)
    except cluster.NotStarted as fault:
        raise _failed(fault) from None


def _port(settings: Settings, option: int | None) -> int:
    return settings.metrics_port if option is None else option


def _show(topic: object) -> None:
    out.print(Text(str(topic)))


def _failed(fault: Exception) -> typer.Exit:
    err.print(f"[red]failed[/] {fault}", highlight=False)
    return typer.Exit(CHECK_FAILED)
