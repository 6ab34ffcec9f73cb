"""What is kept up to date is what a fresh build would be, whatever was put, changed, taken away."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.rules import days as rule_days
from alerts.rules.view import View
from models import facts as f
from models.book import Point
from models.index import Index
from models.keys import fact_id
from models.ledger import Ledger
from models.settlements import match
from tests.engine import law
from tests.strategies import INSTITUTION, Drawn, histories

WINDOW_DAYS = 30
DAYS_LOOKED_AT = 150
ALONE = 12
SETTLES, TAKES_AWAY, CHANGES = 0.1, 0.4, 0.3
"""How often something is settled, taken away where it is known, or told with another content."""
ALL_ANEW = (
    *(f.InstitutionStated, f.AccountStated, f.CustodyStated, f.MerchantCodeStated),
    *(f.AccountRestricted, f.ChargingSuspended, f.FeeStated, f.RelatedPartyStated, f.TermStated),
)
TRIED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Told = Mapping[str, f.Fact]


def new_ledger(*, by_day: bool = True) -> Ledger:
    """A ledger of the institution without any fact."""
    return Ledger(INSTITUTION, WINDOW_DAYS, by_day=by_day, calendar=law().calendar)


def fresh(told: Told, closed: date, *, by_day: bool = True) -> Ledger:
    """A ledger of these facts, built at once and worked out through a day."""
    ledger = new_ledger(by_day=by_day)
    for identifier in sorted(told):
        ledger.put(identifier, told[identifier])
    ledger.settle()
    ledger.close(closed.toordinal())
    return ledger


class Shaken:
    """A ledger into which facts are put, changed and taken away, settled at random moments."""

    def __init__(
        self,
        drawn: Drawn,
        random: Random,
        *,
        by_day: bool = True,
        ask: Callable[[Ledger, int], object] = lambda _ledger, _day: None,
    ) -> None:
        """Begin with nothing; `drawn` says what may be told, `ask` reads after each close."""
        self.random = random
        self._ask = ask
        self.ledger = new_ledger(by_day=by_day)
        self.told: dict[str, f.Fact] = {}
        self.closed = drawn.closed_day - timedelta(days=30)
        self._last = drawn.closed_day
        self._contents = [one.fact for one in drawn.told]
        self._names = [x.number for x in self._contents if isinstance(x, f.ContractStated)]

    def steps(self) -> Iterator[None]:
        """Shake and settle; then put or take away one fact alone, and settle, several times."""
        for _ in range(2 * len(self._contents)):
            self._put(self.random.choice(self._contents))
            if self.random.random() < SETTLES:
                self.settle()
        for fact in self.random.sample(self._contents, k=len(self._contents) // 2):
            self._put(fact)
        self.closed = self._last
        self.settle()
        yield
        # A register has every day worked out anew, and would hide what another fact leaves undone.
        by_kind: dict[object, list[f.Fact]] = {}
        for fact in self._contents:
            if not isinstance(fact, ALL_ANEW):
                kind: object = (type(fact), getattr(fact, "reversal", False))
                by_kind.setdefault(kind, []).append(fact)
        for kind in self.random.choices(sorted(by_kind, key=str), k=ALONE if by_kind else 0):
            fact = self.random.choice(by_kind[kind])
            self._put(fact)
            self.settle()
            yield

    def settle(self) -> None:
        """What an evaluation does: settle, work the days out, forget what was touched."""
        self.closed = min(self._last, self.closed + timedelta(days=self.random.randint(0, 3)))
        self.ledger.settle()
        self.ledger.close(self.closed.toordinal())
        self._ask(self.ledger, self.closed.toordinal())
        self.ledger.touched.clear()

    def _put(self, fact: f.Fact) -> None:
        identifier = fact_id(fact)
        if identifier in self.told and self.random.random() < TAKES_AWAY:
            del self.told[identifier]
            self.ledger.put(identifier, None)
            return
        if self.random.random() < CHANGES:
            fact = self._changed(fact)
        self.told[identifier] = fact
        self.ledger.put(identifier, fact)

    def _changed(self, fact: f.Fact) -> f.Fact:
        """Another content of the same fact."""
        random = self.random
        changes: dict[str, Any] = {}
        match fact:
            case f.EntryBooked():
                text = f"{random.choice(('学费', '退费', '划拨', ''))} {random.choice(self._names)}"
                changes = {"amount_fen": fact.amount_fen + 1, "remittance": text}
            case f.ContractStated():
                signed = fact.signed + timedelta(days=random.randint(-9, 9))
                changes = {"signed": signed, "price_fen": fact.price_fen + random.randint(0, 1)}
            case f.RefundRequested():
                changes = {"contract": random.choice(self._names), "amount_fen": 60_000}
            case f.LessonDelivered():
                changes = {"present": tuple(self._names[:1]), "hours_hundredths": 150}
            case f.BalanceReported():
                changes = {"balance_fen": fact.balance_fen + random.randint(-5, 5)}
            case f.AccountStated() | f.CustodyStated():
                changes = {"valid_to": fact.valid_from + timedelta(days=random.randint(0, 60))}
            case f.MerchantTransactionBilled():
                day = fact.booking_date + timedelta(days=random.randint(-2, 2))
                changes = {"amount_fen": fact.amount_fen + 1, "booking_date": day}
            case f.StatementReceived():
                changes = {"begins": fact.begins - timedelta(days=random.randint(0, 3))}
            case _:
                pass
        return msgspec.structs.replace(fact, **changes)


def full(table: Mapping[Any, Any]) -> dict[Any, Any]:
    """A table without what says nothing: zeros, empty tables and sets."""
    found = {key: full(one) if isinstance(one, dict) else one for key, one in table.items()}
    return {key: one for key, one in found.items() if one}


def tables_of(owner: object) -> dict[str, dict[Any, Any]]:
    """Its tables by name; vars() knows nothing of what is compiled."""
    found = {name: getattr(owner, name) for name in dir(owner)}
    return {name: full(table) for name, table in found.items() if isinstance(table, dict)}


def turns(path: list[Point]) -> list[Point]:
    """The points of a path that differ from the one before in more than their day."""
    before = [None, *path]
    return [
        point
        for earlier, point in zip(before, path, strict=False)
        if earlier is None or earlier.figures() != point.figures()
    ]


def money(ledger: Ledger) -> dict[str, Any]:
    """Classes, books and what they add up to."""
    return {
        "segments": {each: entry.segments for each, entry in ledger.entries.items()},
        "partners": {each: ledger.reversals.partner(each) for each in ledger.entries},
        "payments": full({n: book.payments for n, book in ledger.books.items()}),
        "paths": full(
            {
                n: [(one.day, *one.figures()) for one in turns(book.path())]
                for n, book in ledger.books.items()
            }
        ),
        "totals": {
            day: change.figures()
            for day, change in ledger.totals.changes.items()
            if any(change.figures())
        },
        "batches": full(ledger.batches),
        "batched_on": full(ledger.batched_on),
        "batch_entries": full(ledger.batch_entries),
        "paid_back": full(ledger.paid_back),
        "paid_back_by": full(ledger.paid_back_by),
        "releases_of": full(ledger.releases_of),
        "refunds_of": full(ledger.refunds_of),
        "debits_on": full(ledger.debits_on),
        "credits_on": full(ledger.credits_on),
        "foreign_on": full(ledger.foreign_on),
        "shifting": ledger.shifting,
        "outside": full(ledger.outside.by_account),
        **billed(ledger),
    }


def billed(ledger: Ledger) -> dict[str, Any]:
    """What payment companies billed, and which of their credits pay it."""
    bills = ledger.bills
    match(bills, ledger.registers, lambda _: (1, 15))
    return {
        "bills": full(bills.days),
        "bill_days": full(bills.days_of),
        "unrouted": full(bills.unrouted),
        "settlements": bills.credit_order,
        "pairs": list(bills.matching.by_credit.values()),
        "paid_days": bills.matching.by_day,
        "unexplained": bills.matching.unexplained,
    }


def papers(ledger: Ledger, last: int) -> dict[str, Any]:
    """What is looked up by name or day."""
    directory = ledger.directory
    tables = tables_of(directory)
    tables["terms"] = {n: terms.contract for n, terms in directory.terms.items()}
    tables["requests"] = {n: (r.request, r.answers) for n, r in directory.requests.items()}
    records = tables_of(ledger.records)
    feed = ledger.feed
    return {
        **tables,
        **records,
        "statements": full(feed.statements),
        "accepted": feed.accepted,
        "spans": {
            account: [feed.latest(account, last - n) for n in range(DAYS_LOOKED_AT)]
            for account in ledger.registers.accounts
        },
        "broken": {
            account: {n for n in range(DAYS_LOOKED_AT) if feed.broken_on(account, last - n)}
            for account in ledger.registers.accounts
        },
    }


def days(ledger: Ledger) -> dict[str, Any]:
    """The series: every sum and balance of every day."""
    series = ledger.series
    accounts = ledger.registers.accounts
    return {
        "first": series.first,
        "last": series.last,
        "days": [
            (
                *(series.unearned(day), series.due(day), series.paid(day)),
                *(series.lacking(day), series.batched(day)),
                *(series.balance(account, day) for account in accounts),
                *(series.balance_or_opening(account, day) for account in accounts),
                *(series.closing_by(account, day) for account in accounts),
            )
            for day in range(series.first, series.last + 1)
        ],
    }


@TRIED
@given(histories(), st.integers(0, 2**32))
def test_ledger_is_what_a_fresh_one_would_be(drawn: Drawn, seed: int) -> None:
    """Classes, books, look-ups and days follow from the facts that are left, and nothing else."""
    shaken = Shaken(drawn, Random(seed))  # noqa: S311 -- hypothesis draws the seed
    for _ in shaken.steps():
        expected = fresh(shaken.told, shaken.closed)
        last = shaken.closed.toordinal()

        assert money(expected) == money(shaken.ledger)
        assert papers(expected, last) == papers(shaken.ledger, last)
        assert days(expected) == days(shaken.ledger)


@TRIED
@given(histories(), st.integers(0, 2**32))
def test_ledger_of_immediate_rules_is_what_a_fresh_one_would_be(drawn: Drawn, seed: int) -> None:
    """The same of the view that works out no days."""
    shaken = Shaken(drawn, Random(seed), by_day=False)  # noqa: S311 -- hypothesis draws the seed
    for _ in shaken.steps():
        expected = fresh(shaken.told, shaken.closed, by_day=False)
        last = shaken.closed.toordinal()

        assert money(expected) == money(shaken.ledger)
        assert papers(expected, last) == papers(shaken.ledger, last)


def seen(view: View, day: int) -> rule_days.Seen:
    """A level, nothing, or an unknown day, by what is owed and moved on a day."""
    ledger = view.ledger
    turn = ledger.series.unearned(day) // 7 + len(ledger.debits_on.get(day, ())) + day // 3
    return (None, "blue", None, None, "red", rule_days.Unknown("made"), None)[turn % 7]


def shown(view: View, day: int) -> rule_days.Shown:
    """What was owed on the day."""
    return rule_days.Shown(view.ledger.series.unearned(day), (), ())


MADE = rule_days.State("refund-surge", "made", "warning", seen, shown)


def stands(ledger: Ledger, day: int) -> list[object]:
    """What a made state answers at the close of this day and of the ten before, the last first."""
    view = View(ledger, law().policy.area(""), law().calendar)
    answers: list[object] = []
    for view.as_of in range(day, day - 10, -1):
        answers += [*rule_days.judge(view, MADE), rule_days.standing(view, MADE, view.as_of)]
    run = ledger.series.run_start("made", day, lambda each: ledger.series.paid(each) % 2 == 0)
    return [*answers, run]


@TRIED
@given(histories(), st.integers(0, 2**32))
def test_states_stand_as_if_asked_for_the_first_time(drawn: Drawn, seed: int) -> None:
    """Levels, runs and calm days that were worked out before are worked out anew where touched."""
    shaken = Shaken(drawn, Random(seed), ask=stands)  # noqa: S311 -- hypothesis draws the seed
    for _ in shaken.steps():
        last = shaken.closed.toordinal()

        assert stands(fresh(shaken.told, shaken.closed), last) == stands(shaken.ledger, last)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("123"), st.booleans())))
def test_index_is_a_table_of_sets(steps: list[tuple[str, str, bool]]) -> None:
    """Adding twice and taking away what is not there change nothing."""
    index: Index[str] = Index()
    expected: dict[str, set[str]] = {"a": set(), "b": set()}
    for key, identifier, adding in steps:
        index.put(key, identifier, adding=adding)
        (expected[key].add if adding else expected[key].discard)(identifier)

        assert expected == {each: set(index.get(each)) for each in expected}
