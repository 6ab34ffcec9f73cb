"""The API of the feeds behind a real uvicorn, and a client that signs."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Thread

import httpx
import msgspec
import uvicorn
from sqlalchemy import Engine

from models.store import deliverers
from models.store.deliverers import Feed, Key
from models.store.engine import writing
from streams.embedded import ingest
from streams.feeds import signing
from streams.feeds.api import Receiver, create_api
from streams.feeds.archive import Archive
from streams.feeds.folder import Delivered
from streams.reception import Summary, now, utc_text
from streams.watching import Watch
from streams.ways import ways_in
from tests.streams.told import law

INSTALLATION = b"\x01" * 32
BYTES_MAX = 200_000
TODAY = date(2024, 3, 20)


def let_deliver(engine: Engine, feed: str, **rights: tuple[str, ...]) -> Key:
    """Add a feed with one key."""
    made_at = utc_text(now())
    with writing(engine) as connection:
        made = msgspec.structs.replace(Feed(feed=feed, made_at=made_at), **rights)
        assert deliverers.add_feed(connection, made)
        key = Key(key_id=signing.new_key_id(), feed=feed, made_at=made_at)
        deliverers.add_key(connection, key)
    return key


@contextmanager
def served(engine: Engine, archive: Path) -> Iterator[str]:
    """The address of the API while the block runs."""
    receiver = Receiver(engine, Archive(archive), INSTALLATION, delivery_bytes_max=BYTES_MAX)
    server = uvicorn.Server(
        uvicorn.Config(create_api(receiver), host="127.0.0.1", port=0, log_level="warning")
    )
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


class Client:
    """A deliverer with a key."""

    def __init__(self, base: str, key: Key) -> None:
        self.key = key
        self.feed = key.feed
        self.secret = signing.secret_of(INSTALLATION, key.feed, key.key_id)
        self.http = httpx.Client(base_url=base, timeout=30, trust_env=False)

    def headers(
        self,
        method: str,
        target: str,
        body: bytes,
        *,
        idempotency: str = "",
        moment: datetime | None = None,
        nonce: str = "",
    ) -> dict[str, str]:
        """The headers of a request that is rightly signed."""
        time, nonce = utc_text(moment or now()), nonce or secrets.token_hex(16)
        signature = signing.signature(
            self.secret,
            method=method,
            target=target,
            time=time,
            nonce=nonce,
            idempotency=idempotency,
            sha256=hashlib.sha256(body).hexdigest(),
        )
        told = {
            "Escrow-Key": self.key.key_id,
            "Escrow-Time": time,
            "Escrow-Nonce": nonce,
            "Escrow-Signature": signature,
        }
        return told | ({"Idempotency-Key": idempotency} if idempotency else {})

    def post(
        self,
        body: bytes,
        *,
        name: str = "a.xml",
        idempotency: str = "",
        late: timedelta = timedelta(0),
        nonce: str = "",
    ) -> httpx.Response:
        """Deliver a body, as it was signed so long ago."""
        target = f"/feeds/{self.feed}?name={name}"
        headers = self.headers(
            *("POST", target, body), idempotency=idempotency, moment=now() - late, nonce=nonce
        )
        return self.http.post(target, content=body, headers=headers)

    def get(self, target: str) -> httpx.Response:
        """Ask for an address, signed."""
        return self.http.get(target, headers=self.headers("GET", target, b""))


def take_in(engine: Engine, archive: Path, *drops: Path, today: date = TODAY) -> None:
    """What a runner does at one look."""
    kept = Archive(archive)

    def deliver(some: list[Delivered]) -> Summary:
        return ingest(some, engine, law(), kept, today=today)

    with ways_in(engine, kept, drops) as ways:
        watch = Watch(ways, deliver, ())
        watch.look()
        watch.look()


def code(answer: httpx.Response) -> str:
    """The code of a problem."""
    assert "application/problem+json" == answer.headers["content-type"], answer.text
    told = answer.json()
    assert told["status"] == answer.status_code
    return str(told["code"])
