"""What the oracle knows of one institution: the facts that count, their owners, and every answer.

Written from the rules alone, without thrift: every question looks through all facts again. It
shares the words of `models.facts` with the program and no reasoning: not even ids and hashes.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Protocol

from models import facts as f
from models.working_days import WorkingCalendar
from tests.oracle_identity import digest, identity
from tests.oracle_pairing import HeldGroup, described
from tests.oracle_schedule import share_by_day

REGISTERS = f.Register.__args__
DECISIONS = f.Decision.__args__
BANK = (f.EntryBooked, f.EntryAnnounced, f.BalanceReported, f.StatementReceived)
INTEREST = ("结息", "利息")
RETURNED = ("退汇", "退票")
FEES = ("手续费", "工本费", "账户管理费")
MATCH_WINDOW_DAYS = 30


@lru_cache(maxsize=100_000)
def plain(text: str) -> str:
    """A name as it is compared: NFKC, blanks collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


@lru_cache(maxsize=100_000)
def runs(text: str) -> set[str]:
    """Whole runs of A-Z, 0-9 and '-' of a text, NFKC, upper case."""
    return set(re.findall(r"[A-Z0-9-]+", unicodedata.normalize("NFKC", text).upper()))


def counting(told: Iterable[f.Told]) -> list[f.Fact]:
    """Of every id the one content that counts (G5), without what was retracted."""
    by_id: dict[str, list[f.Told]] = {}
    for one in told:
        by_id.setdefault(identity(one.fact), []).append(one)
    gone = {v[0].fact.fact for v in by_id.values() if isinstance(v[0].fact, f.FactRetracted)}
    settled = {
        v[0].fact.fact: v[0].fact.content
        for v in by_id.values()
        if isinstance(v[0].fact, f.ConflictSettled)
    }
    chosen = []
    for versions in (told for name, told in by_id.items() if name not in gone):
        name = identity(versions[0].fact)
        said = [v for v in versions if digest(v.fact) == settled.get(name)]
        best = said or versions
        pick = max if isinstance(best[0].fact, REGISTERS) else min
        moment = pick(v.stated_at for v in best)
        best = [v for v in best if v.stated_at == moment]
        others = [] if said else sorted(versions, key=lambda v: (v.stated_at, digest(v.fact)))
        chosen.append(described(min((v.fact for v in best), key=digest), others))
    return chosen


def undone(entries: Iterable[f.EntryBooked]) -> tuple[set[str], set[str]]:
    """The ids of reversals and of what they reverse (G6), and those whose original is unknown.

    A reversal names the serial or reference of its original; naming none, it carries its
    original's own; carrying none, it has its counterparty, and that only once. Both have one
    account, amount and currency and opposite directions.
    """
    entries = sorted(entries, key=lambda e: (e.booking_date, identity(e)))
    gone: set[str] = set()
    orphans: set[str] = set()
    for reversal in (e for e in entries if e.reversal):
        gone.add(identity(reversal))
        possible = [
            e
            for e in entries
            if not e.reversal
            and identity(e) not in gone
            and e.account == reversal.account
            and e.amount_fen == reversal.amount_fen
            and e.currency == reversal.currency
            and e.direction != reversal.direction
            and e.booking_date <= reversal.booking_date
        ]
        if reversal.reverses:
            found = [e for e in possible if reversal.reverses in {e.serial, e.end_to_end_id}]
        else:
            own = {reversal.serial, reversal.end_to_end_id} - {""}
            found = [e for e in possible if own & {e.serial, e.end_to_end_id}]
            found = found or [e for e in possible if _same_party(e, reversal)]
        if len(found) == 1:
            gone.add(identity(found[0]))
        else:
            orphans.add(identity(reversal))
    return gone, orphans


def _same_party(one: f.EntryBooked, other: f.EntryBooked) -> bool:
    account, name = one.counterparty_account, plain(one.counterparty_name)
    if account and other.counterparty_account:
        return account == other.counterparty_account
    return bool(name) and name == plain(other.counterparty_name)


class Match(NamedTuple):
    """The contract of a credit, or why there is none: `none`, `open` or `unknown`."""

    contract: str | None
    why: str


class Refund(NamedTuple):
    """What a refund or a returned one counts for, and whether a request explains it."""

    contract: str | None
    requests: tuple[str, ...]
    explained: bool


class Known(Protocol):
    """What a world asks of the history that it belongs to."""

    institution: str
    calendar: WorkingCalendar
    gone: set[str]
    orphans: set[str]
    held: list[HeldGroup]

    @property
    def last(self) -> "World":
        """The world with all that counts."""

    def as_of(self, day: date) -> "World":
        """The world of another day."""


class World:
    """All that counts of one institution by the close of one day."""

    def __init__(self, history: Known, facts: list[f.Fact]) -> None:
        """Take the counting facts of days up to one."""
        self.history = history
        self.institution = institution = history.institution
        self.until = date.max
        self.facts = facts
        self.rows = self.of(f.AccountStated)
        mine = [x for x in facts if getattr(x, "institution", institution) == institution]
        self.contracts = {x.number: x for x in mine if isinstance(x, f.ContractStated)}
        self.requests = {x.number: x for x in mine if isinstance(x, f.RefundRequested)}
        self.answers = [x for x in mine if isinstance(x, f.RefundAnswered)]
        self.approvals = [x for x in mine if isinstance(x, f.WithdrawalApproved)]
        self.lessons = [x for x in mine if isinstance(x, f.LessonDelivered)]
        self.custody = [x for x in mine if isinstance(x, f.CustodyStated)]
        self.suspensions = [x for x in mine if isinstance(x, f.ChargingSuspended)]
        self.merchants = [x for x in mine if isinstance(x, f.MerchantCodeStated)]
        self.states = [x for x in mine if isinstance(x, f.InstitutionStated)]
        self.receipts = [x for x in mine if isinstance(x, f.ReceiptIssued)]
        self.complaints = [x for x in mine if isinstance(x, f.ComplaintFiled)]
        self.attributed = {x.entry: x for x in mine if isinstance(x, f.PaymentAttributed)}
        self.restrictions = self.of(f.AccountRestricted)
        self.booked: list[f.EntryBooked] = self.of(f.EntryBooked)
        self.reports: list[f.BalanceReported] = self.of(f.BalanceReported)
        self.entries = [
            e
            for e in self.booked
            if e.currency == "CNY"
            and identity(e) not in history.gone
            and self.owner(e.account, e.booking_date) == institution
        ]

    def of(self, kind: Any) -> list[Any]:  # noqa: ANN401 -- the caller knows
        """The facts of one kind."""
        return [x for x in self.facts if isinstance(x, kind)]

    # ---- Registers ----

    def row(self, account: str, day: date) -> f.AccountStated | None:
        """The row of an account that holds on a day (G8)."""
        rows = [r for r in self.rows if r.account == account and r.valid_from <= day]
        return max(rows, key=lambda r: r.valid_from, default=None)

    def owner(self, account: str, day: date) -> str:
        """Whose account it is that day; empty for nobody's."""
        row = self.row(account, day)
        return row.institution if row else ""

    def own(self, account: str, day: date) -> bool:
        """Whether an account is the institution's that day."""
        return self.owner(account, day) == self.institution

    def designated(self, account: str, day: date) -> bool:
        """Whether an account is the institution's dedicated account that day."""
        row = self.row(account, day)
        return (
            row is not None
            and row.institution == self.institution
            and row.purpose == "dedicated"
            and (row.valid_to is None or day <= row.valid_to)
        )

    def designated_by(self, account: str, day: date) -> bool:
        """Whether an account is the institution's, and was designated that day or before."""
        starts = [r.valid_from for r in self.rows if r.account == account and r.valid_from <= day]
        return self.own(account, day) and any(self.designated(account, s) for s in starts)

    def accounts(self, day: date, *, or_before: bool = False) -> list[str]:
        """The accounts designated that day (or before)."""
        test = self.designated_by if or_before else self.designated
        return sorted(a for a in {r.account for r in self.rows} if test(a, day))

    def agreements(self, day: date) -> set[str]:
        """The modes of the custody and reserve agreements that cover a day."""
        modes: set[str] = set()
        for number in {c.number for c in self.custody}:
            rows = [c for c in self.custody if c.number == number and c.valid_from <= day]
            row = max(rows, key=lambda c: c.valid_from, default=None)
            if row and (row.valid_to is None or day <= row.valid_to):
                modes.add(row.mode)
        return modes

    def state(self, day: date) -> f.InstitutionStated | None:
        """The row of the institution that holds on a day."""
        rows = [s for s in self.states if s.valid_from <= day]
        return max(rows, key=lambda s: s.valid_from, default=None)

    def barred(self, day: date) -> bool:
        """Whether charging is barred that day (C6)."""
        state = self.state(day)
        overdue = (
            state is not None
            and state.nonprofit_change_due is not None
            and not state.nonprofit_change_done
            and state.nonprofit_change_due < day
        )
        suspended = any(
            s.valid_from <= day and (s.valid_to is None or day <= s.valid_to)
            for s in self.suspensions
        )
        void = state is not None and state.licence == "void"
        return not self.agreements(day) or suspended or void or overdue

    # ---- Naming ----

    def named_contracts(self, text: str) -> set[str]:
        """The contracts whose number or order number is a whole run of the text."""
        found = runs(text)
        return {number for number, names in self._names_of.items() if names & found}

    @cached_property
    def _names_of(self) -> dict[str, set[str]]:
        return {
            c.number: {plain(name).upper() for name in (c.number, c.order_number) if name}
            for c in self.contracts.values()
        }

    def named_requests(self, text: str) -> set[str]:
        """The refund requests whose number is a whole run of the text."""
        return {r for r in self.requests if plain(r).upper() in runs(text)}

    def due(self, request: str, day: date) -> int:
        """What a request asks for, or what was agreed once it was answered (F1)."""
        answers = [a for a in self.answers if a.number == request and a.day <= day]
        if answers:
            return max(answers, key=lambda a: a.day).agreed_fen
        return self.requests[request].amount_fen

    # ---- Classes of entries (M1), tested in order ----

    @cached_property
    def classes(self) -> dict[str, str]:
        """The class of every entry, by its id."""
        return {
            identity(e): self._credit(e) if e.direction == "C" else self._debit(e)
            for e in self.entries
        }

    def classed(self, *names: str) -> list[f.EntryBooked]:
        """The entries of these classes."""
        return [e for e in self.entries if self.classes[identity(e)] in names]

    def _credit(self, e: f.EntryBooked) -> str:
        day = e.booking_date
        if e.counterparty_account and self.own(e.counterparty_account, day):
            return "move"
        if any(word in e.remittance for word in INTEREST):
            return "interest"
        if any(word in e.remittance for word in RETURNED):
            return "returned"
        if e.counterparty_name and plain(e.counterparty_name) in self._companies(day):
            return "settlement"
        if self.designated(e.account, day) or self.matches(e).contract:
            return "tuition"
        return "unknown"

    def merchant_rows(self, day: date) -> list[f.MerchantCodeStated]:
        """Of each merchant code the row that holds on a day."""
        found = []
        for number in {m.number for m in self.merchants}:
            rows = [m for m in self.merchants if m.number == number and m.valid_from <= day]
            row = max(rows, key=lambda m: m.valid_from, default=None)
            if row and (row.valid_to is None or day <= row.valid_to):
                found.append(row)
        return found

    def _companies(self, day: date) -> set[str]:
        return {plain(m.company) for m in self.merchant_rows(day)} - {""}

    def settles_to(self, code: str, day: date) -> str:
        """The account to which a merchant code settles that day, empty if nobody said."""
        rows = [m for m in self.merchant_rows(day) if m.number == code]
        return rows[0].settles_to if rows else ""

    def _debit(self, e: f.EntryBooked) -> str:
        day, other = e.booking_date, e.counterparty_account
        if self.refund_of(e) is not None:
            return "refund"
        if any(
            a.day <= day and plain(a.number).upper() in runs(e.remittance) for a in self.approvals
        ):
            return "approved"
        if other and self.designated(other, day):
            return "move"
        if (
            other
            and other != e.account
            and self.own(other, day)
            and self.designated_by(e.account, day)
        ):
            return "release"
        if any(word in e.remittance for word in FEES):
            return "fee"
        if any(
            r.account == e.account
            and r.valid_from <= day
            and (r.valid_to is None or day <= r.valid_to)
            for r in self.restrictions
        ):
            return "freeze"
        return "other"

    def _to_itself(self, e: f.EntryBooked) -> bool:
        if e.counterparty_account and self.own(e.counterparty_account, e.booking_date):
            return True
        state = self.state(e.booking_date)
        name = plain(e.counterparty_name)
        return bool(name) and state is not None and name == plain(state.name)

    def refund_of(self, e: f.EntryBooked) -> Refund | None:
        """What a debit pays back, None when it is no refund."""
        if self._to_itself(e):
            return None
        named = self._names(e)
        if named is not None:
            return named
        found = [
            r
            for r in self.requests.values()
            if r.day <= e.booking_date
            and 0 < self.due(r.number, e.booking_date) == e.amount_fen
            and r.contract in self.contracts
            and plain(e.counterparty_name) in map(plain, self.contracts[r.contract].payers)
        ]
        if len(found) == 1:
            return Refund(found[0].contract, (found[0].number,), explained=True)
        return None

    def _names(self, e: f.EntryBooked) -> Refund | None:
        """The contract and the requests that a refund or a returned one names."""
        contracts, requests = self.named_contracts(e.remittance), self.named_requests(e.remittance)
        if not contracts and not requests:
            return None
        involved = contracts | {self.requests[r].contract for r in requests}
        if len(involved) > 1:
            return Refund(None, (), explained=False)
        contract = involved.pop()
        asked = sorted(
            r.number
            for r in self.requests.values()
            if r.contract == contract and r.day <= e.booking_date
        )
        paid = tuple(r for r in asked if not requests or r in requests)
        return Refund(contract, paid, explained=bool(asked))

    # ---- Matching (M2) ----

    @cached_property
    def _matches(self) -> dict[str, Match]:
        return {identity(e): self._match(e) for e in self.entries if e.direction == "C"}

    def matches(self, e: f.EntryBooked) -> Match:
        """Which contract a credit pays, by the first tier that has a candidate."""
        return self._matches[identity(e)]

    def _match(self, e: f.EntryBooked) -> Match:
        said = self.attributed.get(identity(e))
        for tier in [{said.contract} & self.contracts.keys()] if said else self._tiers(e):
            if len(tier) == 1:
                return Match(min(tier), "matched")
            if tier:
                return Match(None, "open")
        says = e.remittance or e.counterparty_name or e.counterparty_account
        return Match(None, "none" if says else "unknown")

    def _tiers(self, e: f.EntryBooked) -> Iterator[set[str]]:
        """The candidates of each tier, looked for only when the one before has none."""
        contracts = self.contracts.values()
        yield self.named_contracts(e.remittance)
        yield {c.number for c in contracts if e.sub_account and c.sub_account == e.sub_account}
        yield {c.number for c in contracts if self._fits(e, c)}

    @staticmethod
    def _fits(e: f.EntryBooked, c: f.ContractStated) -> bool:
        """Payer, price and window: the third tier."""
        if not e.counterparty_name or plain(e.counterparty_name) not in map(plain, c.payers):
            return False
        parts = [i for i in c.instalments if i.amount_fen == e.amount_fen]
        days: list[date | None] = [i.due or i.begins for i in parts]
        if parts or e.amount_fen == c.price_fen:
            days.append(c.signed)
        return any(
            d is not None and abs((e.booking_date - d).days) <= MATCH_WINDOW_DAYS for d in days
        )

    # ---- Sums of a contract by the close of a day ----

    def payments(self, contract: str, day: date = date.max) -> list[f.EntryBooked]:
        """The matched payments of a contract, in the order of their days."""
        found = self._payments.get(contract, [])
        if found and self.contracts[contract].signed > self.until:
            return []
        return [e for e in found if e.booking_date <= min(day, self.until)]

    @cached_property
    def _payments(self) -> dict[str, list[f.EntryBooked]]:
        found: dict[str, list[f.EntryBooked]] = {}
        for e in sorted(self.classed("tuition"), key=lambda e: (e.booking_date, identity(e))):
            contract = self.matches(e).contract
            if contract:
                found.setdefault(contract, []).append(e)
        return found

    def paid(self, contract: str, day: date) -> int:
        """What was paid for a contract, gross of refunds."""
        return sum(e.amount_fen for e in self.payments(contract, day))

    def paid_back(self, day: date, *, contract: str = "", request: str = "") -> int:
        """What was refunded of a contract or on a request, less what came back; never below 0."""
        total = 0
        for e, refund in self._refunds:
            if e.booking_date > day:
                continue
            if (contract and refund.contract == contract) or request in refund.requests:
                total += e.amount_fen if e.direction == "D" else -e.amount_fen
        return max(0, total)

    @cached_property
    def _refunds(self) -> list[tuple[f.EntryBooked, Refund]]:
        found = []
        for e in self.classed("refund", "returned"):
            refund = self.refund_of(e) if e.direction == "D" else self._names(e)
            if refund is not None:
                found.append((e, refund))
        return found

    def released(self, contract: str | None, day: date, first: date = date.min) -> int:
        """What was released by the name of a contract, or in batches (None), up to a day."""
        return sum(
            e.amount_fen
            for e, name in self._releases
            if name == contract and first <= e.booking_date <= day
        )

    @cached_property
    def _releases(self) -> list[tuple[f.EntryBooked, str | None]]:
        found = []
        for e in self.classed("release"):
            named = self.named_contracts(e.remittance)
            found.append((e, min(named) if len(named) == 1 else None))
        return found

    def taught(self, c: f.ContractStated, day: date) -> Fraction | None:
        """The taught share of a contract, at most 1; None when nothing measures it."""
        lessons = [x for x in self.lessons if c.number in x.present and x.day <= day]
        share: Fraction | None = None
        if c.paid_hours_hundredths:
            share = Fraction(sum(x.hours_hundredths for x in lessons), c.paid_hours_hundredths)
        elif c.sessions:
            share = Fraction(len(lessons), c.sessions)
        elif c.begins and c.ends and c.begins <= c.ends:
            share = Fraction((day - c.begins).days + 1, (c.ends - c.begins).days + 1)
        return None if share is None else min(Fraction(1), max(Fraction(0), share))

    def earned(self, c: f.ContractStated, day: date) -> int | None:
        """Price times the taught share, rounded down, at most what was paid."""
        share = self.taught(c, day)
        return None if share is None else min(self.paid(c.number, day), int(c.price_fen * share))

    def allowed(self, c: f.ContractStated, day: date) -> int | None:
        """What may have been released of a contract by the close of a day (R2)."""
        if c.release and not c.stages:
            part = share_by_day(c, self.history.calendar, day)
            return None if part is None else int(self.paid(c.number, day) * part)
        share = self.taught(c, day)
        if share is None or not c.stages:
            return self.earned(c, day)
        reached = [s.released_percent for s in c.stages if share * 100 >= s.taught_percent]
        return self.paid(c.number, day) * max(reached, default=0) // 100

    def unearned(self, day: date) -> int:
        """What the institution owes in lessons at the close of a day."""
        total = 0
        for c in self.contracts.values():
            earned = self.earned(c, day) or 0
            back = self.paid_back(day, contract=c.number)
            total += max(0, self.paid(c.number, day) - back - earned)
        return total

    # ---- Balances ----

    def balance(self, account: str, day: date, *, from_opening: bool = False) -> int | None:
        """The balance at a day's close (G9), before the first closing perhaps from the opening."""
        mine = [r for r in self.reports if r.account == account and r.currency == "CNY"]
        closings = [r for r in mine if r.what == "closing" and r.day <= day]
        if closings:
            start: f.BalanceReported = max(closings, key=lambda r: r.day)
            return start.balance_fen + self._booked(account, start.day + timedelta(days=1), day)
        openings = [r for r in mine if r.what == "opening"]
        if from_opening and openings:
            start = min(openings, key=lambda r: r.day)
            return start.balance_fen + self._booked(account, start.day, day)
        return None

    def _booked(self, account: str, first: date, last: date) -> int:
        return sum(
            e.amount_fen if e.direction == "C" else -e.amount_fen
            for e in self.booked
            if e.account == account and e.currency == "CNY" and first <= e.booking_date <= last
        )
