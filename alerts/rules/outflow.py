"""Money that leaves without a due release, an asked refund or an approval (rules.md O1)."""

from datetime import date
from typing import Final

import msgspec

from alerts.rules.view import LEVEL_WORDS, View, number, share_of, yuan
from models.findings import Finding, LevelWord
from models.hindsight import excess_by_name, excess_in_batches
from models.matching import Entry

RULE: Final = "outflow-large"


class Unscheduled(msgspec.Struct, frozen=True):
    """The unscheduled outflow of a day, its entries, and what stops a decision."""

    amount_fen: int
    entries: tuple[str, ...] = ()
    missing: str = ""


NOTHING = Unscheduled(0)


def outflow_large(view: View, subject: str) -> list[Finding]:
    """Unscheduled outflow of a day or of a week against the balances before (O1)."""
    day = date.fromisoformat(subject.removeprefix("day:")).toordinal()
    minimum = view.number(RULE, "minimum_fen", day)
    window = view.number(RULE, "window_days", day)
    if minimum is None or window is None:
        return []
    flow = unscheduled(view, day)
    broken = _broken(view, day)
    if flow.missing or broken:
        missing = flow.missing or broken
        return [view.undecided(RULE, subject, day=day, missing=missing, evidence=flow.entries)]
    if flow.amount_fen < minimum:
        return []
    week = sum(unscheduled(view, each).amount_fen for each in range(day - window + 1, day + 1))
    bases = [balances_at(view, day, each) for each in range(day - window, day)]
    known = [base for base in bases if base is not None]
    if len(known) < window:  # the unknown close might have been the highest
        return [view.undecided(RULE, subject, day=day, missing="balance", evidence=flow.entries)]
    base_day, base_week = known[-1], max(known)
    levels = [
        _level(view, "day_percent", day, flow.amount_fen, base_day),
        _level(view, "week_percent", day, week, base_week),
    ]
    level = max((each for each in levels if each), key=LEVEL_WORDS.index, default=None)
    if level is None:
        return []
    return [
        view.finding(
            RULE,
            subject,
            kind="warning",
            level=level,
            day=day,
            amount_fen=flow.amount_fen,
            evidence=flow.entries,
            formula=(
                yuan("unscheduled_day", flow.amount_fen),
                yuan("balance_before", base_day),
                number(
                    "day_percent",
                    percent_text(flow.amount_fen, base_day),
                    share_of(flow.amount_fen, base_day),
                ),
                yuan("unscheduled_week", week),
                yuan("highest_balance_week", base_week),
                number("week_percent", percent_text(week, base_week), share_of(week, base_week)),
            ),
        )
    ]


def level_on(view: View, day: int) -> LevelWord | None:
    """The level of a day, None when there is none or it cannot be decided."""
    if not view.ledger.debits_on.get(day):
        return None
    found = outflow_large(view, f"day:{date.fromordinal(day).isoformat()}")
    return next((one.level for one in found if one.rule == RULE), None)


def unscheduled(view: View, day: int) -> Unscheduled:
    """What left on a day without a due release, an asked refund or an approval."""
    memo = view.ledger.outflows
    known = memo.get(day)
    if known is None:
        known = memo[day] = _work_out(view, day) if view.ledger.debits_on.get(day) else NOTHING
    assert isinstance(known, Unscheduled)
    return known


def _work_out(view: View, day: int) -> Unscheduled:
    ledger = view.ledger
    amount = fees = batches = 0
    entries: list[str] = []
    by_name: dict[str, int] = {}
    missing = ""
    for entry in _debits(view, day):
        answer = entry.segments[-1].answer
        fen = entry.fact.amount_fen
        if answer.kind == "other" or (answer.kind == "refund" and not answer.explained):
            amount += fen
            missing = missing or answer.missing
        elif answer.kind == "fee":
            fees += fen
        elif answer.kind == "release" and answer.contract:
            by_name[answer.contract] = by_name.get(answer.contract, 0) + fen
        elif answer.kind == "release":
            batches += fen
        else:
            continue
        entries.append(entry.id)
    fee_limit = view.number("matching", "fee_limit_fen", day) or 0
    amount += max(0, fees - fee_limit)
    for contract, fen in by_name.items():
        amount += min(fen, excess_by_name(ledger, contract, day))
    if batches:
        amount += min(batches, excess_in_batches(ledger, day))
    return Unscheduled(amount, tuple(entries) if amount else (), missing)


def _debits(view: View, day: int) -> list[Entry]:
    """The classed debits of a day over the accounts designated on that day or before."""
    ledger = view.ledger
    found = [ledger.entries[identifier] for identifier in sorted(ledger.debits_on.get(day, ()))]
    return [e for e in found if e.segments and ledger.registers.designated_by(e.account, day)]


def balances_at(view: View, day: int, close: int) -> int | None:
    """The balances at a close of the accounts that the day sums; None when one is unknown."""
    total = 0
    for account in view.ledger.registers.accounts_designated_by(day):
        balance = view.ledger.series.balance_or_opening(account, close)
        if balance is None:
            return None
        total += balance
    return total


def _broken(view: View, day: int) -> str:
    accounts = view.ledger.registers.accounts_designated_by(day)
    return "broken-statement" if any(view.ledger.feed.broken_on(a, day) for a in accounts) else ""


def _level(view: View, name: str, day: int, outflow: int, base: int) -> LevelWord | None:
    if base <= 0:
        return "red"
    level: LevelWord | None = None
    for percent, word in view.policy.steps(RULE, name, day) or ():
        if outflow * 100 >= percent * base:
            level = word
    return level


def percent_text(part: int, whole: int) -> str:
    """A share in percent with two decimals, rounded down; of nothing there is none."""
    if whole <= 0:
        return "-"
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}"
