"""The readers of bank files beside the bare libraries: entries a second, and memory of large files.

What is measured as reading is what `escrow parse` does in one pass from the path up to Entry facts:
the file is mapped, its format is found by content, its encoding is proved to the last byte where
the format has one, and every entry is read with its key, its place and all refusals of the reader.
`with_checks` adds the integrity checks of the statement. Not in it: the second pass and the JSON of
`escrow parse`. The bare loops (format_loops.py) map fields and check nothing. The time is that of
the processor, of this process and of the child that opens an XLSX.
"""

import mmap
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from subprocess import PIPE, run
from typing import NamedTuple

import msgspec

from bench import format_files, format_loops
from bench.clock import ROOT, cpu_seconds
from streams.feeds.integrity import checked
from streams.feeds.reading import records
from streams.feeds.records import Entry, Record
from streams.feeds.sniff import sniff

FULL, QUICK = (50_000, 1_000_000), (2_000, 10_000)
"""Entries of the files that are read for speed, and of those that are read for memory."""


class Format(NamedTuple):
    """How its files are written, the loop of its bare library, and the share of it asked for."""

    write: Callable[[Path, int], None]
    bare: Callable[[Path], int]
    asked: float
    is_large: bool


FORMATS = {
    "camt": Format(format_files.write_camt, format_loops.camt, 0.8, is_large=True),
    "mt940": Format(format_files.write_mt940, format_loops.mt940_statement, 2.5, is_large=True),
    "csv": Format(format_files.write_csv, format_loops.csv_export, 0.5, is_large=True),
    "xlsx": Format(format_files.write_xlsx, format_loops.xlsx_export, 0.5, is_large=False),
}
MEMORY_MB_ASKED = 150


def measure(folder: Path, entries: tuple[int, int], runs: int) -> dict[str, object]:
    """Each format as often as `runs`, its loops in turn; shares are medians of shares of one run.

    `entries`: of the files read for speed, and of those read for memory.
    """
    return {
        name: _speed(form, folder / name, entries[0], runs)
        | ({"large": memory(form, folder / name, entries[1])} if form.is_large else {})
        for name, form in FORMATS.items()
    }


def _speed(form: Format, path: Path, entries: int, runs: int) -> dict[str, object]:
    form.write(path, entries)
    seconds: dict[str, list[float]] = {"bare": [], "reading": [], "with_checks": []}
    for _ in range(runs):
        seconds["bare"].append(_seconds(lambda: form.bare(path), entries))
        seconds["reading"].append(_seconds(lambda: _count(path, list), entries))
        seconds["with_checks"].append(_seconds(lambda: _count(path, checked), entries))
    size_bytes = path.stat().st_size
    path.unlink()
    shares = {
        f"{name}_times_bare": [
            bare / ours for bare, ours in zip(seconds["bare"], seconds[name], strict=True)
        ]
        for name in ("reading", "with_checks")
    }
    return {
        "entries": entries,
        "size_bytes": size_bytes,
        **{f"{name}_per_second": round(entries / median(some)) for name, some in seconds.items()},
        **{name: round(median(some), 2) for name, some in shares.items()},
        "reading_times_bare_asked": form.asked,
    }


def _seconds(loop: Callable[[], int], entries: int) -> float:
    began = cpu_seconds()
    found = loop()
    assert found == entries, f"{found} of {entries} entries were read"
    return cpu_seconds() - began


def _count(path: Path, through: Callable[[Iterable[Record]], Iterable[Record]]) -> int:
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return sum(isinstance(record, Entry) for record in through(records(data, sniff(data))))


def memory(form: Format, path: Path, entries: int) -> dict[str, object]:
    """A file read in both passes of the intake by a process of its own; the most memory it held."""
    form.write(path, entries)
    command = [sys.executable, "-m", "bench.format_memory", str(path), str(entries)]
    done = run(command, cwd=ROOT, stdout=PIPE, check=True)
    found: dict[str, object] = msgspec.json.decode(done.stdout)
    found |= {"size_bytes": path.stat().st_size, "peak_resident_mb_asked": MEMORY_MB_ASKED}
    path.unlink()
    return found
