"""Puts the answer of an entry into the books, after taking out what it said before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.book import PAID, REFUNDED, RELEASED
from models.registers import FOREVER

if TYPE_CHECKING:
    from models.ledger import Ledger
    from models.matching import Answer, Entry, Segment


def post(ledger: Ledger, entry: Entry, segments: tuple[Segment, ...]) -> None:
    """Replace what an entry says by these segments and note what that touches."""
    if segments == entry.segments:
        return
    _move(ledger, entry, -1)
    entry.segments = segments
    (ledger.shifting.add if len(segments) > 1 else ledger.shifting.discard)(entry.id)
    _move(ledger, entry, 1)
    ledger.touched.entries.add(entry.id)
    ledger.touched.day(entry.day)


def _move(ledger: Ledger, entry: Entry, sign: int) -> None:
    """Add (1) or take out (-1) all that the entry's segments say."""
    segments = entry.segments
    amount = sign * entry.fact.amount_fen
    for place, segment in enumerate(segments if ledger.by_day else ()):
        ends = segments[place + 1].since if place + 1 < len(segments) else FOREVER
        _say(ledger, segment.answer, segment.since, amount)
        if ends != FOREVER:
            _say(ledger, segment.answer, ends, -amount)
    final = entry.final
    if final is not None:
        _link(ledger, entry, final, adding=sign > 0)


def _say(ledger: Ledger, answer: Answer, day: int, amount: int) -> None:
    """An amount counts from this day on, as the answer says."""
    kind = answer.kind
    if kind == "tuition" and answer.contract:
        _book(ledger, answer.contract, day, PAID, amount)
    elif kind == "refund":
        if answer.contract:
            _book(ledger, answer.contract, day, REFUNDED, amount)
        _pay_back(ledger, answer, day, amount)
    elif kind == "returned":
        if answer.contract:
            _book(ledger, answer.contract, day, REFUNDED, -amount)
        _pay_back(ledger, answer, day, -amount)
    elif kind == "release":
        if answer.contract:
            _book(ledger, answer.contract, day, RELEASED, amount)
        else:
            ledger.batches[day] += amount
            ledger.touched.day(day)


def _book(ledger: Ledger, contract: str, day: int, what: str, amount: int) -> None:
    ledger.books[contract].add(day, what, amount)
    paths = ledger.touched.paths
    paths[contract] = min(day, paths.get(contract, day))


def _pay_back(ledger: Ledger, answer: Answer, day: int, amount: int) -> None:
    for request in answer.requests:
        ledger.paid_back[request][day] += amount
        ledger.touched.requests.add(request)


def _link(ledger: Ledger, entry: Entry, answer: Answer, *, adding: bool) -> None:
    """What the rules list as evidence, by the answer that counts now."""
    contract = answer.contract
    if answer.kind in ("tuition", "settlement"):
        fen = entry.fact.amount_fen
        ledger.records.inflow_on[entry.day] += fen if adding else -fen
        ledger.records.payments_on[entry.day] += 1 if adding else -1
    if answer.kind == "settlement":
        ledger.bills.credit(entry, adding=adding)
    if answer.kind == "tuition" and contract:
        if adding:
            ledger.books[contract].pay(entry.id, entry.day, entry.fact.amount_fen)
        else:
            ledger.books[contract].unpay(entry.id)
        ledger.charged.add(contract)
        ledger.touched.payments.add(contract)
        ledger.outside.entry(ledger, entry, contract, adding=adding)
    places = [ledger.paid_back_by[request] for request in answer.requests]
    if answer.kind == "release":
        if not contract:
            fen = entry.fact.amount_fen
            ledger.batched_on[entry.day] += fen if adding else -fen
        batch = ledger.batch_entries[entry.day]
        places.append(ledger.releases_of[contract] if contract else batch)
    if answer.kind in ("refund", "returned") and contract:
        ledger.charged.add(contract)
        places.append(ledger.refunds_of[contract])
        ledger.touched.payments.add(contract)
    for place in places:
        (place.add if adding else place.discard)(entry.id)
