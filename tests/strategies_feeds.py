"""A second and a third feed of an account, which carry no reference of the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from models import facts as f
from tests.oracle_identity import identity

if TYPE_CHECKING:
    from datetime import date

    from tests.strategies import Teller

TOLD_OTHERWISE = 30


def tell_feeds(teller: Teller) -> None:
    """Some days told again by feeds without references, as they are or with less or more."""
    if not teller.chance(45, "several feeds"):
        return
    for entry in list(teller.entries):
        if teller.chance(12, "equal entries"):
            told = {name: getattr(entry, name) for name in entry.__struct_fields__}
            del told["serial"]
            if teller.chance(30):
                told["remittance"] = f"{entry.remittance} HT-2"
            teller.entry(**told)
    days = sorted({(entry.account, entry.booking_date) for entry in teller.entries})
    for account, day in days:
        if teller.chance(60):
            entries = [e for e in teller.entries if (e.account, e.booking_date) == (account, day)]
            for feed in range(teller.pick((1, 1, 2))):
                _tell_day(teller, entries, f"fp-{feed}", day)


def _tell_day(teller: Teller, entries: list[f.EntryBooked], mark: str, day: date) -> None:
    """The day by one more feed: all of its entries, but for one that came later or is missing."""
    referenced: list[str] = []
    loose: list[f.EntryBooked] = []
    for entry in entries:
        if teller.chance(8, "not in the other feed"):
            continue
        if teller.chance(15, "in both feeds"):
            referenced.append(entry.serial)
            continue
        loose.append(_described(teller, entry, f"{mark}#{len(loose) + 1}"))
    if entries and teller.chance(10, "in the other feed alone"):
        loose.append(_described(teller, entries[0], f"{mark}#{len(loose) + 1}"))
    if not loose:
        return
    for entry in loose:
        teller.tell(entry)
    listing = f.EntriesListed(
        account=loose[0].account,
        day=day,
        referenced=tuple(sorted(referenced)),
        unreferenced=tuple(sorted(entry.serial for entry in loose)),
        opening_fen=teller.pick((None, None, 0)),
        closing_fen=teller.pick((None, None, None, 0)),
    )
    teller.tell(listing)
    if teller.chance(15, "balances of the day"):
        what, fen = teller.pick(("opening", "closing")), teller.pick((0, 1))
        told = f.BalanceReported(account=listing.account, day=day, what=what, balance_fen=fen)
        teller.tell(told)
    _say(teller, entries, loose)


def _say(teller: Teller, entries: list[f.EntryBooked], loose: list[f.EntryBooked]) -> None:
    """What people say of entries without reference."""
    for entry in loose:
        if teller.chance(8, "attributed without reference"):
            contract = teller.pick(teller.contracts).number
            said = f.PaymentAttributed(institution="JG-1", entry=identity(entry), contract=contract)
            teller.tell(said)
        if teller.chance(5, "said to be another"):
            other = teller.pick(("", *map(identity, entries), *map(identity, loose)))
            teller.tell(f.EntryPaired(entry=identity(entry), same_as=other))


def _described(teller: Teller, entry: f.EntryBooked, serial: str) -> f.EntryBooked:
    """An entry as the other feed tells it."""
    changed = {"serial": serial, "end_to_end_id": ""}
    if teller.chance(TOLD_OTHERWISE, "told with other words"):
        changed["remittance"] = teller.pick(("", "转账", "HT-1", entry.remittance))
        changed["counterparty_account"] = teller.pick(("", "6222", "62 22", "62**"))
        changed["counterparty_name"] = teller.pick((entry.counterparty_name, "王芳"))
    # Entries of nobody are a matter of their own: how they are classed is not tried here.
    if not (entry.counterparty_name or changed.get("counterparty_account")):
        changed["counterparty_name"] = changed.get("counterparty_name") or "路人"
    return msgspec.structs.replace(entry, **changed)
