"""The shell around the rules: one batch of tellings is one SQL transaction.

Both runners call `Monitor.handle` and hold no logic of their own. What is in memory is a replay of
the journal and may be dropped at any time; the offset in SQL is the truth.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, Engine

from alerts.evaluation import CODE_VERSION, Law, Supervision
from models import facts as f
from models.findings import Change, Finding, Key, difference
from models.identity import account_of_nobody, nobody_of
from models.keys import DECODER
from models.partitions import partition_of
from models.store import dialect, files, findings, institutions, journal, progress, wakes
from models.store.engine import reading, writing
from models.store.institutions import Evaluated, Versions
from models.store.journal import JournalRow, Stated
from models.store.progress import OffsetMoved, Progress
from streams import accepting, tellings

INSTITUTIONS_MAX = 5_000
STALE_AT_ONCE = 100


class OffsetGap(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """A batch lies beyond the wanted offset: those between have to come first."""


class Batch(msgspec.Struct, frozen=True):
    """What is handled at once. `seen_at` is UTC; a close comes after what the batch tells.

    `parts` says what of which files it holds: SHA-256, number and total, counted from 1. `held`
    are files, of which nothing was told, with what is held of them.
    """

    offset: int
    told: Sequence[f.Told] = ()
    close: date | None = None
    parts: tuple[tuple[str, int, int], ...] = ()
    held: tuple[tuple[files.File, files.Held], ...] = ()
    seen_at: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What a batch did. `skipped`: it was handled before and changed nothing."""

    skipped: bool = False
    facts_new: int = 0
    changes: tuple[Change, ...] = ()
    parked: tuple[str, ...] = ()


def versions_of(law: Law) -> Versions:
    """With what an evaluation under this law is made."""
    return Versions(law.policy.digest(), law.calendar.digest(), CODE_VERSION)


class Monitor:
    """Keeps the standing findings of one partition up to date with its journal.

    Of `partitions` this one judges its own institutions alone; facts of others are journaled and
    their owner is woken. `holder` names the process that claimed the partition.
    """

    def __init__(
        self,
        engine: Engine,
        law: Law,
        *,
        partition: int = 0,
        partitions: int = 1,
        holder: str = "",
        institutions_max: int = INSTITUTIONS_MAX,
    ) -> None:
        self._engine = engine
        self._law = law
        self._versions = versions_of(law)
        self._partition = partition
        self._partitions = partitions
        self._holder = holder
        self._institutions_max = institutions_max
        self._memory: OrderedDict[str, Supervision] = OrderedDict()
        self._at: Progress | None = None  # None: nothing in memory may be believed
        self._known: set[str] = set()
        self._owners: dict[str, set[str]] = {}
        self._streams: dict[str, set[str]] = {}

    @property
    def progress(self) -> Progress:
        """Where the partition stands: the next offset and the closed day."""
        with reading(self._engine) as connection:
            return progress.read(connection, self._partition)

    def claim(self) -> Progress:
        """Take the partition over from whoever held it; where it stands."""
        self._forget()
        with writing(self._engine) as connection:
            return progress.claim(connection, self._partition, self._holder)

    def handle(self, batch: Batch) -> Outcome:
        """Journal a batch, judge whom it touches and move the offset on: all of it or nothing.

        OffsetGap: an earlier batch is missing. OffsetMoved: another process writes the partition.
        """
        contents, keys = journal.gather(batch.told)
        try:
            with writing(self._engine) as connection:
                at = self._stand(connection)
                if not self._is_wanted(batch, at):
                    return Outcome(skipped=True)
                tellings.write_held(connection, batch.held)
                new = tellings.write(connection, batch.told, contents, keys, batch.seen_at)
                if any(isinstance(one.fact, f.StatementAccepted) for one in contents):
                    freed, freed_new = accepting.tell(connection, batch.seen_at)
                    contents, new = contents + freed, new + freed_new
                closed_day = _later(at.closed_day, batch.close)
                after = Progress(at.next_offset + 1, closed_day, at.holder)
                touched = self._route(connection, contents)
                if closed_day != at.closed_day:
                    touched = {one: touched.get(one, []) for one in self._known | touched.keys()}
                outcome = self._judge(connection, touched, closed_day, new)
                files.journaled(connection, batch.parts)
                progress.advance(connection, self._partition, at, after)
        except BaseException:
            self._forget()
            raise
        self._at = after
        return outcome

    def wake(self) -> Outcome:
        """Judge whom other partitions wrote facts of, though no message comes."""
        try:
            with writing(self._engine) as connection:
                at = self._stand(connection)
                touched = self._woken(connection)
                if not touched:
                    return Outcome()
                outcome = self._judge(connection, touched, at.closed_day, 0)
                progress.advance(connection, self._partition, at, at)
        except BaseException:
            self._forget()
            raise
        return outcome

    def refresh(self, notify: Callable[[int, int], None] | None = None) -> Outcome:
        """Judge anew whoever was judged with another policy, calendar or release, in slices.

        Each slice is a transaction: whoever is killed goes on with the rest. `notify` is told after
        each how many are done, and how many there are.
        """
        outcome = Outcome()
        stale = self.stale()
        for start in range(0, len(stale), STALE_AT_ONCE):
            part = self.renew(stale[start : start + STALE_AT_ONCE])
            outcome = Outcome(
                changes=outcome.changes + part.changes, parked=outcome.parked + part.parked
            )
            if notify:
                notify(min(start + STALE_AT_ONCE, len(stale)), len(stale))
        return outcome

    def renew(self, institutions_: Sequence[str]) -> Outcome:
        """Judge these institutions anew, as one transaction."""
        try:
            with writing(self._engine) as connection:
                at = self._stand(connection)
                some: dict[str, list[Stated]] = {one: [] for one in institutions_}
                outcome = self._judge(connection, some, at.closed_day, 0)
                progress.advance(connection, self._partition, at, at)
        except BaseException:
            self._forget()
            raise
        return outcome

    def stale(self) -> list[str]:
        """Who was judged with another policy, calendar or release, or could not be."""
        with writing(self._engine) as connection:
            closed_day = self._stand(connection).closed_day
            made = institutions.read(connection)
        return [
            name
            for name, one in made.items()
            if self._owns(name)
            and (one.error or one.versions != self._versions or one.day != closed_day)
        ]

    def _is_wanted(self, batch: Batch, at: Progress) -> bool:
        if batch.offset > at.next_offset:
            raise OffsetGap(
                f"partition {self._partition}: batch {batch.offset} came,"
                f" {at.next_offset} is wanted"
            )
        return batch.offset == at.next_offset

    def _forget(self) -> None:
        self._memory.clear()
        self._at = None

    def _stand(self, connection: Connection) -> Progress:
        """Where the partition stands; memory that does not fit to it is dropped."""
        at = progress.read(connection, self._partition)
        if at.holder != self._holder:
            raise OffsetMoved(f"partition {self._partition}: {at.holder or 'nobody'} holds it now")
        if self._at != at:
            progress.start(connection, self._partition)
            self._forget()
            self._at = at
            self._known = {one for one in institutions.read(connection) if self._owns(one)}
            self._owners = {}
            self._streams = {}
            for account, institution in journal.owners(connection):
                self._own(journal.account_stream(account), institution)
        return at

    def _own(self, stream: str, institution: str) -> bool:
        """Remember an owner of an account's stream; whether that is news."""
        owners = self._owners.setdefault(stream, set())
        if institution in owners:
            return False
        owners.add(institution)
        self._streams.setdefault(institution, set()).add(stream)
        return True

    def _owns(self, institution: str) -> bool:
        return partition_of(institution, self._partitions) == self._partition

    def _woken(self, connection: Connection) -> dict[str, list[Stated]]:
        """Whom others wrote facts of: replayed from the journal, their accounts read again."""
        found = wakes.take(connection, self._partition)
        for institution in found:
            self._memory.pop(institution, None)
        unregistered = [account for one in found if (account := account_of_nobody(one))]
        streams = map(journal.account_stream, unregistered)
        pairs = journal.owners(connection, of=found) if found else []
        pairs += journal.owners(connection, streams=streams) if unregistered else []
        for account, institution in pairs:
            self._own(journal.account_stream(account), institution)
        return {institution: [] for institution in found}

    def _route(self, connection: Connection, contents: list[Stated]) -> dict[str, list[Stated]]:
        """Give each content to whom it concerns, and wake the owners of other partitions.

        A newly named owner is dropped from memory: its replay then holds the account's past. Who
        stood in its place until then is asked again: nothing of the account is left to it.
        """
        pairs = {
            (account, content.fact.institution)
            for content in contents
            if isinstance(content.fact, f.AccountStated | f.MerchantCodeStated)
            for account in [journal.account_named(content.fact)]
        }
        if self._partitions > 1:
            self._learn_owners(connection, contents, pairs)
        journal.write_owners(connection, pairs)
        replaced: list[str] = []
        for account, owner in pairs:
            if self._own(journal.account_stream(account), owner):
                self._memory.pop(owner, None)
                replaced.append(nobody_of(account))
        touched = self._woken(connection) if self._partitions > 1 else {}
        others: set[str] = set()
        for one in institutions.among(connection, replaced) if replaced else ():
            self._memory.pop(one, None)
            if self._owns(one):
                touched.setdefault(one, [])
            else:
                others.add(one)
        for content in contents:
            for one in self._concerned(content.stream):
                if self._owns(one):
                    touched.setdefault(one, []).append(content)
                else:
                    others.add(one)
        wakes.write(connection, ((partition_of(one, self._partitions), one) for one in others))
        return touched

    def _concerned(self, stream: str) -> Iterable[str]:
        """Whose facts a stream's are: the institution's, an account's owners', or nobody's."""
        own = journal.institution_of(stream)
        if own is not None:
            return (own,)
        return self._owners.get(stream) or (nobody_of(journal.account_of(stream)),)

    def _learn_owners(
        self, connection: Connection, contents: list[Stated], pairs: set[tuple[str, str]]
    ) -> None:
        """Read who owns the accounts of a batch, as other partitions may have written it.

        The lock lets either us see their owner or them see our facts: both may not miss.
        """
        streams = {content.stream for content in contents if content.stream.startswith("a:")}
        news = {
            (account, owner)
            for account, owner in pairs
            if owner not in self._owners.get(journal.account_stream(account), ())
        }
        if streams:
            dialect.lock_owners(connection, alone=bool(news))
        for account, institution in journal.owners(connection, streams=streams):
            if self._own(journal.account_stream(account), institution):
                self._memory.pop(institution, None)

    def _judge(
        self,
        connection: Connection,
        touched: dict[str, list[Stated]],
        closed_day: date | None,
        facts_new: int,
    ) -> Outcome:
        """Evaluate these institutions and write what changed."""
        changes: list[Change] = []
        evaluated: list[Evaluated] = []
        for institution in sorted(touched):
            found, row = self._evaluate(connection, institution, touched[institution], closed_day)
            changes += found
            evaluated.append(row)
            self._bound_memory()
        findings.write(connection, changes, closed_day)
        institutions.write(connection, evaluated)
        renamed = [
            institution
            for institution, contents in touched.items()
            if any(isinstance(content.fact, f.InstitutionStated) for content in contents)
        ]
        institutions.write_names(connection, renamed)
        self._known.update(touched)
        parked = tuple(row.institution for row in evaluated if row.error)
        return Outcome(facts_new=facts_new, changes=tuple(changes), parked=parked)

    def _evaluate(
        self,
        connection: Connection,
        institution: str,
        contents: list[Stated],
        closed_day: date | None,
    ) -> tuple[list[Change], Evaluated]:
        """The changes of an institution, and the row that says with what it was judged.

        On first touch the whole journal is replayed, this batch included, and compared with the
        stored findings: whatever stood there wrongly is mended by that.
        """
        supervision = self._memory.get(institution)
        stored: dict[Key, Finding] = {}
        rows: list[JournalRow] = []
        if supervision is None:
            stored = findings.standing(connection, institution)
            rows = list(journal.read(connection, self._streams_of(institution)))
        try:
            if supervision is None:
                supervision = replayed(institution, self._law, rows)
                supervision.evaluate(closed_day)
                changes = list(difference(stored, supervision.standing))
            else:
                for one in contents:
                    times = (one.stated_first, one.stated_last)
                    supervision.add(one.fact_id, one.content_hash, one.fact, *times)
                changes = supervision.evaluate(closed_day)
            count = supervision.facts_count
        except Exception as error:  # noqa: BLE001 -- the others must go on
            self._memory.pop(institution, None)
            message = f"{type(error).__name__}: {error}"
            return [], Evaluated(institution, 0, None, self._versions, message)
        self._memory[institution] = supervision
        self._memory.move_to_end(institution)
        return changes, Evaluated(institution, count, closed_day, self._versions)

    def _streams_of(self, institution: str) -> set[str]:
        streams = {journal.institution_stream(institution), *self._streams.get(institution, ())}
        account = account_of_nobody(institution)
        if account is not None and not self._owners.get(journal.account_stream(account)):
            streams.add(journal.account_stream(account))
        return streams

    def _bound_memory(self) -> None:
        while len(self._memory) > self._institutions_max:
            self._memory.popitem(last=False)


def replayed(
    institution: str, law: Law, rows: Iterable[JournalRow], as_of: date | None = None
) -> Supervision:
    """An institution's supervision from rows of the journal, not yet evaluated."""
    supervision = Supervision(institution, law, as_of=as_of)
    for identifier, digest, body, stated_first, stated_last in rows:
        supervision.add(identifier, digest, DECODER.decode(body), stated_first, stated_last)
    return supervision


def _later(closed_day: date | None, close: date | None) -> date | None:
    """The closed day after a close: it never goes back."""
    if closed_day is None or close is None:
        return closed_day or close
    return max(closed_day, close)
