"""A Kafka of our own: what it keeps over kill -9, who may reach it, and how it says no."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaTimeoutError

from streams.servers import jars
from streams.servers.kafka import Kafka
from streams.servers.process import ServerError


@pytest.fixture(scope="module")
def broker(server_folders: Callable[[], Path]) -> Iterator[Kafka]:
    """One broker for all tests of this file; each leaves it as it likes."""
    with Kafka(server_folders()) as kafka:
        yield kafka


@pytest.fixture
def kafka(broker: Kafka) -> Kafka:
    """The broker, running."""
    if broker.pid is None:
        broker.start()
    return broker


def test_a_message_survives_kill_and_restart(kafka: Kafka) -> None:
    """After kill -9 the broker comes back on the same port with what it had acknowledged."""
    _create_topic(kafka.bootstrap, "killed")
    _produce(kafka.bootstrap, "killed", b"before")
    port = kafka.port

    kafka.kill()
    assert kafka.pid is None
    kafka.start()
    _produce(kafka.bootstrap, "killed", b"after")

    assert port == kafka.port
    assert [b"before", b"after"] == _consume(kafka.bootstrap, "killed", 2)


def test_a_message_survives_stop_and_a_new_handle(kafka: Kafka) -> None:
    """A second handle on the same folder finds the topics of the first."""
    _create_topic(kafka.bootstrap, "stopped")
    _produce(kafka.bootstrap, "stopped", b"before")
    kafka.stop()

    with Kafka(kafka.folder) as again:
        assert [b"before"] == _consume(again.bootstrap, "stopped", 1)


def test_a_paused_broker_is_silent_and_goes_on(kafka: Kafka) -> None:
    """SIGSTOP leaves the process there without an answer; after SIGCONT it answers again."""
    kafka.pause()
    assert kafka.pid is not None
    assert psutil.STATUS_STOPPED == psutil.Process(kafka.pid).status()

    kafka.resume()
    _create_topic(kafka.bootstrap, "resumed")
    assert "resumed" in _topics(kafka.bootstrap)


def test_a_paused_broker_can_be_stopped(kafka: Kafka) -> None:
    """Stop wakes what sleeps, and does not wait until it must kill."""
    kafka.pause()
    kafka.stop()

    assert kafka.pid is None
    assert "shut down completed" in kafka.log.read_text(encoding="utf-8")


def test_kafka_listens_on_loopback_alone(kafka: Kafka) -> None:
    """Broker and controller are out of reach for other machines."""
    listening = {
        connection.laddr.ip.removeprefix("::ffff:")
        for connection in psutil.Process(kafka.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }

    assert {"127.0.0.1"} == listening


def test_a_topic_is_not_created_by_being_named(kafka: Kafka) -> None:
    """Who produces to a topic that does not exist gets an error, not a topic of one partition."""
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, max_block_ms=500)
    with pytest.raises(KafkaTimeoutError):
        producer.send("nowhere", b"x")
    producer.close(timeout=1)

    assert "nowhere" not in _topics(kafka.bootstrap)


def test_java_that_cannot_start_is_told_with_its_words(server_folder: Path) -> None:
    """The error ends with what Java wrote, and nothing keeps running."""
    kafka = Kafka(server_folder, heap_mb=1)

    with pytest.raises(ServerError, match="kafka did not start: it ended with status 1") as caught:
        kafka.start()

    assert "Too small maximum heap" in str(caught.value)
    assert kafka.pid is None


def test_java_that_is_missing_is_told(server_folder: Path) -> None:
    """A path without Java is named in the error."""
    with pytest.raises(ServerError, match="no-java"):
        Kafka(server_folder, java=server_folder / "no-java").start()


def test_a_port_in_use_is_told(kafka: Kafka, server_folder: Path) -> None:
    """A second broker on the same port fails, although the first one answers there."""
    second = Kafka(server_folder / "second", port=kafka.port)

    with pytest.raises(ServerError, match="Address already in use"):
        second.start()

    assert kafka.pid is not None


def test_a_broker_is_not_started_twice(kafka: Kafka) -> None:
    """The handle of a running broker refuses a second start."""
    with pytest.raises(ServerError, match="runs already"):
        kafka.start()


def test_a_jar_of_other_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A jar whose SHA-256 is not the lock's is never used, and stays where it lies."""
    jar = jars.read_lock()[0]
    folder = tmp_path / jar.group.replace(".", "/") / jar.artifact / jar.version
    folder.mkdir(parents=True)
    file = folder / f"{jar.artifact}-{jar.version}.jar"
    file.write_bytes(b"something else")
    monkeypatch.setenv("M2_REPO", str(tmp_path))

    with pytest.raises(ServerError, match=f"{file} is not the jar that was tested") as caught:
        jars.class_path()

    assert hashlib.sha256(b"something else").hexdigest() in str(caught.value)
    assert file.exists()


def test_a_fetched_jar_of_other_bytes_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What arrives with another SHA-256 does not stay where the next start would look for it."""
    lock = tmp_path / "kafka.lock"
    lock.write_text(f"org.slf4j:slf4j-simple:1.7.36 {'0' * 64}\n", encoding="utf-8")
    kept = tmp_path / "repository"
    monkeypatch.setenv("M2_REPO", str(kept))

    with pytest.raises(ServerError, match="is not the jar that was tested"):
        jars.class_path(lock)

    assert [] == list(kept.iterdir())


def test_a_line_without_hash_is_refused(tmp_path: Path) -> None:
    """Every jar of a lock has its hash, or the lock is none."""
    lock = tmp_path / "kafka.lock"
    lock.write_text("# head\norg.slf4j:slf4j-simple:1.7.36\n", encoding="utf-8")

    with pytest.raises(ServerError, match="is not group:artifact:version sha256"):
        jars.read_lock(lock)


def test_the_shared_broker_answers(kafka_bootstrap: str, topic_name: str) -> None:
    """The broker that all tests share takes a topic and a message."""
    _create_topic(kafka_bootstrap, topic_name)
    _produce(kafka_bootstrap, topic_name, b"one")

    assert [b"one"] == _consume(kafka_bootstrap, topic_name, 1)


def _create_topic(bootstrap: str, name: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    admin.close()


def _topics(bootstrap: str) -> list[str]:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    topics = list(admin.list_topics())
    admin.close()
    return topics


def _produce(bootstrap: str, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    producer.send(topic, value, partition=0).get(timeout=20)
    producer.close()


def _consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=20_000
    )
    values = [message.value for message in itertools.islice(consumer, count)]
    consumer.close()
    return values
