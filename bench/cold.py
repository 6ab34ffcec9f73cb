"""Cold start: a worker whose partitions hold many journal rows, from its start to a new fact.

The rows are those of a simulated city, told again of made-up institutions by COPY. A new fact of an
institution of every partition waits in the topic before the worker starts.
"""

import time
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path

import msgspec
from sqlalchemy import select, update

from alerts.evaluation import Law
from bench import city
from bench.clock import peak_resident_bytes_of
from bench.servers import PARTITIONS, Place, Servers, place
from models import facts as f
from models.keys import content_hash, encode, fact_id, stream_of
from models.partitions import partition_of
from models.store import institutions, journal, progress
from models.store.engine import reading, writing
from models.store.institutions import Evaluated, Versions
from models.store.journal import Stated
from models.store.progress import Progress
from models.store.tables import INSTITUTIONS, JOURNAL
from streams import wire
from streams.monitor import versions_of
from streams.owning import agree

STATED_AT = "2026-01-01T00:00:00Z"
FILE = "0" * 64
LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 600

Report = dict[str, object]


def measure(servers: Servers, folder: Path, law: Law, rows: int) -> Report:
    """Fill a store, start a worker, and wait for a new fact in every partition.

    Then once more with all judged by another release, so that the worker judges anew beside.
    """
    with place(servers, "bench-cold") as here:
        agree(here.engine, law, here.topic)
        begun = time.perf_counter()
        names = _fill(here, folder, rows, versions_of(law))
        report: Report = {
            "rows": rows,
            "institutions": len(names),
            "fill_seconds": round(time.perf_counter() - begun, 1),
            "up_to_date": _start(here, names, "first"),
        }
        with writing(here.engine) as connection:
            stale = update(INSTITUTIONS).values(evaluated_code="of another release")
            connection.execute(stale)
        report["all_stale"] = _start(here, names, "second")
        return report


def _start(here: Place, names: list[str], number: str) -> Report:
    """Seconds from the start of a worker to the commit of facts that wait in the topic."""
    by_partition = {partition_of(name, PARTITIONS): name for name in names}
    new = {
        partition: f.PatrolReported(institution=name, number=number, day=city.FIRST)
        for partition, name in by_partition.items()
    }
    with here.sink() as sink:
        for partition, fact in new.items():
            sink.send(partition, wire.encode(f.Told(fact, STATED_AT, FILE, "new")))
        sink.flush()
    began = time.perf_counter()
    worker = here.start_worker()
    moments = _watch(here, {fact_id(fact) for fact in new.values()}, began)
    assert worker.pid is not None
    peak = peak_resident_bytes_of(worker.pid)
    here.stop(worker)
    return {
        "seconds_to_first_new_fact": round(moments[0], 2),
        "seconds_to_a_new_fact_in_every_partition": round(moments[-1], 2),
        "worker_peak_resident_bytes": peak,
    }


def _fill(here: Place, folder: Path, rows: int, versions: Versions) -> list[str]:
    """Journal so many rows, as if they had been handled; the institutions that they are of."""
    days = city.read(folder)
    closed_day = max(day for own in days.values() for day, _ in own if day is not None)
    names: list[str] = []
    left = rows
    for round_ in count():
        for institution, own in days.items():
            facts = [one.fact for _, told in own for one in told]
            name = f"{institution}-{round_}"
            with writing(here.engine) as connection:
                contents = sorted(_renamed(facts, name, str(round_)), key=_key)[:left]
                pairs = {
                    (one.fact.account, name)
                    for one in contents
                    if isinstance(one.fact, f.AccountStated)
                }
                journaled = journal.write(connection, contents)
                journal.write_owners(connection, pairs)
                row = Evaluated(name, journaled, closed_day, versions)
                institutions.write(connection, [row])
                institutions.write_names(connection, [name])
            names.append(name)
            left -= journaled
            if not left:
                _close(here, closed_day)
                return names
    raise AssertionError  # count() never ends


def _renamed(facts: list[f.Fact], name: str, mark: str) -> Iterator[Stated]:
    """The facts as if told of another institution with accounts of its own, each once."""
    seen = set()
    for fact in facts:
        if isinstance(
            fact, f.StatementAccepted | f.FactRetracted | f.ConflictSettled | f.EntryPaired
        ):
            continue
        changed: f.Fact
        if isinstance(fact, f.AccountStated):
            account = f"{fact.account}-{mark}"
            changed = msgspec.structs.replace(fact, account=account, institution=name)
        elif hasattr(fact, "institution"):
            changed = msgspec.structs.replace(fact, institution=name)
        elif isinstance(fact, f.MerchantTransactionBilled):
            code = f"{fact.merchant_code}-{mark}"
            changed = msgspec.structs.replace(fact, merchant_code=code)
        else:
            changed = msgspec.structs.replace(fact, account=f"{fact.account}-{mark}")
        body = encode(changed)
        identifier = fact_id(changed)
        content = Stated(stream_of(identifier), identifier, content_hash(body), body,
                         STATED_AT, STATED_AT, changed)  # fmt: skip
        if _key(content) not in seen:
            seen.add(_key(content))
            yield content


def _key(content: Stated) -> tuple[str, str, bytes]:
    return content.stream, content.fact_id, content.content_hash


def _close(here: Place, closed_day: date) -> None:
    with writing(here.engine) as connection:
        for partition in range(PARTITIONS):
            progress.start(connection, partition)
            progress.advance(connection, partition, Progress(), Progress(0, closed_day))
        connection.exec_driver_sql("ANALYZE")


def _watch(here: Place, awaited: set[str], began: float) -> list[float]:
    """Seconds after the start at which each of these facts was committed."""
    moments: list[float] = []
    while awaited:
        here.assert_alive()
        with reading(here.engine) as connection:
            query = select(JOURNAL.c.fact_id).where(JOURNAL.c.fact_id.in_(awaited))
            streams = {stream_of(one) for one in awaited}
            found = connection.execute(query.where(JOURNAL.c.stream.in_(streams))).scalars().all()
        now = time.perf_counter() - began
        moments += [now] * len(found)
        awaited = awaited - set(found)
        assert now < PATIENCE_SECONDS, f"{len(awaited)} new facts not handled"
        time.sleep(LOOK_SECONDS)
    return moments
