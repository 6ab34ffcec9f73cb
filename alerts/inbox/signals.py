"""What people say of institutions, and what changes about them in the registers.

Complaints, patrol reports, and changes of the register and of the dedicated account, as they count
after what was corrected, settled or retracted. Texts are masked here, once for all pages.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import Connection

from alerts.inbox import journal
from alerts.inbox.masking import Masker
from models import facts as f
from models.identity import join_id, normalise_name
from models.keys import DECODER, fact_id
from models.registers import Registers
from models.store.journal import JournalRow
from models.versions import Version, Versions

LEVELS = ("national", "city", "county")
_DECISIONS = ("FactRetracted", "ConflictSettled")
_UNCHANGING = {"institution", "valid_from"}


@dataclass(frozen=True)
class Complaint:
    """A complaint; `about` is masked and written alike where it says the same."""

    fact_id: str
    institution: str
    day: date
    level: str
    number: str
    about: str
    amount_fen: int | None


@dataclass(frozen=True)
class Patrol:
    """A patrol's report, its text masked."""

    fact_id: str
    institution: str
    day: date
    level: str
    about: str


@dataclass(frozen=True)
class RowChanged:
    """A row of the register of institutions that says something else than the one before."""

    fact_id: str
    institution: str
    day: date
    before: f.InstitutionStated
    after: f.InstitutionStated


@dataclass(frozen=True)
class AccountsChanged:
    """Other dedicated accounts than on the day before; never the first ones."""

    fact_id: str
    institution: str
    day: date
    before: tuple[str, ...]
    after: tuple[str, ...]


Event = Patrol | RowChanged | AccountsChanged


@dataclass(frozen=True)
class Signals:
    """Complaints and events, the newest first."""

    complaints: tuple[Complaint, ...]
    events: tuple[Event, ...]


def signals_of(connection: Connection, institution: str = "") -> Signals:
    """Everything of this kind about one institution, or about all."""
    asked = [institution] if institution else None
    kinds = ("ComplaintFiled", "PatrolReported", "InstitutionStated", *_DECISIONS)
    stated = [row for kind in kinds for row in journal.of_institutions(connection, kind, asked)]
    for kind in ("AccountStated", *_DECISIONS):
        stated += journal.of_accounts(connection, kind, institution)
    facts = list(_effective(stated))
    names = _names_by_contract(connection, facts)
    rows: dict[str, list[f.Fact]] = defaultdict(list)
    owners: dict[str, set[str]] = defaultdict(set)
    accounts: dict[str, list[f.AccountStated]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, f.InstitutionStated):
            rows[fact.institution].append(fact)
        elif isinstance(fact, f.AccountStated):
            owners[fact.institution].add(fact.account)
            accounts[fact.account].append(fact)
    complaints: list[Complaint] = []
    events: list[Event] = []
    for fact in facts:
        if isinstance(fact, f.ComplaintFiled):
            complaints.append(_complaint(fact, rows[fact.institution], names))
        elif isinstance(fact, f.PatrolReported):
            about = _masked(fact.about, rows[fact.institution], (), ())
            events.append(Patrol(fact_id(fact), fact.institution, fact.day, fact.level, about))
    for each in sorted({*rows, *owners} if not institution else {institution}):
        # Also rows that give an account to somebody else: they end what held before (G8).
        theirs = [row for account in sorted(owners[each]) for row in accounts[account]]
        events += _changes(each, Registers(each, [*rows[each], *theirs]))
    return Signals(
        tuple(sorted(complaints, key=_newest_first)), tuple(sorted(events, key=_newest_first))
    )


def pupils(
    connection: Connection, institutions: Sequence[str], first: date, last: date
) -> dict[str, int]:
    """The students with a contract whose course runs on any of these days, by their names.

    A course runs from its first day, else from the signature; without a last day it still runs. A
    contract that names no student counts as one.
    """
    kinds = ("ContractStated", *_DECISIONS)
    told = [
        row for kind in kinds for row in journal.of_institutions(connection, kind, institutions)
    ]
    found: dict[str, set[str]] = defaultdict(set)
    for fact in _effective(told):
        if isinstance(fact, f.ContractStated):
            begins = fact.begins or fact.signed
            if begins <= last and (fact.ends is None or fact.ends >= first):
                student = normalise_name(fact.student)
                found[fact.institution].add(student or join_id("", fact.number))
    return {institution: len(students) for institution, students in found.items()}


def mentioned(connection: Connection, facts: Iterable[f.Fact]) -> list[f.Fact]:
    """The facts that state the names which a complaint or patrol report may tell in its text."""
    spoken = [fact for fact in facts if isinstance(fact, f.ComplaintFiled | f.PatrolReported)]
    told = [fact for _, fact in journal.contents(connection, sorted(_contracts_named(spoken)))]
    for institution in sorted({fact.institution for fact in spoken}):
        prefix = join_id("i:" + institution, "InstitutionStated", "")
        told += journal.versions_under(connection, prefix)
    return told


def changed_fields(event: RowChanged) -> list[str]:
    """The fields of the register that changed, in the order of the register."""
    return _differing(event.before, event.after)


def _effective(rows: Iterable[JournalRow]) -> Iterator[f.Fact]:
    versions = Versions()
    for identifier, digest, body, first, last in rows:
        versions.add(identifier, Version(digest, DECODER.decode(body), first, last))
    for identifier in versions.ids():
        fact = versions.effective(identifier)
        if fact is not None:
            yield fact


def _names_by_contract(connection: Connection, facts: list[f.Fact]) -> dict[str, set[str]]:
    """The families of the contracts that complaints name, by the contract's fact id."""
    names: dict[str, set[str]] = defaultdict(set)
    for identifier, told in journal.contents(connection, sorted(_contracts_named(facts))):
        if isinstance(told, f.ContractStated):
            names[identifier].update((told.student, *told.payers))
    return names


def _contracts_named(facts: Iterable[f.Fact]) -> set[str]:
    return {
        join_id("i:" + fact.institution, "ContractStated", fact.contract)
        for fact in facts
        if isinstance(fact, f.ComplaintFiled) and fact.contract and fact.about
    }


def _complaint(fact: f.ComplaintFiled, rows: list[f.Fact], names: dict[str, set[str]]) -> Complaint:
    contract = join_id("i:" + fact.institution, "ContractStated", fact.contract)
    about = _masked(fact.about, rows, names.get(contract, ()), (fact.payee_account,))
    return Complaint(
        fact_id(fact), fact.institution, fact.day, fact.level, fact.number, about, fact.amount_fen
    )


def _masked(text: str, rows: list[f.Fact], names: Iterable[str], accounts: Iterable[str]) -> str:
    """A text with blanks and widths alike, in which those who are known to be named are masked."""
    plain = normalise_name(text)
    states = [row for row in rows if isinstance(row, f.InstitutionStated)]
    known = {*names, *(state.legal_representative for state in states)}
    masker = Masker(
        (name for name in map(normalise_name, known) if name in plain),
        (account for account in accounts if account and account in plain),
        (name for name in (normalise_name(state.name) for state in states) if name in plain),
    )
    return masker.text(plain)


def _changes(institution: str, registers: Registers) -> Iterator[Event]:
    states = registers.states()
    for before, after in pairwise(states):
        if _differing(before, after):
            yield RowChanged(fact_id(after), institution, after.valid_from, before, after)
    known = False
    for day in registers.designation_days():
        held, holds = registers.designated_accounts(day - 1), registers.designated_accounts(day)
        if known and held != holds:
            named = _row_of(registers, held, holds, day)
            yield AccountsChanged(named, institution, date.fromordinal(day), held, holds)
        known = known or bool(holds)


def _row_of(registers: Registers, held: tuple[str, ...], holds: tuple[str, ...], day: int) -> str:
    """The id of the row that began what is new, else of the one that began what ended."""
    account = min(set(holds) - set(held), default="") or min(set(held) - set(holds))
    since = registers.designated_since(account, day)
    return join_id("a:" + account, "AccountStated", date.fromordinal(since).isoformat())


def _differing(before: f.InstitutionStated, after: f.InstitutionStated) -> list[str]:
    fields = after.__struct_fields__
    return [
        name
        for name in fields
        if name not in _UNCHANGING and getattr(before, name) != getattr(after, name)
    ]


def _newest_first(each: Complaint | Event) -> tuple[int, str]:
    return -each.day.toordinal(), each.fact_id
