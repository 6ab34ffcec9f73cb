"""`python -m tests.fuzz --target camt --minutes 10`: read changed files; keep what breaks."""

import argparse
import importlib
import json
import random
import resource
import sys
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

from tests.fuzz.mutation import mutated

FOLDER = Path(__file__).parent
CRASHERS = FOLDER / "crashers"
TARGETS = tuple(
    sorted(
        path.stem
        for path in FOLDER.glob("*.py")
        if path.stem not in {"__init__", "__main__", "mutation", "bank_file", "test_fuzz"}
    )
)
CRASHES = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, NameError),
    *(OSError, RuntimeError, TypeError, ValueError),
)


def main(arguments: list[str]) -> int:
    """Run as the arguments say; 1 where something broke."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--target", choices=TARGETS, required=True)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the changes that are drawn")
    chosen = parser.parse_args(arguments)
    outcomes, broken = run(chosen.target, chosen.minutes * 60, chosen.seed)
    report = {
        "target": chosen.target,
        "seconds": chosen.minutes * 60,
        "seed": chosen.seed,
        "files": outcomes.total(),
        "outcomes": dict(outcomes),
        "broken": broken,
        "peak_resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 1 if broken else 0


def run(name: str, seconds: int, seed: int) -> tuple[Counter[str], dict[str, str]]:
    """How often each outcome came, and the files that broke the reader, with the reasons."""
    target = importlib.import_module(f"tests.fuzz.{name}")
    chance = random.Random(seed)  # noqa: S311 -- changes want a seed, not secrecy
    seeds = target.seeds()
    changed = getattr(target, "changed", None)
    outcomes: Counter[str] = Counter()
    broken: dict[str, str] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = changed(chance, seeds) if changed else mutated(chance, seeds, target.TOKENS)
        try:
            outcomes[target.read(data)] += 1
        except CRASHES as error:
            outcomes["broken"] += 1
            reason = f"{type(error).__name__}: {error}"[:200]
            if reason not in broken.values():
                broken[keep(name, data)] = reason
    return outcomes, broken


def keep(name: str, data: bytes) -> str:
    """Write a file that broke the reader beside the others of its target."""
    folder = CRASHERS / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / sha256(data).hexdigest()[:16]
    path.write_bytes(data)
    return path.name


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
