"""The shell: one batch is one transaction, and what stands depends on the facts alone."""

import random
from datetime import date

import pytest
from sqlalchemy import Engine, text

import streams.monitor
from alerts.evaluation import Supervision
from models import facts as f
from models.findings import Change
from models.keys import fact_id
from models.store import files, findings, institutions, progress
from models.store.engine import reading, writing
from models.store.progress import OffsetMoved, Progress
from streams.monitor import Batch, Monitor, OffsetGap
from streams.replay import verify
from tests.streams.told import (
    FILE,
    NOON,
    account,
    broken,
    know_files,
    law,
    lines,
    monitor_of,
    play,
    tell,
)


def _count(engine: Engine, table: str) -> int:
    with reading(engine) as connection:
        query = text(f"SELECT count(*) FROM {table}")  # noqa: S608 -- a name written in this file
        return int(connection.execute(query).scalar_one())


def _rules(engine: Engine) -> list[tuple[str, str, str]]:
    with reading(engine) as connection:
        return list(findings.standing(connection))


BROKEN = ("statement-broken", "JG-1", "statement:62-A/S1")


def test_batch_raises_a_finding_and_moves_the_offset(engine: Engine) -> None:
    """One batch journals its facts, raises the finding and is the first of its partition."""
    monitor = monitor_of(engine)

    outcome = monitor.handle(Batch(0, tell(account("62-A", "JG-1"), broken("62-A")), seen_at=NOON))

    assert 2 == outcome.facts_new
    assert ["raised"] == [c.change for c in outcome.changes if c.finding.key == BROKEN]
    assert BROKEN in _rules(engine)
    assert Progress(1, None) == monitor.progress
    assert [] == verify(engine, law())


def test_same_batch_again_changes_nothing(engine: Engine) -> None:
    """A redelivered batch is recognised by its offset; told under a new one it adds no fact."""
    monitor = monitor_of(engine)
    told = tell(account("62-A", "JG-1"), broken("62-A"))
    monitor.handle(Batch(0, told, seen_at=NOON))
    before = lines(engine)

    assert monitor.handle(Batch(0, told, seen_at=NOON)).skipped
    again = monitor.handle(Batch(1, told, seen_at=NOON))

    assert (0, ()) == (again.facts_new, again.changes)
    assert before == lines(engine)
    assert (2, 2) == (_count(engine, "journal"), _count(engine, "sightings"))


def test_batch_beyond_the_wanted_offset_is_refused(engine: Engine) -> None:
    """A hole in the offsets is an error, and nothing of the batch is kept."""
    monitor = monitor_of(engine)

    with pytest.raises(OffsetGap, match="batch 3 came, 0 is wanted"):
        monitor.handle(Batch(3, tell(broken("62-A")), seen_at=NOON))

    assert 0 == _count(engine, "journal")


def test_moved_offset_rolls_everything_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If somebody else moved the offset, no fact and no finding of the batch remains."""
    monitor = monitor_of(engine)
    play(monitor, tell(account("62-A", "JG-1")))
    real = progress.read
    monkeypatch.setattr(
        progress,
        "read",
        lambda connection, partition: Progress(real(connection, partition).next_offset + 1),
    )

    with pytest.raises(OffsetMoved, match="another process"):
        monitor.handle(Batch(2, tell(broken("62-A")), seen_at=NOON))

    monkeypatch.undo()
    assert 1 == _count(engine, "journal")
    assert BROKEN not in _rules(engine)
    play(monitor, tell(broken("62-A")))
    assert BROKEN in _rules(engine)
    assert [] == verify(engine, law())


def test_two_monitors_on_one_store_see_each_other(engine: Engine) -> None:
    """What a monitor has in memory is dropped when another one moved the partition on."""
    one, other = monitor_of(engine), monitor_of(engine)
    play(one, tell(account("62-A", "JG-1")))
    play(other, tell(broken("62-A")))
    play(one, tell(f.StatementAccepted(account="62-A", statement="S1")))

    assert BROKEN not in _rules(engine)
    assert [] == verify(engine, law())


def test_account_registered_later_brings_its_past(engine: Engine) -> None:
    """Entries of an unregistered account lie in the journal and are judged once it has an owner."""
    monitor = monitor_of(engine)
    play(monitor, tell(account("62-B", "JG-1")), tell(broken("62-A")))
    assert BROKEN not in _rules(engine)

    play(monitor, tell(account("62-A", "JG-1")))

    assert BROKEN in _rules(engine)
    assert [] == verify(engine, law())


def test_fact_reaches_every_owner_ever_named(engine: Engine) -> None:
    """A corrected register names another owner; both are told of the account's facts."""
    monitor = monitor_of(engine)
    play(
        monitor,
        tell(account("62-A", "JG-1")),
        tell(account("62-A", "JG-2"), stated_at="2024-03-06T00:00:00Z"),
    )
    outcome = monitor.handle(Batch(2, tell(broken("62-A")), seen_at=NOON))

    with reading(engine) as connection:
        counts = {name: one.count for name, one in institutions.read(connection).items()}
    assert {"JG-1": 3, "JG-2": 3} == counts
    assert {"JG-2"} == {
        c.finding.institution for c in outcome.changes if c.finding.rule == BROKEN[0]
    }
    assert [] == verify(engine, law())


def test_retraction_may_arrive_first_and_by_account(engine: Engine) -> None:
    """A retraction lies in the stream of its fact and so reaches the same owner, also before it."""
    statement = broken("62-A")
    monitor = monitor_of(engine)
    play(
        monitor,
        tell(account("62-A", "JG-1"), f.FactRetracted(fact=fact_id(statement))),
        tell(statement),
    )

    assert BROKEN not in _rules(engine)
    assert [] == verify(engine, law())


def test_stated_times_only_widen(engine: Engine) -> None:
    """The journal keeps the first and the last time at which a content was stated."""
    monitor = monitor_of(engine)
    fact = account("62-A", "JG-1")
    days = ["2024-03-05", "2024-03-01", "2024-03-09", "2024-03-04"]
    for number, day in enumerate(days):
        file = f"{number:064x}"
        told = tell(fact, stated_at=f"{day}T00:00:00Z", file=file)
        know_files(engine, told)
        play(monitor, told)

    with reading(engine) as connection:
        row = connection.execute(text("SELECT stated_first, stated_last FROM journal")).one()
    assert ("2024-03-01T00:00:00Z", "2024-03-09T00:00:00Z") == tuple(row)
    assert 4 == _count(engine, "sightings")
    assert [] == verify(engine, law())


def test_file_is_done_with_its_last_part(engine: Engine) -> None:
    """Each batch of a file notes how far the file is journaled; the last one makes it done."""
    monitor = monitor_of(engine)
    for number in (1, 2):
        parts = ((FILE, number, 2),)
        monitor.handle(Batch(number - 1, tell(broken("62-A")), parts=parts, seen_at=NOON))
        with reading(engine) as connection:
            file = files.read(connection)[0]
        assert (number, 2) == (file.batches_journaled, file.batches_total)
        assert ("proved", "done")[number - 1] == file.state


def test_close_never_goes_back(engine: Engine) -> None:
    """An earlier close changes nothing, and every institution is evaluated at the latest one."""
    monitor = monitor_of(engine)
    play(monitor, tell(account("62-A", "JG-1"), account("62-B", "JG-2")), date(2024, 3, 5))
    before = lines(engine)
    play(monitor, date(2024, 3, 1))

    assert Progress(3, date(2024, 3, 5)) == monitor.progress
    assert before == lines(engine)
    with reading(engine) as connection:
        made = institutions.read(connection)
    assert {date(2024, 3, 5)} == {one.day for one in made.values()}
    assert [] == verify(engine, law())


def test_institution_is_shown_under_its_latest_register_row(engine: Engine) -> None:
    """Name, city and county are those of the latest register row, in whatever order rows come."""
    rows = [
        f.InstitutionStated(institution="JG-1", valid_from=date(2023, 1, 1), name="旧", county="A"),
        f.InstitutionStated(institution="JG-1", valid_from=date(2024, 1, 1), name="新", county="B"),
    ]
    monitor = monitor_of(engine)
    play(monitor, tell(rows[1]), tell(rows[0]))

    with reading(engine) as connection:
        assert ("新", "", "B") == institutions.name(connection, "JG-1")
    assert [] == verify(engine, law())


class _Failing(Supervision):
    """A supervision whose ledger cannot take what JG-2 was told."""

    def evaluate(self, closed_day: date | None) -> list[Change]:
        if self.institution == "JG-2":
            raise ValueError("a broken ledger")
        return super().evaluate(closed_day)


def test_failing_institution_is_parked_and_the_others_go_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts commit, the error is kept with the institution, the next touch tries again."""
    told = tell(account("62-A", "JG-1"), broken("62-A"), account("62-B", "JG-2"), broken("62-B"))
    monitor = monitor_of(engine)
    with monkeypatch.context() as patch:
        patch.setattr(streams.monitor, "Supervision", _Failing)
        outcome = monitor.handle(Batch(0, told, seen_at=NOON))

    assert ("JG-2",) == outcome.parked
    assert BROKEN in _rules(engine)
    with reading(engine) as connection:
        errors = {name: one.error for name, one in institutions.read(connection).items()}
    assert {"JG-1": None, "JG-2": "ValueError: a broken ledger"} == errors
    assert ["institution JG-2: could not be evaluated: ValueError: a broken ledger"] == verify(
        engine, law()
    )

    assert ("statement-broken", "JG-2", "statement:62-B/S1") in {
        change.finding.key for change in monitor.refresh().changes
    }
    assert [] == verify(engine, law())


def test_refresh_mends_what_another_release_judged(engine: Engine) -> None:
    """An institution judged with another version is stale; a wrong stored finding is mended."""
    monitor = monitor_of(engine)
    play(monitor, tell(account("62-A", "JG-1"), broken("62-A")), date(2024, 3, 5))
    before = lines(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE institutions SET evaluated_code = '0'"))
        connection.execute(text("DELETE FROM findings WHERE rule = 'statement-broken'"))
    assert verify(engine, law())

    fresh = Monitor(engine, law())
    assert ["raised"] == [change.change for change in fresh.refresh().changes]
    assert before == lines(engine)
    assert [] == verify(engine, law())
    assert () == fresh.refresh().changes


@pytest.mark.parametrize("institutions_max", [1, 100])
@pytest.mark.parametrize("seed", range(4))
def test_order_and_portions_do_not_matter(engine: Engine, seed: int, institutions_max: int) -> None:
    """Shuffled, cut anywhere, told twice and closed in between: the same bytes stand."""
    told = tell(
        *(account(f"62-{n}", f"JG-{n % 3}") for n in range(6)),
        *(broken(f"62-{n}") for n in range(6)),
        *(f.StatementAccepted(account=f"62-{n}", statement="S1") for n in (1, 4)),
        account("62-0", "JG-2"),
        account("62-5", "JG/5%"),
    )
    days = [date(2024, 3, day) for day in (4, 5, 6, 8)]
    plain = Monitor(engine, law())
    know_files(engine, told)
    play(plain, told, days[-1])
    expected = lines(engine)
    with writing(engine) as connection:
        for table in ("journal", "sightings", "account_owners", "findings", "finding_changes"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 -- names of this file
        for table in ("institutions", "progress"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 -- names of this file

    chance = random.Random(seed)  # noqa: S311 -- a test wants a seed, not secrecy
    twice = [*told, *chance.sample(told, 5)]
    chance.shuffle(twice)
    steps: list[list[f.Told] | date] = []
    while twice:
        size = chance.randint(1, 4)
        steps.append(twice[:size])
        del twice[:size]
        if chance.random() < 1 / 3:
            steps.append(chance.choice(days))
    monitor = monitor_of(engine, institutions_max)
    play(monitor, *steps, days[-1])

    assert expected == lines(engine)
    assert expected
    assert [] == verify(engine, law())
