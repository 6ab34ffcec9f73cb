"""The rules a second time: naive, quadratic, straight from their text, for one institution.

For every day up to the closed day the facts of that day are judged afresh; a finding's day is the
first of the unbroken run of days that ends at the last one. Limits are literals, so that no
policy file can hide a wrong number. Immediate rules see all facts, also later ones.
"""

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from models import facts as f
from models.working_days import WorkingCalendar, add_months
from tests.oracle_history import DECISIONS, REGISTERS, World, counting, undone
from tests.oracle_identity import day_of, identity
from tests.oracle_open import billed_elsewhere, cannot_match, cannot_settle
from tests.oracle_pairing import paired
from tests.oracle_schedule import city_on

CHARGE_DAYS = 30
HOURS_MAX_HUNDREDTHS = 6_000
AMOUNT_MAX_FEN = 500_000
AMOUNT_LIMIT_SINCE = date(2022, 12, 29)
CONTRACT_WORKING_DAYS = 3
FEE_MAX_FEN = 50_000
OUTFLOW_MIN_FEN = 100_000
OUTSIDE_RED_FEN = 1_000_000
PROOFS = ("entry", "receipt", "bill")
CHANGES_DAYS = 90
LEVELS = ("blue", "yellow", "orange", "red")
FIVE_DAY_CITIES = {"北京", "北京市", "Beijing", "成都", "成都市", "Chengdu"}
PER_SUBJECT_CITIES = {"北京市", "南京市", "杭州市"}
ONE_DAY = timedelta(days=1)


class Verdict(NamedTuple):
    """What a rule says of a subject on one day."""

    level: str
    amount_fen: int | None
    kind: str


class Expected(NamedTuple):
    """A finding, as far as the oracle tells it."""

    rule: str
    subject: str
    day: date
    level: str
    amount_fen: int | None
    kind: str


UNDECIDED = Verdict("blue", None, "data")
SKIPPED = Verdict("", None, "")
Verdicts = dict[str, Verdict]
Judge = Callable[[World, date], Verdicts]


class Answer(NamedTuple):
    """All findings, and apart from them what could not be decided: rule and subject."""

    findings: set[Expected]
    undecided: set[tuple[str, str]]


# ---- Charges ----


class Charge(NamedTuple):
    """Linked payments of a contract and the stretch of its money that they fill (C1, C2)."""

    contract: f.ContractStated
    payments: list[f.EntryBooked]
    starts_fen: int

    @property
    def subject(self) -> str:
        """How findings name it."""
        return f"contract:{self.contract.number}/{self.payments[0].booking_date}"

    @property
    def amount_fen(self) -> int:
        """The sum of its payments."""
        return sum(p.amount_fen for p in self.payments)

    def bought(self) -> Iterator[tuple[f.Instalment, Fraction, Fraction]]:
        """The instalments touched, each with the shares from which and to which it is filled."""
        c = self.contract
        whole = f.Instalment(
            amount_fen=c.price_fen,
            hours_hundredths=c.paid_hours_hundredths,
            begins=c.begins,
            ends=c.ends,
        )
        parts = sorted(
            c.instalments or (whole,),
            key=lambda i: (i.due or i.begins or date.max, i.begins or date.max),
        )
        first, last = self.starts_fen, min(self.starts_fen + self.amount_fen, c.price_fen)
        begins = 0
        for part in parts:
            low, high = max(first, begins), min(last, begins + part.amount_fen)
            if low < high:
                size = part.amount_fen
                yield part, Fraction(low - begins, size), Fraction(high - begins, size)
            begins += part.amount_fen


def charges(w: World) -> list[Charge]:
    """Every charge of every contract."""
    found = []
    for c in w.contracts.values():
        group: list[f.EntryBooked] = []
        before = 0
        for payment in w.payments(c.number):
            if group and payment.booking_date > group[0].booking_date + CHARGE_DAYS * ONE_DAY:
                found.append(Charge(c, group, before))
                before += sum(p.amount_fen for p in group)
                group = []
            group.append(payment)
        if group:
            found.append(Charge(c, group, before))
    return found


def charge_span(w: World, _day: date) -> Verdicts:
    """C3: more than three months, to the day."""
    verdicts = {}
    for charge in charges(w):
        first, last = date.max, date.min
        missing = False
        for part, low, high in charge.bought():
            if part.begins is None or part.ends is None:
                missing = True
                continue
            days = (part.ends - part.begins).days + 1
            first = min(first, part.begins + int(low * days) * ONE_DAY)
            last = max(last, part.begins + (-int(-high * days // 1) - 1) * ONE_DAY)
        if missing:
            verdicts[charge.subject] = UNDECIDED
        elif first < date.max and last > add_months(first, 3):
            verdicts[charge.subject] = Verdict("orange", charge.amount_fen, "breach")
    return verdicts


def charge_hours(w: World, _day: date) -> Verdicts:
    """C4: more than 60 standard hours; with gift hours a suspicion."""
    verdicts = {}
    for charge in charges(w):
        c = charge.contract
        parts = list(charge.bought())
        if any(part.hours_hundredths is None for part, _, _ in parts):
            verdicts[charge.subject] = UNDECIDED
            continue
        bought = sum(((high - low) * (part.hours_hundredths or 0) for part, low, high in parts))
        length = c.minutes or (30 if c.online else 45)
        standard = Fraction(length, 30 if c.online else 45)
        whole = c.paid_hours_hundredths or sum(i.hours_hundredths or 0 for i in c.instalments)
        bonus = c.bonus_hours_hundredths * bought / whole if whole else Fraction(0)
        is_each = city_on(w.states, charge.payments[0].booking_date) in PER_SUBJECT_CITIES
        most = HOURS_MAX_HUNDREDTHS * (1 + c.subject.count("、") * is_each)
        if bought * standard > most:
            verdicts[charge.subject] = Verdict("orange", charge.amount_fen, "breach")
        elif (bought + bonus) * standard > most:
            verdicts[charge.subject] = Verdict("yellow", charge.amount_fen, "suspicion")
        elif (bought + bonus) * standard > HOURS_MAX_HUNDREDTHS:
            verdicts[charge.subject] = UNDECIDED
    return verdicts


def charge_amount(w: World, _day: date) -> Verdicts:
    """C5: more than 5,000 yuan, of payments since the limit began, not academic."""
    verdicts = {}
    for charge in charges(w):
        late = [p for p in charge.payments if p.booking_date >= AMOUNT_LIMIT_SINCE]
        amount = sum(p.amount_fen for p in late)
        if amount and charge.contract.academic is None:
            verdicts[charge.subject] = UNDECIDED
        elif amount > AMOUNT_MAX_FEN and not charge.contract.academic:
            verdicts[charge.subject] = Verdict("orange", amount, "breach")
    return verdicts


def charge_while_barred(w: World, _day: date) -> Verdicts:
    """C6: matched tuition on a day on which charging is barred."""
    verdicts = {}
    for number in w.contracts:
        amounts = [p.amount_fen for p in w.payments(number) if w.barred(p.booking_date)]
        if amounts:
            verdicts[f"contract:{number}"] = Verdict("red", sum(amounts), "breach")
    return verdicts


def charge_without_contract(w: World, day: date) -> Verdicts:
    """C7: tuition that no contract explains in time, or that came before the signature."""
    verdicts = {}
    for e in w.classed("tuition"):
        if not w.designated(e.account, e.booking_date):
            continue
        match = w.matches(e)
        fires = False
        if match.contract:
            fires = e.booking_date < w.contracts[match.contract].signed
        elif match.why == "none":
            fires = w.history.calendar.count_since(e.booking_date, day) >= CONTRACT_WORKING_DAYS
        if fires:
            subject = f"entry:{e.account}/{e.booking_date}/{e.serial}"
            verdicts[subject] = Verdict("yellow", e.amount_fen, "breach")
    return verdicts


# ---- Release, coverage, outflow, refunds ----


def batch_excess(w: World, day: date) -> int:
    """What was released in batches beyond what the contracts still allow (R1)."""
    room = sum(
        max(0, (w.allowed(c, day) or 0) - w.released(number, day))
        for number, c in w.contracts.items()
    )
    return max(0, w.released(None, day) - room)


def excess(w: World, number: str, day: date) -> int:
    """What was released by name beyond what the contract allows."""
    return max(0, w.released(number, day) - (w.allowed(w.contracts[number], day) or 0))


def release_ahead(w: World, day: date) -> Verdicts:
    """R1: released more than taught, by contract and in batches."""
    verdicts = {}
    for number, c in w.contracts.items():
        if w.released(number, day) and w.allowed(c, day) is None:
            verdicts[f"contract:{number}"] = UNDECIDED
        elif over := excess(w, number, day):
            level = points_level(over, w.paid(number, day))
            verdicts[f"contract:{number}"] = Verdict(level, over, "breach")
    if over := batch_excess(w, day):
        level = points_level(over, sum(w.paid(n, day) for n in w.contracts))
        verdicts["batch"] = Verdict(level, over, "breach")
    return verdicts


def points_level(over: int, paid: int) -> str:
    """Points of what was paid: 5 yellow, 10 orange, 20 or nothing paid red, else blue."""
    if paid == 0:
        return "red"
    points = Fraction(over * 100, paid)
    return LEVELS[sum(points >= step for step in (5, 10, 20))]


def coverage_short(w: World, day: date) -> Verdicts:
    """B1: the best of three closes is below what is owed."""
    closes = w.history.calendar.latest(day, 3)
    covers: list[Fraction] = []
    gap, broken, unknown = 0, False, False
    for close in closes:
        seen = w.history.as_of(close)
        owed = seen.unearned(close)
        if owed == 0 or seen.agreements(close) == {"reserve"}:
            return {}
        balances = [seen.balance(a, close) for a in seen.accounts(close)]
        unknown = unknown or any(b is None for b in balances)
        broken = broken or is_broken(w, close)
        gap = owed - sum(b or 0 for b in balances)
        covers.append(Fraction(owed - gap, owed))
    if unknown:
        return {"coverage": UNDECIDED}
    if broken:
        return {"coverage": SKIPPED}
    best = max(covers)
    if best >= 1:
        return {}
    steps = (Fraction(95, 100), Fraction(80, 100), Fraction(50, 100))
    return {"coverage": Verdict(LEVELS[sum(best < s for s in steps)], gap, "warning")}


def is_broken(w: World, day: date, *, or_before: bool = False) -> bool:
    """Whether a statement that does not prove covers an account that is summed that day (S1)."""
    statements = w.history.last.of(f.StatementReceived)
    proved = {(s.account, s.statement, s.currency) for s in statements if s.consistent}
    proved_by_people = {(s.account, s.statement) for s in w.history.last.of(f.StatementAccepted)}
    summed = w.accounts(day, or_before=or_before)
    return any(
        s.begins <= day <= s.ends
        and s.account in summed
        and (s.account, s.statement, s.currency) not in proved
        and (s.account, s.statement) not in proved_by_people
        for s in statements
    )


def unscheduled(w: World, day: date) -> int:
    """What left the accounts on a day with no lesson, request or approval behind it (O1)."""
    accounts = w.accounts(day, or_before=True)
    debits = [
        e
        for e in w.entries
        if e.direction == "D" and e.booking_date == day and e.account in accounts
    ]
    total, fees = 0, 0
    for e in debits:
        refund = w.refund_of(e)
        name = w.classes[identity(e)]
        if name == "other" or (name == "refund" and refund and not refund.explained):
            total += e.amount_fen
        fees += e.amount_fen if name == "fee" else 0
    for number in w.contracts:
        total += min(w.released(number, day, day), excess(w, number, day))
    total += min(w.released(None, day, day), batch_excess(w, day))
    return total + max(0, fees - FEE_MAX_FEN)


def nameless(w: World, day: date) -> bool:
    """Whether a debit of that day lacks both the counterparty's name and account."""
    accounts = w.accounts(day, or_before=True)
    return any(
        e.direction == "D"
        and e.booking_date == day
        and e.account in accounts
        and not e.counterparty_name
        and not e.counterparty_account
        and w.classes[identity(e)] in {"other", "refund"}
        for e in w.entries
    )


def base(w: World, accounts: list[str], day: date) -> int | None:
    """The sum of the accounts' balances at the close of a day."""
    balances = [w.balance(a, day, from_opening=True) for a in accounts]
    return None if any(b is None for b in balances) else sum(b or 0 for b in balances)


def outflow_large(w: World, last: date) -> Verdicts:
    """O1: unscheduled outflow of a day, or of its week, against the balance before."""
    verdicts = {}
    debits = w.classed("other", "refund", "release")
    days = {e.booking_date for e in debits if w.designated_by(e.account, e.booking_date)}
    for s in w.history.last.of(f.StatementReceived):
        period = {s.begins + n * ONE_DAY for n in range((s.ends - s.begins).days + 1)}
        days |= {day for day in period if is_broken(w, day, or_before=True)}
    for day in sorted(day for day in days if day <= last):
        subject = f"day:{day}"
        amount = unscheduled(w, day)
        accounts = w.accounts(day, or_before=True)
        if nameless(w, day) or is_broken(w, day, or_before=True):
            verdicts[subject] = UNDECIDED
        if amount < OUTFLOW_MIN_FEN or subject in verdicts:
            continue
        closes = [base(w, accounts, day - n * ONE_DAY) for n in range(1, 8)]
        known = [c for c in closes if c is not None]
        if len(known) < 7:
            verdicts[subject] = UNDECIDED
            continue
        week = sum(unscheduled(w, day - n * ONE_DAY) for n in range(7))
        rank = max(
            steps_reached(amount, known[0], (5, 10, 20, 40)),
            steps_reached(week, max(known), (10, 20, 30, 60)),
        )
        if rank:
            verdicts[subject] = Verdict(LEVELS[rank - 1], amount, "warning")
    return verdicts


def steps_reached(amount: int, of: int, percents: tuple[int, ...]) -> int:
    """How many steps a share reaches; all of nothing."""
    return sum(of <= 0 or amount * 100 >= of * percent for percent in percents)


def refund_late(w: World, day: date) -> Verdicts:
    """F1: what was asked back and is not yet paid, by working days and by the term."""
    verdicts = {}
    for number, request in w.requests.items():
        still = w.due(number, day) - w.paid_back(day, request=number)
        if still <= 0:
            continue
        waited = w.history.calendar.count_since(request.day, day)
        rank = sum(waited >= step for step in (3, 5, 10, 15))
        contract = w.contracts.get(request.contract)
        term = contract.refund_term_days if contract else None
        if contract and city_on(w.history.last.states, day) in FIVE_DAY_CITIES:
            early = contract.begins is not None and request.day < contract.begins
            term = 5 if early else 15
        over = term is not None and day >= request.day + term * ONE_DAY
        rank = max(rank, 3) if over else rank
        if rank:
            kind = "breach" if over else "warning"
            verdicts[f"refund:{number}"] = Verdict(LEVELS[rank - 1], still, kind)
    return verdicts


# ---- Accounts and statements ----


def payment_outside_account(w: World, _day: date) -> Verdicts:
    """P1: per account, and per contract the largest of what entries, papers and people say."""
    sums: dict[str, dict[str, dict[str, int]]] = {}
    lacking: dict[str, int] = {}
    untold: set[str] = set()

    def add(account: str, on: date, contract: str, source: str, amount: int) -> None:
        if account and on <= w.until and not w.designated(account, on):
            by_source = sums.setdefault(account, {}).setdefault(contract, {})
            by_source[source] = by_source.get(source, 0) + amount

    for number, c in w.contracts.items():
        inside = 0
        for p in w.payments(number):
            add(p.account, p.booking_date, number, "entry", p.amount_fen)
            inside += p.amount_fen if w.designated(p.account, p.booking_date) else 0
        lacking[number] = max(0, c.price_fen - inside)
        account = c.payee_account or w.settles_to(c.merchant_code, c.signed)
        add(account, c.signed, number, "contract", lacking[number])
    papers: list[f.ReceiptIssued | f.ComplaintFiled] = [*w.receipts, *w.complaints]
    for r in papers:
        account = r.payee_account or w.settles_to(r.merchant_code, r.day)
        source = "receipt" if isinstance(r, f.ReceiptIssued) else "complaint"
        amount = lacking.get(r.contract) if r.amount_fen is None else r.amount_fen
        untold |= {account} if amount is None else set()
        add(account, r.day, r.contract, source, amount or 0)
    for account, on, contract, amount in billed_elsewhere(w):
        add(account, on, contract, "bill", amount)
    verdicts = {}
    for account, contracts in sums.items():
        whole = sum(max(sources.values()) for sources in contracts.values())
        proven = sum(max(s.get(x, 0) for x in PROOFS) for s in contracts.values())
        if proven:
            level = "red" if proven > OUTSIDE_RED_FEN else "orange"
            verdicts[f"account:{account}"] = Verdict(level, whole, "breach")
        elif whole or account in untold:
            verdicts[f"account:{account}"] = Verdict("yellow", whole, "suspicion")
    return verdicts


def statement_broken(w: World, _day: date) -> Verdicts:
    """S1: a statement of an account of the institution whose figures do not prove."""
    statements = w.of(f.StatementReceived)
    good = {(s.account, s.statement, s.currency) for s in statements if s.consistent}
    good_enough = {(s.account, s.statement) for s in w.of(f.StatementAccepted)}
    return {
        f"statement:{s.account}/{s.statement}{suffix}": Verdict("yellow", s.gap_fen, "data")
        for s in statements
        for suffix in ["" if s.currency == "CNY" else f"/{s.currency}"]
        if not s.consistent
        and s.ends <= w.until
        and (s.account, s.statement, s.currency) not in good
        and (s.account, s.statement) not in good_enough
        and w.own(s.account, s.ends)
    }


def several_accounts(w: World, day: date) -> Verdicts:
    """A1: two designated accounts on one day, or two changes within 90 days."""
    starts = sorted({r.valid_from for r in w.rows if w.designated(r.account, r.valid_from)})
    changes = [
        start
        for start in starts[1:]
        if day - CHANGES_DAYS * ONE_DAY < start <= day
        and set(w.accounts(start)) - set(w.accounts(start - ONE_DAY))
    ]
    if len(w.accounts(day)) > 1 or len(changes) > 1:
        return {"accounts": Verdict("yellow", None, "breach")}
    return {}


IMMEDIATE: dict[str, Judge] = {
    "charge-span": charge_span,
    "charge-hours": charge_hours,
    "charge-amount": charge_amount,
    "charge-while-barred": charge_while_barred,
    "payment-outside-account": payment_outside_account,
    "statement-broken": statement_broken,
}
AT_CLOSE: dict[str, Judge] = {
    "charge-without-contract": charge_without_contract,
    "several-accounts": several_accounts,
    "release-ahead": release_ahead,
    "coverage-short": coverage_short,
    "outflow-large": outflow_large,
    "refund-late": refund_late,
}


class History:
    """The facts of one institution as known now, and its world at the close of each day."""

    def __init__(
        self, told: list[f.Told], institution: str, calendar: WorkingCalendar, horizon: date
    ) -> None:
        """Count the facts whose own day is not after the horizon."""
        self.institution = institution
        self.calendar = calendar
        known = (x for x in counting(told) if (day_of(x) or date.min) <= horizon)
        once, self.held = paired(known, told)
        dated = [(day_of(fact) or date.min, fact) for fact in once]
        self.dated = sorted(dated, key=lambda pair: pair[0])
        self.gone, self.orphans = undone(x for _, x in self.dated if isinstance(x, f.EntryBooked))
        self.latest = self.dated[-1][0] if self.dated else date.min
        self._worlds: dict[int, World] = {}

    @property
    def last(self) -> World:
        """The world with all that counts."""
        return self.as_of(date.max)

    def as_of(self, day: date) -> World:
        """The world of the facts whose own day is not after that day (G2)."""
        facts = [fact for own, fact in self.dated if own <= day]
        if len(facts) not in self._worlds:
            self._worlds[len(facts)] = World(self, facts)
        return self._worlds[len(facts)]

    def seen(self, day: date) -> World:
        """All facts, as immediate rules see them, with what happened up to a day."""
        world = copy(self._full)
        world.until = day
        return world

    @cached_property
    def _full(self) -> World:
        world = self.last
        world.payments("")  # matched once, for all the copies
        return world

    def days(self, until: date, *, from_registers: bool) -> list[date]:
        """Every day from the first on which a finding could stand to the last."""
        rows = tuple(kind for kind in REGISTERS if kind is not f.ContractStated)
        quiet = () if from_registers else (*rows, *DECISIONS)
        happened = [day for day, x in self.dated if not isinstance(x, quiet)]
        first = min((day for day in happened if day > date.min), default=until)
        return [first + timedelta(days=n) for n in range((until - first).days + 1)]


def days_for(rule: str, history: History, until: date) -> list[date]:
    """The days on which a rule is asked; of outflow-large the last one tells of all days."""
    if rule == "outflow-large":
        return [until]
    return history.days(until, from_registers=rule == "several-accounts")


def unbroken(days: list[tuple[date, Verdicts]], subject: str) -> date:
    """The first day of the run that ends at the last day (G4)."""
    start = days[-1][0]
    for day, verdicts in reversed(days):
        verdict = verdicts.get(subject)
        if verdict is None or verdict is UNDECIDED:
            break
        if verdict is not SKIPPED:
            start = day
    return start


def oracle(
    told: Iterable[f.Told],
    institution: str,
    closed_day: date,
    calendar: WorkingCalendar,
    *,
    as_of: date = date.max,
) -> Answer:
    """Every finding that stands at the close of a day, by the facts told of days up to `as_of`."""
    findings, undecided = set[Expected](), set[tuple[str, str]]()
    told = list(told)
    for rules, horizon in ((IMMEDIATE, as_of), (AT_CLOSE, closed_day)):
        history = History(told, institution, calendar, horizon)
        until = max(closed_day, history.latest) if rules is IMMEDIATE else closed_day
        for rule, judge in rules.items():
            see = history.seen if rules is IMMEDIATE else history.as_of
            days = [(day, judge(see(day), day)) for day in days_for(rule, history, until)]
            for subject, verdict in days[-1][1].items() if days else ():
                if verdict in {UNDECIDED, SKIPPED}:
                    undecided.add((rule, subject))
                    continue
                is_fixed = rule == "outflow-large"
                day = date.fromisoformat(subject[4:]) if is_fixed else unbroken(days, subject)
                findings.add(Expected(rule, subject, day, *verdict))
        world = history.last
        is_open = cannot_match(world) if rules is IMMEDIATE else cannot_settle(world, closed_day)
        for name in is_open:
            rule, _, subject = name.partition("/")
            undecided.add((rule, subject))
    return Answer(findings, undecided)
