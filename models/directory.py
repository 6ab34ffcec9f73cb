"""Where matching looks things up: contracts, requests and approvals of one institution by name.

Only exact look-ups, never other payments, so that no answer depends on an order (rules.md M2).
"""

from collections import defaultdict
from collections.abc import Iterable

from models.contracts import Terms
from models.facts import PaymentAttributed, RefundAnswered, RefundRequested, WithdrawalApproved
from models.identity import reference_of
from models.index import Index


class Request:
    """A refund request with its answers by day (rules.md F1: what is due on a day)."""

    def __init__(self, request: RefundRequested, answers: Iterable[RefundAnswered]) -> None:
        self.request = request
        self.number = request.number
        self.contract = request.contract
        self.asked = request.day.toordinal()
        self.answers = sorted((a.day.toordinal(), a.agreed_fen) for a in answers)

    def due_fen(self, day: int) -> int:
        """The agreed amount once answered by that day, before that what was asked."""
        due = self.request.amount_fen
        for answered, agreed_fen in self.answers:
            if answered <= day:
                due = agreed_fen
        return due


class Directory:
    """The exact look-ups, kept up to date one record at a time."""

    def __init__(self) -> None:
        self.terms: dict[str, Terms] = {}
        self.requests: dict[str, Request] = {}
        self.approvals: dict[str, int] = {}
        self.attributions: dict[str, str] = {}
        self.attributed_to: dict[str, set[str]] = defaultdict(set)
        self.by_reference: Index[str] = Index()
        self.by_sub_account: Index[str] = Index()
        self.by_payer: Index[str] = Index()
        self.contracts_of: dict[str, set[str]] = defaultdict(set)
        """By student."""
        self.signed_on: dict[int, set[str]] = defaultdict(set)
        """Contracts by the day of their signature."""
        self.falling_due_on: dict[int, int] = defaultdict(int)
        """The fen of instalments by due day, of whole prices by signature; none before that."""
        self.ends_on: dict[int, set[str]] = defaultdict(set)
        """Contracts by their last day, where they tell it."""
        self.asked_on: dict[int, int] = defaultdict(int)
        """Refund requests by day."""
        self.asked_by_day: dict[int, set[str]] = defaultdict(set)
        """The numbers of these."""
        self.requests_by_reference: dict[str, set[str]] = defaultdict(set)
        self.requests_of: dict[str, set[str]] = defaultdict(set)
        self.approvals_by_reference: dict[str, set[str]] = defaultdict(set)

    def put_terms(self, number: str, terms: Terms | None) -> None:
        """Set or remove the terms of a contract."""
        old = self.terms.pop(number, None)
        if old is not None:
            for table, key in self._keys(old):
                table.put(key, number, adding=False)
            self.contracts_of[old.contract.student].discard(number)
            self.signed_on[old.signed].discard(number)
            self._fall_due(old, -1)
            if old.last_day is not None:
                self.ends_on[old.last_day].discard(number)
        if terms is not None:
            self.terms[number] = terms
            self.signed_on[terms.signed].add(number)
            self._fall_due(terms, 1)
            if terms.last_day is not None:
                self.ends_on[terms.last_day].add(number)
            for table, key in self._keys(terms):
                table.put(key, number, adding=True)
            if terms.contract.student:
                self.contracts_of[terms.contract.student].add(number)

    def _fall_due(self, terms: Terms, sign: int) -> None:
        for day, fen in terms.dues or ((terms.signed, terms.price_fen),):
            self.falling_due_on[max(day, terms.signed)] += sign * fen

    def put_request(self, number: str, request: Request | None) -> None:
        """Set or remove a refund request."""
        reference = reference_of(number)
        old = self.requests.pop(number, None)
        if old is not None:
            self.requests_of[old.contract].discard(number)
            self.asked_on[old.asked] -= 1
            self.asked_by_day[old.asked].discard(number)
            self.requests_by_reference[reference].discard(number)
        if request is not None:
            self.requests[number] = request
            self.requests_of[request.contract].add(number)
            self.asked_on[request.asked] += 1
            self.asked_by_day[request.asked].add(number)
            if reference:
                self.requests_by_reference[reference].add(number)

    def put_approval(self, number: str, approval: WithdrawalApproved | None) -> None:
        """Set or remove an approval of a withdrawal."""
        reference = reference_of(number)
        if approval is None:
            self.approvals.pop(number, None)
            self.approvals_by_reference[reference].discard(number)
        else:
            self.approvals[number] = approval.day.toordinal()
            if reference:
                self.approvals_by_reference[reference].add(number)

    def put_attribution(self, entry: str, attribution: PaymentAttributed | None) -> None:
        """Set or remove what a person said of an entry."""
        old = self.attributions.pop(entry, None)
        if old is not None:
            self.attributed_to[old].discard(entry)
        if attribution is not None:
            self.attributions[entry] = attribution.contract
            self.attributed_to[attribution.contract].add(entry)

    def named_contracts(self, runs: tuple[str, ...]) -> set[str]:
        """Contracts whose number or order number is one of the runs."""
        found: set[str] = set()
        for run in runs:
            found.update(self.by_reference.get(run))
        return found

    def named_requests(self, runs: tuple[str, ...]) -> set[str]:
        """Refund requests whose number is one of the runs."""
        found: set[str] = set()
        for run in runs:
            found |= self.requests_by_reference.get(run, _NONE)
        return found

    def approved_by(self, runs: tuple[str, ...], day: int) -> bool:
        """Whether one of the runs is the number of an approval dated not later."""
        return any(
            self.approvals[number] <= day
            for run in runs
            for number in self.approvals_by_reference.get(run, _NONE)
        )

    def _keys(self, terms: Terms) -> list[tuple[Index[str], str]]:
        keys = [(self.by_reference, reference) for reference in terms.references]
        if terms.contract.sub_account:
            keys.append((self.by_sub_account, terms.contract.sub_account))
        keys.extend((self.by_payer, payer) for payer in terms.payers if payer)
        return keys


_NONE: frozenset[str] = frozenset()
