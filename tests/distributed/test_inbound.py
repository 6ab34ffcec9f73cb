"""Single facts of third parties: checked, keyed, packed, and held where they are none."""

from contextlib import closing
from datetime import date, timedelta
from random import Random

import msgspec
from kafka import KafkaProducer
from sqlalchemy import func, select

from models.keys import encode
from models.store.engine import reading
from models.store.tables import FILES, HELD
from streams import topics, wire
from streams.feeds import intake, planning
from tests.distributed.city import TODAY, City
from tests.distributed.cluster import ESCROW, Cluster, same

FIRST, LAST = date(2024, 1, 1), date(2024, 3, 31)
NONSENSE = (b"", b"# a comment", b"{\n}", b"\xff\x00", b'{"kind": "Unheard"}', b"<xml/>")


def test_a_city_fact_by_fact_is_the_same_city(cluster: Cluster, small: City) -> None:
    """Each fact as a message of its own, in any order, with nonsense between, ends the same."""
    messages = [
        b'{"stated_at": %s, "fact": %s}' % (msgspec.json.encode(told.stated_at), encode(told.fact))
        for _, group in planning.plan([small.folder], TODAY)
        for proved in group
        for told in intake.told(proved)
    ]
    Random(7).shuffle(messages)  # noqa: S311 -- a seed is wanted
    with closing(topics.connect(cluster.bootstrap)) as admin:
        topics.create(admin, f"{cluster.topic}.inbound", 2)
    cluster.start_worker()
    inbound = cluster.start(*ESCROW, "inbound", "--topic", cluster.topic, name="inbound")
    cluster.workers.append(inbound)
    with closing(KafkaProducer(bootstrap_servers=cluster.bootstrap)) as producer:
        for value in (*NONSENSE, *messages):
            producer.send(f"{cluster.topic}.inbound", value)
        producer.flush()
        cluster.wait_journaled(len(small.journal))
        for day in range((LAST - FIRST).days + 1):
            for partition in range(cluster.partitions):
                close = wire.encode_close(FIRST + timedelta(days=day))
                producer.send(cluster.topic, close, partition=partition)
        producer.flush()
    cluster.wait_caught_up()

    same(cluster, small.findings, set(small.journal))
    with reading(cluster.engine) as connection:
        held = connection.execute(select(HELD.c.reason)).scalars().all()
        states = connection.execute(
            select(FILES.c.state, func.count()).group_by(FILES.c.state)
        ).all()
    assert len(NONSENSE) == len(held), held
    assert {"done", "held"} >= {row[0] for row in states}
