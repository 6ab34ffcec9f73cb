"""Recomputing from the journal: tampering is named, and an earlier day is answered."""

from datetime import date

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from models import facts as f
from models.store.engine import open_store, writing
from streams.replay import (
    findings_as_of,
    findings_lines,
    standing_findings,
    supervision_of,
    verify,
)
from tests.strategies import Drawn, histories
from tests.streams.told import account, broken, know_files, law, lines, monitor_of, play, tell

CLOSED = date(2024, 3, 5)

TAMPERED = (
    ("DELETE FROM findings", "stored nothing, recomputed"),
    (
        "UPDATE findings SET body = cast(replace(body, '7', '8') AS blob)",
        'statement:62-A/S1: stored {"rule":"statement-broken"',
    ),
    ("DELETE FROM finding_changes", "its history does not add up"),
    ("UPDATE journal SET stated_first = '2020-01-01T00:00:00Z'", "do not give the times"),
    ("DELETE FROM sightings", "do not give the times"),
    ("UPDATE journal SET body = cast(replace(body, '62', '63') AS blob)", "has another hash"),
    ("UPDATE journal SET stream = 'a:62-B'", "is of a:62-A"),
    ("DELETE FROM journal", "was seen but is not in the journal"),
    ("DELETE FROM account_owners", "account_owners differ about JG-1"),
    ("UPDATE institutions SET evaluated_count = 9", "9 facts were evaluated, the journal holds 2"),
    ("UPDATE institutions SET evaluated_policy = 'x'", "evaluated with policy x"),
    ("UPDATE institutions SET name = 'x'", "name of its latest register row"),
    ("UPDATE institutions SET institution = 'JG-2'", "institution JG-1: not evaluated"),
)


@pytest.mark.parametrize(("statement", "expected"), TAMPERED)
def test_tampering_is_named(engine: Engine, statement: str, expected: str) -> None:
    """Whatever is changed behind the program's back is a difference that verify names."""
    play(monitor_of(engine), tell(account("62-A", "JG-1"), broken("62-A")), CLOSED)
    assert [] == verify(engine, law())

    with writing(engine) as connection:
        connection.execute(text(statement))

    assert expected in "\n".join(verify(engine, law()))


def test_progress_of_verify_is_told(engine: Engine) -> None:
    """Each institution counts once, up to all of them."""
    play(monitor_of(engine), tell(account("62-A", "JG-1"), account("62-B", "JG-2")))
    told: list[tuple[int, int]] = []

    verify(engine, law(), lambda done, total: told.append((done, total)))

    assert [(1, 2), (2, 2)] == told


def test_findings_as_of_an_earlier_day(engine: Engine) -> None:
    """Facts of later days are left out, those of people have no day and count."""
    play(monitor_of(engine), tell(account("62-A", "JG-1"), broken("62-A")), CLOSED)
    rule = "statement-broken"

    def found(day: int) -> list[str]:
        standing = findings_as_of(engine, law(), date(2024, 3, day))
        return [finding.rule for finding in standing if finding.rule == rule]

    assert ([], [rule]) == (found(3), found(4))
    play(monitor_of(engine), tell(f.StatementAccepted(account="62-A", statement="S1")))
    assert [] == found(4)


def test_lines_are_sorted_and_complete(engine: Engine) -> None:
    """A line is a JSON object with id first and every field; lines are in order of the keys."""
    told = tell(*(account(f"62-{n}", f"JG-{n}") for n in (2, 1)), broken("62-2"), broken("62-1"))
    play(monitor_of(engine), told)

    printed = [msgspec.json.decode(line) for line in lines(engine)]

    keys = [(line["rule"], line["institution"], line["subject"]) for line in printed]
    assert sorted(keys) == keys
    assert [
        *("id", "rule", "kind", "level", "institution", "subject", "day", "amount_fen"),
        *("evidence", "policy", "formula", "missing"),
    ] == list(printed[0])
    assert lines(engine) == list(findings_lines(reversed(standing_findings(engine))))


def test_supervision_of_an_institution_stands_as_stored(engine: Engine) -> None:
    """What pages replay of one institution is what is stored of it; of a stranger, nothing."""
    play(monitor_of(engine), tell(account("62-A", "JG-1"), broken("62-A")), CLOSED)

    supervision = supervision_of(engine, law(), "JG-1")

    assert standing_findings(engine) == [
        supervision.standing[key] for key in sorted(supervision.standing)
    ]
    assert {} == supervision_of(engine, law(), "JG-9").standing
    assert {} == supervision_of(engine, law(), "JG-1", date(2024, 1, 1)).standing


# Not shrunk: each try builds two stores; the history printed is small enough to cut by hand.
@settings(
    deadline=None,
    max_examples=25,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(histories(), st.data())
def test_any_history_in_any_order_and_portions(drawn: Drawn, data: st.DataObject) -> None:
    """Permuted, cut, doubled and closed in between, a history ends in the same bytes."""
    straight, mixed = open_store("sqlite://"), open_store("sqlite://")
    for engine in (straight, mixed):
        know_files(engine, drawn.told)
    play(monitor_of(straight), list(drawn.told), drawn.closed_day)

    left = data.draw(st.permutations(drawn.told))
    left += data.draw(st.lists(st.sampled_from(drawn.told), max_size=5))
    monitor = monitor_of(mixed, institutions_max=data.draw(st.sampled_from((1, 100))))
    days = st.none() | st.dates(date(2023, 1, 1), drawn.closed_day)
    while left:
        size = data.draw(st.integers(1, len(left)))
        day = data.draw(days)
        play(monitor, left[:size], *([day] if day else []))
        del left[:size]
    play(monitor, drawn.closed_day)

    assert lines(straight) == lines(mixed)
    assert [] == verify(mixed, law())
    straight.dispose()
    mixed.dispose()
