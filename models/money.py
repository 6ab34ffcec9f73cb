"""Money as integer fen and class hours as integer hundredths: parsing, formatting, named rounding.

Nothing here uses binary or decimal fractions, so no figure can change on its way through.
"""

import re
from typing import Final

AMOUNT_FEN_MAX: Final = 2**63 - 1
"""The largest absolute amount: what a 64-bit column of the journal can hold."""

E5_A_FEN: Final = 1_000
"""1/100,000 yuan in a fen."""

_DECIMALS: Final = 2
_FEE_DECIMALS: Final = 5
_PLAIN_LENGTH_MAX: Final = 19
_TEXT_LENGTH_MAX: Final = 64
_PLAIN = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_CELL = re.compile(
    r"([+-])?(?:¥|CNY|RMB)?[ ]*([+-])?"
    r"([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]+)?[ ]*(?:CNY|RMB)?",
    re.ASCII | re.IGNORECASE,
)
_CELL_EDGES: Final = " \t\r\n`"

# Only full-width forms of ASCII and the signs that banks use instead of it. The whole of NFKC would
# also read "10²" as 102 and "①" as 1.
_TO_PLAIN_SIGNS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0x00A0: " ",
    0xFFE5: "¥",
    0x2212: "-",
}


class MoneyError(ValueError):
    """A text that is not an exact amount; the message holds the text and the reason."""


def parse_fen(text: str) -> int:
    """Read yuan such as "1234.5", "-18.150" or "+2" as integer fen, exactly.

    Optional sign, at least one ASCII digit, and optionally a point with at least one digit, where
    decimals beyond the second must be zeros. Raises MoneyError for everything else: an empty text,
    letters, exponents, separators, blanks, "NaN", and amounts above AMOUNT_FEN_MAX.
    """
    # Most amounts of bank files end in a point and two digits; one slice answers for them.
    if text[-3:-2] == "." and len(text) <= _PLAIN_LENGTH_MAX:
        digits = text[:-3] + text[-2:]
        if digits.isdecimal() and digits.isascii() and len(digits) > _DECIMALS:
            return int(digits)
    return _parse_hundredths(text, "amount in yuan")


def parse_fen_cell(text: str) -> int:
    """Read the amount of a table cell as integer fen, as banks and payment companies write it.

    Beyond parse_fen it takes full-width digits and signs, blanks, tabs and backticks around the
    amount, Excel's `="..."`, one currency sign (¥ ￥ CNY RMB), separators between groups of exactly
    three digits, and parentheses for a negative amount. An empty cell raises MoneyError like any
    other text that is no amount.
    """
    if text[-3:-2] == "." and len(text) <= _PLAIN_LENGTH_MAX:
        digits = text[:-3] + text[-2:]
        if digits.isdecimal() and digits.isascii() and len(digits) > _DECIMALS:
            return int(digits)
    if len(text) > _TEXT_LENGTH_MAX:
        raise _refused(text, "amount in yuan", "it is too long")
    cell = text.translate(_TO_PLAIN_SIGNS).strip(_CELL_EDGES)
    if cell.startswith('="') and cell.endswith('"') and len(cell) > len('=""'):
        cell = cell[2:-1].strip(_CELL_EDGES)
    negative = cell.startswith("(") and cell.endswith(")")
    if negative:
        cell = cell[1:-1].strip(_CELL_EDGES)
    match = _CELL.fullmatch(cell)
    if match is None:
        raise _refused(text, "amount in yuan", _why_not(cell))
    before, after, whole, decimals = match.groups()
    if (before and after) or (negative and (before or after)):
        raise _refused(text, "amount in yuan", "it has two signs")
    fen = _parse_hundredths(whole.replace(",", "") + (decimals or ""), "amount in yuan")
    return -fen if negative or before == "-" or after == "-" else fen


def parse_hundredths(text: str) -> int:
    """Read class hours such as "60.5" as integer hundredths (6050), as strictly as parse_fen.

    Raises MoneyError for everything that parse_fen refuses.
    """
    return _parse_hundredths(text, "number of hours")


def parse_e5(text: str) -> int:
    """Read yuan with up to five decimals such as "0.01234" or "-1.5" as 1/100,000 yuan, exactly.

    Raises MoneyError for everything that parse_fen refuses, but for the further decimals.
    """
    return _parse_scaled(text, "amount in yuan", _FEE_DECIMALS)


def round_e5(amount_e5: int) -> int:
    """Round 1/100,000 yuan to fen, half away from zero: 500 is 1, -500 is -1, 499 is 0."""
    fen = (abs(amount_e5) + E5_A_FEN // 2) // E5_A_FEN
    return -fen if amount_e5 < 0 else fen


def format_yuan(amount_fen: int) -> str:
    """Write fen as yuan with separators and two decimals: 123456 is "1,234.56"."""
    sign, yuan, fen = _split(amount_fen)
    return f"{sign}{yuan:,}.{fen:02d}"


def format_yuan_plain(amount_fen: int) -> str:
    """Write fen as yuan with two decimals and no separators: 123456 is "1234.56"."""
    sign, yuan, fen = _split(amount_fen)
    return f"{sign}{yuan}.{fen:02d}"


def format_hundredths(hundredths: int) -> str:
    """Write hundredths without needless zeros: 6050 is "60.5", 6000 is "60"."""
    sign, whole, rest = _split(hundredths)
    return f"{sign}{whole}.{rest:02d}".rstrip("0").rstrip(".")


def divide_down(numerator: int, denominator: int) -> int:
    """Divide and round toward minus infinity; the denominator must be above zero."""
    assert denominator > 0, f"denominator {denominator} is not above zero"
    return numerator // denominator


def divide_up(numerator: int, denominator: int) -> int:
    """Divide and round toward plus infinity; the denominator must be above zero."""
    assert denominator > 0, f"denominator {denominator} is not above zero"
    return -(-numerator // denominator)


def _parse_hundredths(text: str, what: str) -> int:
    return _parse_scaled(text, what, _DECIMALS)


def _parse_scaled(text: str, what: str, places: int) -> int:
    """Read a number as an integer of units of so many decimals."""
    if len(text) > _TEXT_LENGTH_MAX:
        raise _refused(text, what, "it is too long")
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise _refused(text, what, _why_not(text))
    sign, whole, decimals = match.groups("")
    if decimals[places:].strip("0"):
        count = "two" if places == _DECIMALS else "five"
        raise _refused(text, what, f"it has more than {count} decimals")
    units = int(whole + decimals[:places].ljust(places, "0"))
    if units > AMOUNT_FEN_MAX:
        raise _refused(text, what, "it is too large")
    return -units if sign == "-" else units


def _split(hundredths: int) -> tuple[str, int, int]:
    whole, rest = divmod(abs(hundredths), 100)
    return ("-" if hundredths < 0 else "", whole, rest)


def _why_not(text: str) -> str:
    if not text.strip():
        return "it is empty"
    return "only digits, one sign and one point with digits on both sides are allowed"


def _refused(text: str, what: str, reason: str) -> MoneyError:
    shown = text if len(text) <= _TEXT_LENGTH_MAX else text[:_TEXT_LENGTH_MAX] + "…"
    return MoneyError(f"{shown!r} is no {what}: {reason}")
