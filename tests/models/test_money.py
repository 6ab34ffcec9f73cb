"""Amounts are read and written exactly, and every doubtful text is refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import (
    AMOUNT_FEN_MAX,
    MoneyError,
    divide_down,
    divide_up,
    format_hundredths,
    format_yuan,
    format_yuan_plain,
    parse_e5,
    parse_fen,
    parse_fen_cell,
    parse_hundredths,
    round_e5,
)

amounts_fen = st.integers(min_value=-AMOUNT_FEN_MAX, max_value=AMOUNT_FEN_MAX)

NO_AMOUNTS = [
    "100.0000000000005",
    "0.001",
    "1.005",
    "",
    " ",
    ".",
    "-",
    "+",
    ".50",
    "5.",
    "-.5",
    "NaN",
    "Infinity",
    "1e5",
    "0x10",
    "1_000",
    "1 000.00",
    "1. 50",
    "--1.00",
    "+-1.00",
    "1.00-",
    "1.2.25",
    "1.2.3",
    "abc",
    "9" * 18 + ".00",
    "9" * 5000,
]

ONLY_IN_CELLS = ["1,234.56", " 1.00", "1.00 ", "1.00\n", "\u0661.00", "¥1.00", "１.００", "(1.00)"]


@pytest.mark.parametrize(
    ("text", "amount_fen"),
    [
        ("0", 0),
        ("-0.00", 0),
        ("0.2", 20),
        ("0.02", 2),
        ("50.0", 5000),
        ("18.150", 1815),
        ("18.15000000000", 1815),
        ("5000.00", 500000),
        ("5000.01", 500001),
        ("+7", 700),
        ("-7.5", -750),
        ("-7.55", -755),
        ("000000000012.30", 1230),
        ("00000000000000000000000012.30", 1230),
        ("92233720368547758.07", AMOUNT_FEN_MAX),
    ],
)
def test_amount_is_read_to_the_fen(text: str, amount_fen: int) -> None:
    """A plain amount is read exactly, whatever its number of trailing zeros."""
    assert amount_fen == parse_fen(text) == parse_fen_cell(text) == parse_hundredths(text)


@pytest.mark.parametrize("text", [*NO_AMOUNTS, *ONLY_IN_CELLS, "92233720368547758.08"])
def test_doubtful_amount_is_refused(text: str) -> None:
    """A text that is no exact plain amount is refused, and the message shows it."""
    with pytest.raises(MoneyError) as caught:
        parse_fen(text)

    assert repr(text[:10])[1:-1] in str(caught.value)


@pytest.mark.parametrize("text", [*NO_AMOUNTS, *ONLY_IN_CELLS])
def test_doubtful_hours_are_refused(text: str) -> None:
    """Class hours are read as strictly as amounts."""
    with pytest.raises(MoneyError, match="hours"):
        parse_hundredths(text)


@pytest.mark.parametrize(
    ("text", "amount_fen"),
    [
        ("`1234.50", 123450),
        ("\t1234.50 ", 123450),
        ('="1234.50"', 123450),
        ('="1,234.50"\t', 123450),
        ("＝＂１２３４．５０＂", 123450),
        ("￥1,234.5", 123450),
        ("¥ 1,234.5", 123450),
        ("CNY1234.5", 123450),
        ("rmb 1234.5", 123450),
        ("1,234.50 CNY", 123450),
        ("1234.50RMB", 123450),
        ("-¥1,234.5", -123450),
        ("¥-1,234.5", -123450),
        ("１，２３４．５０", 123450),
        ("－1234.50", -123450),
        ("−1234.50", -123450),
        ("(1,234.50)", -123450),
        ("（1,234.50）", -123450),
        ("(¥1,234.50)", -123450),
        ("\u30001234.50\u3000", 123450),
        ("1,234,567.89", 123456789),
        ("999", 99900),
    ],
)
def test_cell_is_read_as_banks_write_it(text: str, amount_fen: int) -> None:
    """Signs, separators and wrappers that banks add do not change the amount."""
    assert amount_fen == parse_fen_cell(text)


@pytest.mark.parametrize(
    "text",
    [
        *NO_AMOUNTS,
        "12,34.00",
        "1,234,56",
        "1234,567.00",
        ",123.00",
        "1,,234.00",
        "1.234,50",
        "10²",
        "①",
        "(-1.00)",
        "-¥-1.00",
        "(1.00",
        "1.00)",
        "()",
        '=""',
        "$1.00",
        "USD1.00",
        "¥",
        "=1.00",
        "1.00元整",
        "\u0661\u0662.00",
    ],
)
def test_doubtful_cell_is_refused(text: str) -> None:
    """A cell that is not surely one amount is refused."""
    with pytest.raises(MoneyError):
        parse_fen_cell(text)


@given(amounts_fen)
def test_written_amount_reads_back(amount_fen: int) -> None:
    """Every amount survives being written and read, with and without separators."""
    assert amount_fen == parse_fen(format_yuan_plain(amount_fen))
    assert amount_fen == parse_fen_cell(format_yuan(amount_fen))


@given(amounts_fen)
def test_full_width_amount_reads_back(amount_fen: int) -> None:
    """The full-width form of an amount is the same amount, and NFKC agrees."""
    narrow = format_yuan(amount_fen)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in narrow)

    assert narrow == unicodedata.normalize("NFKC", wide)
    assert amount_fen == parse_fen_cell(wide)


@given(amounts_fen)
def test_written_hours_read_back(hundredths: int) -> None:
    """Every number of hours survives being written and read."""
    assert hundredths == parse_hundredths(format_hundredths(hundredths))


@given(st.text(max_size=80))
def test_reading_never_fails_otherwise(text: str) -> None:
    """Any text is either an amount or a MoneyError, and what parse_fen takes a cell takes too."""
    try:
        amount_fen = parse_fen(text)
    except MoneyError:
        try:
            parse_fen_cell(text)
        except MoneyError:
            return
    else:
        assert amount_fen == parse_fen_cell(text)


@pytest.mark.parametrize(
    ("amount_fen", "with_separators", "plain"),
    [
        (0, "0.00", "0.00"),
        (5, "0.05", "0.05"),
        (-5, "-0.05", "-0.05"),
        (123456, "1,234.56", "1234.56"),
        (-100000000, "-1,000,000.00", "-1000000.00"),
    ],
)
def test_amount_is_written_with_two_decimals(
    amount_fen: int, with_separators: str, plain: str
) -> None:
    """Yuan always show two decimals, and the sign of amounts below one yuan is kept."""
    assert with_separators == format_yuan(amount_fen)
    assert plain == format_yuan_plain(amount_fen)


@pytest.mark.parametrize(
    ("hundredths", "text"), [(6050, "60.5"), (6000, "60"), (6005, "60.05"), (0, "0"), (-50, "-0.5")]
)
def test_hours_are_written_short(hundredths: int, text: str) -> None:
    """Hours show no needless zeros."""
    assert text == format_hundredths(hundredths)


@given(st.integers(), st.integers(min_value=1))
def test_named_rounding_encloses_the_quotient(numerator: int, denominator: int) -> None:
    """Down and up enclose the exact quotient and differ by one unless it is whole."""
    down = divide_down(numerator, denominator)
    up = divide_up(numerator, denominator)

    assert down * denominator <= numerator <= up * denominator
    assert (0 if numerator % denominator == 0 else 1) == up - down


@pytest.mark.parametrize("denominator", [0, -1])
def test_denominator_must_be_above_zero(denominator: int) -> None:
    """Dividing by zero or less is a programming error."""
    with pytest.raises(AssertionError):
        divide_down(1, denominator)
    with pytest.raises(AssertionError):
        divide_up(1, denominator)


@pytest.mark.parametrize(
    ("text", "amount_e5"),
    [
        ("0.01234", 1_234),
        ("-1.5", -150_000),
        ("18", 1_800_000),
        ("0.00000", 0),
        ("1.234560", 123_456),
    ],
)
def test_fees_are_read_to_five_decimals(text: str, amount_e5: int) -> None:
    """Payment companies state what they keep in 1/100,000 yuan."""
    assert amount_e5 == parse_e5(text)


@pytest.mark.parametrize("text", ["0.000001", "1e5", "", "1,000.00", "NaN", "１"])
def test_no_fee(text: str) -> None:
    """A sixth decimal is as doubtful as a letter."""
    with pytest.raises(MoneyError):
        parse_e5(text)


@pytest.mark.parametrize(
    ("amount_e5", "amount_fen"), [(499, 0), (500, 1), (-499, 0), (-500, -1), (1_499, 1), (1_500, 2)]
)
def test_fees_are_rounded_half_away_from_zero(amount_e5: int, amount_fen: int) -> None:
    """Both sides of half a fen."""
    assert amount_fen == round_e5(amount_e5)
