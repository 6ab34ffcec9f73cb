"""The reserve account (风险保证金): whether it holds enough, and whether it is free."""

from typing import Final

from alerts.rules.days import Seen, Shown, State, Unknown, judge, reached
from alerts.rules.outflow import percent_text
from alerts.rules.view import View, day_step, minus, number, share_of, yuan
from models.contracts import Terms
from models.facts import AccountRestricted, CustodyStated
from models.findings import Finding
from models.keys import fact_id
from models.registers import ordinal
from models.working_days import add_months_ordinal

SHORT: Final = "reserve-short"
FEES: Final = SHORT + " fees"
PLEDGED: Final = "reserve-pledged"


def reserve_pledged(view: View, _subject: str) -> list[Finding]:
    """A freeze, pledge or set-off covers the day on an account that holds the reserve."""
    registers = view.ledger.registers
    found = []
    for account in registers.reserve_accounts(view.as_of):
        if not registers.restricted(account, view.as_of):
            continue
        start = _pledged_since(view, account)
        restrictions = _restrictions(view, account, view.as_of)
        firsts = [row.valid_from.toordinal() for row in restrictions]
        found.append(
            view.finding(
                PLEDGED,
                f"account:{account}",
                kind="breach",
                level="red",
                day=start,
                amount_fen=None,
                evidence=[fact_id(row) for row in restrictions],
                formula=(
                    *(day_step("restricted_since", first) for first in sorted(firsts)),
                    *(number("restriction", row.reason) for row in restrictions if row.reason),
                ),
            )
        )
    return found


def _pledged_since(view: View, account: str) -> int:
    """The first day of the unbroken run of days on which the account is reserve and not free."""
    registers = view.ledger.registers

    def holds(day: int) -> bool:
        return account in registers.reserve_accounts(day) and registers.restricted(account, day)

    begins = {first for first, _ in registers.restrictions(account)}
    begins |= {stretch.first for stretch in registers.accounts.get(account, ())}
    begins |= {row.valid_from.toordinal() for row in registers.rows(CustodyStated)}
    return max(day for day in begins if day <= view.as_of and holds(day) and not holds(day - 1))


def _restrictions(view: View, account: str, day: int) -> list[AccountRestricted]:
    facts = view.ledger.facts
    rows = [facts[each] for each in view.ledger.register_ids("AccountRestricted")]
    return [
        row
        for row in rows
        if isinstance(row, AccountRestricted)
        and row.account == account
        and row.valid_from.toordinal() <= day <= ordinal(row.valid_to)
    ]


# ---- enough ----


def reserve_short(view: View, _subject: str) -> list[Finding]:
    """The reserve accounts hold less than the steps ask of the fees of one period."""
    return judge(view, _SHORT)


def _see(view: View, day: int) -> Seen:
    registers = view.ledger.registers
    accounts = registers.reserve_accounts(day)
    if not accounts and not registers.agreement("reserve", day):
        return None
    steps = view.policy.steps(SHORT, "percent", day)
    needed = _needed(view, day)
    if not needed or steps is None:
        return None
    if not accounts:
        return Unknown("reserve-account")
    held = _held(view, day)
    if held is None:
        return Unknown("balance")
    return reached(steps, lambda percent: held * 100 < percent * needed)


def _held(view: View, day: int) -> int | None:
    """The balance of all reserve accounts at close, None when one was never reported."""
    total = 0
    for account in view.ledger.registers.reserve_accounts(day):
        balance = view.ledger.series.balance(account, day)
        if balance is None:
            return None
        total += balance
    return total


def _needed(view: View, day: int) -> int:
    """The minimum that an agreement states, else the fees of one period of all students."""
    stated = _stated(view, day)
    if stated:
        return max(row.minimum_fen or 0 for row in stated)
    series = view.ledger.series
    months = view.number(SHORT, "period_months", day)
    if months is None or day < series.first:
        return 0
    sums = series.memo(FEES, day, _fees, (view, months))
    return sums[day - series.first]


def _stated(view: View, day: int) -> list[CustodyStated]:
    rows = view.ledger.registers.holding(CustodyStated, day)
    return [row for row in rows if row.mode == "reserve" and row.minimum_fen is not None]


def _fees(given: tuple[View, int], day: int, before: int | None) -> int:
    """The fees of one period of all contracts that run on a day, from those of the day before."""
    view, months = given
    directory = view.ledger.directory
    terms = directory.terms
    if before is None:
        return sum(
            _fee(each, months)
            for contract, each in terms.items()
            if each.signed <= day < _over(view, contract, months)
        )
    total = before
    for contract in directory.signed_on.get(day, ()):
        if _over(view, contract, months) > day:
            total += _fee(terms[contract], months)
    for contract in _perhaps_over(view, months, day):
        if terms[contract].signed < day == _over(view, contract, months):
            total -= _fee(terms[contract], months)
    return total


def _fee(terms: Terms, months: int) -> int:
    """What of a price falls on one period, rounded down; all of it when the contract is shorter."""
    begins, ends = terms.begins, terms.last_day
    if begins is None or ends is None:
        return terms.price_fen
    span, period = ends - begins + 1, add_months_ordinal(begins, months) - begins
    return terms.price_fen if span <= period else terms.price_fen * period // span


def _over(view: View, contract: str, months: int) -> int:
    """The first day on which a contract runs no more: its end is past, or money was paid back.

    A contract that states no end runs for one period from its signature.
    """
    terms = view.ledger.directory.terms[contract]
    if terms.last_day is None:
        over = add_months_ordinal(terms.signed, months)
    else:
        over = terms.last_day + 1
    refunds = view.ledger.refunds_of.get(contract, ())
    entries = (view.ledger.entries[entry] for entry in refunds)
    return min([over, *(entry.day for entry in entries if not entry.credit)])


def _perhaps_over(view: View, months: int, day: int) -> set[str]:
    """The contracts that may be over on a day and were not on the day before."""
    ledger = view.ledger
    directory = ledger.directory
    found = set(directory.ends_on.get(day - 1, ()))
    for identifier in ledger.debits_on.get(day, ()):
        answer = ledger.entries[identifier].final
        if answer and answer.kind == "refund" and answer.contract in directory.terms:
            found.add(answer.contract)
    # Up to four days at the end of a long month are the same day some months later.
    earliest = add_months_ordinal(day, -months)
    for signed in range(earliest, earliest + 4):
        for contract in directory.signed_on.get(signed, ()):
            if directory.terms[contract].last_day is None:
                found.add(contract)
    return found


def _show(view: View, day: int) -> Shown:
    held, needed = _held(view, day), _needed(view, day)
    assert held is not None
    ledger = view.ledger
    stated = _stated(view, day)
    closings = [
        identifier
        for account in ledger.registers.reserve_accounts(day)
        for identifier in ledger.closing_ids(account, day)
    ]
    return Shown(
        max(0, needed - held),
        [*closings, *(fact_id(row) for row in stated)],
        (
            yuan("reserve_balance", held),
            yuan("stated_minimum" if stated else "fees_of_a_period", needed),
            yuan("reserve_gap", needed - held, minus(needed, held)),
            number("reserve_percent", percent_text(held, needed), share_of(held, needed)),
        ),
    )


_SHORT: Final = State(SHORT, "reserve", "warning", _see, _show)
