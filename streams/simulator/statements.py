"""The same statements as the bank files hold, as facts: what a reader makes of those files."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from models import facts as f
from streams.simulator.banks import (
    CAMT_VERSIONS,
    reporting_days,
    statement_id,
    summary_of,
    told_again,
)
from streams.simulator.plan import Account, Broken, Day, Entry, Institution, iso


class Slip(NamedTuple):
    """Facts of a statement, the day on which its file comes, and when its bank made it (UTC)."""

    delivered: Day
    stated_at: str
    facts: list[f.Fact]


def statements(inst: Institution) -> Iterator[Slip]:
    """Every statement of every account whose bank delivers; entries announced are left out."""
    by_day: dict[str, dict[Day, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in inst.entries:
        by_day[entry.account.number][entry.day].append(entry)
    broken = {(slip.account, slip.day): slip for slip in inst.broken}
    for account in inst.accounts:
        if not account.fed:
            continue
        entries = by_day[account.number]
        days = reporting_days(inst, account)
        if account.bank == "boc":
            yield from _monthly(account, days, entries)
            continue
        for day in days:
            if entries.get(day) or account.bank != "ccb":
                yield from _daily(account, day, entries[day], broken.get((account.number, day)))
    accounts = {account.number: account for account in inst.accounts}
    for again in inst.resent:
        account = accounts[again.account]
        told = told_again(again, by_day[again.account][again.day])
        made = _made(account, again.day if account.bank == "ccb" else again.again)
        yield Slip(again.again, made, _facts(account, (again.day, again.day), told))


def _daily(account: Account, day: Day, entries: list[Entry], slip: Broken | None) -> Iterator[Slip]:
    if slip is not None and not slip.dropped:
        received = _received(account, (day, day), len(entries), slip.gap_fen)
        yield Slip(day, _made(account, day), [received])
    if slip is not None and slip.corrected is None:
        return
    delivered = slip.corrected if slip and slip.corrected else day
    # A CSV export says of its day only which one it is of.
    made = _made(account, day if account.bank == "ccb" else delivered)
    yield Slip(delivered, made, _facts(account, (day, day), entries))


def _monthly(account: Account, days: range, by_day: dict[Day, list[Entry]]) -> Iterator[Slip]:
    """One statement a month, delivered on the month's last day or on the last day of all."""
    months: dict[str, list[Day]] = defaultdict(list)
    for day in days:
        months[iso(day)[:7]].append(day)
    for in_month in months.values():
        span = (in_month[0], in_month[-1])
        entries = [entry for day in in_month for entry in by_day.get(day, ())]
        yield Slip(span[1], _made(account, span[1]), _facts(account, span, entries))


def _made(account: Account, day: Day) -> str:
    return f"{iso(day)}T{'14:00:00' if account.bank in CAMT_VERSIONS else '15:59:59'}Z"


def _facts(account: Account, span: tuple[Day, Day], entries: list[Entry]) -> list[f.Fact]:
    closing = account.closings[span[1]]
    opening = closing
    if entries:
        first = entries[0]
        opening = first.balance_fen - (
            first.amount_fen if first.direction == "C" else -first.amount_fen
        )
    return [
        _balance(account, span[0], "opening", opening),
        *(_entry(entry) for entry in entries),
        _balance(account, span[1], "closing", closing),
        _received(account, span, len(entries), 0),
    ]


def _balance(account: Account, day: Day, what: str, balance_fen: int) -> f.BalanceReported:
    return f.BalanceReported(
        account=account.number,
        day=date.fromordinal(day),
        what="opening" if what == "opening" else "closing",
        balance_fen=balance_fen,
    )


def _received(
    account: Account, span: tuple[Day, Day], entries: int, gap_fen: int
) -> f.StatementReceived:
    return f.StatementReceived(
        account=account.number,
        statement=statement_id(account.bank, account.number, *span),
        begins=date.fromordinal(span[0]),
        ends=date.fromordinal(span[1]),
        consistent=not gap_fen,
        gap_fen=gap_fen,
        entries=entries,
        # Banks with camt count the days of the year.
        sequence=date.fromordinal(span[0]).timetuple().tm_yday
        if account.bank in CAMT_VERSIONS
        else None,
    )


def _entry(entry: Entry) -> f.EntryBooked:
    bank = entry.account.bank
    day = date.fromordinal(entry.day)
    text, code = entry.remittance, ""
    if entry.reversal:
        text = f"冲正 原流水 {entry.reverses}"
    if bank not in CAMT_VERSIONS:
        code = summary_of(entry)
        note = f"原流水 {entry.reverses}" if entry.reversal and bank == "boc" else text
        text = " ".join(dict.fromkeys(filter(None, (code, note))))
    return f.EntryBooked(
        account=entry.account.number,
        booking_date=day,
        serial=entry.serial,
        amount_fen=entry.amount_fen,
        direction=entry.direction,
        counterparty_name=entry.name,
        counterparty_account=entry.other_account,
        remittance=text,
        reversal=entry.reversal,
        reverses=entry.reverses if entry.reversal else "",
        value_date=None if bank == "ccb" else day,
        code=code,
    )
