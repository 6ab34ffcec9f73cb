"""What a fault is thrown at: servers of our own that may be killed, a topic, a store, a city."""

import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

from streams import topics
from streams.servers.kafka import Kafka
from streams.servers.postgres import Postgres, create_database, drop_database
from tests.distributed.city import City
from tests.distributed.cluster import Cluster, same

PARTITIONS = 8
RECOVERED_SECONDS = 60


class Scene:
    """A run of one kind of fault. `log` says what hit when; `hit` asserts that it hit the load."""

    def __init__(
        self, kafka: Kafka, postgres: Postgres, city: City, folder: Path, random: Random
    ) -> None:
        self.kafka = kafka
        self.postgres = postgres
        self.city = city
        self.folder = folder
        self.random = random
        self.log: list[str] = []
        self._handled_at_hits: list[int] = []
        self._database = f"chaos_{secrets.token_hex(6)}"
        url = create_database(postgres.url(), self._database)
        topic = f"chaos-{secrets.token_hex(6)}"
        self.cluster = Cluster(folder, kafka.bootstrap, url, topic, PARTITIONS)
        # Every day is closed on every partition, and some facts come between: less there never is.
        self.expected = 90 * PARTITIONS

    def hit(self, what: str, undo: Callable[[], None] | None = None) -> None:
        """Note a fault; it must have hit while messages were still to come (see `finish`)."""
        handled = self.cluster.handled()
        assert handled > 0, f"{what}: too early"
        self._handled_at_hits.append(handled)
        self.log.append(f"{what} at {handled}")
        if undo is not None:
            undo()

    def wait_share(self, low: float, high: float) -> None:
        """Wait until a random share of the load was handled."""
        self.cluster.wait_handled(round(self.expected * self.random.uniform(low, high)))

    def kill_gateway(self, gateway: subprocess.Popen[bytes], low: float, high: float) -> None:
        """Kill -9 of a gateway once a random share was sent; it must have had more to send."""
        wanted = round(self.expected * self.random.uniform(low, high))
        self.cluster.wait_until(lambda: self.cluster.sent() >= wanted)
        assert gateway.poll() is None, "the gateway was done already"
        gateway.kill()
        gateway.wait()
        sent = self.cluster.sent()
        assert sent < self.expected, f"{sent} of about {self.expected} were sent already"
        self.log.append(f"kill -9 of the gateway after {sent} messages")

    def finish(self) -> None:
        """Everything must be caught up within a minute, and be as without the fault."""
        seconds = self.cluster.wait_caught_up(RECOVERED_SECONDS)
        self.log.append(f"caught up after {seconds:.1f} s")
        sent = max(self.expected, self.cluster.sent())
        late = [at for at in self._handled_at_hits if at >= sent]
        assert not late, f"a fault hit after {late} of {sent} messages: too late"
        same(self.cluster, self.city.findings, set(self.city.journal))

    def backup_database(self) -> Path:
        """A copy of the stopped database, as a backup would be; it goes on at once."""
        target = self.postgres.folder.with_name(f"{self.postgres.folder.name}-{len(self.log)}")
        self.postgres.stop()
        subprocess.run(["/bin/cp", "-a", self.postgres.folder, target], check=True)
        self.postgres.start()
        return target

    def restore_database(self, older: Path) -> None:
        """Set the database back to a copy."""
        self.postgres.kill()
        shutil.rmtree(self.postgres.folder)
        older.rename(self.postgres.folder)
        self.postgres.start()

    def close(self) -> None:
        """End the processes, delete the topic and drop the store."""
        self.cluster.close()
        with closing(topics.connect(self.kafka.bootstrap)) as admin:
            admin.delete_topics([self.cluster.topic])
        drop_database(self.postgres.url(), self._database)


def pause(seconds: float) -> None:
    """Let the processes be."""
    time.sleep(seconds)
