"""What must hold of every bank file, whatever stands in it."""

import time
from collections import Counter
from datetime import date

from models.facts import EntryBooked
from streams.feeds import reading
from streams.feeds.intake import prove, told
from streams.feeds.integrity import checked
from streams.feeds.records import Closing, End, Entry, FeedRefused, Opening, Record
from streams.feeds.sniff import sniff

TODAY = date(2030, 1, 1)
SECONDS_MAX = 5


def read_any(data: bytes) -> str:
    """Examine a file by the reader that its content names."""
    try:
        records = list(checked(reading.records(data, sniff(data))))
    except FeedRefused:
        records = None
    outcome = examine(data, records)
    is_told = outcome != "refused" and prove(data, TODAY, "file").is_bank
    assert records is not None or not is_told, "the reader refuses what is told"
    return outcome


def examine(data: bytes, records: list[Record] | None) -> str:
    """Assert that the file is refused, held, or tells exactly what its balances say.

    `records` is what the reader yields with its checks, None where it refuses. Gives the outcome.
    """
    began = time.process_time()
    file = prove(data, TODAY, "file")
    facts = list(told(file))
    assert time.process_time() - began < SECONDS_MAX, "it takes too long"
    receipt = file.receipt()
    if file.refusal is not None:
        assert file.refusal.reason
        assert file.refusal.position
        assert not facts
        return "refused"
    if records is None:
        # It was taken for another format, whose own target examines it.
        assert not file.format.startswith(("camt", "mt94")), "the reader refuses what is told"
        return receipt.outcome
    file.kept = None
    assert facts == list(told(file)), "read again it tells something else"
    consistent = {i for i, one in enumerate(file.statements) if one.consistent}
    booked = sum(isinstance(one.fact, EntryBooked) for one in facts)
    assert booked <= _balanced(records, consistent)
    return receipt.outcome


def _balanced(records: list[Record], consistent: set[int]) -> int:
    """The booked entries of statements said to be consistent, whose balances are summed anew."""
    place = entries = 0
    opening: dict[str, int] = {}
    closing: dict[str, int] = {}
    net: Counter[str] = Counter()
    count = 0
    for record in records:
        match record:
            case Opening():
                opening.setdefault(record.currency, record.balance_fen)
            case Closing():
                closing[record.currency] = record.balance_fen
            case Entry(fact=EntryBooked() as fact):
                count += 1
                assert fact.amount_fen >= 0
                net[fact.currency] += fact.amount_fen if fact.direction == "C" else -fact.amount_fen
            case End():
                if place in consistent:
                    entries += count
                    if record.is_statement:
                        for currency in opening.keys() & closing.keys():
                            found = opening[currency] + net[currency]
                            assert found == closing[currency], f"{currency}: {found}"
                place, count = place + 1, 0
                opening.clear()
                closing.clear()
                net.clear()
            case _:
                pass
    return entries
