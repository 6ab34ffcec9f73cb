"""`python -m tests.chaos --seeds 1,2`: every kind of fault under each seed, and a table of it."""

import argparse
import shutil
import sys
import time
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from streams.servers.kafka import Kafka
from streams.servers.postgres import Postgres
from tests.chaos.kinds import KINDS, Kind
from tests.chaos.scene import Scene
from tests.chaos.store_kinds import STORE_KINDS
from tests.distributed.city import city

SEPARATOR = "; "


def main(arguments: list[str]) -> int:
    """Run the seeds; 1 when anything ended otherwise than without faults."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seeds", required=True, help="numbers with commas between them")
    parser.add_argument("--kinds", default="", help="only these, with commas between them")
    chosen = parser.parse_args(arguments)
    wanted = set(filter(None, chosen.kinds.split(",")))
    kinds = [kind for kind in (*KINDS, *STORE_KINDS) if not wanted or kind.__name__ in wanted]
    base = Path(mkdtemp(prefix="escrow-chaos-"))
    base.chmod(0o711)
    failed = 0
    _say("| seed | fault | result | seconds | what hit when |", "|---|---|---|---|---|")
    with Kafka(base / "kafka") as kafka, Postgres(base / "postgres") as postgres:
        for seed in chosen.seeds.split(","):
            order = Random(seed)  # noqa: S311 -- a seed is wanted
            for kind in order.sample(kinds, len(kinds)):
                folder = base / f"{seed}-{kind.__name__}"
                folder.mkdir()
                failed += not _run(kafka, postgres, kind, seed, folder)
    if not failed:
        shutil.rmtree(base)
    return int(failed > 0)


def _run(kafka: Kafka, postgres: Postgres, kind: Kind, seed: str, folder: Path) -> bool:
    """One fault under one seed, as a row of the table; whether it changed nothing."""
    begun = time.monotonic()
    random = Random(f"{seed} {kind.__name__}")  # noqa: S311 -- a seed is wanted
    scene = Scene(kafka, postgres, city(), folder, random)
    result = "same"
    try:
        kind(scene)
        scene.finish()
    except (AssertionError, OSError) as error:
        result = f"DIFFERENT, see {folder}"
        (folder / "failure.txt").write_text(str(error), encoding="utf-8")
    finally:
        scene.close()
    seconds = time.monotonic() - begun
    told = SEPARATOR.join(scene.log)
    _say(f"| {seed} | {kind.__name__} | {result} | {seconds:.0f} | {told} |")
    return result == "same"


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
