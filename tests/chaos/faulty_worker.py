"""A worker that ends as by kill -9 between a commit and its acknowledgement: after the n-th batch.

Run as `python -m tests.chaos.faulty_worker TOPIC N LOG`; everything else is the real worker.
"""

import os
import signal
import sys
from pathlib import Path

from streams import owning
from streams.cli import app


def main(topic: str, batches: int, log: Path) -> None:
    """Work, and die as soon as so many batches are committed."""
    take = owning.Owned.take
    taken = 0

    def take_and_die(self: owning.Owned, value: bytes, offset: int, seen_at: str) -> owning.Taken:
        nonlocal taken
        result = take(self, value, offset, seen_at)
        taken += result.how is owning.How.TAKEN
        if taken == batches:
            with log.open("a", encoding="ascii") as out:
                out.write(f"committed partition {self.partition} offset {offset}\n")
                out.flush()
                os.fsync(out.fileno())
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    owning.Owned.take = take_and_die  # type: ignore[method-assign]
    app(["worker", "--topic", topic])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
