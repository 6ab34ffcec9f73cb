"""The class of each entry and the contract it belongs to, with the reason (rules.md M1-M3).

An answer is a timeline: a contract signed, or a request asked, after the booking day counts from
its own day on, so a late signature makes a second segment.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from mypy_extensions import mypyc_attr

from models.contracts import Terms
from models.directory import Directory
from models.facts import EntryBooked
from models.identity import normalise_name, reference_runs
from models.registers import Registers

Tiers = Sequence[tuple[str, Collection[str]]]
"""The reason of a tier of M2, in order, with its candidates, signed or not yet."""

INTEREST_WORDS: Final = ("结息", "利息")
RETURNED_WORDS: Final = ("退汇", "退票")
FEE_WORDS: Final = ("手续费", "工本费", "账户管理费")


@mypyc_attr(acyclic=True)
class Answer:  # noqa: PLW1641 -- compared, never a key
    """One entry's class with its reason.

    `kind` is one of move, interest, returned, settlement, tuition, unknown (credits); refund,
    approved, move, release, fee, freeze, other (debits); reversal when its original is unknown.
    `contract` is the contract of a matched credit, of a refund or of a release by name. `requests`
    are the refund requests that a refund pays. `explained`: a request of the contract is dated not
    later. `missing` names what stops a decision, `candidates` the contracts that it lies between.
    """

    __slots__ = ("candidates", "contract", "explained", "kind", "missing", "reason", "requests")

    def __init__(  # noqa: PLR0917 -- in the order in which they are named above
        self,
        kind: str,
        reason: str,
        contract: str = "",
        requests: tuple[str, ...] = (),
        explained: bool = False,
        missing: str = "",
        candidates: tuple[str, ...] = (),
    ) -> None:
        self.kind = kind
        self.reason = reason
        self.contract = contract
        self.requests = requests
        self.explained = explained
        self.missing = missing
        self.candidates = candidates

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Answer)
            and self.kind == other.kind
            and self.reason == other.reason
            and self.contract == other.contract
            and self.requests == other.requests
            and self.explained == other.explained
            and self.missing == other.missing
            and self.candidates == other.candidates
        )


@mypyc_attr(acyclic=True)
class Segment:  # noqa: PLW1641 -- as Answer
    """An answer from a day on, until the next segment."""

    __slots__ = ("answer", "since")

    def __init__(self, since: int, answer: Answer) -> None:
        self.since = since
        self.answer = answer

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Segment) and self.since == other.since and self.answer == other.answer
        )


@mypyc_attr(acyclic=True)
class Entry:
    """An entry with what matching reads of it, worked out once."""

    __slots__ = ("account", "credit", "day", "fact", "id", "name", "runs", "segments", "signed_fen")

    def __init__(self, identifier: str, fact: EntryBooked) -> None:
        self.id = identifier
        self.fact = fact
        self.account = fact.account
        self.day = fact.booking_date.toordinal()
        self.credit = fact.direction == "C"
        self.signed_fen = fact.amount_fen if self.credit else -fact.amount_fen
        self.runs = reference_runs(fact.remittance)
        self.name = normalise_name(fact.counterparty_name)
        self.segments: tuple[Segment, ...] = ()

    @property
    def final(self) -> Answer | None:
        """The answer by all that is known, None for an entry that is out of every rule."""
        return self.segments[-1].answer if self.segments else None


def classify(
    entry: Entry, directory: Directory, registers: Registers, window_days: int
) -> tuple[Segment, ...]:
    """The classes of an entry of an account that the institution owns on its booking day."""
    tiers: Tiers
    if entry.credit:
        tiers = _tiers(entry, directory, window_days)
    else:
        tiers = [("", _debit_candidates(entry, directory))]
    days = {entry.day}
    for number in [n for _, numbers in tiers for n in numbers]:
        terms = directory.terms.get(number)
        if terms is not None and terms.signed > entry.day:
            days.add(terms.signed)
    if not entry.credit or _mentions(entry.fact.remittance, RETURNED_WORDS):
        for number in directory.named_requests(entry.runs):
            days.add(max(entry.day, directory.requests[number].asked))
    segments: list[Segment] = []
    for day in sorted(days):
        answer = (
            _credit(entry, tiers, directory, registers, day)
            if entry.credit
            else _debit(entry, directory, registers, day)
        )
        if not segments or segments[-1].answer != answer:
            segments.append(Segment(day, answer))
    return tuple(segments)


def _mentions(text: str, words: Iterable[str]) -> bool:
    for word in words:  # noqa: SIM110 -- half of the time of any(), for every entry
        if word in text:
            return True
    return False


def _visible(directory: Directory, numbers: Collection[str], day: int) -> list[str]:
    """Of these contracts those signed by the day, in order."""
    terms = directory.terms
    return sorted([n for n in numbers if n in terms and terms[n].signed <= day])


# ---- credits ----


def may_pay(entry: Entry, terms: Terms, window_days: int) -> bool:
    """Whether the amount is one of the contract's, near its signature or due day (tier 3)."""
    amount = entry.fact.amount_fen
    if amount not in terms.amounts:
        return False
    near_signature = abs(entry.day - terms.signed) <= window_days
    if near_signature:
        return True
    for part in terms.contract.instalments:
        due = part.due or part.begins
        if part.amount_fen == amount and due and abs(entry.day - due.toordinal()) <= window_days:
            return True
    return False


def _tiers(entry: Entry, directory: Directory, window_days: int) -> Tiers:
    """The tiers of M2 that have candidates, signed or not yet.

    Below one with a candidate signed by the booking day no other is ever looked at.
    """
    tiers = []
    for tier in _all_tiers(entry, directory, window_days):
        if tier[1]:
            tiers.append(tier)
            if _visible(directory, tier[1], entry.day):
                break
    return tiers


def _all_tiers(
    entry: Entry, directory: Directory, window_days: int
) -> Iterator[tuple[str, Collection[str]]]:
    attributed = directory.attributions.get(entry.id)
    if attributed is not None:
        yield "attributed", {attributed}
        return
    if entry.runs:
        yield "reference", directory.named_contracts(entry.runs)
    if entry.fact.sub_account:
        yield "sub-account", directory.by_sub_account.get(entry.fact.sub_account)
    if entry.name:
        numbers = directory.by_payer.get(entry.name)
        payable = {n for n in numbers if may_pay(entry, directory.terms[n], window_days)}
        yield "payer-and-amount", payable


def _credit(
    entry: Entry, tiers: Tiers, directory: Directory, registers: Registers, day: int
) -> Answer:
    fact = entry.fact
    if fact.counterparty_account and registers.owned(fact.counterparty_account, entry.day):
        return Answer("move", "counterparty-is-own-account")
    if _mentions(fact.remittance, INTEREST_WORDS):
        return Answer("interest", "interest-word")
    if _mentions(fact.remittance, RETURNED_WORDS):
        return _returned(entry, directory, day)
    if entry.name and registers.payment_company(entry.name, entry.day):
        return Answer("settlement", "payment-company")
    designated = registers.designated(entry.account, entry.day)
    unmatched = "tuition" if designated else "unknown"
    for reason, numbers in tiers:
        visible = _visible(directory, numbers, day)
        if len(visible) == 1:
            return Answer("tuition", reason, visible[0])
        if visible:
            return Answer(unmatched, reason, missing="contract", candidates=tuple(visible))
    if not fact.remittance and not entry.name and not fact.counterparty_account:
        return Answer(unmatched, "nothing-to-match-by", missing="remittance, counterparty")
    return Answer(unmatched, "no-contract")


def _returned(entry: Entry, directory: Directory, day: int) -> Answer:
    """A payment that came back: off the request it names, else off those of its contract."""
    named = directory.named_requests(entry.runs)
    asked = sorted(n for n in named if directory.requests[n].asked <= day)
    if asked:
        contracts = {directory.requests[n].contract for n in asked}
        contract = contracts.pop() if len(contracts) == 1 else ""
        return Answer("returned", "request-named", contract, tuple(asked))
    contracts = set(_visible(directory, directory.named_contracts(entry.runs), day))
    if len(contracts) == 1:
        contract = contracts.pop()
        return Answer("returned", "contract-named", contract, _asked(directory, contract, entry))
    return Answer("returned", "nothing-named")


# ---- debits ----


def _asked(directory: Directory, contract: str, entry: Entry) -> tuple[str, ...]:
    """The requests of a contract asked by the booking day, in order."""
    return tuple(
        sorted(
            n
            for n in directory.requests_of.get(contract, ())
            if directory.requests[n].asked <= entry.day
        )
    )


def _open_requests(entry: Entry, directory: Directory) -> set[str]:
    """Requests asked by then of a contract with this payer, with exactly this amount due."""
    found: set[str] = set()
    if not entry.name:
        return found
    for contract in directory.by_payer.get(entry.name):
        for number in directory.requests_of.get(contract, ()):
            request = directory.requests[number]
            due = request.due_fen(entry.day)
            if request.asked <= entry.day and due > 0 and due == entry.fact.amount_fen:
                found.add(number)
    return found


def _debit_candidates(entry: Entry, directory: Directory) -> set[str]:
    contracts = directory.named_contracts(entry.runs)
    named = directory.named_requests(entry.runs) | _open_requests(entry, directory)
    return contracts | {directory.requests[n].contract for n in named}


def _debit(entry: Entry, directory: Directory, registers: Registers, day: int) -> Answer:
    fact = entry.fact
    payee = fact.counterparty_account
    payee_owned = bool(payee) and registers.owned(payee, entry.day)
    payee_known = bool(payee or entry.name)
    is_institution = payee_owned or registers.is_institution_name(entry.name, entry.day)
    if payee_known and not is_institution:
        refund = _refund(entry, directory, day)
        if refund is not None:
            return refund
    if directory.approved_by(entry.runs, entry.day):
        return Answer("approved", "approval-named")
    if payee and registers.designated(payee, entry.day):
        return Answer("move", "to-a-designated-account")
    if payee_owned and payee != entry.account and registers.designated_by(entry.account, entry.day):
        named = _visible(directory, directory.named_contracts(entry.runs), day)
        if len(named) == 1:
            return Answer("release", "contract-named", named[0])
        return Answer("release", "batch")
    if _mentions(fact.remittance, FEE_WORDS):
        return Answer("fee", "fee-word")
    if registers.restricted(entry.account, entry.day):
        return Answer("freeze", "restriction")
    missing = "" if payee_known else "counterparty"
    return Answer("other", "none-of-these", missing=missing)


def _refund(entry: Entry, directory: Directory, day: int) -> Answer | None:
    """The refund that a debit is, or None: by what it names, else by payee and amount."""
    requests = {
        n for n in directory.named_requests(entry.runs) if directory.requests[n].asked <= day
    }
    contracts = set(_visible(directory, directory.named_contracts(entry.runs), day))
    reason = "request-named" if requests else "contract-named"
    contracts |= {directory.requests[n].contract for n in requests}
    if not contracts:
        requests = {
            n
            for n in _open_requests(entry, directory)
            if _visible(directory, {directory.requests[n].contract}, day)
        }
        if len(requests) != 1:
            return None
        reason = "payee-and-amount"
        contracts = {directory.requests[n].contract for n in requests}
    if len(contracts) > 1:
        return Answer("refund", "several-named")
    contract = contracts.pop()
    asked = _asked(directory, contract, entry)
    pays = tuple(sorted(n for n in requests if n in asked)) if requests else asked
    return Answer("refund", reason, contract, pays, explained=bool(asked))
