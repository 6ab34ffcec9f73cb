"""Run as `python -m bench.format_memory FILE ENTRIES`: both passes of the intake, and their memory.

The memory is the peak of this process image: what getrusage tells begins at the parent's.
"""

import os
import sys
from datetime import date
from pathlib import Path

import msgspec

from bench.clock import cpu_seconds, peak_resident_bytes_of
from streams.feeds.intake import prove, told


def both_passes(path: Path, entries: int) -> dict[str, object]:
    """Prove the file and tell its facts, as the intake does; nothing of it is kept."""
    before_bytes = peak_resident_bytes_of(os.getpid())
    began = cpu_seconds()
    file = prove(path, date(2030, 1, 1))
    assert file.refusal is None, file.refusal
    facts = sum(1 for _ in told(file))
    assert facts > entries, f"{facts} facts of {entries} entries and two balances"
    return {
        "entries": entries,
        "both_passes_per_second": round(entries / (cpu_seconds() - began)),
        "peak_resident_mb": round(peak_resident_bytes_of(os.getpid()) / 1024**2),
        "resident_mb_before": round(before_bytes / 1024**2),
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(both_passes(Path(sys.argv[1]), int(sys.argv[2]))))
