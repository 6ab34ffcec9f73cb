"""A simulated city through the command line: the same on PostgreSQL as on SQLite, to the byte."""

import json
import socket
import subprocess
import sys
from datetime import date
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from config.load import load_calendar
from models import facts as f
from models.store.engine import open_store, reading
from models.store.postgresql import COPY_ROWS_MIN
from models.store.tables import METADATA
from streams.cli import app
from streams.monitor import Batch, Monitor
from streams.replay import verify
from streams.simulator import simulate
from tests.streams.crashing import DIED, run_dying
from tests.streams.told import account, know_files, law, tell

SEED, INSTITUTIONS, MONTHS = 11, 8, 3
START_SECONDS_MAX = 30.0

# Enough rows for a COPY, and findings of the first day.
BATCH = tell(
    account("62-A", "JG-1"),
    *(
        f.EntryBooked(
            account="62-A",
            booking_date=date(2024, 3, 4),
            serial=f"S{number}",
            amount_fen=100_000,
            direction="D",
            counterparty_name="王五",
        )
        for number in range(COPY_ROWS_MIN)
    ),
)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a small city."""
    folder = tmp_path_factory.mktemp("city") / "files"
    simulate(SEED, INSTITUTIONS, MONTHS, date(2024, 1, 1), folder, load_calendar(), lambda _: None)
    return folder


def _escrow(url: str, archive: Path, *words: str) -> bytes:
    """What a command prints; 3 says that something was refused or held, as in any city."""
    environment = {"ESCROW_ARCHIVE_DIR": str(archive)}
    result = CliRunner(env=environment).invoke(app, [*words, "--db", url])
    assert result.exit_code in {0, 3}, result.output
    return result.stdout_bytes


def _numbers(url: str) -> dict[str, int]:
    engine = open_store(url)
    with reading(engine) as connection:
        found = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in METADATA.sorted_tables
        }
    engine.dispose()
    return found


@pytest.mark.slow
def test_city_is_the_same_on_both_databases(
    city: Path, tmp_path: Path, fresh_database: str
) -> None:
    """Ingested twice, listed, explained, verified: no output tells the databases apart."""
    said = []
    for name, url in (("lite", f"sqlite:///{tmp_path / 'escrow.db'}"), ("post", fresh_database)):
        archive = tmp_path / name
        _escrow(url, archive, "ingest", str(city))
        findings = _escrow(url, archive, "findings", "--json")
        counted = _numbers(url)
        _escrow(url, archive, "ingest", str(city))
        assert counted == _numbers(url)
        _escrow(url, archive, "verify")
        past = _escrow(url, archive, "findings", "--json", "--as-of", "2024-02-15")
        ids = [json.loads(line)["id"] for line in findings.splitlines()]
        explained = [_escrow(url, archive, "explain", each) for each in ids[:5]]
        said.append((findings, counted, past, explained))

    assert said[0] == said[1]
    assert said[0][0]
    assert said[0][1]["journal"] > 1_000
    _serve(fresh_database)


def _serve(url: str) -> None:
    """The inbox answers over the network of this machine, with the findings of the store."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = "import sys; from streams.cli import app; app(sys.argv[1:])"
    words = ["serve", "--db", url, "--port", str(port)]
    child = subprocess.Popen([sys.executable, "-c", program, *words])
    deadline = monotonic() + START_SECONDS_MAX
    try:
        while not _is_ready(f"http://127.0.0.1:{port}/ready"):
            assert child.poll() is None
            assert monotonic() < deadline
            sleep(0.1)
        for path in ("/", "/held", "/files", "/metrics"):
            assert 200 == httpx.get(f"http://127.0.0.1:{port}{path}").status_code
    finally:
        child.terminate()
        child.wait(10)


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False


def _hand_over(url: str) -> None:
    """One batch with a close, unless it is there already."""
    engine = open_store(url)
    monitor = Monitor(engine, law())
    if monitor.progress.next_offset == 0:
        monitor.handle(Batch(0, BATCH, close=date(2024, 3, 4), seen_at="2024-03-05T12:00:00Z"))


@pytest.mark.slow
def test_batch_killed_before_each_statement_leaves_nothing(fresh_database: str) -> None:
    """Wherever the process dies, PostgreSQL holds the whole batch or nothing of it."""
    engine = open_store(fresh_database)
    know_files(engine, BATCH)
    counted = []
    number = 1
    while run_dying(_hand_over, fresh_database, before=number) == DIED:
        counted.append(_numbers(fresh_database))
        number += 1

    whole = _numbers(fresh_database)
    assert (len(BATCH), len(BATCH), 1) == tuple(
        whole[table] for table in ("journal", "sightings", "progress")
    )
    assert whole["findings"] > 0
    assert number > 10
    empty = counted[0]
    assert (0, 0) == (empty["journal"], empty["findings"])
    assert all(each in (empty, whole) for each in counted)
    assert [] == verify(engine, law())
    engine.dispose()
