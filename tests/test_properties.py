"""The rules agree with their oracle, and order, portions, repeats and closes never matter.

`ORACLE_EXAMPLES=5000` in the environment tries more histories than a usual run has time for.
"""

import os
from datetime import date, timedelta
from random import Random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.evaluation import Supervision
from models import facts as f
from models.findings import Finding
from tests.engine import as_answer, in_order, law, replay, standing, tell
from tests.oracle import oracle
from tests.strategies import INSTITUTION, KINDS, SEEN, Drawn, histories

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "150"))
# A build must not fail by the luck of a draw that nobody has looked at: new histories are tried
# where a person sees them, the build repeats what is known.
TRIED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
KIND_EXAMPLES = 500


def _bytes(findings: list[Finding]) -> bytes:
    return msgspec.json.encode(findings)


@TRIED
@given(histories())
def test_rules_agree_with_the_oracle(drawn: Drawn) -> None:
    """For every history the rules and the oracle find the same, and leave the same open."""
    expected = oracle(drawn.told, INSTITUTION, drawn.closed_day, law().calendar)

    answer = as_answer(standing(drawn.told, INSTITUTION, drawn.closed_day))

    assert expected.findings == answer.findings
    assert expected.undecided == answer.undecided


@TRIED
@given(histories(), st.integers(0, 2**32))
def test_order_portions_repeats_and_closes_do_not_matter(drawn: Drawn, seed: int) -> None:
    """Told in any order, in any portions, twice, between any closes: the same bytes stand."""
    random = Random(seed)  # noqa: S311 -- hypothesis draws the seed
    expected = _bytes(standing(drawn.told, INSTITUTION, drawn.closed_day))
    told = [*drawn.told, *random.choices(drawn.told, k=len(drawn.told) // 2)]
    random.shuffle(told)
    supervision = Supervision(INSTITUTION, law())
    stood: dict[str, Finding] = {}
    first = min(drawn.closed_day, date(2022, 11, 1))
    while told:
        portion = random.randint(1, len(told))
        tell(supervision, told[:portion])
        del told[:portion]
        day = first + timedelta(days=random.randint(0, (drawn.closed_day - first).days))
        replay(supervision.evaluate(random.choice((None, day))), stood)
    replay(supervision.evaluate(drawn.closed_day), stood)

    assert expected == _bytes(in_order(supervision))
    assert expected == _bytes(sorted(stood.values(), key=lambda finding: finding.key))


@TRIED
@given(histories())
def test_days_closed_singly_or_at_once_are_the_same(drawn: Drawn) -> None:
    """Closing every day of a history leaves what closing its last day alone does."""
    supervision = Supervision(INSTITUTION, law())
    tell(supervision, drawn.told)
    for days in range(100, -1, -1):
        supervision.evaluate(drawn.closed_day - timedelta(days=days))

    expected = _bytes(standing(drawn.told, INSTITUTION, drawn.closed_day))
    assert expected == _bytes(in_order(supervision))


@TRIED
@given(histories(), st.integers(0, 90))
def test_an_earlier_as_of_is_the_history_cut_there(drawn: Drawn, days: int) -> None:
    """With an explicit as-of both kinds of rules see the facts of days up to it, and no more."""
    as_of = drawn.closed_day - timedelta(days=days)
    supervision = Supervision(INSTITUTION, law(), as_of=as_of)
    tell(supervision, drawn.told)
    supervision.evaluate(as_of)

    expected = oracle(drawn.told, INSTITUTION, as_of, law().calendar, as_of=as_of)
    answer = as_answer(in_order(supervision))
    assert expected.findings == answer.findings
    assert expected.undecided == answer.undecided


@settings(max_examples=KIND_EXAMPLES, deadline=None, derandomize=True, database=None)
@given(histories())
def _draw(drawn: Drawn) -> None:
    assert all(isinstance(told, f.Told) for told in drawn.told)


def test_the_histories_hold_every_kind_of_trouble() -> None:
    """What the properties are tried on really is late, contested, reversed and so on."""
    SEEN.clear()
    _draw()

    assert [] == [kind for kind in KINDS if SEEN[kind] == 0]
