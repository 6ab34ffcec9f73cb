"""What else may be told of a drawn institution: complaints, its owners, terms, more lessons."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from models import facts as f

if TYPE_CHECKING:
    from tests.strategies import Teller

INSTITUTION = "JG-1"


def tell_refund(teller: Teller) -> None:
    """Complaints in a bunch, changed owners and capital, vacations, regular lessons."""
    first = teller.day()
    for number in range(teller.number(0, 5)):
        teller.tell(
            f.ComplaintFiled(
                institution=INSTITUTION,
                number=f"TS-{number + 10}",
                day=first + timedelta(days=teller.number(0, 40)),
            )
        )
    for owner in ("李强", "王芳"):
        if teller.chance(30):
            teller.tell(
                f.InstitutionStated(
                    institution=INSTITUTION,
                    valid_from=teller.day(),
                    name="星星学校",
                    city="南昌市",
                    legal_representative=owner,
                    capital_fen=teller.pick((None, 30_000_000, 10_000_000)),
                )
            )
    if teller.chance(30):
        teller.tell(
            f.TermStated(
                institution=INSTITUTION,
                number="XQ-1",
                valid_from=teller.day(),
                valid_to=teller.pick((None, teller.day(40))),
                name=teller.pick(("春季学期", "寒假")),
            )
        )
    if teller.chance(50):
        present = tuple(contract.number for contract in teller.contracts)
        for week in range(teller.number(1, 8)):
            teller.tell(
                f.LessonDelivered(
                    institution=INSTITUTION,
                    number=f"KW-{week}",
                    day=first + timedelta(days=7 * week),
                    present=present,
                    hours_hundredths=100,
                )
            )
