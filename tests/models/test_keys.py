"""A content's bytes are those of what it says, whichever reader made it."""

from datetime import date

import pytest

from models import facts as f
from models.keys import DECODER, encode


def entry(currency: str, remittance: str = "") -> f.EntryBooked:
    """An entry in that currency."""
    return f.EntryBooked(
        account="62-A",
        booking_date=date(2024, 3, 5),
        serial="1",
        amount_fen=1,
        direction="C",
        currency=currency,
        remittance=remittance,
    )


@pytest.mark.parametrize("remittance", ["", '"currency":"CNY",', '\\"currency":"CNY",'])
def test_default_read_from_a_file_is_left_out(remittance: str) -> None:
    """The home currency that a bank wrote is the one that nobody wrote; texts stay as they are."""
    read = entry(b"CNY".decode(), remittance)

    assert encode(entry("CNY", remittance)) == encode(read)
    assert read == DECODER.decode(encode(read))


def test_other_currency_is_told() -> None:
    """A currency that is not the home currency is part of the content."""
    assert "USD" == DECODER.decode(encode(entry("USD"))).currency
