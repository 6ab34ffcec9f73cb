"""Trials of rules about what banks deliver: silence, gaps, contradictions, unknown accounts."""

from models.identity import nobody_of
from streams.simulator import names
from streams.simulator.banks import statement_id
from streams.simulator.near import statements_of
from streams.simulator.plan import Account, Broken, Institution, Raid, Resent
from streams.simulator.stage import Stage

_SILENT_DAYS = (22, 30, 45)
_HARMLESS = frozenset({"release", "fee", "interest"})
_DEPOSITS = (12, 15, 19)


def prepare_nobody(inst: Institution) -> None:
    """Make an institution unknown to every register: only its bank tells of its account."""
    inst.registered = False
    inst.id = nobody_of(inst.designated(inst.first)[0].number)


# ---- feed-silent ----


def silent(stage: Stage) -> bool:
    """The bank delivers nothing for weeks, then everything at once."""
    return _hold_back(stage, stage.rng.choice(_SILENT_DAYS))


def nearly_silent(stage: Stage) -> bool:
    """The statements of some days come late, but before the fifth working day."""
    inst = stage.inst
    if not _hold_back(stage, 4):
        return False
    slip = inst.broken[0]
    why = "four days of statements came late"
    inst.near_miss("feed-silent", f"account:{slip.account}", slip.day, why)
    return True


def _hold_back(stage: Stage, days: int) -> bool:
    inst = stage.inst
    begins = stage.bench.working_day(35, 70)
    account = inst.designated(begins)[0]
    if begins + days >= inst.last:
        return False
    late = begins + days
    inst.broken += [
        Broken(account.number, day, corrected=late, dropped=True) for day in range(begins, late)
    ]
    return True


# ---- statement-gap ----


def gap(stage: Stage) -> bool:
    """A statement of a day on which money moved is never delivered."""
    found = statements_of(stage.bench, _HARMLESS)
    if not found:
        return False
    account, day = stage.rng.choice(found)
    stage.inst.broken.append(Broken(account, day, dropped=True))
    return True


def no_gap(stage: Stage) -> bool:
    """The statement of a day on which nothing moved is never delivered."""
    inst = stage.inst
    booked = {(entry.account.number, entry.day) for entry in inst.entries}
    account = inst.designated(inst.first)[0]
    still = [
        day
        for day in range(inst.first + 40, inst.last - 3)
        if stage.season.working(day) and (account.number, day) not in booked
    ]
    if not still:
        return False
    day = stage.rng.choice(still)
    inst.broken.append(Broken(account.number, day, dropped=True))
    why = "a day without entries has no statement"
    after = statement_id(account.bank, account.number, day + 1, day + 1)
    inst.near_miss("statement-gap", f"statement:{account.number}/{after}", day, why)
    return True


# ---- statement-conflict ----


def conflict(stage: Stage) -> bool:
    """A statement comes again, and an entry of it is now a reversal."""
    return _send_again(stage, other=True)


def repeat(stage: Stage) -> bool:
    """A statement comes again, with other words of an entry."""
    return _send_again(stage, other=False)


def _send_again(stage: Stage, *, other: bool) -> bool:
    inst = stage.inst
    found = [
        entry
        for entry in inst.entries
        if entry.meaning == "payment"
        and entry.account.purpose == "dedicated"
        and inst.first + 40 < entry.day < inst.last - 9
    ]
    if not found:
        return False
    entry = stage.rng.choice(found)
    again = Resent(entry.account.number, entry.day, entry.day + stage.rng.randint(1, 6))
    again.serial = entry.serial
    if other:
        again.reverses = f"{entry.serial}-0"
    else:
        again.remittance = f"{entry.remittance} 补打"
        inst.near_miss("statement-conflict", entry.subject, entry.day, "sent twice, other words")
    inst.resent.append(again)
    return True


# ---- entry-unrouted, unlicensed-collection ----


def late_register(stage: Stage) -> bool:
    """The bank tells of an account weeks before the register does."""
    return _second_own(stage, stage.bench.working_day(30, 60))


def prompt_register(stage: Stage) -> bool:
    """The register tells of an account from the day of its first entry on."""
    if not _second_own(stage, 0):
        return False
    account = stage.inst.accounts[-1]
    why = "registered from the day of the first entry on"
    subject = f"account:{account.number}"
    stage.inst.near_miss("entry-unrouted", subject, account.valid_from, why)
    return True


def _second_own(stage: Stage, registered: int) -> bool:
    inst = stage.inst
    days = [stage.bench.working_day(low, low + 3) for low in _DEPOSITS]
    number = names.account_number(stage.rng, inst.bank, inst.index, len(inst.accounts) + 1)
    first = min(days)
    account = Account(number, inst.bank, "settlement", registered or first, reports_from=first)
    inst.accounts.append(account)
    inst.raids += [Raid(day, "deposit", stage.rng.randrange(10_000, 90_000)) for day in days]
    return True


def unlicensed(stage: Stage) -> bool:
    """Families pay tuition into an account behind which nobody stands."""
    return not stage.inst.registered


def tradesman(stage: Stage) -> bool:
    """Money that is no tuition comes into such an account."""
    inst = stage.inst
    for payment in inst.payments:
        payment.remittance, payment.with_number = "货款", False
    account = inst.designated(inst.first)[0].number
    why = "an account of nobody without tuition"
    inst.near_miss("unlicensed-collection", f"account:{account}", inst.first, why)
    return True
