"""One institution under supervision: its facts, its two views, and the findings that stand.

`findings = rules(ledger(facts), policy, closed_day)`; what is kept between calls only makes that
value cheap to keep up to date.
"""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec
import structlog

from alerts.rules import RULES, Rule
from alerts.rules.early import early_subjects
from alerts.rules.view import View
from models import facts as f
from models.findings import Change, Finding, Key, difference
from models.keys import own_day
from models.ledger import Ledger
from models.policy import AreaPolicy, Policy
from models.registers import FOREVER
from models.versions import Version, Versions
from models.working_days import WorkingCalendar, add_months

CODE_VERSION = "6"
"""Raised whenever a release may answer otherwise than the one before; institutions go stale."""

IMMEDIATE = tuple(rule for rule in RULES if not rule.at_close)
AT_CLOSE = tuple(rule for rule in RULES if rule.at_close)
# No immediate rule reads these, and they are most of what comes in.
ONLY_AT_CLOSE: Final = frozenset(
    {
        *(f.LessonDelivered, f.BalanceReported),
        *(f.InvoiceIssued, f.CashReceived, f.PatrolReported),
    }
)

DAYS_CACHED_MAX: Final = 16_384

log = structlog.get_logger()


class Law(msgspec.Struct, frozen=True):
    """What is judged by: the policy of all areas and the calendar of working days."""

    policy: Policy
    calendar: WorkingCalendar


class Supervision:
    """An institution in memory. Adding is set union; evaluate() gives what changed since."""

    def __init__(self, institution: str, law: Law, as_of: date | None = None) -> None:
        self.institution = institution
        self.standing: dict[Key, Finding] = {}
        self.facts_count = 0
        self._law = law
        self._has_exceptions = institution in law.policy.exceptions
        self._as_of = as_of
        self._versions = Versions()
        window = law.policy.area("").value("matching", "window_days", FOREVER)
        assert window is not None, "matching.window_days has no value"
        area = law.policy.area("")
        calendar = law.calendar
        open_ledger = Ledger(institution, int(window), by_day=False, calendar=calendar)
        closed_ledger = Ledger(institution, int(window), twin=open_ledger, calendar=calendar)
        self._open = View(open_ledger, area, calendar)
        self._closed = View(closed_ledger, area, calendar)
        self._closed.as_of = 0
        self._pending: dict[str, int] = {}
        self._pending_on: dict[int, set[str]] = defaultdict(set)
        self._ahead: set[str] = set()
        """Pending facts that the open view has: while there are any, the views may differ."""
        start = len(IMMEDIATE)
        rules = range(start + len(AT_CLOSE))
        self._results: list[dict[str, tuple[Finding, ...]]] = [{} for _ in rules]
        """What stands, by place of the rule and then by subject."""
        self._found_of = {
            kind: [
                self._results[n] for n, rule in enumerate(AT_CLOSE, start) if rule.subject == kind
            ]
            for kind in ("day", "month")
        }
        """What stands, of the rules about days and of those about months."""
        self._again_on: list[dict[str, int]] = [{} for _ in rules]
        self._again: dict[int, set[tuple[int, str]]] = defaultdict(set)
        self._before: dict[Key, Finding | None] = {}

    @property
    def ledger(self) -> Ledger:
        """The ledger as of the closed day, settled by the last evaluate()."""
        return self._closed.ledger

    @property
    def all_facts(self) -> Ledger:
        """The ledger of all facts, settled by the last evaluate()."""
        return self._open.ledger

    @property
    def versions(self) -> Versions:
        """Every content told of every fact."""
        return self._versions

    def add(
        self,
        identifier: str,
        content_hash: bytes,
        fact: f.Fact,
        stated_first: str,
        stated_last: str,
    ) -> None:
        """Add one content of a fact; the same again, or with wider times, is harmless."""
        version = Version(content_hash, fact, stated_first, stated_last)
        for touched in self._versions.add(identifier, version):
            self._place(touched)

    def evaluate(self, closed_day: date | None) -> list[Change]:
        """Judge what was touched, at the close of a day; the difference in standing findings."""
        self.facts_count = len(self._versions)
        self._pair()
        self._judge_immediate()
        closed = 0 if closed_day is None else closed_day.toordinal()
        if closed:
            self._judge_at_close(max(closed, self._closed.as_of))
        before = {key: old for key, old in self._before.items() if old is not None}
        after = {key: self.standing[key] for key in self._before if key in self.standing}
        self._before = {}
        return list(difference(before, after))

    def series(self) -> list[tuple[date, int | None, int]]:
        """Day, balance over the dedicated accounts (None: unknown), unearned; both in fen."""
        ledger = self._closed.ledger
        found: list[tuple[date, int | None, int]] = []
        for day in range(ledger.series.first, ledger.series.last + 1):
            accounts = ledger.registers.designated_accounts(day)
            balances = [ledger.series.balance(account, day) for account in accounts]
            known = [balance for balance in balances if balance is not None]
            total = sum(known) if len(known) == len(balances) and balances else None
            found.append((date.fromordinal(day), total, ledger.series.unearned(day)))
        return found

    # ---- placing facts into the two views ----

    def _place(self, identifier: str) -> None:
        fact = self._versions.effective(identifier)
        day = own_day(fact) if fact is not None else None
        if self._as_of is not None and day is not None and day > self._as_of:
            fact = day = None
        is_open = type(fact) not in ONLY_AT_CLOSE  # quicker than isinstance
        if is_open:
            self._open.ledger.put(identifier, fact)
        if self._versions.is_several(identifier):
            contest = self._versions.contest(identifier) if fact is not None else None
            self._open.ledger.feed.contest(identifier, contest)
        ordinal = 0 if day is None else day.toordinal()
        pending = self._pending.pop(identifier, None)
        if pending is not None:
            self._pending_on[pending].discard(identifier)
        if ordinal > self._closed.as_of:
            self._pending[identifier] = ordinal
            self._pending_on[ordinal].add(identifier)
            if is_open:
                self._ahead.add(identifier)
            if identifier in self._closed.ledger.facts:
                self._closed.ledger.put(identifier, None)
        else:
            self._ahead.discard(identifier)
            self._closed.ledger.put(identifier, fact)

    def _pair(self) -> None:
        """Count once what several feeds tell, by all facts added since the last evaluation."""
        entries, groups = self._versions.settle()
        for identifier in entries:
            self._place(identifier)
        for group in groups:
            unpaired = self._versions.unpaired.get(group)
            if self._as_of is None or group.day <= self._as_of:
                self._open.ledger.feed.hold(group, unpaired)

    def _judge_immediate(self) -> None:
        view = self._open
        view.ledger.settle()
        touched = view.ledger.touched
        if touched.registers:
            view.policy = self._area(view.ledger)
        subjects = {
            "payments": sorted(touched.payments & view.ledger.charged),
            "entry": sorted(touched.entries),
            "account": sorted(touched.accounts),
            "student": sorted(touched.students(view.ledger.directory)),
            "statement": sorted("\n".join(identity) for identity in touched.statements),
            "contested": sorted(touched.contested),
            "unpaired": sorted(touched.unpaired),
        }
        for place, rule in enumerate(IMMEDIATE):
            self._judge(place, rule, view, subjects[rule.subject])
        touched.clear()
        view.forget_charges()

    def _judge_at_close(self, closed: int) -> None:
        view = self._closed
        # No day before the last close is pending; before the first one any may be.
        first = view.as_of + 1 if view.as_of else min(self._pending_on, default=FOREVER)
        for day in range(first, closed + 1):
            for identifier in self._pending_on.pop(day, ()):
                del self._pending[identifier]
                self._ahead.discard(identifier)
                view.ledger.put(identifier, self._versions.effective(identifier))
        ledger, touched = view.ledger, view.ledger.touched
        advanced = closed > view.as_of
        if advanced and view.as_of and view.policy.changes(view.as_of, closed):
            touched.everything()
        view.as_of = closed
        # With nothing ahead both views have the same facts, but for those of ONLY_AT_CLOSE.
        ledger.settle(as_twin=not self._ahead)
        if touched.registers:
            view.policy = self._area(ledger)
        due = self._due(closed)
        is_quiet = not advanced and touched.since == FOREVER and not touched.requests
        if not is_quiet:
            ledger.close(closed)
        subjects = self._at_close_subjects(closed, is_quiet=is_quiet)
        in_order = {kind: sorted(each) for kind, each in subjects.items()}
        for place, rule in enumerate(AT_CLOSE, len(IMMEDIATE)):
            asked = in_order.get(rule.subject, [])
            if place in due:
                asked = sorted({*asked, *due[place]})
            self._judge(place, rule, view, asked)
        touched.clear()
        view.forget_charges()

    def _at_close_subjects(self, closed: int, *, is_quiet: bool) -> dict[str, AbstractSet[str]]:
        """By kind the subjects that facts touched; `is_quiet`: no day and no request of it was."""
        ledger = self._closed.ledger
        touched = ledger.touched
        subjects: dict[str, AbstractSet[str]] = {
            "entry": touched.entries,
            "invoices": (touched.payments | touched.papers) & ledger.charged,
            "cash": (touched.payments | touched.papers) & ledger.records.cash.keys(),
            "student": touched.students(ledger.directory),
            "early": early_subjects(self._closed) & ledger.charged,
            "span": {"\n".join(identity) for identity in touched.spans},
        }
        if is_quiet:
            return subjects
        is_everything = touched.since == 0
        releases = ledger.releases_of
        paths = releases.keys() if is_everything else touched.paths.keys() & releases.keys()
        requests = ledger.directory.requests.keys()
        return subjects | {
            "path": paths | {number for number in releases if _by_days(ledger, number)},
            "request": touched.requests | requests if is_everything else touched.requests,
            "institution": {""},
            "day": self._days(touched.since, closed),
            "month": self._months(touched.since, closed),
        }

    def _due(self, closed: int) -> dict[int, set[str]]:
        """By place of the rule the subjects that it wished to be asked of again by this day."""
        found: dict[int, set[str]] = {}
        for day in [day for day in self._again if day <= closed]:
            for place, subject in self._again.pop(day):
                del self._again_on[place][subject]
                found.setdefault(place, set()).add(subject)
        return found

    def _ask_again(self, place: int, subject: str, day: int) -> None:
        before = self._again_on[place].pop(subject, None)
        if before is not None:
            self._again[before].discard((place, subject))
        if day < FOREVER:
            self._again_on[place][subject] = day
            self._again[day].add((place, subject))

    def _days(self, since: int, closed: int) -> set[str]:
        """Days with debits, of broken statements, and those of which something stands."""
        ledger = self._closed.ledger
        days = ledger.feed.broken_days(since, closed)
        first = max(since, ledger.series.first)
        days.update(day for day in range(first, closed + 1) if ledger.debits_on.get(day))
        # A day before the first touched one stands as it did.
        return self._found_since(_day(max(since, 1))) | {_day(day) for day in days}

    def _months(self, since: int, closed: int) -> set[str]:
        """Months of touched days, and those of which something stands."""
        found = self._found_since(_month(max(since, 1)))
        day = max(since, self._closed.ledger.series.first)
        while day <= closed:
            found.add(_month(day))
            day = _month_after(day)
        return found

    def _found_since(self, first: str) -> set[str]:
        """Subjects of the same kind as this one, not before it, of which something stands."""
        found = self._found_of[first.partition(":")[0]]
        return {subject for subjects in found for subject in subjects if subject >= first}

    def _judge(self, place: int, rule: Rule, view: View, subjects: list[str]) -> None:
        """Ask a rule of each of these subjects, and put its answers in place of those before."""
        judge, results, again_on = rule.judge, self._results[place], self._again_on[place]
        area = view.policy
        has_exceptions = self._has_exceptions and rule.subject == "payments"
        for subject in subjects:
            view.again_on = FOREVER
            if has_exceptions:
                view.policy = self._law.policy.contract(area, self.institution, subject)
            try:
                findings = judge(view, subject)
            except Exception as error:
                log.exception("rule failed", rule=rule.id, institution=self.institution)
                findings = [_failed(rule, view, subject, error)]
            if view.again_on != FOREVER or (again_on and subject in again_on):
                self._ask_again(place, subject, view.again_on)
            if findings or (results and subject in results):
                self._replace(results, subject, tuple(findings))
        view.policy = area

    def _replace(
        self,
        results: dict[str, tuple[Finding, ...]],
        subject: str,
        findings: tuple[Finding, ...],
    ) -> None:
        old = results.get(subject, ())
        if findings == old:
            return
        for finding in old:
            self._before.setdefault(finding.key, finding)
            self.standing.pop(finding.key, None)
        for finding in findings:
            assert finding.key not in self.standing, f"two findings stand for {finding.key}"
            self._before.setdefault(finding.key, None)
            self.standing[finding.key] = finding
        if findings:
            results[subject] = findings
        else:
            results.pop(subject, None)

    def _area(self, ledger: Ledger) -> AreaPolicy:
        """What holds where the institution is and, on days before, where it was then."""
        states = ledger.registers.states()
        return self._law.policy.places((row.valid_from.toordinal(), row.city) for row in states)


@lru_cache(maxsize=DAYS_CACHED_MAX)
def _day(day: int) -> str:
    """The subject of a day."""
    return f"day:{date.fromordinal(day).isoformat()}"


@lru_cache(maxsize=DAYS_CACHED_MAX)
def _month(day: int) -> str:
    """The subject of the month of a day."""
    return f"month:{date.fromordinal(day).isoformat()[:7]}"


@lru_cache(maxsize=DAYS_CACHED_MAX)
def _month_after(day: int) -> int:
    """The first day of the month after that of a day."""
    return add_months(date.fromordinal(day).replace(day=1), 1).toordinal()


def _failed(rule: Rule, view: View, subject: str, error: Exception) -> Finding:
    """The answer of a rule that raised, about the day that is closed."""
    day = view.ledger.series.first if view.as_of in (0, FOREVER) else view.as_of
    missing = f"internal error: {type(error).__name__}"
    return view.undecided(rule.id, subject or rule.id, day=min(day, FOREVER - 1), missing=missing)


def _by_days(ledger: Ledger, number: str) -> bool:
    """Whether what a contract allows grows with the days alone."""
    terms = ledger.directory.terms.get(number)
    return terms is not None and terms.by_days
