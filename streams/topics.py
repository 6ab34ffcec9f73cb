"""The topics: made with an explicit number of partitions, which then never changes."""

from datetime import timedelta
from typing import Any

import msgspec
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import KafkaError, TopicAlreadyExistsError

from streams.wire import MESSAGE_BYTES_MAX

EVENTS, INBOUND = "events", "events.inbound"
RETENTION_DAYS = 14


class TopicFault(RuntimeError):  # noqa: N818 -- a name that reads as the fact it states
    """A topic is not there, or is not as it has to be."""


class Topic(msgspec.Struct, frozen=True):
    """A topic as the broker has it. `identity` differs when it was deleted and made again."""

    name: str
    identity: str
    partitions: int
    retention_days: int


def connect(bootstrap: str) -> KafkaAdminClient:
    """A client for topics; TopicFault if no broker answers."""
    try:
        return KafkaAdminClient(bootstrap_servers=bootstrap, client_id="escrow-topics")
    except KafkaError as error:
        raise TopicFault(f"no broker answers at {bootstrap}: {error}") from error


def create(admin: KafkaAdminClient, name: str, partitions: int, replication: int = 1) -> Topic:
    """Make a topic, or accept one that is just like it; TopicFault if it differs."""
    wanted = {
        "num_partitions": partitions,
        "replication_factor": replication,
        "configs": {
            "cleanup.policy": "delete",
            "retention.ms": str(timedelta(days=RETENTION_DAYS) // timedelta(milliseconds=1)),
            "max.message.bytes": str(MESSAGE_BYTES_MAX),
        },
    }
    try:
        admin.create_topics({name: wanted}, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        pass
    except KafkaError as error:
        raise TopicFault(f"topic {name} cannot be made: {error}") from error
    found = describe(admin, name)
    if found.partitions != partitions:
        raise TopicFault(
            f"topic {name} has {found.partitions} partitions, not {partitions}; their number is"
            " fixed for life, because it decides where an institution's facts lie"
        )
    if found.retention_days != RETENTION_DAYS:
        raise TopicFault(
            f"topic {name} keeps messages for {found.retention_days} days, not {RETENTION_DAYS}"
        )
    return found


def describe(admin: KafkaAdminClient, name: str) -> Topic:
    """The topic as it is; TopicFault if there is none."""
    try:
        (found,) = admin.describe_topics([name])
        resource = ConfigResource(ConfigResourceType.TOPIC, name)
        configs = admin.describe_configs([resource], config_filter="all")
    except KafkaError as error:
        raise TopicFault(f"topic {name}: {error}") from error
    if found["error_code"]:
        raise TopicFault(f"there is no topic {name}; `escrow topics create` makes it")
    kept: dict[str, Any] = configs["topic"][name]["retention.ms"]
    days = timedelta(milliseconds=int(kept["value"])).days
    return Topic(name, str(found["topic_id"]), len(found["partitions"]), days)


def first_offsets(admin: KafkaAdminClient, topic: Topic) -> dict[int, int]:
    """The offset of the oldest message that the broker still holds, by partition."""
    places = {
        TopicPartition(topic.name, partition): OffsetSpec.EARLIEST
        for partition in range(topic.partitions)
    }
    return {
        place.partition: found.offset
        for place, found in admin.list_partition_offsets(places).items()
    }


class Watch:
    """Asks the broker about one topic again and again over one connection, made anew when lost."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self._bootstrap = bootstrap
        self._name = name
        self._admin: KafkaAdminClient | None = None

    def look(self) -> tuple[Topic, dict[int, int]]:
        """The topic as it is, and the offset of its oldest message by partition; TopicFault."""
        try:
            if self._admin is None:
                self._admin = connect(self._bootstrap)
            topic = describe(self._admin, self._name)
            return topic, first_offsets(self._admin, topic)
        except (KafkaError, TopicFault) as error:
            self.close()
            raise TopicFault(f"topic {self._name}: {error}") from error

    def close(self) -> None:
        """Let go of the connection."""
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()
