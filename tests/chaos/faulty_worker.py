"""A real worker that a signal hits at one exact place, after so many batches.

Run as `python -m tests.chaos.faulty_worker PLACE TOPIC N LOG`. PLACE is `killed-after-commit`,
between a commit and its acknowledgement; or `stopped-before-offset`, in the middle of a
transaction, just before the comparison of the offset.
"""

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Connection

from models.store import progress
from models.store.progress import Progress
from streams import owning
from streams.cli import app


def killed_after_commit(batches: int, log: Path) -> None:
    """End as by kill -9 as soon as so many batches are committed."""
    take = owning.Owned.take
    taken = 0

    def take_and_die(self: owning.Owned, value: bytes, offset: int, seen_at: str) -> owning.Taken:
        nonlocal taken
        result = take(self, value, offset, seen_at)
        taken += result.how is owning.How.TAKEN
        if taken == batches:
            _note(log, f"committed partition {self.partition} offset {offset}")
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    owning.Owned.take = take_and_die  # type: ignore[method-assign]


def stopped_before_offset(batches: int, log: Path) -> None:
    """Stop as by SIGSTOP with everything of a batch written and nothing committed."""
    advance = progress.advance
    moved = 0

    def stop_and_advance(
        connection: Connection, partition: int, old: Progress, new: Progress
    ) -> None:
        nonlocal moved
        moved += new.next_offset > old.next_offset
        if moved == batches:
            moved += 1
            _note(log, f"stopped partition {partition} offset {old.next_offset}")
            os.kill(os.getpid(), signal.SIGSTOP)
        advance(connection, partition, old, new)

    progress.advance = stop_and_advance


def _note(log: Path, line: str) -> None:
    with log.open("a", encoding="ascii") as out:
        out.write(line + "\n")
        out.flush()
        os.fsync(out.fileno())


PLACES = {
    "killed-after-commit": killed_after_commit,
    "stopped-before-offset": stopped_before_offset,
}

if __name__ == "__main__":
    PLACES[sys.argv[1]](int(sys.argv[3]), Path(sys.argv[4]))
    app(["worker", "--topic", sys.argv[2]])
