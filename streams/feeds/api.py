"""The API of the feeds: a signed body is archived and noted, and a runner takes it in.

    POST /feeds/{feed}?name=statement.xml         202, with the address of its status
    GET  /feeds/{feed}/deliveries/{delivery}      what became of it

docs/feeds.md has the headers, the text that is signed, and every code.
"""

import asyncio
import hashlib
import re
import secrets
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from alerts.inbox.guard import Guard
from models.store import deliverers
from models.store.deliverers import Delivery
from models.store.engine import reading, writing
from streams.feeds import signing
from streams.feeds.archive import Archive
from streams.feeds.receipts import Receipt
from streams.reception import now, utc_text

CLOCK = timedelta(minutes=5)
"""So far a request's time may lie from ours; as long are nonces remembered, on both sides."""

RECEIVE_SECONDS = 600
NAME_LENGTH_MAX = 200

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TOKEN = re.compile(r"[!-~]{1,200}")
_NONCE = re.compile(r"[\w-]{16,100}", re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f\x7f/\\]+")
_RETRY_SECONDS = "5"

# Said and not enforced by FastAPI: a wrong name has a code of its own.
_NAMED = {"minLength": 1, "maxLength": NAME_LENGTH_MAX, "pattern": f"^{_NAME.pattern}$"}
_FileName = Annotated[str, Query(json_schema_extra=_NAMED)]
_BODY = {"type": "string", "format": "binary", "minLength": 1}
_HEADERS = {
    "Escrow-Key": (True, "The key's id."),
    "Escrow-Time": (True, "UTC, as 2026-03-05T08:00:00Z, at most five minutes off ours."),
    "Escrow-Nonce": (True, "16 to 100 letters, digits, _ or -, never the same twice."),
    "Escrow-Signature": (True, "HMAC-SHA256 in hex over six lines; see docs/feeds.md."),
    "Idempotency-Key": (False, "The same key, bytes and name again are no second delivery."),
}
_PROBLEMS = {
    401: "A header is missing, wrong or used before, or the signature is not that of the key.",
    404: "This feed has no such delivery.",
    408: "The body took too long.",
    413: "The body is too large.",
    422: "The request cannot be taken as it is.",
    503: "The store does not answer; send the same again later.",
}

router = APIRouter()


class Problem(Exception):  # noqa: N818 -- the name that RFC 9457 gives it
    """Why a request is not served: a code that stays, the HTTP status, and what to do."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


class Accepted(BaseModel):
    """A delivery that lies in the archive; `status` is where to ask what became of it."""

    delivery: str
    status: str
    sha256: str
    size_bytes: int
    received_at: datetime


class Status(BaseModel):
    """What became of a delivery: its receipt, all zero and empty while it waits."""

    delivery: str
    name: str
    sha256: str
    size_bytes: int
    received_at: datetime
    state: Literal["waiting", "accepted", "held", "refused"]
    format: str = ""
    statements: int = 0
    statements_inconsistent: int = 0
    entries: int = 0
    facts: dict[str, int] = {}
    held: int = 0
    sums_fen: dict[str, int] = {}
    position: str = ""
    reasons: list[str] = []


class Told(BaseModel):
    """A problem as RFC 9457 has it; `code` is the title, and stays."""

    type: Literal["about:blank"]
    title: str
    status: int
    code: str
    detail: str


def _described(*statuses: int, body: bool = False) -> dict[str, Any]:
    """What OpenAPI says of a route beyond its types: headers, body, and how it may fail."""
    extra: dict[str, Any] = {
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": required,
                "description": what,
                "schema": {"type": "string", "pattern": f"^{_TOKEN.pattern}$"},
            }
            for name, (required, what) in _HEADERS.items()
        ]
    }
    if body:
        octets = {"application/octet-stream": {"schema": _BODY}}
        extra["requestBody"] = {"required": True, "content": octets}
    problem = {"application/problem+json": {"schema": Told.model_json_schema()}}
    responses = {
        status: {"description": _PROBLEMS[status], "content": problem} for status in statuses
    }
    return {"openapi_extra": extra, "responses": responses}


class _Signed(msgspec.Struct, frozen=True):
    """What the headers of a request say of it; `secret` is that of the key they name."""

    feed: str
    key_id: str
    secret: str
    time: str
    nonce: str
    idempotency: str
    signature: str


class Receiver:
    """The store, the archive, the installation's secret, and how large a body may be."""

    def __init__(
        self, engine: Engine, archive: Archive, secret: bytes, *, delivery_bytes_max: int
    ) -> None:
        self.delivery_bytes_max = delivery_bytes_max
        self._engine = engine
        self._archive = archive
        self._secret = secret

    def identify(self, feed: str, request: Request) -> _Signed:
        """The key that a request names, if it is the feed's and may be used now."""
        said = {
            name: request.headers.get(f"escrow-{name}", "")
            for name in ("key", "time", "nonce", "signature")
        }
        missing = [f"Escrow-{name.capitalize()}" for name, value in said.items() if not value]
        if missing:
            raise Problem(401, "header-missing", f"send {', '.join(missing)}")
        idempotency = request.headers.get("idempotency-key", "")
        if idempotency and not _TOKEN.fullmatch(idempotency):
            raise Problem(422, "idempotency-key-wrong", "1 to 200 printable ASCII characters")
        if not _NONCE.fullmatch(said["nonce"]):
            raise Problem(401, "nonce-wrong", "16 to 100 letters, digits, _ or -")
        moment = now()
        _compare_clocks(said["time"], moment)
        with reading(self._engine) as connection:
            key = deliverers.key(connection, said["key"])
            client = deliverers.feed(connection, feed)
        if key is None or client is None or key.feed != feed:
            raise Problem(401, "key-unknown", "no such key of this feed; see `escrow feeds list`")
        if client.revoked_at or (key.ends_at and key.ends_at <= utc_text(moment)):
            raise Problem(401, "key-ended", "the key has ended or the feed is revoked")
        secret = signing.secret_of(self._secret, feed, key.key_id)
        return _Signed(
            feed, key.key_id, secret, said["time"], said["nonce"], idempotency, said["signature"]
        )

    def receive(
        self, signed: _Signed, name: str, body: Path, sha256: str, size_bytes: int
    ) -> Delivery:
        """Archive a body and note the delivery; the first one of the same idempotency key."""
        assert sha256 == self._archive.put(body), "the body changed while it was archived"
        self._archive.make_lasting()
        feed = signed.feed
        made_of = f"{feed}\n{signed.idempotency}" if signed.idempotency else secrets.token_hex(32)
        wanted = Delivery(
            delivery=hashlib.sha256(made_of.encode()).hexdigest()[:32],
            feed=feed,
            sha256=sha256,
            name=name,
            size_bytes=size_bytes,
            received_at=utc_text(now()),
        )
        with writing(self._engine) as connection:
            self._use_nonce(connection, signed)
            kept = deliverers.add(connection, wanted)
        if (kept.sha256, kept.name) != (sha256, name):
            raise Problem(
                422,
                "idempotency-key-of-another",
                f"the key came at {kept.received_at} with {kept.name}, SHA-256 {kept.sha256}",
            )
        return kept

    def status(self, signed: _Signed, delivery: str) -> Delivery:
        """What the feed delivered under that id."""
        with writing(self._engine) as connection:
            self._use_nonce(connection, signed)
            found = deliverers.find(connection, signed.feed, delivery)
        if found is None:
            raise Problem(404, "delivery-unknown", "this feed has no such delivery")
        return found

    def _use_nonce(self, connection: Connection, signed: _Signed) -> None:
        moment = now()
        deliverers.forget_nonces(connection, utc_text(moment - 2 * CLOCK))
        if not deliverers.use_nonce(connection, signed.key_id, signed.nonce, utc_text(moment)):
            raise Problem(401, "nonce-used", "sign again with another nonce")


def create_api(receiver: Receiver) -> FastAPI:
    """The API on a store that is open; only this machine may ask it."""
    app = FastAPI(title="escrow feeds", docs_url=None, redoc_url=None)
    app.state.receiver = receiver
    app.add_middleware(Guard)
    app.include_router(router)
    app.add_api_route("/healthz", lambda: {"status": "ok"}, include_in_schema=False)
    for kind in (Problem, HTTPException, RequestValidationError, OperationalError):
        app.add_exception_handler(kind, _problem)
    return app


@router.post("/feeds/{feed}", status_code=202, **_described(401, 408, 413, 422, 503, body=True))
async def deliver(
    request: Request, response: Response, feed: str, name: _FileName = "delivery"
) -> Accepted:
    """Take a delivery in; what it says is judged by a runner, see the status."""
    receiver: Receiver = request.app.state.receiver
    if not _NAME.fullmatch(name) or len(name) > NAME_LENGTH_MAX:
        raise Problem(422, "name-wrong", f"a file name of 1 to {NAME_LENGTH_MAX} characters")
    signed = await asyncio.to_thread(receiver.identify, feed, request)
    with tempfile.TemporaryDirectory(prefix="escrow-delivery-") as folder:
        body = Path(folder) / "body"
        try:
            async with asyncio.timeout(RECEIVE_SECONDS):
                sha256, size_bytes = await _receive(request, body, receiver.delivery_bytes_max)
        except TimeoutError:
            raise Problem(408, "too-slow", f"more than {RECEIVE_SECONDS} s") from None
        _verify(signed, request, sha256)
        if not size_bytes:
            raise Problem(422, "body-empty", "send the bytes of the file as the body")
        kept = await asyncio.to_thread(receiver.receive, signed, name, body, sha256, size_bytes)
    place = f"/feeds/{feed}/deliveries/{kept.delivery}"
    response.headers["Location"] = place
    return Accepted(status=place, **_common(kept))


@router.get("/feeds/{feed}/deliveries/{delivery}", **_described(401, 404, 422, 503))
def status(request: Request, feed: str, delivery: str) -> Status:
    """What became of a delivery."""
    receiver: Receiver = request.app.state.receiver
    signed = receiver.identify(feed, request)
    _verify(signed, request, hashlib.sha256(b"").hexdigest())
    found = receiver.status(signed, delivery)
    if not found.receipt:
        return Status(name=found.name, state="waiting", **_common(found))
    receipt = msgspec.json.decode(found.receipt, type=Receipt)
    told = {
        field: getattr(receipt, field) for field in Receipt.__struct_fields__ if field != "name"
    }
    return Status.model_validate(
        told | _common(found) | {"name": found.name, "state": receipt.outcome}
    )


def _common(delivery: Delivery) -> dict[str, object]:
    names = ("delivery", "sha256", "size_bytes", "received_at")
    return {name: getattr(delivery, name) for name in names}


async def _receive(request: Request, body: Path, bytes_max: int) -> tuple[str, int]:
    """Write the body as it comes, never more than that; its SHA-256 and its length."""
    too_large = Problem(413, "body-too-large", f"at most {bytes_max:,} bytes; divide it")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > bytes_max:
        raise too_large
    digest, size_bytes = hashlib.sha256(), 0
    with body.open("wb") as out:
        async for chunk in request.stream():
            size_bytes += len(chunk)
            if size_bytes > bytes_max:
                raise too_large
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest(), size_bytes


def _compare_clocks(said: str, moment: datetime) -> None:
    try:
        time = datetime.fromisoformat(said) if _TIME.fullmatch(said) else None
    except ValueError:
        time = None
    if time is None:
        raise Problem(401, "time-wrong", "Escrow-Time is UTC as 2026-03-05T08:00:00Z")
    if abs(moment - time) > CLOCK:
        here = utc_text(moment)
        raise Problem(401, "time-outside-window", f"it says {said}, here it is {here}")


def _verify(signed: _Signed, request: Request, sha256: str) -> None:
    path = request.scope["raw_path"].partition(b"?")[0]
    query = request.scope["query_string"]
    expected = signing.signature(
        signed.secret,
        method=request.method,
        target=(path + b"?" + query if query else path).decode("latin-1"),
        time=signed.time,
        nonce=signed.nonce,
        idempotency=signed.idempotency,
        sha256=sha256,
    )
    if not signing.is_equal(signed.signature.lower(), expected):
        raise Problem(401, "signature-wrong", "see the text that is signed in docs/feeds.md")


def _problem(_request: Request, error: Exception) -> JSONResponse:
    headers: dict[str, str] = {}
    match error:
        case Problem():
            told = (error.status, error.code, error.detail)
        case HTTPException():
            told = (error.status_code, f"http-{error.status_code}", str(error.detail))
        case RequestValidationError():
            told = (422, "request-wrong", "; ".join(str(one["msg"]) for one in error.errors()))
        case _:
            headers["Retry-After"] = _RETRY_SECONDS
            told = (503, "store-away", "the store does not answer; send the same again later")
    code, name, detail = told
    content = {"type": "about:blank", "title": name, "status": code, "code": name, "detail": detail}
    return JSONResponse(content, code, headers, media_type="application/problem+json")
