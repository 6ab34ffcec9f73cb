"""Plain Faust beside ours: the facts of the same city, each as a message of its own."""

from contextlib import closing
from pathlib import Path

from kafka import KafkaProducer

from bench.servers import Messages, Servers, place, run_module

DICT, TABLES = "dict", "tables"


def measure(servers: Servers, folder: Path, kind: str, events_max: int) -> dict[str, object]:
    """Play the first facts of a city to plain Faust: state in a dict, or in Faust's tables."""
    with place(servers, f"bench-plain-{kind}") as here:
        sent = Messages()
        here.deliver(folder, sent)
        lines = [
            (partition, line)
            for partition, value in sent.values
            if not value.startswith(b'{"close"')
            for line in value.splitlines(keepends=True)
        ][:events_max]
        with closing(KafkaProducer(bootstrap_servers=servers.bootstrap)) as producer:
            for partition, line in lines:
                producer.send(here.topic.name, line, partition=partition)
            producer.flush()
        arguments = (servers.bootstrap, here.topic.name, str(len(lines)), kind)
        return run_module("bench.plain_faust", *arguments)
