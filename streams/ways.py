"""All ways in that a process which stays looks at, whichever runner it is."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from streams.dropping import DropFolder
from streams.feeds.archive import Archive
from streams.watching import Way


@contextmanager
def ways_in(engine: Engine, archive: Archive, drops: Iterable[Path]) -> Iterator[list[Way]]:
    """Drop folders, each kept for us alone while the block runs; DropFolderTaken."""
    with ExitStack() as stack:
        folders = [DropFolder(folder, engine, archive) for folder in drops]
        for folder in folders:
            stack.enter_context(folder.held_alone())
        yield [*folders]
