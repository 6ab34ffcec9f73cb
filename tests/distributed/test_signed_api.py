"""A file posted to the signed API, through the gateway and the broker, into the journal: once."""

from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition

from models.keys import content_hash, encode, fact_id
from streams import wire
from streams.feeds.intake import prove, told
from tests.distributed.cluster import ESCROW, Cluster
from tests.streams.deliveries import statement
from tests.streams.serving import Client, code, let_deliver, served

DAY = date(2024, 3, 5)
TODAY = date(2026, 11, 1)
GOOD = statement("62-A", DAY, 0, ("C", 600_000, "HT-1"), ("C", 600_000, "HT-1")).encode()
BROKEN = statement("62-B", DAY, 0, ("C", 600_000, "HT-2"), closing_fen=1).encode()
NONCE = "a-nonce-of-a-test"


def sent_facts(cluster: Cluster) -> Counter[str]:
    """How often each fact stands on the broker, by its id."""
    partitions = [TopicPartition(cluster.topic, each) for each in range(cluster.partitions)]
    found: Counter[str] = Counter()
    with closing(
        KafkaConsumer(bootstrap_servers=cluster.bootstrap, consumer_timeout_ms=5_000)
    ) as consumer:
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        left = sum(consumer.end_offsets(partitions).values())
        while left:
            message = next(consumer)
            left -= 1
            batch = wire.decode(message.value, message.offset, "test", "")
            found.update(fact_id(one.fact) for one in batch.told)
    return found


def test_a_posted_file_reaches_the_broker_exactly_once(cluster: Cluster, tmp_path: Path) -> None:
    """Replayed it is refused; delivered again, alone or with its key, it tells nothing more.

    What the bank's own figures do not prove is never sent: of it only the receipt and the gap are.
    """
    facts = [one.fact for one in told(prove(GOOD, TODAY))]
    gap = [one.fact for one in told(prove(BROKEN, TODAY))]
    cluster.start_worker()
    gateway = cluster.start(
        *(*ESCROW, "gateway", "--topic", cluster.topic, "--every", "0.3"), name="gateway"
    )
    cluster.workers.append(gateway)
    with served(cluster.engine, tmp_path / "archive") as base:
        client = Client(base, let_deliver(cluster.engine, "bank"))
        first = client.post(GOOD, nonce=NONCE, idempotency="day-1")
        replayed = client.post(GOOD, nonce=NONCE, idempotency="day-1")
        same = client.post(GOOD, idempotency="day-1")
        again, broken = client.post(GOOD, name="again.xml"), client.post(BROKEN)
        places = [answer.json()["status"] for answer in (first, again, broken)]

        def states() -> list[str]:
            return [client.get(place).json()["state"] for place in places]

        cluster.wait_until(lambda: "waiting" not in states())
        receipt = client.get(places[0]).json()
        assert ["accepted", "accepted", "held"] == states()
        client.http.close()

    assert (202, 202) == (first.status_code, again.status_code)
    assert (401, "nonce-used") == (replayed.status_code, code(replayed))
    assert first.json()["delivery"] == same.json()["delivery"]
    assert {"CNY C": 1_200_000} == receipt["sums_fen"]
    cluster.wait_journaled(len(facts) + len(gap))
    cluster.wait_caught_up()
    assert Counter(fact_id(one) for one in [*facts, *gap]) == sent_facts(cluster)
    assert {
        (fact_id(one), content_hash(encode(one))) for one in [*facts, *gap]
    } == cluster.journal()
    assert [] == cluster.faults()
