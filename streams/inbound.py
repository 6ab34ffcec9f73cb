"""Single facts of third parties, on the topic `events.inbound`, become files like any other.

A pack of messages is archived as lines of JSON, proved, registered and told by the gateway, so that
a fact that came alone has its evidence, its receipt and its place in `held` too. A message is
acknowledged once what it told is durable; told twice is harmless.
"""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import faust
import structlog

from streams.gateway import Gateway
from streams.reception import utc_text
from streams.wire import FACTS_MAX

GROUP = "escrow-inbound"
PACK_SECONDS = 0.05
BACK_OFF_SECONDS, BACK_OFF_SECONDS_MAX = 0.2, 5.0
HEADING = b"# ndjson\n"

_log = structlog.get_logger()


class Message(NamedTuple):
    """A message's value, its time in UTC, and where it stood."""

    value: bytes
    sent_at: str
    place: str


def as_line(message: Message) -> bytes:
    """A message as one line that says what it said, or that will be held for what it is.

    A fact that does not say when it was stated was stated when it was sent.
    """
    text = message.value.decode(errors="backslashreplace").strip()
    text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\x00")
    if text.startswith("{") and '"stated_at"' not in text:
        text = f'{{"stated_at": "{message.sent_at}", "fact": {text}}}'
    elif not text.startswith("{"):
        text = f"not a fact: {text}"
    return text.encode() + b"\n"


class Inbound:
    """Packs what comes and hands it to a gateway, which is made anew when the servers were away."""

    def __init__(self, make_gateway: Callable[[], Gateway], today: Callable[[], date]) -> None:
        self._make_gateway = make_gateway
        self._today = today
        self._gateway: Gateway | None = None

    def deliver(self, messages: list[Message]) -> None:
        """Archive, prove and tell; raises what the servers raise, and then nothing is done."""
        if self._gateway is None:
            self._gateway = self._make_gateway()
        self._gateway.today = self._today()
        name = f"{messages[0].place} to {messages[-1].place}"
        data = HEADING + b"".join(map(as_line, messages))
        try:
            self._gateway.deliver_bytes(data, name)
        except BaseException:
            self._gateway = None
            raise


class Agent:
    """What Faust runs: one coroutine takes messages in, another sends packs of them on."""

    def __init__(self, inbound: Inbound, faults: dict[str, str]) -> None:
        self._inbound = inbound
        self._faults = faults
        # As long as a pack is full nothing more is read.
        self._waiting: asyncio.Queue[Any] = asyncio.Queue(maxsize=FACTS_MAX)

    async def collect(self, stream: Any) -> None:  # noqa: ANN401 -- Faust's type is unannotated
        """Take messages in, in the order of each partition."""
        async for event in stream.noack().events():
            await self._waiting.put(event)

    async def send(self) -> None:
        """Send what came within a moment as one pack, and acknowledge it, for ever."""
        while True:
            pack = [await self._waiting.get()]
            await asyncio.sleep(PACK_SECONDS)
            while len(pack) < FACTS_MAX and not self._waiting.empty():
                pack.append(self._waiting.get_nowait())
            await self._deliver([_message(event) for event in pack])
            for event in pack:
                event.ack()

    async def _deliver(self, messages: list[Message]) -> None:
        back_off = BACK_OFF_SECONDS
        while True:
            try:
                await asyncio.to_thread(self._inbound.deliver, messages)
            except Exception as error:  # noqa: BLE001 -- Faust would acknowledge what was not told
                if not self._faults:
                    _log.error("inbound waits", why=str(error), exc_info=True)
                self._faults["servers"] = f"{type(error).__name__}: {error}"
                await asyncio.sleep(back_off)
                back_off = min(2 * back_off, BACK_OFF_SECONDS_MAX)
            else:
                self._faults.clear()
                return


def _make_app(agent: Agent, bootstrap: str, topic_name: str, scratch: str) -> faust.App:
    app = faust.App(
        f"{GROUP}.{topic_name}",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        datadir=scratch,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        stream_wait_empty=False,
    )
    topic = app.topic(topic_name, value_type=bytes)
    app.agent(topic, concurrency=1, name="inbound")(agent.collect)
    app.task(agent.send)
    return app


def _message(event: Any) -> Message:  # noqa: ANN401 -- Faust's own type is unannotated
    message = event.message
    place = f"{message.topic}[{message.partition}] offset {message.offset}"
    sent_at = utc_text(datetime.fromtimestamp(message.timestamp, UTC))
    return Message(message.value or b"", sent_at, place)


def run(
    make_gateway: Callable[[], Gateway],
    today: Callable[[], date],
    bootstrap: str,
    topic_name: str,
    faults: dict[str, str],
) -> int:
    """Take what third parties send until told to stop; the exit code."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    agent = Agent(Inbound(make_gateway, today), faults)
    with tempfile.TemporaryDirectory(prefix="escrow-inbound-") as scratch:
        app = _make_app(agent, bootstrap, topic_name, scratch)
        worker = faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False)
        try:
            worker.execute_from_commandline()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 0
