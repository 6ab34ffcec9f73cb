"""The second runner: Faust hands over the messages of its partitions, one at a time.

Faust only fetches and follows the group. What counts is the offset in SQL: a message is one
transaction, acknowledged after its commit; nothing but SQL decides which message is next.
"""

import asyncio
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from time import monotonic, time_ns
from typing import Any, TypeVar

import faust
import structlog
from faust.types import TP
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from alerts.evaluation import Law
from alerts.worker_metrics import WorkerMetrics
from streams.collecting import collect_rarely
from streams.health import serve
from streams.owning import Hole, How, NotOurs, Owned, Taken, agree
from streams.reception import utc_text
from streams.topics import Topic, TopicFault, Watch

GROUP = "escrow-worker"
DISAGREES = 1
"""The exit code of a worker that must be started again with the adopted policy."""
SESSION_SECONDS, HEARTBEAT_SECONDS = 6.0, 2.0
METADATA_MILLISECONDS = 5_000
FENCED_SECONDS = 3 * HEARTBEAT_SECONDS
TICK_SECONDS = 0.5
AGREED_SECONDS = 2.0
LEAVE_SECONDS = 20.0
STUCK_SECONDS, STUCK_SECONDS_BUSY = 5.0, 40.0
BACK_OFF_SECONDS, BACK_OFF_SECONDS_MAX = 0.2, 5.0
# A message may hold half a megabyte; Faust's own default would keep thousands of them.
BUFFERED_MESSAGES = 32

# What operators mend; a trace of our own lines would tell them nothing.
EXPECTED = (NotOurs, Hole, TopicFault, SQLAlchemyError)

Result = TypeVar("Result")

_log = structlog.get_logger()


class Worker:
    """The partitions that this process owns, and what Faust is told about them."""

    def __init__(
        self,
        engine: Engine,
        law: Law,
        bootstrap: str,
        topic: Topic,
        *,
        institutions_max: int,
        scratch: str,
    ) -> None:
        self.registry = CollectorRegistry()
        self.metrics = WorkerMetrics(self.registry)
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{time_ns()}"
        self._engine = engine
        self._law = law
        self._bootstrap = bootstrap
        self._scratch = scratch
        self._topic = topic
        self._watch = Watch(bootstrap, topic.name)
        self._institutions_max = institutions_max
        self._owned: dict[int, Owned] = {}
        self._faults: dict[str, str] = {"group": "no partitions assigned yet"}
        self._retry_at: dict[int, float] = {}
        self._moved_at: dict[int, float] = {}
        self._turn = asyncio.Lock()
        self._agreed_at = monotonic()
        self._disagrees = False
        self.app = self._make_app()

    def faults(self) -> list[str]:
        """Why this process is not ready, empty when it is."""
        return [f"{name}: {why}" for name, why in sorted(self._faults.items())]

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; the batch in hand is finished first."""
        worker = faust.Worker(self.app, loglevel="WARNING", quiet=True, redirect_stdouts=False)
        try:
            worker.execute_from_commandline()
        except SystemExit as ended:
            if self._disagrees:
                return DISAGREES
            return ended.code if isinstance(ended.code, int) else 0

    def _make_app(self) -> faust.App:
        app = faust.App(
            f"{GROUP}.{self._topic.name}",
            broker=f"kafka://{self._bootstrap}",
            store="memory://",
            key_serializer="raw",
            value_serializer="raw",
            datadir=self._scratch,
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            consumer_auto_offset_reset="earliest",
            broker_session_timeout=SESSION_SECONDS,
            broker_heartbeat_interval=HEARTBEAT_SECONDS,
            broker_commit_interval=1.0,
            # How soon the group sees that a topic was deleted and made again.
            consumer_metadata_max_age_ms=METADATA_MILLISECONDS,
            stream_buffer_maxsize=BUFFERED_MESSAGES,
            stream_wait_empty=False,
        )
        topic = app.topic(self._topic.name, value_type=bytes, partitions=self._topic.partitions)

        async def take_all(stream: Any) -> None:  # noqa: ANN401 -- Faust's own type is unannotated
            async for event in stream.noack().events():
                await self._take(event)

        app.agent(topic, concurrency=1, name="batches")(take_all)
        app.on_partitions_assigned.connect(self._assigned, weak=False)
        app.on_partitions_revoked.connect(self._revoked, weak=False)
        app.task(self._keep_ticking)
        return app

    # ---- what Faust tells ----

    async def _assigned(self, *told: Any, **_: Any) -> None:  # noqa: ANN401 -- a signal's shape
        assigned: set[TP] = told[-1]
        mine = {tp.partition for tp in assigned if tp.topic == self._topic.name}
        for gone in self._owned.keys() - mine:
            self._let_go(gone)
        for new in mine - self._owned.keys():
            self._owned[new] = Owned(
                self._engine,
                self._law,
                self._topic,
                new,
                holder=self.holder,
                institutions_max=max(1, self._institutions_max // len(mine)),
            )
        self._faults.pop("group", None)
        self.metrics.partitions.set(len(mine))
        _log.info("assigned", partitions=sorted(mine))

    async def _revoked(self, *told: Any, **_: Any) -> None:  # noqa: ANN401 -- a signal's shape
        # Every rebalance revokes all and assigns most of them again: memory is dropped only of
        # those that do not come back, for the comparison in SQL shows if it is still right.
        _log.info("revoked", partitions=sorted(tp.partition for tp in told[-1]))

    def _let_go(self, partition: int) -> None:
        self._owned.pop(partition, None)
        self._faults.pop(f"partition {partition}", None)
        self.metrics.forget(partition)

    async def _take(self, event: Any) -> None:  # noqa: ANN401 -- Faust's own type is unannotated
        message = event.message
        partition = message.partition
        back_off = BACK_OFF_SECONDS
        while not self.app.should_stop:
            owned = self._owned.get(partition)
            if owned is None or not owned.is_claimed:
                return  # not acknowledged: whoever claims it reads from where SQL says
            seen_at = utc_text(datetime.fromtimestamp(message.timestamp, UTC))
            take = partial(owned.take, message.value or b"", message.offset, seen_at)
            taken = await self._in_thread(partition, take)
            if taken is not None:
                self._note(partition, taken)
                if taken.how in (How.TAKEN, How.KNOWN):
                    event.ack()
                return
            await asyncio.sleep(back_off)
            back_off = min(2 * back_off, BACK_OFF_SECONDS_MAX)

    def _note(self, partition: int, taken: Taken) -> None:
        self.metrics.taken(partition, taken.how.name.lower(), taken.facts, taken.seconds)
        if taken.how is How.FENCED:
            # Whoever fenced us may be right: the group tells within two heartbeats.
            self._retry_at[partition] = monotonic() + FENCED_SECONDS
        elif taken.how is not How.BEYOND:
            self._moved_at[partition] = monotonic()

    # ---- what the clock tells ----

    async def _keep_ticking(self) -> None:
        # Faust's own timers complain of every tick that takes longer than it should.
        try:
            while not self.app.should_stop:
                if monotonic() - self._agreed_at > AGREED_SECONDS:
                    await self._agree()
                await self._tick()
                await asyncio.sleep(TICK_SECONDS)
        finally:
            _end_at_last()

    async def _agree(self) -> None:
        """See that policy and topic are still the same.

        When another policy was adopted the process ends: started again with its files, it goes on.
        """
        self._agreed_at = monotonic()
        try:
            await asyncio.to_thread(agree, self._engine, self._law, self._topic)
        except NotOurs as other:
            _log.error("another policy was adopted", why=str(other))
            self._disagrees = True
            os.kill(os.getpid(), signal.SIGTERM)
        except SQLAlchemyError as away:
            _log.warning("database away", why=str(away))

    async def _tick(self) -> None:
        for partition, owned in list(self._owned.items()):
            if owned.is_claimed and not self._is_stuck(partition, owned):
                caught_up = await self._in_thread(partition, owned.catch_up)
                if caught_up is not None and caught_up.how is not How.TAKEN:
                    self._note(partition, caught_up)
            elif monotonic() >= self._retry_at.get(partition, 0):
                await self._claim(partition, owned)
            self.metrics.stale(partition, owned.stale)
            self._measure_lag(partition, owned)

    def _is_stuck(self, partition: int, owned: Owned) -> bool:
        """Whether messages are there and none comes.

        Faust drops what it reads anew after a seek if it had read beyond in the same moment. A
        partition may also wait for its turn behind others, but not for ever.
        """
        if self._turn.locked() or self._end(partition) <= owned.wanted:
            return False
        idle = monotonic() - max(self._moved_at.values(), default=0.0)
        waited = monotonic() - self._moved_at.get(partition, 0.0)
        return idle > STUCK_SECONDS or waited > STUCK_SECONDS_BUSY

    async def _claim(self, partition: int, owned: Owned) -> None:
        self._retry_at[partition] = monotonic() + BACK_OFF_SECONDS_MAX
        wanted = await self._in_thread(partition, partial(self._claimed, owned))
        place = TP(self._topic.name, partition)
        if wanted is not None and place in self.app.consumer.assignment():
            self.metrics.sought(partition)
            await self.app.consumer.seek_wait({place: wanted})
            self._moved_at[partition] = monotonic()
            self._retry_at.pop(partition, None)

    def _claimed(self, owned: Owned) -> int:
        topic, first_offsets = self._watch.look()
        return owned.claim(topic, first_offsets[owned.partition])

    async def _in_thread(self, partition: int, work: Callable[[], Result]) -> Result | None:
        """The work's result, None if it failed: then /ready says why, and it is tried again."""
        name = f"partition {partition}"
        async with self._turn:
            try:
                result = await asyncio.to_thread(work)
            except Exception as error:  # noqa: BLE001 -- nothing may leave the agent: Faust would
                # acknowledge the message and lose it.
                why = f"{type(error).__name__}: {error}"
                if self._faults.get(name) != why:
                    expected = isinstance(error, EXPECTED)
                    _log.error("stuck", partition=partition, why=why, exc_info=not expected)
                self._faults[name] = why
                self.metrics.failed(partition)
                return None
        self._faults.pop(name, None)
        return result

    def _measure_lag(self, partition: int, owned: Owned) -> None:
        self.metrics.lag(partition, max(0, self._end(partition) - owned.wanted))

    def _end(self, partition: int) -> int:
        """The offset after the last message that the broker told of, 0 when it told none yet."""
        place = TP(self._topic.name, partition)
        if place not in self.app.consumer.assignment():
            return 0
        return self.app.consumer.highwater(place) or 0


def _end_at_last() -> None:
    """End the process if Faust cannot: it waits for ever to leave the group of a dead broker."""

    def end() -> None:
        _log.warning("ended without leaving the group: the broker does not answer")
        os._exit(0)  # nothing is lost: what is not committed in SQL was never acknowledged

    timer = threading.Timer(LEAVE_SECONDS, end)
    timer.daemon = True
    timer.start()


def run(
    engine: Engine,
    law: Law,
    bootstrap: str,
    topic_name: str,
    *,
    metrics_host: str,
    metrics_port: int,
    institutions_max: int,
) -> int:
    """Work as one of the group until told to stop; the exit code."""
    collect_rarely()
    with closing(Watch(bootstrap, topic_name)) as watch:
        topic, _ = watch.look()
    agree(engine, law, topic)
    asyncio.set_event_loop(asyncio.new_event_loop())
    with tempfile.TemporaryDirectory(prefix="escrow-worker-") as scratch:
        worker = Worker(
            engine, law, bootstrap, topic, institutions_max=institutions_max, scratch=scratch
        )
        page = serve(metrics_host, metrics_port, worker.registry, worker.faults)
        _log.info("worker", holder=worker.holder, page=f"http://{metrics_host}:{page.server_port}")
        try:
            return worker.run()
        finally:
            page.shutdown()
