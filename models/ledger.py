"""One institution's facts in one view, and the answers that the rules read from them.

`put` only files a fact and notes what it touches; `settle` then brings classes, contract books and
day series up to date. Everything is derived from facts in canonical order, so the order and the
number of calls cannot matter.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

from models import facts as f
from models.bills import Bills
from models.book import Book, Totals
from models.contracts import Terms
from models.directory import Directory, Request
from models.feed import HOME_CURRENCY, Feed
from models.identity import reference_of
from models.index import Index
from models.keys import fact_id, own_day
from models.matching import Entry, classify, may_pay
from models.outside import OutsideSources
from models.posting import post
from models.records import Records
from models.registers import Registers
from models.reversals import Reversals
from models.series import Series, sums_by_day
from models.touched import Touched
from models.working_days import WorkingCalendar


class Ledger:
    """The facts of an institution that one view sees (rules.md G2), settled on demand.

    `by_day`: what each contract is owed is worked out day by day; the immediate rules read none.
    `twin` is the other view of the same institution: what both have is worked out once.
    `calendar`: by which contracts that release after their end count working days.
    """

    def __init__(
        self,
        institution: str,
        window_days: int,
        *,
        by_day: bool = True,
        twin: "Ledger | None" = None,
        calendar: WorkingCalendar | None = None,
    ) -> None:
        self.institution = institution
        self._twin = twin
        self._calendar = calendar
        self.by_day = by_day
        self.window_days = window_days
        self.facts: dict[str, f.Fact] = {}
        self.registers = Registers(institution, ())
        self.directory = Directory()
        self.entries: dict[str, Entry] = {}
        self.reversals = Reversals()
        self.books: dict[str, Book] = defaultdict(Book)
        self.totals = Totals()
        self.batches: dict[int, int] = defaultdict(int)
        self.batch_entries: dict[int, set[str]] = defaultdict(set)
        self.batched_on: dict[int, int] = defaultdict(int)
        """By booking day the fen of `batch_entries`."""
        self.charged: set[str] = set()
        """Contracts on which anything was ever paid or paid back, taken out since or not."""
        self.paid_back: dict[str, dict[int, int]] = defaultdict(sums_by_day)
        self.paid_back_by: dict[str, set[str]] = defaultdict(set)
        self.releases_of: dict[str, set[str]] = defaultdict(set)
        self.refunds_of: dict[str, set[str]] = defaultdict(set)
        self.debits_on: dict[int, set[str]] = defaultdict(set)
        self.credits_on: dict[int, set[str]] = defaultdict(set)
        self.foreign_on: dict[str, set[str]] = defaultdict(set)
        self.outside = OutsideSources()
        self.records = Records()
        self.bills = Bills()
        self.shifting: set[str] = set()
        self.outflows: dict[int, object] = {}
        self.touched = Touched()
        self.series = Series(self.touched)
        self.feed = Feed(self.touched)
        self._register_rows: dict[str, f.Fact] = {}
        self._answers: dict[str, dict[str, f.RefundAnswered]] = defaultdict(dict)
        self._asked: dict[str, f.RefundRequested] = {}
        self._by_run: Index[str] = Index()
        self._by_name: Index[str] = Index()
        self._by_sub_account: Index[str] = Index()
        self._reclassify: set[str] = set()

    def put(self, identifier: str, fact: f.Fact | None) -> None:
        """File the effective content of an id, or take it away with None."""
        old = self.facts.get(identifier)
        if old is fact:
            return
        if old is not None:
            del self.facts[identifier]
            self._file(identifier, old, adding=False)
        if fact is not None:
            self.facts[identifier] = fact
            self._file(identifier, fact, adding=True)

    def _file(self, identifier: str, fact: f.Fact, *, adding: bool) -> None:
        handler = _HANDLERS.get(type(fact))
        if handler is not None:
            handler(self, identifier, fact, adding)

    # ---- one handler a kind ----

    def put_register(self, identifier: str, fact: f.Fact, adding: bool) -> None:
        """A row that the registers answer from: everything is judged again."""
        if adding:
            self._register_rows[identifier] = fact
        else:
            del self._register_rows[identifier]
        self.touched.registers = True

    def put_lesson(self, _identifier: str, lesson: f.LessonDelivered, adding: bool) -> None:
        """A class session uses up hours of the contracts present: the hot path."""
        day = lesson.day.toordinal()
        sign = 1 if adding else -1
        hours = sign * lesson.hours_hundredths
        paths = self.touched.paths
        self.records.lesson(lesson, day, sign)
        for number in lesson.present:
            self.books[number].lesson(day, hours, sign)
            if paths.get(number, day) >= day:
                paths[number] = day
        if not lesson.present:
            self.touched.day(day)

    def put_contract(self, identifier: str, contract: f.ContractStated, adding: bool) -> None:
        """A contract: entries that may belong to it are classed again."""
        number = contract.number
        known = self.directory.terms.get(number)
        terms = self._terms(contract) if adding else None
        self._reclassify_for(known)
        self.directory.put_terms(number, terms)
        self._reclassify_for(terms)
        book = self.books[number]
        book.terms = terms
        self.touched.payments.add(number)
        self.touched.student(contract.student)
        signed = min(each.signed for each in (known, terms) if each is not None)
        self.touched.paths[number] = min(signed, self.touched.paths.get(number, signed))
        # What came before the signature counts from it, but not for deeds of those days.
        self.touched.day(self.books[number].first_day())
        for release in self.releases_of.get(number, ()):
            self.touched.day(self.entries[release].day)
        self.touched.requests |= self.directory.requests_of.get(number, set())
        self.outside.contract(self, identifier, contract, adding)
        self.bills.contract(self, known)
        self.bills.contract(self, terms)

    def _terms(self, contract: f.ContractStated) -> Terms:
        """Those of the twin where it has the same contract: most have, and reading one costs."""
        known = self._twin.directory.terms.get(contract.number) if self._twin else None
        if known is not None and known.contract is contract:
            return known
        return Terms(contract, self._calendar)

    def _reclassify_for(self, terms: Terms | None) -> None:
        """The entries whose answer may depend on these terms."""
        if terms is None:
            return
        if self.directory.attributed_to:
            self._reclassify |= self.directory.attributed_to.get(terms.number, set())
        for reference in terms.references:
            self._reclassify.update(self._by_run.get(reference))
        if terms.contract.sub_account:
            self._reclassify.update(self._by_sub_account.get(terms.contract.sub_account))
        for payer in terms.payers:
            for identifier in self._by_name.get(payer):
                entry = self.entries[identifier]
                if not entry.credit or may_pay(entry, terms, self.window_days):
                    self._reclassify.add(identifier)
        for request in self.directory.requests_of.get(terms.number, ()):
            self._reclassify.update(self._by_run.get(reference_of(request)))

    def put_entry(self, identifier: str, fact: f.EntryBooked, adding: bool) -> None:
        """A booked entry; in another currency it is only shown (G11)."""
        if fact.currency != HOME_CURRENCY:
            foreign = self.foreign_on[fact.account]
            (foreign.add if adding else foreign.discard)(identifier)
            self.touched.accounts.add(fact.account)
            return
        entry = Entry(identifier, fact) if adding else self.entries[identifier]
        self.series.book(entry, adding)
        self._index(entry, adding)
        self.reversals.put(entry, adding=adding)
        if adding:
            self.entries[identifier] = entry
            self._reclassify.add(identifier)
        else:
            post(self, entry, ())
            del self.entries[identifier]
            self._reclassify.discard(identifier)
            self.touched.entries.add(identifier)

    def _index(self, entry: Entry, adding: bool) -> None:
        for run in entry.runs:
            self._by_run.put(run, entry.id, adding=adding)
        if entry.name:
            self._by_name.put(entry.name, entry.id, adding=adding)
        if entry.fact.sub_account:
            self._by_sub_account.put(entry.fact.sub_account, entry.id, adding=adding)
        place = (self.credits_on if entry.credit else self.debits_on)[entry.day]
        (place.add if adding else place.discard)(entry.id)

    def put_balance(self, identifier: str, fact: f.BalanceReported, adding: bool) -> None:
        """A reported balance."""
        del identifier
        if fact.currency == HOME_CURRENCY:
            self.series.report(fact, adding)
            self.feed.put_balance(fact)

    def put_statement(self, _identifier: str, fact: f.StatementReceived, adding: bool) -> None:
        """A statement, consistent or not."""
        self.feed.put_statement(fact, adding=adding)

    def put_acceptance(self, _identifier: str, fact: f.StatementAccepted, adding: bool) -> None:
        """An officer accepts a statement whose figures do not prove."""
        self.feed.accept(fact, adding=adding)

    def put_request(self, _identifier: str, fact: f.RefundRequested, adding: bool) -> None:
        """A refund request."""
        if adding:
            self._asked[fact.number] = fact
        else:
            self._asked.pop(fact.number, None)
        self.touched.day(fact.day.toordinal())
        self._rebuild_request(fact.number, fact.contract)

    def put_answer(self, identifier: str, fact: f.RefundAnswered, adding: bool) -> None:
        """An answer to a refund request."""
        if adding:
            self._answers[fact.number][identifier] = fact
        else:
            del self._answers[fact.number][identifier]
        self._rebuild_request(fact.number, "")

    def _rebuild_request(self, number: str, contract: str) -> None:
        asked = self._asked.get(number)
        request = Request(asked, self._answers[number].values()) if asked else None
        self.directory.put_request(number, request)
        self.touched.requests.add(number)
        self._reclassify.update(self._by_run.get(reference_of(number)))
        for each in {contract, request.contract if request else ""} - {""}:
            self._reclassify.update(self._by_run.get(reference_of(each)))
            self._reclassify_for(self.directory.terms.get(each))

    def put_approval(self, _identifier: str, fact: f.WithdrawalApproved, adding: bool) -> None:
        """An approval that a debit may name."""
        self.directory.put_approval(fact.number, fact if adding else None)
        self._reclassify.update(self._by_run.get(reference_of(fact.number)))

    def put_attribution(self, _identifier: str, fact: f.PaymentAttributed, adding: bool) -> None:
        """A person says where an entry belongs."""
        self.directory.put_attribution(fact.entry, fact if adding else None)
        if fact.entry in self.entries:
            self._reclassify.add(fact.entry)

    # ---- settling ----

    def settle(self, *, as_twin: bool = False) -> None:
        """Bring everything derived up to date with the facts put since the last call.

        `as_twin`: the twin is settled and holds the same facts that classes depend on, so its
        answers are ours.
        """
        twin = self._twin if as_twin else None
        if self.touched.registers:
            self.registers = Registers(self.institution, self._register_rows.values())
            self._reclassify |= self.entries.keys()
            self.touched.payments.update(n for n, book in self.books.items() if book.payments)
            self.touched.papers |= self.records.cash.keys()
            self.touched.payments.update(n for n, debits in self.refunds_of.items() if debits)
            self.touched.accounts |= self.foreign_on.keys()
            self.touched.statements |= self.feed.statements.keys()
            self.touched.spans |= self.feed.statements.keys()
            self.touched.contested |= self.feed.contested.keys()
            self.touched.unpaired |= self.feed.unpaired.keys()
            self.touched.entries |= self.entries.keys()
            self.touched.everything()
            self.outside.resettle(self)
            self.bills.resettle(self.registers)
        self._reclassify |= self.reversals.settle(self.entries)
        for identifier in sorted(self._reclassify):
            entry = self.entries.get(identifier)
            if entry is not None:
                known = self._classes(entry) if twin is None else twin.entries[identifier].segments
                post(self, entry, known)
        self._reclassify.clear()
        if self.by_day:
            for number, since in self.touched.paths.items():
                self.books[number].retrace(since, self.totals)
        if self.touched.paths:
            self.touched.day(min(self.touched.paths.values()))
        if self.touched.statements:
            self.feed.find_broken()

    def close(self, day: int) -> None:
        """Work the day series out through a closed day; what lay before the touched day stays."""
        self.series.extend(self, day)
        since = self.touched.since
        for each in range(max(since, self.series.first), day + 1):
            self.outflows.pop(each, None)
        if since < self.series.first:
            self.outflows.clear()

    def _classes(self, entry: Entry) -> tuple[Any, ...]:
        if not self.registers.owned(entry.account, entry.day):
            return ()
        special = self.reversals.segments(entry)
        if special is not None:
            return special
        return classify(entry, self.directory, self.registers, self.window_days)

    # ---- answers ----

    def day_of(self, identifier: str) -> int:
        """The own day of a fact that has one."""
        day = own_day(self.facts[identifier])
        assert day is not None
        return day.toordinal()

    def closing_ids(self, account: str, day: int) -> tuple[str, ...]:
        """The fact id of the latest closing reported by that day, for evidence."""
        closing = self.series.closing_by(account, day)
        if closing is None:
            return ()
        reported = date.fromordinal(closing)
        fact = f.BalanceReported(account=account, day=reported, what="closing", balance_fen=0)
        return (fact_id(fact),)

    def register_ids(self, *kinds: str) -> tuple[str, ...]:
        """The fact ids of the register rows of these kinds, for evidence."""
        return tuple(
            identifier
            for identifier, row in self._register_rows.items()
            if type(row).__name__ in kinds
        )

    def request_ids(self, number: str) -> tuple[str, ...]:
        """The fact ids of a refund request and its answers."""
        asked = self._asked.get(number)
        return (*((fact_id(asked),) if asked else ()), *self._answers.get(number, ()))

    def contract_id(self, number: str) -> tuple[str, ...]:
        """The fact id of a contract, empty when it is unknown."""
        terms = self.directory.terms.get(number)
        return (fact_id(terms.contract),) if terms else ()


Handler = Callable[[Ledger, str, Any, bool], None]
_HANDLERS: dict[type[Any], Handler] = {
    **dict.fromkeys(
        (
            *(f.InstitutionStated, f.AccountStated, f.CustodyStated, f.MerchantCodeStated),
            *(f.AccountRestricted, f.ChargingSuspended),
            *(f.FeeStated, f.RelatedPartyStated, f.TermStated),
        ),
        Ledger.put_register,
    ),
    f.LessonDelivered: Ledger.put_lesson,
    f.ContractStated: Ledger.put_contract,
    f.EntryBooked: Ledger.put_entry,
    f.BalanceReported: Ledger.put_balance,
    f.StatementReceived: Ledger.put_statement,
    f.StatementAccepted: Ledger.put_acceptance,
    f.RefundRequested: Ledger.put_request,
    f.RefundAnswered: Ledger.put_answer,
    f.WithdrawalApproved: Ledger.put_approval,
    f.PaymentAttributed: Ledger.put_attribution,
    f.MerchantTransactionBilled: lambda ledger, *filed: ledger.bills.put(ledger, *filed),
    **dict.fromkeys(
        (
            *(f.InvoiceIssued, f.CashReceived, f.ReceiptIssued),
            *(f.ComplaintFiled, f.PatrolReported),
        ),
        lambda ledger, *filed: ledger.records.put(ledger, *filed),
    ),
}
