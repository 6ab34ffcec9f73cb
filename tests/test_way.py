"""The way of one bank entry, as docs/architecture.md tells it."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import CodeType, FrameType

from alerts.rules.charging import charge_amount
from models.ledger import Ledger
from models.store import findings, journal
from models.store.engine import open_store
from streams.embedded import ingest
from streams.feeds import intake
from streams.feeds.archive import Archive
from streams.monitor import Monitor
from tests.engine import law

WORLD = Path(__file__).parent / "worlds" / "charge-amount"
WAY = (
    intake.prove,
    intake.told,
    Monitor.handle,
    journal.write,
    Ledger.settle,
    charge_amount,
    findings.write,
)


@contextmanager
def _first_calls(order: list[CodeType]) -> Iterator[None]:
    """Note every function when it is called for the first time."""

    def note(frame: FrameType, what: str, _: object) -> None:
        if what == "call" and frame.f_code not in order and frame.f_code in wanted:
            order.append(frame.f_code)

    wanted = {step.__code__ for step in WAY}
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


def test_an_entry_goes_its_way_through_seven_functions(tmp_path: Path) -> None:
    """From file to inbox an entry passes the functions of docs/architecture.md in their order."""
    engine = open_store(f"sqlite:///{tmp_path / 'escrow.db'}")
    archive = Archive(tmp_path / "archive")
    registers = [file for file in WORLD.iterdir() if file.suffix == ".csv"]
    feeds = [file for file in WORLD.iterdir() if file.suffix == ".xml"]
    ingest(registers, engine, law(), archive, today=date(2026, 1, 1))
    order: list[CodeType] = []

    with _first_calls(order):
        ingest(feeds, engine, law(), archive, today=date(2026, 1, 1))

    assert [step.__code__ for step in WAY] == order


def test_the_way_is_written_down() -> None:
    """docs/architecture.md names these functions, in this order, and at most seven."""
    text = (Path(__file__).parent.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d \| `([\w.*]+)`", text, re.MULTILINE)

    assert [step.__qualname__.split(".")[-1] for step in WAY] == [
        row.rpartition(".")[2] for row in rows
    ]
