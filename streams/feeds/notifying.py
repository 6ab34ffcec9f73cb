"""Feeds that an installation declares to be notifications: their entries never count."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pydantic

from config.load import ConfigError, read_yaml
from models.facts import EntryAnnounced, EntryBooked
from streams.feeds.records import End, Entry, Record
from streams.feeds.sniff import is_of

DECLARED = Path(__file__).resolve().parents[2] / "config" / "notifications.yaml"
ANY = "any"


class Notifying(pydantic.BaseModel):
    """An account, or any, and the formats in which its feeds only notify."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    account: str = pydantic.Field(min_length=1)
    formats: tuple[str, ...] = pydantic.Field(min_length=1)


class _Shape(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    notification_only: tuple[Notifying, ...]


@cache
def load_notifying() -> tuple[Notifying, ...]:
    """What is declared, read once. Raises ConfigError naming the file."""
    try:
        return _Shape.model_validate(read_yaml(DECLARED)).notification_only
    except pydantic.ValidationError as error:
        raise ConfigError(f"{DECLARED}: {error}") from error


def as_declared(records: Iterator[Record], name: str) -> Iterator[Record]:
    """The records of a file of that format, of notifying feeds as notifications."""
    accounts = {
        one.account
        for one in load_notifying()
        if any(is_of(name, wanted) for wanted in one.formats)
    }
    return _announced(records, accounts) if accounts else records


def _announced(records: Iterator[Record], accounts: set[str]) -> Iterator[Record]:
    for record in records:
        if isinstance(record, Entry) and isinstance(record.fact, EntryBooked):
            notifies = bool(accounts & {ANY, record.fact.account})
            yield _as_information(record, record.fact) if notifies else record
        elif isinstance(record, End) and accounts & {ANY, record.account}:
            yield msgspec.structs.replace(record, is_statement=False)
        else:
            yield record


def _as_information(entry: Entry, fact: EntryBooked) -> Entry:
    information = EntryAnnounced(
        account=fact.account,
        booking_date=fact.booking_date,
        serial=fact.serial,
        status="INFO",
        amount_fen=fact.amount_fen,
        direction=fact.direction,
        currency=fact.currency,
        counterparty_name=fact.counterparty_name,
        remittance=fact.remittance,
    )
    return Entry(information, entry.position)
