"""What becomes of a delivery before its facts are told: files registered, receipts, days to close.

Both runners receive files in this way; they differ only in where the facts go.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
import structlog
from sqlalchemy import Connection, Engine

from models.store import files
from models.store.engine import reading, writing
from streams.feeds import intake
from streams.feeds.archive import Archive
from streams.feeds.intake import ProvedFile
from streams.feeds.receipts import Receipt

BATCH_FACTS = 5_000

_log = structlog.get_logger()


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

    def count(self, proved: ProvedFile, receipt: Receipt) -> None:
        """Count a file in by its receipt."""
        self.files += 1
        self.entries += receipt.entries
        self.facts += proved.facts
        self.held += receipt.held
        self.refused += receipt.outcome == "refused"
        if receipt.outcome != "accepted":
            self.problems.append(receipt)


class Reception:
    """Takes proved files in, and keeps count of them in a summary."""

    def __init__(self, engine: Engine, archive: Archive, summary: Summary) -> None:
        self.summary = summary
        self._engine = engine
        self._archive = archive

    def register(self, group: list[ProvedFile], seen_at: str) -> dict[str, ProvedFile]:
        """Register what is new or is read otherwise than before; just that, by SHA-256.

        A file is the same if its receipt is: the same bytes may be read otherwise on a later day,
        when a period is over, or by a later release.
        """
        fresh: dict[str, tuple[ProvedFile, Receipt]] = {}
        with writing(self._engine) as connection:
            known = files.find(connection, (one.sha256 for one in group))
            for one in group:
                receipt = one.receipt()
                self.summary.count(one, receipt)
                old = known.get(one.sha256)
                is_same = old and old.state != "proved" and _is_same(old.receipt, receipt)
                is_done = is_same and not one.is_again
                if is_done or (old and one.is_objected) or one.sha256 in fresh:
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

    def unfinished(self, coming: set[str], today: date) -> list[ProvedFile]:
        """Files that a killed process left half told, proved again, unless they come anyway."""
        with reading(self._engine) as connection:
            left = [one for one in files.read(connection, "proved") if one.sha256 not in coming]
        group = []
        for one in left:
            path = self._archive.path(one.sha256)
            if path.exists():
                group.append(intake.prove(path, today, one.name))
            else:
                _log.error("half-journaled file is not in the archive: deliver it again", file=one)
        return group


def receipts_of(
    connection: Connection, done: Summary, delivered: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Receipt]:
    """What became of deliveries, by SHA-256 and name; without those that are still half told."""
    problems = {(one.sha256, one.name): one for one in done.problems}
    pairs = list(delivered)
    known = files.find(connection, {sha256 for sha256, _ in pairs})
    receipts = {}
    for sha256, name in pairs:
        row = known.get(sha256)
        receipt = problems.get((sha256, name))
        if receipt is None and row is not None and row.state != "proved":
            receipt = msgspec.json.decode(row.receipt, type=Receipt)
        if receipt is not None:
            receipts[sha256, name] = msgspec.structs.replace(receipt, name=name)
    return receipts


def days_to_close(group: list[ProvedFile], closed: date | None, latest: date) -> list[date]:
    """Each day singly up to the last end of a statement that proves, not past the latest."""
    closing = [one for proved in group for one in proved.statements if one.closes]
    if not closing:
        return []
    first = closed + timedelta(days=1) if closed else min(one.begins for one in closing)
    last = min(latest, max(one.ends for one in closing))
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]


def batches_total(proved: ProvedFile) -> int:
    """How many batches the facts of a file fill in the embedded runner."""
    return -(-proved.facts // BATCH_FACTS)


def _file_row(proved: ProvedFile, receipt: Receipt, seen_at: str) -> files.File:
    total = batches_total(proved)
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


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """A moment as the store keeps it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
