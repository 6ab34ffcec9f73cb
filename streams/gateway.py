"""Delivered files onto the topic `events`: proved whole, then told, each fact to its partition.

A file that was half sent when the process died is sent again whole: ids from content make that
harmless. The number of a partition stands in every message, so that all producers agree.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from time import perf_counter
from typing import Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError
from sqlalchemy import Engine

from models import facts as f
from models.identity import nobody_of
from models.keys import fact_id, stream_of
from models.partitions import partition_of
from models.store import files, journal, progress
from models.store.engine import reading, writing
from streams import accepting, wire
from streams.collecting import collect_rarely
from streams.feeds import intake, planning
from streams.feeds.archive import Archive
from streams.feeds.folder import Delivered
from streams.feeds.intake import ProvedFile
from streams.reception import Reception, Summary, days_to_close, now, utc_text
from streams.topics import Topic

# What is being done, how much of it is done, how much there is.
Notify = Callable[[str, int, int], None]

FLUSH_SECONDS = 120


class NotDelivered(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """The broker did not take every message; what was sent is harmless to send again."""


class Sink(Protocol):
    """Where packed messages go."""

    def send(self, partition: int, value: bytes) -> None:
        """Hand a message over; it may still be on its way."""

    def flush(self) -> None:
        """Return once everything sent is durable; NotDelivered if it is not."""


class KafkaSink:
    """An idempotent producer that waits for all replicas."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._failed: list[BaseException] = []
        self._producer = KafkaProducer(
            bootstrap_servers=bootstrap,
            client_id="escrow-gateway",
            acks="all",
            enable_idempotence=True,
            compression_type=None,
            max_request_size=wire.MESSAGE_BYTES_MAX,
            allow_auto_create_topics=False,
        )

    def send(self, partition: int, value: bytes) -> None:
        """Hand a message over; it may still be on its way."""
        sent = self._producer.send(self._topic, value=value, partition=partition)
        sent.add_errback(self._failed.append)

    def flush(self) -> None:
        """Return once everything sent is durable; NotDelivered if it is not."""
        try:
            self._producer.flush(timeout=FLUSH_SECONDS)
        except KafkaError as error:
            raise NotDelivered(f"the broker did not answer: {error}") from error
        if self._failed:
            failed, self._failed = self._failed, []
            raise NotDelivered(f"{len(failed)} messages were not taken: {failed[0]}")

    def close(self) -> None:
        """Let go of the connections."""
        self._producer.close()


class Router:
    """Which partition a fact goes to: its institution's, for a bank's fact the account owner's.

    A guess is enough: whoever receives a fact of somebody else's journals it and wakes the owner.
    """

    def __init__(self, engine: Engine, partitions: int) -> None:
        self._partitions = partitions
        self._owner: dict[str, str] = {}
        with reading(engine) as connection:
            for account, institution in sorted(journal.owners(connection)):
                self._owner[account] = institution

    def partition(self, fact: f.Fact) -> int:
        """The partition of a fact."""
        if isinstance(fact, f.AccountStated | f.MerchantCodeStated):
            self._owner[journal.account_named(fact)] = fact.institution
        stream = stream_of(fact_id(fact))
        institution = journal.institution_of(stream)
        if institution is None:
            account = journal.account_of(stream)
            institution = self._owner.get(account) or nobody_of(account)
        return partition_of(institution, self._partitions)


class Gateway:
    """Plays deliveries onto a topic, group by group in the order of their days."""

    def __init__(
        self, engine: Engine, archive: Archive, sink: Sink, topic: Topic, *, today: date
    ) -> None:
        self.summary = Summary()
        self._engine = engine
        self._archive = archive
        self._sink = sink
        self._topic = topic
        self._partitions = topic.partitions
        self.today = today
        self._reception = Reception(engine, archive, self.summary)
        self._router = Router(engine, topic.partitions)
        with reading(engine) as connection:
            closed = [
                progress.read(connection, each).closed_day for each in range(self._partitions)
            ]
        self._closed = max((day for day in closed if day), default=None)

    def deliver(
        self, paths: Iterable[Delivered], *, as_of: date | None = None, notify: Notify | None = None
    ) -> Summary:
        """Prove, archive and send files and folders, and close no day after `as_of` or today."""
        begun = perf_counter()
        collect_rarely()
        groups = planning.plan(paths, self.today, self._archive)
        coming = {one.sha256 for _, group in groups for one in group}
        self._send(self._reception.unfinished(coming, self.today))
        self.free_accepted()
        total, done = sum(one.facts for _, group in groups for one in group), 0
        for _, group in groups:
            self._send(list(self._reception.register(group, utc_text(now())).values()))
            self.close(days_to_close(group, self._closed, min(self.today, as_of or self.today)))
            self.free_accepted()
            done += sum(one.facts for one in group)
            if notify:
                notify("sending", done, total)
        self.summary.closed_day = self._closed
        self.summary.seconds = perf_counter() - begun
        return self.summary

    def deliver_bytes(self, data: bytes, name: str) -> None:
        """Archive, prove, register and send one file that was never a file; it closes no day."""
        path = self._archive.path(self._archive.put(data))
        self._archive.make_lasting()
        proved = intake.prove(data, self.today, name)
        proved.source = path
        fresh = self._reception.register([proved], utc_text(now()))
        self._send(list(fresh.values()))

    def replay(self, since: datetime, first_offsets: Mapping[int, int]) -> Summary:
        """Send again what was archived since a moment, then go on behind what the broker lost.

        For a partition whose wanted message is gone, and for a topic that was made again: the
        archive still has everything that its messages said, whatever the store remembers.
        """
        begun = perf_counter()
        group = [intake.prove(path, self.today, name) for path, name in self._archive.since(since)]
        self._reception.register(group, utc_text(now()))
        self._send(group)
        self.close([self._closed] if self._closed else [])
        with writing(self._engine) as connection:
            for partition, first in first_offsets.items():
                is_other = progress.topic(connection, partition) != self._topic.identity
                if is_other or progress.read(connection, partition).next_offset < first:
                    progress.restart(connection, partition, self._topic.identity, first)
        self.summary.closed_day = self._closed
        self.summary.seconds = perf_counter() - begun
        return self.summary

    def tell(self, told: Iterable[f.Told]) -> None:
        """Send facts packed by partition, and wait until they are durable."""
        lines: dict[int, list[bytes]] = defaultdict(list)
        for one in told:
            lines[self._router.partition(one.fact)].append(wire.encode(one))
        for partition, several in sorted(lines.items()):
            for value in wire.pack(several):
                self._sink.send(partition, value)
        self._sink.flush()

    def close(self, days: Iterable[date]) -> None:
        """Tell every partition that these days are over."""
        for day in days:
            for partition in range(self._partitions):
                self._sink.send(partition, wire.encode_close(day))
            self._closed = day
        self._sink.flush()

    def free_accepted(self) -> None:
        """Tell what was held of statements that an officer accepted."""
        with reading(self._engine) as connection:
            parts = accepting.freed(connection) if files.held_count(connection) else []
        if parts:
            self.tell(part.telling for part in parts)
            with writing(self._engine) as connection:
                accepting.release(connection, parts)

    def _send(self, group: list[ProvedFile]) -> None:
        """Send the facts of files; once they are durable the files are done."""
        if not group:
            return
        self.tell(one for proved in group for one in intake.told(proved))
        with writing(self._engine) as connection:
            files.journaled(connection, [(one.sha256, 1, 1) for one in group if one.facts])
