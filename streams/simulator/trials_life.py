"""Trials of rules about a school's life: lessons, sales, families, owners, wages, small debits."""

from collections import Counter
from datetime import date

from streams.simulator import names
from streams.simulator.plan import Day, Declared, Raid, Refund, iso
from streams.simulator.season import is_vacation
from streams.simulator.stage import Stage

_YEAR_DAYS = 364
_WINDOW_DAYS = 14
_SHIFTS = range(-14, 15, 7)
_PAYMENTS_LEAST = 14


# ---- teaching-stopped ----


def stopped(stage: Stage) -> bool:
    """No lesson for weeks, and nobody says why."""
    inst = stage.inst
    begins = stage.bench.working_day(40, 70)
    ends = begins + stage.rng.choice((24, 35))
    if is_vacation(begins) or ends > inst.last:
        return False
    _close(stage, begins, ends)
    inst.story.signs["lessons"] = begins
    return True


def holiday(stage: Stage) -> bool:
    """No lesson for two weeks, as the term calendar says."""
    inst = stage.inst
    begins = stage.bench.working_day(40, 70)
    ends = begins + _WINDOW_DAYS - 1
    _close(stage, begins, ends)
    inst.course.vacations.append((begins, ends, "机构休假"))
    why = "two weeks without lessons, as the term calendar says"
    inst.near_miss("teaching-stopped", "teaching", begins, why)
    return True


def _close(stage: Stage, begins: Day, ends: Day) -> None:
    inst = stage.inst
    inst.sessions = [one for one in inst.sessions if not begins <= one.day <= ends]


# ---- inflow-collapse ----


def collapse(stage: Stage) -> bool:
    """For four weeks hardly a family pays, where a year before they did."""
    return _fall(stage, 28, 100)


def dip(stage: Stage) -> bool:
    """For two weeks a third of the families stays away."""
    begins = _busy_day(stage)
    if begins is None or not _fall(stage, _WINDOW_DAYS, 33):
        return False
    why = "a third less than the year before"
    stage.inst.near_miss("inflow-collapse", "inflow", begins, why)
    return True


def _fall(stage: Stage, days: int, percent: int) -> bool:
    inst, begins = stage.inst, _busy_day(stage)
    if begins is None:
        return False
    until = begins + days - 1
    inside = [
        payment.contract
        for payment in inst.payments
        if payment.contract and begins <= payment.day <= until
    ]
    _never_signed(stage, {c.number for c in inside if stage.rng.randrange(100) < percent})
    if percent == 100:
        inst.story.signs["inflow"] = begins
        # Further on the quietest weeks of the year before may have been as quiet.
        inst.declared.append(Declared("inflow-collapse", "inflow", begins, begins + _WINDOW_DAYS))
    return True


def _busy_day(stage: Stage) -> Day | None:
    """The day from which the weeks a year before saw most payments at their quietest."""
    inst = stage.inst
    holidays = stage.season.holidays
    paid = Counter(payment.day for payment in inst.payments if payment.day not in holidays)
    best: tuple[int, Day] | None = None
    for day in range(inst.first + _YEAR_DAYS + 50, inst.last - 40, 7):
        counts = [_paid(paid, day + shift - _YEAR_DAYS) for shift in (*_SHIFTS, 21, 28)]
        quietest = (min(counts), -day)
        best = quietest if best is None else max(best, quietest)
    if best is None or best[0] < _PAYMENTS_LEAST:
        return None
    return -best[1]


def _paid(paid: Counter[Day], last: Day) -> int:
    return sum(paid[day] for day in range(last - _WINDOW_DAYS + 1, last + 1))


def _never_signed(stage: Stage, numbers: set[str]) -> None:
    inst = stage.inst
    inst.contracts = [each for each in inst.contracts if each.number not in numbers]
    inst.payments = [
        each
        for each in inst.payments
        if each.contract is None or each.contract.number not in numbers
    ]
    inst.refunds = [each for each in inst.refunds if each.contract.number not in numbers]
    for session in inst.sessions:
        session.present = [each for each in session.present if each.number not in numbers]


# ---- presale-surge ----


def surge(stage: Stage) -> bool:
    """Packages are sold by the dozen while every other lesson falls away."""
    inst = stage.inst
    begins = _sell(stage, 5)
    if begins is None:
        return False
    inst.sessions = [
        session
        for session in inst.sessions
        if not begins - 7 <= session.day <= begins + 35 or stage.rng.random() < 0.4
    ]
    inst.story.signs["presale"] = begins
    inst.story.signs["lessons"] = begins - 7
    inst.declared.append(Declared("presale-surge", "presale", begins, begins + 12))
    return True


def success(stage: Stage) -> bool:
    """Many courses are sold, and all are taught."""
    begins = _sell(stage, 2)
    if begins is not None:
        why = "sales doubled, lessons did not fall"
        stage.inst.near_miss("presale-surge", "presale", begins, why)
    return begins is not None


def _sell(stage: Stage, times: int) -> Day | None:
    """Sell within ten days so many times what the best two weeks a year before brought."""
    inst = stage.inst
    fen: Counter[Day] = Counter()
    for payment in inst.payments:
        fen[payment.day] += payment.amount_fen
    days = [
        day
        for day in range(inst.first + _YEAR_DAYS + 50, inst.last - 60)
        if not is_vacation(day) and not is_vacation(day + _WINDOW_DAYS)
    ]
    if not days:
        return None
    begins = stage.rng.choice(days)
    before = begins + _WINDOW_DAYS - 1 - _YEAR_DAYS
    wanted = times * max(_paid(fen, before + shift) for shift in _SHIFTS)
    contracts = len(inst.contracts)
    while sum(each.price_fen for each in inst.contracts[contracts:]) < wanted:
        stage.enrolment.promote(begins + stage.rng.randint(0, 9), 12, 10)
        if len(inst.contracts) > contracts + 600:
            break
    inst.sessions.sort(key=lambda session: (session.day, session.number))
    return begins


# ---- refund-surge, complaint-surge ----


def many_requests(stage: Stage) -> bool:
    """A dozen families ask for their money in one week, and get it."""
    return _ask(stage, 12)


def some_requests(stage: Stage) -> bool:
    """Four families ask in one week: fewer than count."""
    inst = stage.inst
    inst.refunds = []
    for contract in inst.contracts:
        contract.asked = max(contract.asked, inst.last + 1)
    if not _ask(stage, 4):
        return False
    why = "four requests in a week"
    inst.near_miss("refund-surge", "refunds", inst.refunds[0].asked, why)
    return True


def _ask(stage: Stage, count: int) -> bool:
    inst, rng = stage.inst, stage.rng
    day = stage.bench.working_day(45, 75)
    running = [
        contract
        for contract in inst.contracts
        if contract.signed + 5 < day < contract.ends - 12
        and contract.asked > inst.last
        and not contract.special
        and not contract.parts
        and stage.bench.payments.get(contract.number)
    ]
    if len(running) < count:
        return False
    for contract in rng.sample(running, count):
        asked = day + rng.randint(0, 4)
        contract.asked, contract.special = asked, True
        for session in inst.sessions:
            if session.day >= asked and contract in session.present:
                session.present.remove(contract)
        number = f"TF{inst.index:04d}-{len(inst.refunds) + 1:04d}"
        inst.refunds.append(Refund(number, contract, asked, ((rng.randint(0, 2), 100),)))
    inst.story.signs["requests"] = day
    return True


def many_complaints(stage: Stage) -> bool:
    """Complaints of families by the dozen."""
    return _complain(stage, 12)


def two_complaints(stage: Stage) -> bool:
    """Two complaints in a month: fewer than count."""
    _complain(stage, 2)
    day = stage.inst.grievances[0][0]
    stage.inst.near_miss("complaint-surge", "complaints", day, "two complaints in a month")
    return True


def _complain(stage: Stage, count: int) -> bool:
    inst = stage.inst
    day = stage.bench.working_day(30, 75)
    days = sorted(day + stage.rng.randint(0, 12) for _ in range(count))
    inst.grievances += [(each, "", "频繁换老师") for each in days]
    inst.story.signs["complaints"] = days[0]
    return True


# ---- owner-changed ----


def new_owner(stage: Stage) -> bool:
    """Another legal representative."""
    stage.inst.representatives.append((stage.bench.working_day(30, 70), names.person(stage.rng)))
    stage.inst.story.signs["owner"] = stage.inst.representatives[0][0]
    return True


def same_owner(stage: Stage) -> bool:
    """The register states the institution again; its head is the same."""
    inst = stage.inst
    day = stage.bench.working_day(30, 70)
    inst.representatives.append((day, inst.representative))
    inst.near_miss("owner-changed", "owner", day, "stated again, with the same head")
    return True


# ---- outflow ----


def to_kin(stage: Stage) -> bool:
    """Money goes to the institution's own head."""
    days = [stage.bench.working_day(low, low + 8) for low in (30, 50, 70)]
    inst = stage.inst
    inst.raids += [Raid(day, "kin", stage.rng.choice((1, 2, 4))) for day in set(days)]
    return True


def approved_to_kin(stage: Stage) -> bool:
    """Money goes to the institution's head, and the authority approved it."""
    stage.inst.buffer_fen += 2_000_000
    stage.inst.raids.append(Raid(stage.bench.working_day(40, 70), "kin-approved"))
    return True


def in_pieces(stage: Stage) -> bool:
    """A debit of less than 1,000 yuan on every working day for weeks."""
    return _pieces(stage, 22)


def few_pieces(stage: Stage) -> bool:
    """Four such debits: fewer than count."""
    if not _pieces(stage, 4):
        return False
    inst = stage.inst
    day = inst.raids[0].day
    inst.near_miss("outflow-split", "small-debits", day, "four small debits")
    return True


def _pieces(stage: Stage, count: int) -> bool:
    inst = stage.inst
    inst.buffer_fen = max(inst.buffer_fen, count * 100_000)
    day: Day | None = stage.bench.working_day(30, 50)
    for _ in range(count):
        if day is None or day > inst.last:
            break
        inst.raids.append(Raid(day, "piece", stage.rng.randrange(90_000, 99_999)))
        day = stage.season.after(day, 1)
    return bool(inst.raids)


def unapproved(stage: Stage) -> bool:
    """Small debits that nobody approved, where each needs an approval."""
    stage.inst.buffer_fen += 1_000_000
    days = {stage.bench.working_day(low, low + 10) for low in (20, 40, 60)}
    stage.inst.raids += [Raid(day, "piece", stage.rng.randrange(20_000, 99_999)) for day in days]
    return True


def approved(stage: Stage) -> bool:
    """A debit with its approval, where each needs one."""
    stage.inst.buffer_fen += 2_000_000
    stage.inst.raids.append(Raid(stage.bench.working_day(40, 70), "approved"))
    return True


# ---- payroll-missed, rent-missed ----


def no_wages(stage: Stage) -> bool:
    """Wages come three weeks late, once."""
    return _late(stage, "wages", stage.rng.randint(16, 25))


def no_rent(stage: Stage) -> bool:
    """The rent comes three weeks late, once."""
    return _late(stage, "rent", stage.rng.randint(16, 25))


def wages_late(stage: Stage) -> bool:
    """Wages come two days late."""
    return _late(stage, "wages", 2)


def rent_late(stage: Stage) -> bool:
    """The rent comes two days late."""
    return _late(stage, "rent", 2)


def _late(stage: Stage, kind: str, days: int) -> bool:
    inst = stage.inst
    payroll = inst.payroll
    if payroll is None:
        return False
    first_of_month = date.fromordinal(stage.bench.working_day(50, 75)).replace(day=1)
    usual = payroll.wages_day if kind == "wages" else payroll.rent_day
    due = first_of_month.toordinal() + usual - 1
    payroll.late[kind, iso(due)[:7]] = days
    rule, subject = {"wages": ("payroll-missed", "payroll"), "rent": ("rent-missed", "rent")}[kind]
    if days > 2:
        inst.story.signs[kind] = due
    else:
        inst.near_miss(rule, subject, due, "paid two days late")
    return True
