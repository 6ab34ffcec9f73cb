"""One bank file as JSON-ready dicts, for `escrow parse`: what it says, judged by nobody."""

from collections.abc import Iterator
from pathlib import Path

from models.facts import EntryAnnounced, EntryBooked
from streams.feeds.integrity import checked
from streams.feeds.reading import records
from streams.feeds.records import (
    Billed,
    Check,
    Closing,
    Declared,
    End,
    Entry,
    Held,
    Opening,
    Record,
)
from streams.feeds.sniff import sniff

_ENTRY_FIELDS = (
    *("counterparty_name", "counterparty_account", "counterparty_bank", "remittance"),
    *("reverses", "sub_account", "end_to_end_id", "code"),
)


def parse_lines(path: Path, bank: str | None = None) -> Iterator[dict[str, object]]:
    """The lines of a bank file: `type` says what each is.

    It is opening, entry, billed, held, closing, declared, check or end. Amounts are `amount_fen`,
    never negative, with `direction` C or D. Raises FeedRefused before the first line when the
    bytes cannot be read, as for a register table or facts.
    """
    data = path.read_bytes()
    sniffed = sniff(data, bank)
    for _ in records(data, sniffed):
        pass
    statement: list[tuple[Record, dict[str, object]]] = []
    for record in checked(records(data, sniffed)):
        if isinstance(record, Entry):
            # Entries carry no statement of their own: it is that of the opening or the end.
            statement.append((record, _entry(record)))
            continue
        line = _line(record)
        statement.append((record, line))
        if isinstance(record, End):
            yield from (_completed(one, record) for one in _in_order(statement))
            statement = []


def _in_order(
    statement: list[tuple[Record, dict[str, object]]],
) -> list[tuple[Record, dict[str, object]]]:
    order = (Opening, Entry, Billed, Held, Closing, Declared, Check, End)
    return sorted(statement, key=lambda one: order.index(type(one[0])))


def _completed(one: tuple[Record, dict[str, object]], end: End) -> dict[str, object]:
    _, line = one
    return {"type": line["type"], "account": end.account, "statement": end.statement, **line}


def _money(balance_fen: int, currency: str) -> dict[str, object]:
    direction = "D" if balance_fen < 0 else "C"
    return {"amount_fen": abs(balance_fen), "direction": direction, "currency": currency}


def _entry(entry: Entry) -> dict[str, object]:
    fact: EntryBooked | EntryAnnounced = entry.fact
    line: dict[str, object] = {
        "type": "entry",
        "amount_fen": fact.amount_fen,
        "direction": fact.direction,
        "currency": fact.currency,
        "booking_date": fact.booking_date.isoformat(),
        "serial": fact.serial,
        "status": "BOOKED" if isinstance(fact, EntryBooked) else fact.status,
        "reversal": isinstance(fact, EntryBooked) and fact.reversal,
    }
    value_date = getattr(fact, "value_date", None)
    line["value_date"] = value_date.isoformat() if value_date else None
    line.update({name: getattr(fact, name, "") for name in _ENTRY_FIELDS})
    if entry.balance_fen is not None:
        line["balance_fen"] = entry.balance_fen
    return line | {"position": entry.position}


def _line(record: Opening | Billed | Closing | Declared | Check | End | Held) -> dict[str, object]:
    match record:
        case Opening() | Closing():
            return {
                "type": "opening" if isinstance(record, Opening) else "closing",
                **_money(record.balance_fen, record.currency),
                "day": record.day.isoformat() if record.day else None,
                "position": record.position,
            }
        case Declared():
            counted = (
                "entries",
                "credits",
                "debits",
                "credit_fen",
                "debit_fen",
                "sum_fen",
                "net_fen",
            )
            stated = {name: getattr(record, name) for name in counted}
            told = {name: value for name, value in stated.items() if value is not None}
            return {"type": "declared", "currency": record.currency, **told}
        case Billed():
            fact = record.fact
            told = {name: getattr(fact, name) for name in fact.__struct_fields__}
            day = fact.booking_date.isoformat()
            return {"type": "billed", **told, "booking_date": day, "position": record.position}
        case Held():
            place = {"account": record.account, "position": record.position}
            return {"type": "held", **place, "reason": record.reason, "body": record.body}
        case Check():
            return {
                "type": "check",
                "name": record.name,
                "ok": record.ok,
                "detail": record.detail,
                "gap_fen": record.gap_fen,
                "currency": record.currency,
            }
        case End():
            return {
                "type": "end",
                "currency": record.currency,
                "created": record.created,
                "begins": record.begins.isoformat(),
                "ends": record.ends.isoformat(),
                "position": record.position,
            }
