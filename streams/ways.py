"""All ways in that a process which stays looks at, whichever runner it is."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import Connection, Engine

from models import facts as f
from models.keys import encode
from models.store import decisions, deliverers
from models.store.decisions import Task
from models.store.deliverers import Delivery
from models.store.engine import reading, writing
from streams.dropping import DropFolder
from streams.feeds.archive import Archive
from streams.feeds.folder import Arrival
from streams.feeds.rights import Rights
from streams.reception import Summary, receipts_of
from streams.watching import Way

_log = structlog.get_logger()


@contextmanager
def ways_in(engine: Engine, archive: Archive, drops: Iterable[Path]) -> Iterator[list[Way]]:
    """Drop folders, each kept for us alone meanwhile, what came by the API, what was settled.

    DropFolderTaken.
    """
    with ExitStack() as stack:
        folders = [DropFolder(folder, engine, archive) for folder in drops]
        for folder in folders:
            stack.enter_context(folder.held_alone())
        yield [*folders, Received(engine, archive), Decided(engine, archive)]


class Received:
    """What came by the API and was not taken in yet."""

    def __init__(self, engine: Engine, archive: Archive) -> None:
        self._engine = engine
        self._archive = archive
        self._taken: list[Delivery] = []

    def arrivals(self) -> list[Arrival]:
        """Each delivery that waits with what its feed may tell; of the same bytes only the first.

        The others follow at the next look: what one feed may tell, another may not.
        """
        found: dict[str, tuple[Delivery, Arrival]] = {}
        with reading(self._engine) as connection:
            for one in deliverers.waiting(connection):
                path = self._archive.path(one.sha256)
                if not path.exists():
                    _log.error("a delivery is not in the archive: send it again", delivery=one)
                    continue
                rights = rights_of(connection, one.feed)
                arrival = Arrival(path=path, name=one.name, is_archived=True, rights=rights)
                found.setdefault(one.sha256, (one, arrival))
        self._taken = [one for one, _ in found.values()]
        return [arrival for _, arrival in found.values()]

    def settle(self, done: Summary) -> None:
        """Note beside each delivery what became of it."""
        with writing(self._engine) as connection:
            pairs = [(one.sha256, one.name) for one in self._taken]
            receipts = receipts_of(connection, done, pairs)
            outcomes = [
                ("done", msgspec.json.encode(receipts[pair]).decode(), one.delivery)
                for one, pair in zip(self._taken, pairs, strict=True)
                if pair in receipts
            ]
            deliverers.settle(connection, outcomes)


class Decided:
    """What officers settled of what is held or refused; each decision becomes a file of its own."""

    def __init__(self, engine: Engine, archive: Archive) -> None:
        self._engine = engine
        self._archive = archive
        self._taken: list[int] = []

    def arrivals(self) -> list[Arrival]:
        """The decisions as files, and again the files that were resubmitted."""
        self._taken = []
        found = []
        with writing(self._engine) as connection:
            for task in decisions.tasks(connection):
                if task.decision.how == "resubmit":
                    path = self._archive.path(task.about.sha256)
                    if not path.exists():
                        _log.error("a file is not in the archive: deliver it again", file=task)
                        continue
                    found.append(_resubmitted(connection, task, path))
                sha256 = self._archive.put(as_file(task))
                name = f"decision-{task.decision.decision_id}.ndjson"
                path = self._archive.path(sha256)
                found.append(Arrival(path=path, name=name, is_archived=True))
                self._taken.append(task.outbox_id)
        return found

    def settle(self, _done: Summary) -> None:
        """These are taken in."""
        with writing(self._engine) as connection:
            decisions.done(connection, self._taken)


def as_file(task: Task) -> bytes:
    """A decision as lines of JSON: what was decided as a comment, and the fact that it tells."""
    one, about = task.decision, task.about
    words = {
        "decision": one.decision_id,
        "how": one.how,
        "who": one.who,
        "reason": one.reason,
        "decided_at": one.decided_at,
        "sha256": about.sha256,
        "file": about.file_name,
        "position": about.position,
        "held_for": about.reason,
    }
    lines = [b"# ndjson", b"# " + msgspec.json.encode(words)]
    told = b'{"stated_at":%b,"fact":%b}'
    if task.is_statement:
        fact = f.StatementAccepted(
            account=about.account, statement=about.statement, reason=f"{one.who}: {one.reason}"
        )
        lines.append(told % (msgspec.json.encode(one.decided_at), encode(fact)))
    if one.fact:
        lines.append(told % (msgspec.json.encode(one.decided_at), one.fact.encode()))
    return b"".join(line + b"\n" for line in lines)


def _resubmitted(connection: Connection, task: Task, path: Path) -> Arrival:
    feed = deliverers.last_feed(connection, task.about.sha256)
    rights = rights_of(connection, feed) if feed else None
    return Arrival(
        path=path, name=task.about.file_name, is_archived=True, rights=rights, again=True
    )


def rights_of(connection: Connection, name: str) -> Rights:
    """What a feed may tell; a revoked one may still tell what it delivered before."""
    client = deliverers.feed(connection, name)
    assert client is not None, "deliveries keep a foreign key of their feed"
    return Rights(
        feed=client.feed, accounts=client.accounts, formats=client.formats, kinds=client.kinds
    )
