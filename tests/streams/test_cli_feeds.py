"""`escrow feeds`: a key is shown once, two count while one is rotated, and revoked ones do not."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from models.store import deliverers
from models.store.engine import open_store, reading
from streams.cli import app
from streams.feeds import signing
from tests.streams.deliveries import statement
from tests.streams.serving import Client

DAY = date(2024, 3, 5)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The setting of a store that is not there yet."""
    monkeypatch.setenv("ESCROW_DATABASE_URL", address := f"sqlite:///{tmp_path / 'escrow.db'}")
    return address


def run(*words: str) -> Result:
    """The command line."""
    return CliRunner().invoke(app, words)


def shown(result: Result) -> tuple[str, str]:
    """The key's id and the secret that a command showed."""
    assert 0 == result.exit_code, result.output
    found = re.search(r"key +(\w+)\nsecret +(\w+)\n", result.stdout)
    assert found, result.stdout
    return found[1], found[2]


def test_secret_is_shown_once_and_kept_nowhere(url: str, tmp_path: Path) -> None:
    """Neither list nor store hold it; the installation's own lies in a file of its owner alone."""
    key, secret = shown(run("feeds", "add", "ccb-daily", "--account", "62-A", "--format", "camt"))
    listed = run("feeds", "list").stdout
    file = tmp_path / "feeds.secret"

    assert url
    assert "ccb-daily" in listed
    assert "62-A" in listed
    assert secret not in listed
    assert secret.encode() not in (tmp_path / "escrow.db").read_bytes()
    assert 0o600 == file.stat().st_mode & 0o777
    made = signing.secret_of(bytes.fromhex(file.read_text().strip()), "ccb-daily", key)
    assert made == secret


def test_two_keys_count_while_one_is_rotated(url: str) -> None:
    """The former keys end after the days asked for, the new one does not end; revoke ends all."""
    first, _ = shown(run("feeds", "add", "bank"))
    second, other = shown(run("feeds", "rotate", "bank", "--days", "3"))
    assert first != second
    assert 64 == len(other)
    assert _ends(url) == {first: True, second: False}

    assert 0 == run("feeds", "revoke", "bank", "--key", second).exit_code
    assert _ends(url) == {first: True, second: True}
    assert 0 == run("feeds", "revoke", "bank").exit_code
    assert 2 == run("feeds", "revoke", "bank").exit_code
    assert 2 == run("feeds", "rotate", "bank").exit_code


def _ends(url: str) -> dict[str, bool]:
    engine = open_store(url)
    with reading(engine) as connection:
        ends = {one.key_id: bool(one.ends_at) for one in deliverers.keys(connection, "bank")}
    engine.dispose()
    return ends


@pytest.mark.parametrize(
    "words",
    [
        ("add", "Bank"),
        ("add", "a/b"),
        ("add", "bank", "--tells", "decision"),
        ("rotate", "nobody"),
        ("revoke", "nobody"),
    ],
)
def test_wrong_words_are_usage(url: str, words: tuple[str, ...]) -> None:
    """A name that is none, decisions of people, a feed that is not there."""
    shown(run("feeds", "add", "known"))
    assert url
    assert 2 == run("feeds", *words).exit_code


def test_same_name_twice(url: str) -> None:
    """A feed is added once."""
    shown(run("feeds", "add", "bank"))
    assert url
    assert 2 == run("feeds", "add", "bank").exit_code


@pytest.mark.parametrize("fault", ["others", "lost", "short"])
def test_secret_that_cannot_be_used(url: str, tmp_path: Path, fault: str) -> None:
    """A file that others can read, that is gone or cut ends the command with what to do."""
    shown(run("feeds", "add", "bank"))
    assert url
    file = tmp_path / "feeds.secret"
    if fault == "others":
        file.chmod(0o644)
    elif fault == "lost":
        file.unlink()
    else:
        file.write_text("00ff\n")
    assert 1 == run("feeds", "rotate", "bank").exit_code


@pytest.fixture
def receiving(url: str, tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """`escrow receive` and `escrow watch` as processes, and a key: address, key id, secret."""
    key, secret = shown(run("feeds", "add", "bank"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    escrow = str(Path(sys.executable).with_name("escrow"))
    environment = os.environ | {"ESCROW_DATABASE_URL": url}
    commands = (["receive", "--port", str(port)], ["watch", "--every", "0.2"])
    processes = [
        subprocess.Popen([escrow, *words], env=environment, cwd=tmp_path) for words in commands
    ]
    yield f"http://127.0.0.1:{port}", key, secret
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def test_processes_take_a_delivery_in(receiving: tuple[str, str, str]) -> None:
    """What `escrow receive` was sent, `escrow watch` takes in, and the status says so."""
    base, key, secret = receiving
    client = Client(base, deliverers.Key(key_id=key, feed="bank", made_at=""))
    client.secret = secret
    body = statement("62-A", DAY, 0, ("C", 600_000, "HT-1")).encode()
    state = ""
    place = ""
    for _ in range(150):
        try:
            place = place or client.post(body).json()["status"]
            state = client.get(place).json()["state"]
        except httpx.TransportError:
            state = "away"
        if state == "accepted":
            break
        time.sleep(0.2)
    client.http.close()
    assert "accepted" == state, json.dumps(place)
