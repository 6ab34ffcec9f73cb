"""Deliberately wrong engines: each changes one thing, and the suite must notice.

A mutant is a function that patches one name; `MUTANTS` lists them. tests/test_mutants.py plays the
stories, drawn histories and a small store under each, and asserts that something fails.
"""

from collections.abc import Callable
from typing import Any

import pytest

import alerts.evaluation
from alerts.rules import charging
from alerts.rules.view import View
from models import facts as f
from models import matching, paired, pairing, versions
from models.contracts import Terms
from models.ledger import Ledger
from models.paired import Settled
from models.registers import Registers
from models.reversals import Reversals
from models.store import dialect, progress
from models.touched import Touched
from models.versions import Versions
from models.working_days import WorkingCalendar, add_months_ordinal
from streams.monitor import Batch, Monitor, Outcome

Mutant = Callable[[pytest.MonkeyPatch], None]


def last_writer_wins(patch: pytest.MonkeyPatch) -> None:
    """Of several contents of a fact the one told last counts, whatever it states."""

    def chosen(self: Versions, identifier: str) -> f.Fact | None:
        versions = self.versions(identifier)
        return versions[-1].fact if versions else None

    patch.setattr(Versions, "_chosen", chosen)


def retraction_ignored(patch: pytest.MonkeyPatch) -> None:
    """What was retracted still counts."""
    patch.setattr(Versions, "effective", Versions._chosen)


def first_match_wins(patch: pytest.MonkeyPatch) -> None:
    """Of two contracts that fit, the first is taken instead of leaving the entry open."""
    visible = matching._visible
    patch.setattr(matching, "_visible", lambda *given: visible(*given)[:1])


def every_refund_explained(patch: pytest.MonkeyPatch) -> None:
    """A refund needs no request."""

    def refund(*given: Any) -> matching.Answer | None:  # noqa: ANN401 -- handed on as it is
        answer = original(*given)
        if answer is None:
            return None
        return matching.Answer(
            "refund", answer.reason, answer.contract, answer.requests, explained=True
        )

    original = matching._refund
    patch.setattr(matching, "_refund", refund)


def reversal_still_counts(patch: pytest.MonkeyPatch) -> None:
    """A reversed entry stays a payment, and its reversal an outflow."""
    patch.setattr(Reversals, "segments", lambda *_: None)


def forgotten_touch(patch: pytest.MonkeyPatch) -> None:
    """A late fact does not cut the day series back."""
    patch.setattr(Touched, "day", lambda *_: None)


def closed_view_sees_everything(patch: pytest.MonkeyPatch) -> None:
    """Rules at close see facts of days that are not closed."""
    patch.setattr(alerts.evaluation, "own_day", lambda _: None)


def designation_end_is_ownership_end(patch: pytest.MonkeyPatch) -> None:
    """After its `to` an account is nobody's, instead of no longer designated."""
    patch.setattr(Registers, "owned", Registers.designated)


def tolerance_one_day_short(patch: pytest.MonkeyPatch) -> None:
    """The n-th working day is the one before it."""
    add = WorkingCalendar.add_ordinal

    def short(self: WorkingCalendar, ordinal: int, working_days: int) -> int:
        return add(self, ordinal, working_days - 1)

    patch.setattr(WorkingCalendar, "add_ordinal", short)


def span_of_exactly_three_months_fires(patch: pytest.MonkeyPatch) -> None:
    """At least instead of more than, for the span of a charge."""
    patch.setattr(charging, "add_months_ordinal", lambda *given: add_months_ordinal(*given) - 1)


def _number_off(rule: str, name: str, change: Callable[[int], int]) -> Mutant:
    """An engine that reckons with another number than the policy's."""

    def mutant(patch: pytest.MonkeyPatch) -> None:
        number = View.number

        def off(self: View, asked: str, value: str, day: int) -> int | None:
            told = number(self, asked, value, day)
            return told if told is None or (asked, value) != (rule, name) else change(told)

        patch.setattr(View, "number", off)

    mutant.__name__ = f"{rule} {name} off by one".replace("-", "_").replace(" ", "_")
    return mutant


def only_the_first_contract_is_retraced(patch: pytest.MonkeyPatch) -> None:
    """Of all the contracts that a batch touched, one path is worked out again."""
    settle = Ledger.settle

    def forgetful(self: Ledger, **given: Any) -> None:  # noqa: ANN401 -- handed on as it is
        for number in list(self.touched.paths)[1:]:
            del self.touched.paths[number]
        settle(self, **given)

    patch.setattr(Ledger, "settle", forgetful)


def earned_is_rounded_up(patch: pytest.MonkeyPatch) -> None:
    """The last fen of a lesson is earned by the institution."""
    owed_and_due = Terms.owed_and_due

    def generous(self: Terms, *given: int) -> tuple[int, int]:
        owed, due = owed_and_due(self, *given)
        return max(0, owed - 1), due + 1

    patch.setattr(Terms, "owed_and_due", generous)


def told_twice_counts_twice(patch: pytest.MonkeyPatch) -> None:
    """A fact that is told again is a further fact."""
    put = Ledger.put

    def again(self: Ledger, identifier: str, fact: f.Fact | None) -> None:
        known = self.facts.pop(identifier, None) if fact is not None else None
        put(self, identifier, fact)
        if known is fact and isinstance(fact, f.EntryBooked):
            self.series.book(self.entries[identifier], adding=True)

    patch.setattr(Versions, "_merge", lambda *_: True)
    patch.setattr(Ledger, "put", again)


def half_a_batch_is_committed(patch: pytest.MonkeyPatch) -> None:
    """Journal rows are committed before the findings that they lead to, and those are lost."""
    patch.setattr(Monitor, "_judge", lambda *_: Outcome())


def offset_before_facts(patch: pytest.MonkeyPatch) -> None:
    """The offset is committed in a transaction of its own, before the facts."""
    handle = Monitor.handle

    def early(self: Monitor, batch: Batch) -> Outcome:
        at = self.progress
        with self._engine.begin() as connection:
            after = progress.Progress(at.next_offset + 1, at.closed_day)
            progress.advance(connection, self._partition, at, after)
        return handle(self, batch)

    patch.setattr(Monitor, "handle", early)


def stated_times_never_widen(patch: pytest.MonkeyPatch) -> None:
    """A later sighting of a known content leaves the journal as it was."""
    patch.setattr(dialect, "update", lambda *_, **__: 0)


def history_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Findings are written, the rows of their history are not."""
    insert = dialect.insert

    def silent(connection: Any, table: Any, *given: Any) -> None:  # noqa: ANN401 -- handed on
        if table.name != "finding_changes":
            insert(connection, table, *given)

    patch.setattr(dialect, "insert", silent)


def nothing_is_paired(patch: pytest.MonkeyPatch) -> None:
    """An entry of two feeds counts twice."""
    patch.setattr(Versions, "settle", lambda _: Settled(set(), set()))


def what_is_held_counts(patch: pytest.MonkeyPatch) -> None:
    """What cannot be told apart counts beside what it may be."""
    patch.setattr(paired, "pair", lambda *given: pairing.pair(*given)._replace(unpaired=None))


def a_part_is_the_whole_day(patch: pytest.MonkeyPatch) -> None:
    """Two statements of one day are taken for two feeds of it."""
    patch.setattr(paired.PairedEntries, "_is_whole", lambda *_: True)


def every_word_is_a_conflict(patch: pytest.MonkeyPatch) -> None:
    """Feeds contradict each other by the room that they have for texts."""
    patch.setattr(versions, "_decisive", lambda fact: fact)


MUTANTS: tuple[Mutant, ...] = (
    *(last_writer_wins, retraction_ignored, first_match_wins, every_refund_explained),
    *(reversal_still_counts, forgotten_touch, closed_view_sees_everything),
    *(designation_end_is_ownership_end, tolerance_one_day_short),
    *(only_the_first_contract_is_retraced, earned_is_rounded_up, told_twice_counts_twice),
    span_of_exactly_three_months_fires,
    _number_off("charge-amount", "limit_fen", lambda fen: fen - 1),
    _number_off("charge-hours", "limit_hours", lambda hours: hours + 1),
    _number_off("matching", "charge_window_days", lambda days: days - 1),
    _number_off("matching", "fee_limit_fen", lambda fen: fen + 1),
    _number_off("matching", "settlement_after_days", lambda days: days - 1),
    _number_off("matching", "settlement_window_days", lambda days: days - 1),
    _number_off("matching", "settlement_working_days", lambda days: days + 1),
    _number_off("outflow-large", "minimum_fen", lambda fen: fen + 1),
    _number_off("outflow-large", "window_days", lambda days: days - 1),
    _number_off("coverage-short", "closes_working_days", lambda days: days - 1),
    _number_off("several-accounts", "window_days", lambda days: days - 1),
    _number_off("payment-outside-account", "red_above_fen", lambda fen: fen - 1),
    *(nothing_is_paired, what_is_held_counts, a_part_is_the_whole_day, every_word_is_a_conflict),
    half_a_batch_is_committed,
    *(offset_before_facts, stated_times_never_widen, history_forgotten),
)
