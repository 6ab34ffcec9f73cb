"""Faults in what the servers hold, or in what is told: set back, made again, mixed up, late."""

import shutil
import subprocess
from contextlib import closing
from datetime import UTC, datetime

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from alerts.evaluation import Law
from config.load import load_calendar
from config.policy_load import load_policy
from models import facts as f
from streams import topics, wire
from streams.cli_shared import SHANGHAI
from tests.chaos.scene import Scene, pause
from tests.distributed.cluster import ESCROW

DRAIN_SECONDS = 60


def restore_database(scene: Scene) -> None:
    """The database is set back to an older state while Kafka's group is ahead."""
    cluster = scene.cluster
    for _ in range(2):
        cluster.start_worker()
    gateway = cluster.start_gateway(scene.city.folder)
    scene.wait_share(0.15, 0.3)
    older = scene.backup_database()
    scene.log.append(f"backup at {cluster.handled()}")
    scene.wait_share(0.5, 0.7)
    scene.hit("database set back", lambda: scene.restore_database(older))
    _deliver_again(scene, gateway)


def recreate_topic(scene: Scene) -> None:
    """The topic is deleted and made again; the archive is replayed onto it."""
    cluster = scene.cluster
    cluster.start_worker()
    began = datetime.now(UTC)
    gateway = cluster.start_gateway(scene.city.folder)
    scene.wait_share(0.2, 0.5)
    gateway.kill()
    gateway.wait()
    scene.hit("topic made again", lambda: _make_again(scene))
    # What was read of the old topic before may still be handled, slowly on a busy machine.
    cluster.wait_until(lambda: _stands_still(scene), DRAIN_SECONDS)
    scene.log.append("refused")
    day = began.astimezone(SHANGHAI).date().isoformat()
    command = (*ESCROW, "gateway", "--topic", cluster.topic, "--replay-archive", day)
    assert cluster.start(*command, name="replay").wait(DRAIN_SECONDS) in (0, 3), cluster.state()
    cluster.deliver(scene.city.folder)


def duplicate_and_reorder(scene: Scene) -> None:
    """Everything that was sent is sent again, in another order and in other messages."""
    cluster = scene.cluster
    for _ in range(2):
        cluster.start_worker()
    gateway = cluster.start_gateway(scene.city.folder)
    scene.wait_share(0.3, 0.6)
    scene.hit("everything sent again, shuffled", lambda: _send_again(scene))
    assert gateway.wait(DRAIN_SECONDS) in (0, 3), cluster.state()
    _send_again(scene)


def register_late(scene: Scene) -> None:
    """The accounts are registered while their entries arrive on other partitions."""
    cluster = scene.cluster
    folder = cluster.folder / "late"
    shutil.copytree(scene.city.folder, folder)
    registers = sorted(folder.rglob("accounts*.csv"))
    assert registers, "the city has no register of accounts"
    kept = cluster.folder / "registers"
    kept.mkdir()
    for register in registers:
        register.rename(kept / f"{register.parent.name}-{register.name}")
    for _ in range(2):
        cluster.start_worker()
    gateway = cluster.start_gateway(folder)
    scene.wait_share(0.2, 0.5)
    scene.hit("accounts registered")
    registering = cluster.start_gateway(kept)
    for one in (gateway, registering):
        assert one.wait(DRAIN_SECONDS) in (0, 3), cluster.state()


def adopt_policy(scene: Scene) -> None:
    """Another policy is adopted during load; workers with the old one end, new ones go on."""
    cluster = scene.cluster
    old = [cluster.start_worker(), cluster.start_worker()]
    gateway = cluster.start_gateway(scene.city.folder)
    scene.wait_share(0.2, 0.4)
    scene.hit("another policy adopted")
    # Another default city: other values for cities that are not named, and another hash.
    cluster.settings = {"ESCROW_CITY": "wuhu"}
    cluster.law = Law(load_policy(default_city="wuhu"), load_calendar())
    adopting = cluster.start(*ESCROW, "policy", "adopt", name="adopt")
    assert 0 == adopting.wait(DRAIN_SECONDS), cluster.state()
    for one in old:
        assert 1 == one.wait(DRAIN_SECONDS), cluster.state()
    for _ in old:
        cluster.start_worker()
    assert gateway.wait(DRAIN_SECONDS) in (0, 3), cluster.state()
    cluster.wait_judged_by(cluster.law)


STORE_KINDS = (
    restore_database,
    recreate_topic,
    duplicate_and_reorder,
    register_late,
    adopt_policy,
)


def _deliver_again(scene: Scene, gateway: subprocess.Popen[bytes]) -> None:
    """What the restored store forgot of the gateway's files it is told again."""
    scene.log.append(f"gateway ended with {gateway.wait(DRAIN_SECONDS)}")
    scene.cluster.deliver(scene.city.folder)


def _stands_still(scene: Scene) -> bool:
    before = scene.cluster.handled()
    pause(3)
    return before == scene.cluster.handled()


def _make_again(scene: Scene) -> None:
    with closing(topics.connect(scene.kafka.bootstrap)) as admin:
        admin.delete_topics([scene.cluster.topic])
    pause(1)
    scene.cluster.make_topic()


def _send_again(scene: Scene) -> None:
    cluster = scene.cluster
    told: list[f.Told] = []
    places = [TopicPartition(cluster.topic, each) for each in range(cluster.partitions)]
    with closing(KafkaConsumer(bootstrap_servers=scene.kafka.bootstrap)) as consumer:
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        while any(consumer.position(place) < ends[place] for place in places):
            for records in consumer.poll(1_000).values():
                for record in records:
                    told += wire.decode(record.value, record.offset, "", "").told
    scene.random.shuffle(told)
    with closing(KafkaProducer(bootstrap_servers=scene.kafka.bootstrap)) as producer:
        while told:
            some = [told.pop() for _ in range(min(len(told), scene.random.randint(1, 400)))]
            value = b"".join(map(wire.encode, some))
            # To any partition: whoever gets a fact of another's wakes its owner.
            producer.send(cluster.topic, value, partition=scene.random.choice(places).partition)
        producer.flush()
