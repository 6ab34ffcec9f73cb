"""What the generators of bills are asked to write, and the files that they make of it."""

from datetime import date, datetime

from streams.feeds.text import SHANGHAI
from streams.simulator.bills import Sale

WECHAT_MERCHANT = "1900000109"
ALIPAY_MERCHANT = "2088123456789012"
DAY = date(2024, 3, 5)
DAYS = (DAY, DAY)


def at(clock: str, day: date = DAY) -> datetime:
    """A moment of a day."""
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=SHANGHAI)


PAID_BEFORE = at("12:00:00", date(2024, 3, 1))
SALES = (
    Sale("4200000001", "HT-1", at("09:31:17"), 300_000, 1_800_000, name="*三"),
    # The fee is no whole fen; the text has what would break a table.
    Sale("4200000002", "HT-2", at("10:02:44"), 128_005, 768_000, text='学费，"周末",班'),
    Sale("4200000003", "", at("10:02:44"), 1, 0, text=""),
    # Two partial refunds of one payment, of which the second gives a fee back.
    Sale("4200000009", "HT-9", at("11:00:00"), 50_000, 0, "5001", PAID_BEFORE),
    Sale("4200000009", "HT-9", at("11:00:01"), 25_000, 150_000, "5002", PAID_BEFORE),
)
