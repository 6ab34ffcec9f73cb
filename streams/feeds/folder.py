"""Which files of a delivered folder are feeds, and what is known of a file that arrived."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from streams.feeds.archive import MARKER
from streams.feeds.rights import Rights

_IGNORED_NAMES = {"truth.jsonl", "near_misses.jsonl", "city.json"}
_DATABASE_MAGIC = b"SQLite format 3\0"


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came by one of the ways in: its bytes, the name it came under.

    `is_archived`: the path is the archive's own. `objection` is why it is refused whatever it says,
    `rights` what it may say. `again`: it is told anew though it was told like this before.
    """

    path: Path
    name: str
    is_archived: bool = False
    objection: str = ""
    rights: Rights | None = None
    again: bool = False


Delivered = Path | Arrival
"""A file or folder of the caller, or a file that a way in took already."""


def arrivals(delivered: Iterable[Delivered]) -> list[Arrival]:
    """Every file of these, those of folders and paths as `feed_files` has them."""
    several = list(delivered)
    taken = [one for one in several if isinstance(one, Arrival)]
    files = feed_files(one for one in several if not isinstance(one, Arrival))
    return [Arrival(path=path, name=path.name) for path in files] + taken


def feed_files(paths: Iterable[Path]) -> list[Path]:
    """Every file once: a file that is named is taken as it is, of a folder what may be a feed.

    Left out are hidden files, archives, SQLite databases, what a simulated city says about itself.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(_feeds_of(path)))
        else:
            found.setdefault(path)
    return list(found)


def _feeds_of(folder: Path) -> Iterator[Path]:
    inside = sorted(folder.rglob("*"))
    archives = [one.parent for one in inside if one.name == MARKER]
    databases = {str(one) for one in inside if one.is_file() and _is_database(one)}
    for one in inside:
        hidden = any(part.startswith(".") for part in one.relative_to(folder).parts)
        if not one.is_file() or hidden or one.name in _IGNORED_NAMES:
            continue
        beside = re.sub(r"-(wal|shm|journal)$", "", str(one))
        if beside not in databases and not any(root in one.parents for root in archives):
            yield one


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_DATABASE_MAGIC)) == _DATABASE_MAGIC
