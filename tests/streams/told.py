"""Facts told for the tests of the shell, and a store that knows the files that told them."""

from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256

from sqlalchemy import Engine

from alerts.evaluation import Law
from config.load import load_calendar
from config.policy_load import load_policy
from models import facts as f
from models.store import files
from models.store.engine import writing
from streams.monitor import Batch, Monitor
from streams.replay import findings_lines, standing_findings

FILE = sha256(b"register").hexdigest()
NOON = "2024-03-05T12:00:00Z"


_LAW = Law(load_policy(), load_calendar())


def law() -> Law:
    """The law as configured, read when this module is imported: a fork server does that once."""
    return _LAW


def tell(*facts: f.Fact, stated_at: str = NOON, file: str = FILE) -> list[f.Told]:
    """Facts as rows 1, 2, … of one file."""
    return [f.Told(fact, stated_at, file, f"row {n}") for n, fact in enumerate(facts, start=1)]


def know_files(engine: Engine, told: Iterable[f.Told]) -> None:
    """Register the files that these tellings name."""
    with writing(engine) as connection:
        rows = [
            files.File(
                sha256=name,
                name=name[:8],
                size_bytes=1,
                format="facts",
                state="done",
                received_at=NOON,
            )
            for name in sorted({telling.file for telling in told} | {FILE})
        ]
        files.register(connection, rows)


def monitor_of(engine: Engine, institutions_max: int = 100) -> Monitor:
    """A monitor over a store that knows the file of `tell`."""
    know_files(engine, [])
    return Monitor(engine, law(), institutions_max=institutions_max)


def play(monitor: Monitor, *steps: Sequence[f.Told] | date) -> None:
    """Hand over tellings as batches and days as closes, in this order."""
    for step in steps:
        offset = monitor.progress.next_offset
        if isinstance(step, date):
            monitor.handle(Batch(offset, close=step, seen_at=NOON))
        else:
            monitor.handle(Batch(offset, step, seen_at=NOON))


def lines(engine: Engine) -> list[bytes]:
    """The standing findings as the command prints them."""
    return list(findings_lines(standing_findings(engine)))


def account(number: str, institution: str) -> f.AccountStated:
    """A dedicated account from New Year."""
    return f.AccountStated(
        account=number,
        institution=institution,
        valid_from=date(2024, 1, 1),
        purpose="dedicated",
    )


def broken(number: str, statement: str = "S1") -> f.StatementReceived:
    """A statement whose figures do not prove: an immediate finding."""
    day = date(2024, 3, 4)
    return f.StatementReceived(
        account=number, statement=statement, begins=day, ends=day, consistent=False, gap_fen=7
    )
