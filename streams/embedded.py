"""Files into a store in one process: the thin runner without Kafka, one partition, no server.

A folder is played in the order of its days and each day is closed, so that the history of findings
is the one that a live system would have had.
"""

import os
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
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
from streams.feeds import intake
from streams.feeds.archive import Archive
from streams.feeds.intake import ProvedFile
from streams.feeds.receipts import Receipt
from streams.monitor import Batch, Monitor, Outcome

BATCH_FACTS = 5_000
LOCK_RENEWED_SECONDS = 10
LOCK_STALE_SECONDS = 60

# What is being done, how much of it is done, how much there is.
Notify = Callable[[str, int, int], None]

_log = structlog.get_logger()


class StoreLocked(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """Another process is writing this partition."""


class Summary(msgspec.Struct, kw_only=True):
    """What an ingest did. `seen` files were delivered before and changed nothing.

    `problems` are the receipts of the files that were refused or of which something is held.
    """

    files: int = 0
    seen: int = 0
    entries: int = 0
    facts: int = 0
    facts_new: int = 0
    raised: int = 0
    changed: int = 0
    cleared: int = 0
    standing: int = 0
    refused: int = 0
    held: int = 0
    parked: tuple[str, ...] = ()
    closed_day: date | None = None
    seconds: float = 0.0
    problems: list[Receipt] = []

    @property
    def facts_per_second(self) -> int:
        """The pace of the whole, reading included."""
        return round(self.facts / self.seconds) if self.seconds else 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was refused, held or parked."""
        return not (self.refused or self.held or self.parked)


def rehearse(paths: Iterable[Path], today: date) -> Summary:
    """What an ingest would accept, hold and refuse; needs no store and leaves no trace."""
    begun = perf_counter()
    summary = Summary()
    for _, group in intake.plan(paths, today):
        for proved in group:
            _count(summary, proved, proved.receipt())
    summary.seconds = perf_counter() - begun
    return summary


def ingest(
    paths: Iterable[Path],
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
    groups = intake.plan(paths, today, archive)
    with holding(engine, "partition 0") as renew:
        player = _Player(engine, law, archive=archive, today=today, renew=renew, notify=notify)
        player.expect(sum(proved.facts for _, group in groups for proved in group))
        player.finish_unfinished({proved.sha256 for _, group in groups for proved in group})
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


@contextmanager
def holding(engine: Engine, name: str) -> Iterator[Callable[[], None]]:
    """Hold a name in the store while the block runs; gives what renews it from time to time.

    The lock only spares two processes vain work: what keeps them apart is the offset. So one whose
    process is gone, or that was not renewed for a minute, is taken over.
    """
    holder = f"{socket.gethostname()} {os.getpid()}"
    renewed_at = _now()
    with writing(engine) as connection:
        other = progress.lock(connection, name)
        if other is not None and _is_alive(other, holder, renewed_at):
            raise StoreLocked(
                f"{name} has been held by process {other.holder} since {other.taken_at};"
                f" wait until it is done, or {LOCK_STALE_SECONDS} seconds if it is gone"
            )
        progress.take_lock(connection, name, Lock(holder, _text(renewed_at)))

    def renew() -> None:
        nonlocal renewed_at
        if (_now() - renewed_at).total_seconds() >= LOCK_RENEWED_SECONDS:
            renewed_at = _now()
            with writing(engine) as connection:
                progress.take_lock(connection, name, Lock(holder, _text(renewed_at)))

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
        self._archive = archive
        self._today = today
        self._renew = renew
        self._notify = notify
        self._facts_done = self._facts_total = 0
        self._tally(self.monitor.refresh())
        self._offset = self.monitor.progress.next_offset
        self._waiting: Batch | None = None

    def expect(self, facts: int) -> None:
        """Tell how many facts there will be, for the display of progress."""
        self._facts_total = facts

    def finish_unfinished(self, coming: set[str]) -> None:
        """Play the files that a killed process left half-journaled, unless they come anyway."""
        with reading(self._engine) as connection:
            left = [one for one in files.read(connection, "proved") if one.sha256 not in coming]
        group = []
        for one in left:
            path = self._archive.path(one.sha256)
            if path.exists():
                group.append(intake.prove(path, self._today, one.name))
            else:
                _log.error("half-journaled file is not in the archive: deliver it again", file=one)
        self.play(group)
        self._hand_waiting()

    def play(self, group: list[ProvedFile]) -> None:
        """Register the files of a day and journal those that were not done before.

        Small files share a batch, so that an institution is judged once for all of them. Which
        share one depends on the whole group alone: a rerun after a crash makes the same history.
        The last batch waits for close(), so that its institutions are judged once with both.
        """
        coming = self._register(group, seen_at := _text(_now()))
        for pack in _packs(group):
            fresh = [coming.pop(one.sha256) for one in pack if one.sha256 in coming]
            if sum(one.facts for one in fresh) <= BATCH_FACTS:
                told = [telling for one in fresh for telling in intake.told(one)]
                parts = tuple((one.sha256, 1, 1) for one in fresh if one.facts)
                if told:
                    self._wait(Batch(0, told, parts=parts, seen_at=seen_at))
                continue
            (large,) = fresh
            total = _batches_total(large)
            for number, told in enumerate(intake.batches(large, BATCH_FACTS), start=1):
                parts = ((large.sha256, number, total),)
                self._wait(Batch(0, told, parts=parts, seen_at=seen_at))

    def _register(self, group: list[ProvedFile], seen_at: str) -> dict[str, ProvedFile]:
        """Register what is new or is read otherwise than before; just that, by SHA-256.

        A file is the same if its receipt is: the same bytes may be read otherwise on a later day,
        when a period is over, or by a later release.
        """
        fresh: dict[str, tuple[ProvedFile, Receipt]] = {}
        with writing(self._engine) as connection:
            known = files.find(connection, (one.sha256 for one in group))
            for one in group:
                receipt = one.receipt()
                _count(self.summary, one, receipt)
                old = known.get(one.sha256)
                is_done = old and old.state != "proved" and _is_same(old.receipt, receipt)
                if is_done or one.sha256 in fresh:
                    self.summary.seen += 1
                else:
                    fresh[one.sha256] = (one, receipt)
            rows = [_file_row(one, receipt, seen_at) for one, receipt in fresh.values()]
            held = {sha: list(_held_rows(one)) for sha, (one, _) in fresh.items() if one.held}
            waiting = files.waiting_statements(connection)
            numbers = files.register(connection, rows, held)
            for sha256, (one, _) in fresh.items():
                closing = {
                    (proof.account, proof.statement) for proof in one.statements if proof.closes
                }
                files.supersede(connection, numbers[sha256], closing & waiting)
        for sha256, (_, receipt) in fresh.items():
            self._archive.put_receipt(sha256, msgspec.json.encode(receipt))
        return {sha256: one for sha256, (one, _) in fresh.items()}

    def close(self, group: list[ProvedFile], latest: date) -> None:
        """Close each day singly up to the last end of a statement that proves."""
        closing = [one for proved in group for one in proved.statements if one.closes]
        days: list[date] = []
        if closing:
            closed = self.monitor.progress.closed_day
            first = closed + timedelta(days=1) if closed else min(one.begins for one in closing)
            last = min(latest, max(one.ends for one in closing))
            days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
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
            self._hand(Batch(0, told, seen_at=_text(_now())))
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


def _count(summary: Summary, proved: ProvedFile, receipt: Receipt) -> None:
    summary.files += 1
    summary.entries += receipt.entries
    summary.facts += proved.facts
    summary.held += receipt.held
    summary.refused += receipt.outcome == "refused"
    if receipt.outcome != "accepted":
        summary.problems.append(receipt)


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


def _batches_total(proved: ProvedFile) -> int:
    return -(-proved.facts // BATCH_FACTS)


def _file_row(proved: ProvedFile, receipt: Receipt, seen_at: str) -> files.File:
    total = _batches_total(proved)
    state: files.State = "proved"
    if receipt.outcome == "refused":
        state = "refused"
    elif total == 0:
        state = "held" if proved.is_held else "done"
    return files.File(
        sha256=proved.sha256,
        name=proved.name,
        size_bytes=proved.size_bytes,
        format=proved.format,
        state=state,
        received_at=seen_at,
        day=proved.day,
        batches_total=total,
        receipt=msgspec.json.encode(receipt).decode(),
    )


def _held_rows(proved: ProvedFile) -> Iterator[files.Held]:
    for one in proved.held:
        yield files.Held(
            position=one.position,
            reason=one.reason,
            statement=one.statement,
            account=one.account,
            body=one.body,
        )


def _is_same(stored: str, receipt: Receipt) -> bool:
    old = msgspec.json.decode(stored, type=Receipt)
    return old == msgspec.structs.replace(receipt, name=old.name)


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


def _now() -> datetime:
    return datetime.now(UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
