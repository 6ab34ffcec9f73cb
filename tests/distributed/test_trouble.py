"""What a topic may hold that should not be there, and what it may no longer hold."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from kafka import KafkaProducer, TopicPartition
from sqlalchemy import select, text

from models import facts as f
from models.store.engine import reading, writing
from models.store.tables import HELD
from streams import topics, wire
from streams.cli_shared import SHANGHAI
from streams.servers.kafka import Kafka
from tests.distributed.city import City
from tests.distributed.cluster import ESCROW, Cluster, same

PATIENCE_SECONDS = 60
NONSENSE = (
    b"",
    b"\xff\xfe not text",
    b"\x00\x01",
    b"{",
    b'{"close": "someday"}',
    b'{"fact": {"kind": "Unheard"}, "stated_at": "", "file": "", "position": ""}',
    b"[" * 5_000,
    b'{"fact":{"kind":"TermStated","institution":"\\u0000"},"stated_at":"","file":""}',
)


def _produce(cluster: Cluster, messages: list[tuple[int, bytes]]) -> None:
    with closing(KafkaProducer(bootstrap_servers=cluster.bootstrap)) as producer:
        for partition, value in messages:
            producer.send(cluster.topic, value, partition=partition)
        producer.flush()


def test_nonsense_is_held_and_blocks_nothing(cluster: Cluster, small: City) -> None:
    """One message in a hundred cannot be read: each is shown with its place, the rest counts."""
    random = Random(5)  # noqa: S311 -- a seed is wanted
    cluster.start_worker()
    gateway = cluster.start_gateway(small.folder)
    sent = 0
    while gateway.poll() is None:
        _produce(cluster, [(random.randrange(8), random.choice(NONSENSE)) for _ in range(4)])
        sent += 4
    cluster.wait_caught_up()

    same(cluster, small.findings, set(small.journal))
    with reading(cluster.engine) as connection:
        held = connection.execute(
            select(HELD.c.position, HELD.c.reason).where(HELD.c.position.contains(" offset "))
        ).all()
    assert sent == len({row.position for row in held})
    assert all(row.reason for row in held)


def _lesson(number: str) -> bytes:
    lesson = f.LessonDelivered(
        institution="JG-1",
        number=number,
        day=date(2024, 3, 5),
        present=(),
        hours_hundredths=100,
        confirmed="parent",
    )
    return wire.encode(f.Told(lesson, "2024-03-05T12:00:00Z", "0" * 64, "row 1"))


def test_what_the_database_refuses_is_held(cluster: Cluster) -> None:
    """A fact that can be read and not be stored is held with the reason; its neighbours count."""
    with writing(cluster.engine) as connection:
        connection.execute(text("ALTER TABLE journal ADD CHECK (fact_id NOT LIKE '%POISON%')"))
    cluster.start_worker()
    lines = [_lesson(number) for number in ("KC-1", "POISON-1", "KC-2", "KC-3", "POISON-2")]
    _produce(cluster, [(3, b"".join(lines)), (3, _lesson("KC-4"))])
    cluster.wait_caught_up()

    journaled = {identifier.rpartition("/")[2] for identifier, _ in cluster.journal()}
    assert {"KC-1", "KC-2", "KC-3", "KC-4"} == journaled
    with reading(cluster.engine) as connection:
        held = connection.execute(select(HELD.c.position, HELD.c.reason)).all()
    places = [f"{cluster.topic}[3] offset 0 fact {n}" for n in (2, 5)]
    assert places == sorted(row.position for row in held)
    assert all("journal" in row.reason for row in held)


def test_good_lines_of_a_bad_message_count(cluster: Cluster) -> None:
    """Between two lines that cannot be read a fact is journaled."""
    cluster.start_worker()
    _produce(cluster, [(3, b"{\n" + _lesson("KC-1") + b"}\n")])
    cluster.wait_caught_up()

    assert {"i:JG-1/LessonDelivered/KC-1"} == {identifier for identifier, _ in cluster.journal()}
    with reading(cluster.engine) as connection:
        places = connection.execute(select(HELD.c.position)).scalars().all()
    assert [f"{cluster.topic}[3] offset 0 line {n}" for n in (1, 3)] == sorted(places)


def test_entries_of_unknown_accounts_are_judged_once_registered(
    cluster: Cluster, small: City
) -> None:
    """What came on accounts nobody registered waits in the journal, then counts as if known."""
    kept = cluster.folder / "registers"
    kept.mkdir()
    for number, register in enumerate(sorted(small.folder.rglob("accounts*.csv"))):
        (kept / f"{number}-{register.name}").write_bytes(register.read_bytes())
    others = [
        path
        for path in sorted(small.folder.rglob("*"))
        if path.is_file()
        and not path.name.startswith("accounts")
        and path.name not in {"truth.jsonl", "near_misses.jsonl", "city.json"}
    ]
    cluster.start_worker()
    cluster.start_worker()
    cluster.deliver(*others)
    cluster.wait_caught_up()
    assert list(small.findings) != cluster.findings()

    cluster.deliver(kept)
    cluster.wait_caught_up()

    same(cluster, small.findings, set(small.journal))


def test_hole_stops_its_partition_until_the_archive_is_replayed(
    cluster: Cluster, small: City
) -> None:
    """Messages that the broker lost are an alarm, and come again from the archive."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).astimezone(SHANGHAI).date()
    cluster.deliver(small.folder)
    with closing(topics.connect(cluster.bootstrap)) as admin:
        admin.delete_records({TopicPartition(cluster.topic, 2): 10})
    cluster.start_worker()
    with pytest.raises(AssertionError, match="not caught up"):
        cluster.wait_caught_up(8)
    assert "the oldest that the broker holds" in cluster.state()
    assert 0 == cluster.offsets().get(2, 0)

    command = (*ESCROW, "gateway", "--topic", cluster.topic, "--replay-archive", str(yesterday))
    assert cluster.start(*command, name="replay").wait(PATIENCE_SECONDS) in (0, 3)
    cluster.wait_caught_up()

    same(cluster, small.findings, set(small.journal))


def test_worker_ends_when_told_though_its_broker_is_dead(
    server_folder: Path, fresh_database: str, tmp_path: Path, small: City
) -> None:
    """SIGTERM ends a worker whose broker is gone for good; what it handled is kept."""
    with Kafka(server_folder) as kafka:
        cluster = Cluster(tmp_path, kafka.bootstrap, fresh_database, "events", 8)
        worker = cluster.start_worker()
        cluster.deliver(small.folder)
        cluster.wait_caught_up()
        kafka.kill()
        try:
            worker.terminate()
            assert worker.wait(PATIENCE_SECONDS) == 0, cluster.tail(cluster.logs[0])
            same(cluster, small.findings, set(small.journal))
        finally:
            cluster.close()
