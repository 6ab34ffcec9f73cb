"""One partition as its owner sees it, without any broker: take a message, catch up, be fenced.

The offset in SQL says which message is wanted. What the broker delivers is only an offer.
"""

from enum import Enum, auto
from time import perf_counter

import msgspec
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError

from alerts.evaluation import Law
from models.store import adopted, progress
from models.store.engine import writing
from models.store.progress import OffsetMoved
from streams import tellings, wire
from streams.monitor import Monitor, OffsetGap, Outcome
from streams.topics import Topic

STALE_AT_ONCE = 20

_log = structlog.get_logger()


class NotOurs(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """This process must not touch the store: it would judge or route differently from others."""


class Hole(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """The broker no longer holds the message that is wanted."""


class How(Enum):
    """What became of an offered message."""

    TAKEN = auto()
    KNOWN = auto()
    BEYOND = auto()
    FENCED = auto()


class Taken(msgspec.Struct, frozen=True):
    """How a message was taken, and what it did; `seconds` it took."""

    how: How
    outcome: Outcome = Outcome()
    facts: int = 0
    held: int = 0
    seconds: float = 0.0


class Owned:
    """A partition of a topic, claimed for one process by its `holder` name."""

    def __init__(
        self,
        engine: Engine,
        law: Law,
        topic: Topic,
        partition: int,
        *,
        holder: str,
        institutions_max: int,
    ) -> None:
        self.partition = partition
        self.wanted = 0
        self.is_claimed = False
        self.identity = ""
        self._engine = engine
        self._topic = topic
        self._stale: list[str] = []
        self._monitor = Monitor(
            engine,
            law,
            partition=partition,
            partitions=topic.partitions,
            holder=holder,
            institutions_max=institutions_max,
        )

    def claim(self, topic: Topic, first_offset: int) -> int:
        """Take the partition over; the offset to read from.

        `topic` and the first offset that it still holds are as the broker says now. Hole: that
        lies beyond what is wanted. NotOurs: the store counts in another topic.
        """
        self.is_claimed = False
        if topic.partitions != self._topic.partitions:
            raise NotOurs(f"topic {topic.name} has {topic.partitions} partitions now")
        at = self._monitor.claim()
        with writing(self._engine) as connection:
            counted_in = progress.topic(connection, self.partition)
            if counted_in is None:
                progress.set_topic(connection, self.partition, topic.identity)
        if counted_in not in (None, topic.identity):
            raise NotOurs(
                f"the store counts partition {self.partition} in topic {counted_in}, the topic"
                f" {topic.name} is now {topic.identity}: it was made again;"
                " `escrow gateway --replay-archive` begins with it"
            )
        if first_offset > at.next_offset:
            raise Hole(
                f"{self._topic.name}[{self.partition}]: {at.next_offset} is wanted,"
                f" {first_offset} is the oldest that the broker holds;"
                " `escrow gateway --replay-archive` closes the hole"
            )
        self._stale = self._monitor.stale()
        self.wanted = at.next_offset
        self.identity = topic.identity
        self.is_claimed = True
        return self.wanted

    def take(self, value: bytes, offset: int, seen_at: str) -> Taken:
        """Journal and judge a message if it is the wanted one."""
        if offset < self.wanted:
            return Taken(How.KNOWN)
        begun = perf_counter()
        place = f"{self._topic.name}[{self.partition}]"
        batch = wire.decode(value, offset, place, seen_at)
        try:
            try:
                outcome = self._monitor.handle(batch)
            except (DataError, IntegrityError):
                # The database would refuse it for ever: what it refuses is held, so that the rest
                # goes on. If no fact is at fault the same error comes again, and stops us.
                refused = tellings.unstorable(self._engine, batch.told, seen_at)
                batch = wire.without(batch, refused, place)
                outcome = self._monitor.handle(batch)
        except OffsetGap as gap:
            return self._lost(How.BEYOND, gap)
        except OffsetMoved as moved:
            return self._lost(How.FENCED, moved)
        self.wanted = offset + 1
        how = How.KNOWN if outcome.skipped else How.TAKEN
        seconds = perf_counter() - begun
        return Taken(how, outcome, len(batch.told), len(batch.held), seconds)

    def catch_up(self) -> Taken:
        """Judge whom others woke, and a slice of those judged under another law."""
        begun = perf_counter()
        try:
            outcome = self._monitor.wake()
            if self._stale:
                some, self._stale = self._stale[:STALE_AT_ONCE], self._stale[STALE_AT_ONCE:]
                outcome = self._monitor.renew(some)
        except OffsetMoved as moved:
            return self._lost(How.FENCED, moved)
        if self._monitor.progress.next_offset != self.wanted:
            return self._lost(How.BEYOND, "the store was set back")
        return Taken(How.TAKEN, outcome, seconds=perf_counter() - begun)

    def _lost(self, how: How, why: object) -> Taken:
        """The partition must be claimed again before anything else of it is taken."""
        self.is_claimed = False
        _log.warning(how.name.lower(), partition=self.partition, why=str(why))
        return Taken(how)

    @property
    def stale(self) -> int:
        """How many institutions are still to be judged anew."""
        return len(self._stale)


def agree(engine: Engine, law: Law, topic: Topic) -> None:
    """Adopt policy and number of partitions if this is the first process; NotOurs if they differ.

    A worker with another policy would judge its institutions by another law than its neighbours.
    """
    with writing(engine) as connection:
        policy = adopted.adopt_first(connection, adopted.POLICY, law.policy.digest())
        partitions = adopted.adopt_first(connection, adopted.PARTITIONS, str(topic.partitions))
    if policy != law.policy.digest():
        raise NotOurs(
            f"the installation adopted policy {policy}, this process has {law.policy.digest()};"
            " start it with the adopted files, or adopt these with `escrow policy adopt`"
        )
    if partitions != str(topic.partitions):
        raise NotOurs(
            f"the store was begun with {partitions} partitions, topic {topic.name} has"
            f" {topic.partitions}"
        )
