"""Golden outputs beside the samples of bank files; `python -m tests.feeds.golden` renews them.

A sample is `banks/<profile>.<kind>` or `direct/<call>.<kind>`, its golden output the lines of
`escrow parse` behind it with `.jsonl` added. `--check` compares and writes nothing.
"""

import json
import sys
from pathlib import Path

from streams.feeds.parse import parse_lines

FOLDERS = (Path(__file__).with_name("banks"), Path(__file__).with_name("direct"))
GOLDEN = ".jsonl"


def samples() -> list[Path]:
    """Every sample, by name."""
    return sorted(path for folder in FOLDERS for path in folder.iterdir() if path.suffix != GOLDEN)


def golden_of(sample: Path) -> Path:
    """Where the golden output of a sample lies."""
    return sample.with_name(sample.name + GOLDEN)


def parsed(sample: Path) -> str:
    """A sample as `escrow parse` tells it."""
    lines = (json.dumps(line, ensure_ascii=False) for line in parse_lines(sample))
    return "".join(f"{line}\n" for line in lines)


def main(arguments: list[str]) -> int:
    """Renew all golden outputs, or with `--check` name those that differ; the status."""
    differing = []
    for sample in samples():
        golden, text = golden_of(sample), parsed(sample)
        if not golden.exists() or golden.read_text(encoding="utf-8") != text:
            differing.append(golden.name)
            if "--check" not in arguments:
                golden.write_text(text, encoding="utf-8")
    sys.stdout.write("".join(f"differs: {name}\n" for name in differing))
    return int("--check" in arguments and bool(differing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
