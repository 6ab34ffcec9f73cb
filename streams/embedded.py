"""Files into a store in one process: the thin runner without Kafka, one partition, no server.

A folder is played in the order of its days and each day is closed, so that the history of findings
is the one that a live system would have had.
"""

import os
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from time import perf_counter

import msgspec
import structlog
from sqlalchemy import Engine

from alerts.evaluation import Law
from models.store import files, findings, institutions, progress
from models.store.engine import reading, writing
from models.store.progress import Lock
from streams import accepting
from streams.collecting import collect_rarely
from streams.feeds import intake, planning
from streams.feeds.archive import Archive
from streams.feeds.folder import Delivered
from streams.feeds.intake import ProvedFile
from streams.monitor import Batch, Monitor, Outcome
from streams.reception import (
    BATCH_FACTS,
    Reception,
    Summary,
    batches_total,
    days_to_close,
    now,
    utc_text,
)

LOCK_RENEWED_SECONDS = 10
LOCK_STALE_SECONDS = 60

# What is being done, how much of it is done, how much there is.
Notify = Callable[[str, int, int], None]

_log = structlog.get_logger()


class StoreLocked(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """Another process is writing this partition."""


def rehearse(paths: Iterable[Delivered], today: date) -> Summary:
    """What an ingest would accept, hold and refuse; needs no store and leaves no trace."""
    begun = perf_counter()
    summary = Summary()
    for _, group in planning.plan(paths, today):
        for proved in group:
            summary.count(proved, proved.receipt())
    summary.seconds = perf_counter() - begun
    return summary


def ingest(
    paths: Iterable[Delivered],
    engine: Engine,
    law: Law,
    archive: Archive,
    *,
    today: date,
    as_of: date | None = None,
    notify: Notify | None = None,
) -> Summary:
    """Archive, prove and play files and folders, closing no day after `as_of` or today.

    StoreLocked: another process is at it. OffsetMoved: another process took over.
    """
    begun = perf_counter()
    collect_rarely()
    groups = planning.plan(paths, today, archive)
    with holding(engine, "partition 0") as renew:
        player = _Player(engine, law, archive=archive, today=today, renew=renew, notify=notify)
        player.expect(sum(proved.facts for _, group in groups for proved in group))
        player.finish_unfinished({proved.sha256 for _, group in groups for proved in group})
        player.free_accepted()
        for _, group in groups:
            player.play(group)
            player.close(group, min(today, as_of or today))
            player.free_accepted()
    summary = player.summary
    summary.closed_day = player.monitor.progress.closed_day
    with reading(engine) as connection:
        summary.standing = len(findings.bodies(connection))
        made = institutions.read(connection)
    summary.parked = tuple(name for name, one in made.items() if one.error)
    summary.seconds = perf_counter() - begun
    return summary


def judge_anew(engine: Engine, law: Law, notify: Notify | None = None) -> Outcome:
    """Judge whoever was judged by another law, though no facts come.

    StoreLocked and OffsetMoved as in `ingest`.
    """
    with holding(engine, "partition 0") as renew:
        return Monitor(engine, law).refresh(_telling(renew, notify))


def _telling(renew: Callable[[], None], notify: Notify | None) -> Callable[[int, int], None]:
    """Keep the lock and show progress after each slice that was judged anew."""

    def told(done: int, total: int) -> None:
        renew()
        if notify:
            notify("judging anew", done, total)

    return told


@contextmanager
def holding(engine: Engine, name: str) -> Iterator[Callable[[], None]]:
    """Hold a name in the store while the block runs; gives what renews it from time to time.

    The lock only spares two processes vain work: what keeps them apart is the offset. So one whose
    process is gone, or that was not renewed for a minute, is taken over.
    """
    holder = f"{socket.gethostname()} {os.getpid()}"
    renewed_at = now()
    with writing(engine) as connection:
        other = progress.lock(connection, name)
        if other is not None and _is_alive(other, holder, renewed_at):
            raise StoreLocked(
                f"{name} has been held by process {other.holder} since {other.taken_at};"
                f" wait until it is done, or {LOCK_STALE_SECONDS} seconds if it is gone"
            )
        progress.take_lock(connection, name, Lock(holder, utc_text(renewed_at)))

    def renew() -> None:
        nonlocal renewed_at
        if (now() - renewed_at).total_seconds() >= LOCK_RENEWED_SECONDS:
            renewed_at = now()
            with writing(engine) as connection:
                progress.take_lock(connection, name, Lock(holder, utc_text(renewed_at)))

    try:
        yield renew
    finally:
        with writing(engine) as connection:
            progress.release_lock(connection, name, holder)


class _Player:
    """Hands the facts of proved files to the monitor, and keeps count."""

    def __init__(
        self,
        engine: Engine,
        law: Law,
        *,
        archive: Archive,
        today: date,
        renew: Callable[[], None],
        notify: Notify | None,
    ) -> None:
        self.summary = Summary()
        self.monitor = Monitor(engine, law)
        self._engine = engine
        self._reception = Reception(engine, archive, self.summary)
        self._today = today
        self._renew = renew
        self._notify = notify
        self._facts_done = self._facts_total = 0
        self._tally(self.monitor.refresh(_telling(renew, notify)))
        self._offset = self.monitor.progress.next_offset
        self._waiting: Batch | None = None

    def expect(self, facts: int) -> None:
        """Tell how many facts there will be, for the display of progress."""
        self._facts_total = facts

    def finish_unfinished(self, coming: set[str]) -> None:
        """Play the files that a killed process left half-journaled, unless they come anyway."""
        self.play(self._reception.unfinished(coming, self._today))
        self._hand_waiting()

    def play(self, group: list[ProvedFile]) -> None:
        """Register the files of a day and journal those that were not done before.

        Small files share a batch, so that an institution is judged once for all of them. Which
        share one depends on the whole group alone: a rerun after a crash makes the same history.
        The last batch waits for close(), so that its institutions are judged once with both.
        """
        coming = self._reception.register(group, seen_at := utc_text(now()))
        for pack in _packs(group):
            fresh = [coming.pop(one.sha256) for one in pack if one.sha256 in coming]
            if sum(one.facts for one in fresh) <= BATCH_FACTS:
                told = [telling for one in fresh for telling in intake.told(one)]
                parts = tuple((one.sha256, 1, 1) for one in fresh if one.facts)
                if told:
                    self._wait(Batch(0, told, parts=parts, seen_at=seen_at))
                continue
            (large,) = fresh
            total = batches_total(large)
            for number, told in enumerate(intake.batches(large, BATCH_FACTS), start=1):
                parts = ((large.sha256, number, total),)
                self._wait(Batch(0, told, parts=parts, seen_at=seen_at))

    def close(self, group: list[ProvedFile], latest: date) -> None:
        """Close each day singly up to the last end of a statement that proves."""
        days = days_to_close(group, self.monitor.progress.closed_day, latest)
        if self._waiting is not None and days:
            self._waiting = msgspec.structs.replace(self._waiting, close=days.pop(0))
        self._hand_waiting()
        for day in days:
            self._hand(Batch(0, close=day))

    def free_accepted(self) -> None:
        """Tell what was held of statements that an officer accepted."""
        with reading(self._engine) as connection:
            if not files.held_count(connection):
                return
            parts = accepting.freed(connection)
        if parts:
            told = [part.telling for part in parts]
            self._hand(Batch(0, told, seen_at=utc_text(now())))
            with writing(self._engine) as connection:
                accepting.release(connection, parts)

    def _wait(self, batch: Batch) -> None:
        self._hand_waiting()
        self._waiting = batch

    def _hand_waiting(self) -> None:
        if self._waiting is not None:
            self._hand(self._waiting)
            self._waiting = None

    def _hand(self, batch: Batch) -> None:
        self._tally(self.monitor.handle(msgspec.structs.replace(batch, offset=self._offset)))
        self._offset += 1
        self._renew()
        if self._notify and batch.told:
            self._facts_done += len(batch.told)
            self._notify("journaling", self._facts_done, max(self._facts_done, self._facts_total))

    def _tally(self, outcome: Outcome) -> None:
        counts = Counter(change.change for change in outcome.changes)
        summary = self.summary
        summary.facts_new += outcome.facts_new
        summary.raised += counts["raised"]
        summary.changed += counts["changed"]
        summary.cleared += counts["cleared"]


def _packs(group: list[ProvedFile]) -> Iterator[list[ProvedFile]]:
    """Files that follow each other and together fill at most one batch; a large one alone."""
    pack: list[ProvedFile] = []
    facts = 0
    for proved in group:
        if pack and facts + proved.facts > BATCH_FACTS:
            yield pack
            pack, facts = [], 0
        pack.append(proved)
        facts += proved.facts
    yield pack


def _is_alive(other: Lock, holder: str, now: datetime) -> bool:
    if other.holder == holder:
        return False
    if (now - datetime.fromisoformat(other.taken_at)).total_seconds() > LOCK_STALE_SECONDS:
        return False
    host, _, process = other.holder.rpartition(" ")
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
