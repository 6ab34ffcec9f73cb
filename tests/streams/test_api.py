"""The API of the feeds: signed, once, bounded; what came is taken in and its status told."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, func, select

from models import facts as f
from models.store import deliverers
from models.store.engine import reading, writing
from models.store.tables import DELIVERIES, FEED_NONCES, JOURNAL
from streams.feeds import signing
from streams.reception import now, utc_text
from tests.streams.deliveries import ndjson, statement, write
from tests.streams.serving import (
    BYTES_MAX,
    INSTALLATION,
    Client,
    code,
    let_deliver,
    served,
    take_in,
)

DAY = date(2024, 3, 5)
GOOD = statement("62-A", DAY, 0, ("C", 600_000, "HT-1")).encode()
BROKEN = statement("62-B", DAY, 0, ("C", 600_000, "HT-2"), closing_fen=1).encode()
NONCE = "a-nonce-of-a-test"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The archive beside the store."""
    return tmp_path / "archive"


@pytest.fixture
def base(engine: Engine, archive: Path) -> Iterator[str]:
    """The API, served."""
    with served(engine, archive) as address:
        yield address


@pytest.fixture
def served_at(engine: Engine, base: str, archive: Path) -> tuple[Engine, str, Path]:
    """The store, the address of the API, the archive."""
    return engine, base, archive


@pytest.fixture
def client(engine: Engine, base: str) -> Iterator[Client]:
    """A bank that may deliver bank files."""
    bank = Client(base, let_deliver(engine, "bank"))
    yield bank
    bank.http.close()


def facts(engine: Engine) -> int:
    """How many contents the journal holds."""
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(JOURNAL)).scalar_one()


def test_delivery_waits_then_tells_its_receipt(
    client: Client, engine: Engine, archive: Path
) -> None:
    """202 at once; the status waits until a runner took it in, then has counts and sums."""
    sent = client.post(GOOD)
    assert 202 == sent.status_code
    place = sent.json()["status"]
    assert place == sent.headers["location"]
    assert "waiting" == client.get(place).json()["state"]

    take_in(engine, archive)
    told = client.get(place).json()
    assert ("accepted", "a.xml", 1, {"CNY C": 600_000}) == (
        *(told["state"], told["name"], told["entries"]),
        told["sums_fen"],
    )
    assert 4 == facts(engine)


@pytest.mark.parametrize(
    ("body", "state"), [(BROKEN, "held"), (b"Dear Sirs", "refused")], ids=["held", "refused"]
)
def test_status_gives_reasons(
    client: Client, engine: Engine, archive: Path, body: bytes, state: str
) -> None:
    """What is held or refused says why."""
    place = client.post(body).json()["status"]
    take_in(engine, archive)
    told = client.get(place).json()

    assert state == told["state"]
    assert told["reasons"]


def test_two_deliveries_of_one_look(client: Client, engine: Engine, archive: Path) -> None:
    """Each delivery has its own outcome, also two of the same bytes."""
    places = [client.post(body).json()["status"] for body in (GOOD, BROKEN, GOOD)]
    take_in(engine, archive)

    assert ["accepted", "held", "accepted"] == [client.get(one).json()["state"] for one in places]


def test_every_part_is_signed(client: Client) -> None:
    """A change of body, path, time, nonce, idempotency key or key makes the signature wrong."""
    target = "/feeds/bank?name=a.xml"
    right = client.headers("POST", target, GOOD)
    wrong = [
        (target, GOOD + b" ", {}),
        ("/feeds/bank?name=b.xml", GOOD, {}),
        ("/feeds/bank", GOOD, {}),
        (target, GOOD, {"Escrow-Time": utc_text(now() + timedelta(seconds=30))}),
        (target, GOOD, {"Escrow-Nonce": NONCE}),
        (target, GOOD, {"Idempotency-Key": "other"}),
        (target, GOOD, {"Escrow-Signature": "0" * 64}),
        (target, GOOD, {"Escrow-Signature": "ÿ"}),
    ]
    for address, body, changed in wrong:
        headers = {
            name.encode(): value.encode("latin-1") for name, value in (right | changed).items()
        }
        answer = client.http.post(address, content=body, headers=headers)
        assert (401, "signature-wrong") == (answer.status_code, code(answer)), (address, changed)
    assert 202 == client.http.post(target, content=GOOD, headers=right).status_code


@pytest.mark.parametrize("name", ["Escrow-Key", "Escrow-Time", "Escrow-Nonce", "Escrow-Signature"])
def test_missing_header_is_named(client: Client, name: str) -> None:
    """Without one of the four headers nothing is read."""
    headers = client.headers("POST", "/feeds/bank", GOOD)
    del headers[name]
    answer = client.http.post("/feeds/bank", content=GOOD, headers=headers)

    assert (401, "header-missing") == (answer.status_code, code(answer))
    assert name in answer.json()["detail"]


@pytest.mark.parametrize(("minutes", "status"), [(4, 202), (-4, 202), (6, 401), (-6, 401)], ids=str)
def test_clock_may_differ_by_five_minutes(client: Client, minutes: int, status: int) -> None:
    """A request signed longer ago, or later to come, is refused."""
    answer = client.post(GOOD, late=timedelta(minutes=minutes))
    assert status == answer.status_code
    if status == 401:
        assert "time-outside-window" == code(answer)


@pytest.mark.parametrize("time", ["2024-13-01T00:00:00Z", "now", "2024-03-05T08:00:00", "1709625"])
def test_time_that_is_none(client: Client, time: str) -> None:
    """A time in another form is named as such."""
    headers = client.headers("POST", "/feeds/bank", GOOD) | {"Escrow-Time": time}
    assert "time-wrong" == code(client.http.post("/feeds/bank", content=GOOD, headers=headers))


def test_replay_is_refused(client: Client, engine: Engine) -> None:
    """The same request a second time is refused, also when another one came in between."""
    assert 202 == client.post(GOOD, nonce=NONCE).status_code
    assert 202 == client.post(BROKEN).status_code
    answer = client.post(GOOD, nonce=NONCE)
    assert (401, "nonce-used") == (answer.status_code, code(answer))
    with reading(engine) as connection:
        assert 2 == connection.execute(select(func.count()).select_from(DELIVERIES)).scalar_one()


def test_old_nonces_are_forgotten(client: Client, engine: Engine) -> None:
    """Nonces of requests that their time refuses by now do not pile up."""
    with writing(engine) as connection:
        old = utc_text(now() - timedelta(minutes=11))
        assert deliverers.use_nonce(connection, client.key.key_id, "old", old)
    client.post(GOOD)
    with reading(engine) as connection:
        kept = list(connection.execute(select(FEED_NONCES.c.nonce)).scalars())
    assert "old" not in kept
    assert 1 == len(kept)


def test_idempotency_key_gives_the_same_answer(client: Client, engine: Engine) -> None:
    """The same key, bytes and name are one delivery; other bytes or another name are refused."""
    first = client.post(GOOD, idempotency="day-1")
    again = client.post(GOOD, idempotency="day-1")
    assert (202, first.json()) == (again.status_code, again.json())

    for other in (
        client.post(BROKEN, idempotency="day-1"),
        client.post(GOOD, name="b.xml", idempotency="day-1"),
    ):
        assert (422, "idempotency-key-of-another") == (other.status_code, code(other))
    with reading(engine) as connection:
        assert 1 == connection.execute(select(func.count()).select_from(DELIVERIES)).scalar_one()


def test_idempotency_keys_of_two_feeds_are_two(client: Client, engine: Engine, base: str) -> None:
    """A key of one feed says nothing about another's."""
    other = Client(base, let_deliver(engine, "other"))
    one, two = (each.post(GOOD, idempotency="k").json()["delivery"] for each in (client, other))
    assert one != two
    assert 404 == client.get(f"/feeds/bank/deliveries/{two}").status_code
    assert 401 == client.get(f"/feeds/other/deliveries/{two}").status_code


def test_same_request_at_the_same_time(client: Client, engine: Engine) -> None:
    """Eight at once with one idempotency key are one delivery with one answer."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post(GOOD, idempotency="k"), range(8)))
    assert {202} == {answer.status_code for answer in answers}
    assert 1 == len({answer.text for answer in answers})
    with reading(engine) as connection:
        assert 1 == connection.execute(select(func.count()).select_from(DELIVERIES)).scalar_one()


def test_size_is_bounded_while_it_comes(client: Client) -> None:
    """A body one byte too large is refused, declared or in chunks; the largest is taken."""
    largest = b"x" * BYTES_MAX
    assert 202 == client.post(largest).status_code
    assert (413, "body-too-large") == ((a := client.post(largest + b"x")).status_code, code(a))

    target = "/feeds/bank?name=a.xml"
    headers = client.headers("POST", target, largest + b"x")
    chunks = iter([b"x" * 1000] * 201)
    answer = client.http.post(target, content=chunks, headers=headers)
    assert (413, "body-too-large") == (answer.status_code, code(answer))


@pytest.mark.parametrize("name", ["a%2Fb.xml", "a%0A.xml", "", "x" * 201, "%5C"])
def test_name_that_is_none(client: Client, name: str) -> None:
    """A name with a path or control characters, an empty or a long one is refused."""
    assert (422, "name-wrong") == ((a := client.post(GOOD, name=name)).status_code, code(a))


def test_nothing_is_no_delivery(client: Client) -> None:
    """An empty body is refused."""
    assert "body-empty" == code(client.post(b""))


@pytest.mark.parametrize(
    ("rights", "body", "why"),
    [
        ({"accounts": ("62-A", "62-C")}, BROKEN, "account"),
        ({"formats": ("mt940",)}, GOOD, "camt"),
        (
            {},
            ndjson(
                [f.StatementAccepted(account="62-A", statement="S")], "2024-03-06T00:00:00Z"
            ).encode(),
            "decision",
        ),
        (
            {"kinds": ("bank", "register", "happening")},
            ndjson([f.FactRetracted(fact="a:62-A/x/y")], "2024-03-06T00:00:00Z").encode(),
            "decision",
        ),
        ({"kinds": ("register",)}, GOOD, "bank"),
        (
            {"accounts": ("62-A",), "kinds": ("register",)},
            ndjson(
                [
                    f.AccountStated(
                        account="62-Z", institution="JG-1", valid_from=DAY, purpose="dedicated"
                    )
                ],
                "2024-03-06T00:00:00Z",
            ).encode(),
            "account",
        ),
    ],
    ids=["account", "format", "decision", "retraction", "kind", "account-of-register"],
)
def test_feed_tells_what_it_may(
    served_at: tuple[Engine, str, Path], rights: dict[str, tuple[str, ...]], body: bytes, why: str
) -> None:
    """A file beyond what the feed may tell is refused, and nothing of it is told."""
    engine, base, archive = served_at
    bound = Client(base, let_deliver(engine, "bound", **rights))
    place = bound.post(body, name="a.ndjson").json()["status"]
    take_in(engine, archive)
    told = bound.get(place).json()

    assert "refused" == told["state"]
    assert why in told["reasons"][0]
    assert 0 == facts(engine)


@pytest.mark.parametrize("allowed", ["camt", "camt.053", "camt.053.001.08"])
def test_format_may_be_named_as_far_as_wanted(
    engine: Engine, base: str, archive: Path, allowed: str
) -> None:
    """A family of formats, one message of it, or one version of that."""
    rights = {"formats": ("mt940", allowed), "accounts": ("62-A",)}
    bound = Client(base, let_deliver(engine, "bound", **rights))
    place = bound.post(GOOD).json()["status"]
    take_in(engine, archive)
    assert "accepted" == bound.get(place).json()["state"]


def test_refused_of_one_feed_is_taken_of_another(
    client: Client, engine: Engine, base: str, archive: Path
) -> None:
    """Who may not tell a file spoils it for nobody, before or after."""
    bound = Client(base, let_deliver(engine, "bound", accounts=("62-X",)))
    places = [bound.post(GOOD).json()["status"], bound.post(GOOD).json()["status"]]
    take_in(engine, archive)
    assert 0 == facts(engine)
    good = client.post(GOOD).json()["status"]
    take_in(engine, archive)
    again = bound.post(GOOD).json()["status"]
    take_in(engine, archive)

    assert "accepted" == client.get(good).json()["state"]
    states = [bound.get(place).json()["state"] for place in (*places, again)]
    assert ["refused"] * 3 == states
    assert 4 == facts(engine)


def test_keys_end(client: Client, engine: Engine, base: str) -> None:
    """Two keys count while one is rotated; an ended key and a revoked feed deliver nothing."""
    second = deliverers.Key(key_id=signing.new_key_id(), feed="bank", made_at=utc_text(now()))
    other = Client(base, second)
    assert "key-unknown" == code(other.post(GOOD))
    with writing(engine) as connection:
        deliverers.end_keys(connection, [client.key.key_id], utc_text(now() + timedelta(hours=1)))
        deliverers.add_key(connection, second)
    assert [202, 202] == [one.post(GOOD).status_code for one in (client, other)]

    with writing(engine) as connection:
        deliverers.end_keys(connection, [client.key.key_id], utc_text(now()))
    assert (401, "key-ended") == ((a := client.post(GOOD)).status_code, code(a))
    assert 202 == other.post(GOOD).status_code

    with writing(engine) as connection:
        assert deliverers.revoke(connection, "bank", utc_text(now()))
    assert (401, "key-ended") == ((a := other.post(GOOD)).status_code, code(a))


def test_stranger_and_unknown_address(client: Client, base: str) -> None:
    """Another Host header is refused; an address that does not exist is a problem document."""
    assert 403 == httpx.get(f"{base}/healthz", headers={"host": "evil.example"}).status_code
    assert "http-404" == code(client.get("/nowhere"))
    assert "http-405" == code(client.http.put("/feeds/bank"))


def test_examples_of_the_documentation(
    client: Client, engine: Engine, archive: Path, base: str, tmp_path: Path
) -> None:
    """Both examples of docs/feeds.md deliver a file, as they stand there."""
    text = (ROOT / "docs/feeds.md").read_text(encoding="utf-8")
    python, shell = (
        re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("python", "sh")
    )
    assert python
    assert shell
    environment = os.environ | {
        "FEEDS": base,
        "FEED": "bank",
        "no_proxy": "127.0.0.1",
        "FEED_KEY": client.key.key_id,
        "FEED_SECRET": client.secret,
    }
    file = str(write(tmp_path / "day.xml", GOOD.decode()))

    def run(*command: str) -> dict[str, str]:
        done = subprocess.run(
            [*command, file], env=environment, check=True, capture_output=True, timeout=60
        )
        told: dict[str, str] = json.loads(done.stdout)
        return told

    first = run(sys.executable, write(tmp_path / "deliver.py", python[1]).as_posix())
    assert ("waiting", "day.xml") == (first["state"], first["name"])
    take_in(engine, archive)
    second = run("bash", write(tmp_path / "deliver.sh", shell[1]).as_posix())
    take_in(engine, archive)
    assert "accepted" == client.get(second["status"]).json()["state"]
    assert INSTALLATION.hex() != client.secret
