"""Marked facts that surely raise an immediate finding: a charge for 90 hours on a new contract.

One institution in each partition raises them, each in a county of its own, so that a scrape of the
inbox says how many of its findings are counted.
"""

from datetime import date, timedelta
from typing import NamedTuple

from models import facts as f
from models.findings import finding_id
from models.partitions import partition_of
from streams import wire

RULE = "charge-hours"
DAY = date(2024, 1, 15)
STATED_AT = "2024-01-15T00:00:00Z"
FILE = "0" * 64


class Probe(NamedTuple):
    """The lines of one marked charge, where they go, the finding that they raise, its number."""

    partition: int
    lines: list[bytes]
    finding_id: str
    number: int


def institution(partition: int, partitions: int) -> str:
    """The marked institution of a partition: the first name that belongs there."""
    names = (f"marked-{number}" for number in range(10_000))
    return next(name for name in names if partition_of(name, partitions) == partition)


def county(partition: int) -> str:
    """The county in which a partition's marked institution is the only one."""
    return f"marked-county-{partition}"


def registers(partition: int, partitions: int) -> list[bytes]:
    """What must be known of the marked institution before it charges anything."""
    name = institution(partition, partitions)
    since = DAY - timedelta(days=365)
    return [
        _line(f.InstitutionStated(institution=name, valid_from=since, name=name,
                                  city="南昌市", county=county(partition))),
        _line(f.AccountStated(account=_account(name), institution=name, valid_from=since,
                              purpose="dedicated")),
        _line(f.CustodyStated(institution=name, number="XY-1", valid_from=since, mode="custody",
                              account=_account(name))),
    ]  # fmt: skip


def probe(number: int, partitions: int) -> Probe:
    """The marked charge of this number, counted from 0; the partitions take turns."""
    partition = number % partitions
    name, contract = institution(partition, partitions), f"MARKED-{number:06}"
    signed = f.ContractStated(
        institution=name,
        number=contract,
        signed=DAY,
        price_fen=400_000,
        academic=False,
        paid_hours_hundredths=9_000,
        begins=DAY,
        ends=DAY + timedelta(days=80),
    )
    paid = f.EntryBooked(
        account=_account(name),
        booking_date=DAY,
        serial=f"S{number}",
        amount_fen=400_000,
        direction="C",
        remittance=contract,
    )
    found = finding_id((RULE, name, f"contract:{contract}/{DAY.isoformat()}"))
    return Probe(partition, [_line(signed), _line(paid)], found, number // partitions)


def _account(name: str) -> str:
    return f"{name}-account"


def _line(fact: f.Fact) -> bytes:
    return wire.encode(f.Told(fact, STATED_AT, FILE, "marked"))
