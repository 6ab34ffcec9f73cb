"""A delivery as small as can be: one institution, its account, a contract, three days."""

from datetime import date
from pathlib import Path

from models import facts as f
from tests.streams.deliveries import ndjson, statement, write
from tests.streams.told import account

FIRST, SECOND, THIRD = (date(2024, 3, day) for day in (5, 6, 8))


def contract(institution: str = "JG-1", *, academic: bool | None = False) -> f.ContractStated:
    """A contract whose price is above the limit of one charge, which binds non-academic ones."""
    return f.ContractStated(
        institution=institution,
        number="HT-1",
        signed=date(2024, 3, 1),
        price_fen=600_000,
        paid_hours_hundredths=4_000,
        academic=academic,
        begins=FIRST,
        ends=date(2024, 5, 5),
    )


def town(folder: Path) -> Path:
    """Three days of one institution: a charge above the limit, then money that leaves."""
    register: list[f.Fact] = [account("62-A", "JG-1"), contract()]
    for name, content in {
        "bureau/register-2024-03-05.ndjson": ndjson(register, "2024-03-05T01:00:00Z"),
        "bureau/again-2024-03-08.ndjson": ndjson([contract()], "2024-03-08T01:00:00Z"),
        "bank/a.xml": statement("62-A", FIRST, 0, ("C", 600_000, "HT-1")),
        "bank/b.xml": statement("62-A", SECOND, 600_000, ("D", 400_000, "rent")),
        "bank/c.xml": statement("62-A", THIRD, 200_000, ("D", 100_000, "rent")),
    }.items():
        write(folder / name, content)
    return folder
