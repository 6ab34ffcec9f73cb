"""Excel files as rows, read by a child process: a file of 1.5 KB can ask for 549 GB of memory.

The reader library ends its process where memory fails, so it never runs in ours. The child checks
the file before it opens it (sheet_checks.py), and writes the rows as delimited text.
"""

import mmap
import subprocess
import sys
import tempfile
from typing import IO

from streams.feeds.records import Data, FeedRefused
from streams.feeds.rows import Rows
from streams.feeds.sheet_limits import REFUSED_STATUS, SECONDS_MAX

ADVICE = "save the sheet as CSV"

_CHILD = (sys.executable, "-I", "-m", "streams.feeds.sheet_child")
_REASON_LENGTH_MAX = 500


def sheet_rows(data: Data) -> Rows:
    """The rows of the only sheet that is not empty; row numbers are those of the sheet.

    Raises FeedRefused with the reason of the child, or that it was ended at a limit.
    """
    with (
        tempfile.NamedTemporaryFile(prefix="escrow-sheet-") as book,
        tempfile.TemporaryFile() as out,
    ):
        book.write(data)
        book.flush()
        _run(book.name, out)
        # The map outlives the closed file, and its pages are the system's to drop.
        size = out.seek(0, 2)
        rows: Data = mmap.mmap(out.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    return Rows(rows, "utf-8", is_sheet=True)


def _run(path: str, out: IO[bytes]) -> None:
    try:
        child = subprocess.run(
            [*_CHILD, path],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        reason = f"the Excel file takes more than {SECONDS_MAX} seconds to read; {ADVICE}"
        raise FeedRefused(reason, "byte 0") from error
    refuse_by(child.returncode, child.stderr)


def refuse_by(status: int, reason: bytes) -> None:
    """Raise FeedRefused as the status and the words of an ended child say, if it has not read."""
    if status == REFUSED_STATUS:
        raise FeedRefused(reason.decode(errors="replace").strip()[:_REASON_LENGTH_MAX], "byte 0")
    if status:
        # A negative status is the signal that ended it: out of memory the library aborts.
        advice = f"the Excel file needs more memory or time than a reader gets; {ADVICE}"
        raise FeedRefused(advice, "byte 0")
