"""Every metric, and where its figure comes from: the store, at the moment of the scrape.

Standing figures come from SQL, so they are right after any restart. docs/metrics.md lists them.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from alerts.inbox.journal import Feed, kind_of
from alerts.inbox.queries import held_by_kind_of_reason
from models.findings import CANNOT_DECIDE
from models.identity import mask_account
from models.store import tables
from models.store.institutions import Versions, stale_count

SECONDS_A_DAY = 86_400
REASONS_MAX = 30
OTHER_REASON = "other"


@dataclass(frozen=True)
class Reading:
    """What costs more than a scrape may cost, worked out when the store last changed."""

    feeds: tuple[Feed, ...]
    kinds: dict[str, int]
    contested: tuple[str, ...]


class StandingFigures(Collector):
    """Reads the store whenever a scraper asks."""

    def __init__(
        self,
        connect: Callable[[], AbstractContextManager[Connection]],
        read: Callable[[Connection], Reading],
        versions: Versions,
    ) -> None:
        self._connect = connect
        self._read = read
        self._versions = versions

    def collect(self) -> Iterator[Metric]:
        """All metrics, from one state of the store."""
        with self._connect() as connection:
            reading = self._read(connection)
            yield _findings(connection)
            yield _feed_lag(reading)
            yield _facts(reading)
            yield _held(connection)
            yield _unmatched(connection)
            yield _stale(connection, self._versions)


def exposition(
    connect: Callable[[], AbstractContextManager[Connection]],
    read: Callable[[Connection], Reading],
    versions: Versions,
) -> bytes:
    """All metrics in the text format of Prometheus; `versions` are those that ought to judge."""
    registry = CollectorRegistry()
    registry.register(StandingFigures(connect, read, versions))
    return generate_latest(registry)


def _findings(connection: Connection) -> Metric:
    family = GaugeMetricFamily(
        "escrow_findings", "Standing findings.", labels=("rule", "level", "county")
    )
    findings, institutions = tables.FINDINGS.c, tables.INSTITUTIONS.c
    county = func.coalesce(institutions.county, "")
    query = (
        select(findings.rule, findings.level, county, func.count())
        .select_from(
            tables.FINDINGS.outerjoin(
                tables.INSTITUTIONS, findings.institution == institutions.institution
            )
        )
        .group_by(findings.rule, findings.level, county)
        .order_by(findings.rule, findings.level, county)
    )
    for rule, level, place, count in connection.execute(query):
        family.add_metric((rule, level, place), count)
    return family


def _feed_lag(reading: Reading) -> Metric:
    family = GaugeMetricFamily(
        "escrow_feed_lag_seconds",
        "From the last reported closing of an account to the closed day, whole days.",
        labels=("bank", "account", "feed"),
    )
    for feed in reading.feeds:
        if feed.lag_days is not None:
            # Two masked numbers may look alike; the digest keeps their series apart.
            digest = sha256(feed.account.encode()).hexdigest()[:8]
            labels = (feed.bank, mask_account(feed.account), digest)
            family.add_metric(labels, feed.lag_days * SECONDS_A_DAY)
    return family


def _facts(reading: Reading) -> Metric:
    family = CounterMetricFamily(
        "escrow_facts_total",
        "Facts by outcome: journaled counts contents, contested counts ids with several.",
        labels=("kind", "outcome"),
    )
    contested: dict[str, int] = {}
    for identifier in reading.contested:
        kind = kind_of(identifier)
        contested[kind] = contested.get(kind, 0) + 1
    for outcome, counted in (("journaled", reading.kinds), ("contested", contested)):
        for kind, count in sorted(counted.items()):
            family.add_metric((kind, outcome), count)
    return family


def _held(connection: Connection) -> Metric:
    family = GaugeMetricFamily(
        "escrow_held_total", "Rows that wait, by the kind of reason.", labels=("reason",)
    )
    reasons = held_by_kind_of_reason(connection)
    for reason, count in reasons[:REASONS_MAX]:
        family.add_metric((reason,), count)
    rest = sum(count for _, count in reasons[REASONS_MAX:])
    if rest:
        family.add_metric((OTHER_REASON,), rest)
    return family


def _unmatched(connection: Connection) -> Metric:
    family = GaugeMetricFamily(
        "escrow_settlements_unmatched",
        "Merchants with days of bills that no settlement pays; accounts with settlements that no"
        " bill explains.",
        labels=("what",),
    )
    subject = tables.FINDINGS.c.subject
    for what in ("bill", "settlement"):
        count = select(func.count()).where(
            tables.FINDINGS.c.rule == CANNOT_DECIDE, subject.startswith(f"matching/{what}:")
        )
        family.add_metric((what,), connection.execute(count).scalar_one())
    return family


def _stale(connection: Connection, versions: Versions) -> Metric:
    return GaugeMetricFamily(
        "escrow_stale_institutions",
        "Institutions still to be judged by the present policy, calendar and release.",
        value=stale_count(connection, versions),
    )
