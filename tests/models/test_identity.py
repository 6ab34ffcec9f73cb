"""Check digits catch wrong codes, ids are injective, and masks hide what they must."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.identity import (
    CodeFault,
    IdentityError,
    bank_code_error,
    content_hash,
    join_id,
    make_bank_code,
    make_usci,
    mask_account,
    mask_name,
    normalise_name,
    reference_runs,
    usci_error,
    usci_with_check,
)

USCI_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCI = "91110000600037341L"

VALID_USCIS = [
    USCI,
    "9144030071526726XG",
    "91330100799655058B",
    "91110000802100433B",
    "91100000100003962T",
    "11100000000013039Y",
    "914403001922038216",
    "911100001000044477",
    "911100001000054748",
    "9144030010001686XA",
]

VALID_BANK_CODES = [
    "102100099996",
    "103100000026",
    "104100000004",
    "105100000017",
    "308584000013",
    "301290000007",
    "403100000004",
    "313684093748",
    "102653005001",
]


@pytest.mark.parametrize("text", VALID_USCIS)
def test_valid_usci_passes(text: str) -> None:
    """Both check digits of the known valid identifiers hold."""
    assert usci_error(text) is None
    assert text == usci_with_check(text[:16])


@pytest.mark.parametrize(
    "text",
    [
        "91110000600037341l",
        "９１１１００００６００037341Ｌ",
        "９１１１００００６０００３７３４１ｌ",
    ],
)
def test_usci_is_read_in_nfkc_and_upper_case(text: str) -> None:
    """Full-width and lower-case forms are the same identifier."""
    assert usci_error(text) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("91110000600037342L", CodeFault.ORGANISATION_CHECK),
        ("911100006000373411", CodeFault.CHECK),
        ("911000001000054748", CodeFault.CHECK),
        ("91110000600037341I", CodeFault.CHARACTER),
        ("9111000060003734O1", CodeFault.CHARACTER),
        ("9111000060003734 L", CodeFault.CHARACTER),
        ("9111000060003734L", CodeFault.LENGTH),
        ("91110000600037341LL", CodeFault.LENGTH),
        ("", CodeFault.LENGTH),
    ],
)
def test_invalid_usci_is_refused_with_its_reason(text: str, fault: CodeFault) -> None:
    """A wrong identifier is refused, and the first reason is named."""
    assert fault == usci_error(text)


@pytest.mark.parametrize("position", range(18))
def test_every_single_substitution_is_caught(position: int) -> None:
    """No other character at any position leaves the identifier valid."""
    others = [sign for sign in USCI_ALPHABET if sign != USCI[position]]
    changed = [USCI[:position] + sign + USCI[position + 1 :] for sign in others]

    assert 30 == len(changed)
    assert [] == [text for text in changed if usci_error(text) is None]


def test_every_adjacent_transposition_is_caught() -> None:
    """Exchanging two different neighbours never leaves the identifier valid."""
    swapped = {USCI[:i] + USCI[i + 1] + USCI[i] + USCI[i + 2 :] for i in range(17)} - {USCI}

    assert 10 == len(swapped)
    assert [] == [text for text in swapped if usci_error(text) is None]


@given(
    st.sampled_from("1579"),
    st.sampled_from("123"),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(USCI_ALPHABET, min_size=8, max_size=8),
)
def test_made_usci_is_valid(registrar: str, kind: str, area: str, serial: str) -> None:
    """Every identifier built from fitting parts passes and keeps its parts."""
    made = make_usci(registrar, kind, area, serial)

    assert usci_error(made) is None
    assert made.startswith(registrar + kind + area + serial)


@pytest.mark.parametrize(
    ("registrar", "kind", "area", "serial"),
    [
        ("91", "", "360100", "MA000001"),
        ("9", "1", "36010", "0MA00000"),
        ("9", "1", "360100", "MA00000O"),
        ("9", "1", "360100", "MA0001"),
    ],
)
def test_unfit_parts_make_no_usci(registrar: str, kind: str, area: str, serial: str) -> None:
    """Parts of another length or with a letter outside the alphabet are refused."""
    with pytest.raises(IdentityError):
        make_usci(registrar, kind, area, serial)


@pytest.mark.parametrize("text", VALID_BANK_CODES)
def test_valid_bank_code_passes(text: str) -> None:
    """The check digit of the known bank codes holds."""
    assert bank_code_error(text) is None
    assert text == make_bank_code(text[:11])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("104000000000", CodeFault.CHECK),
        ("102100099997", CodeFault.CHECK),
        ("10210009999X", CodeFault.CHARACTER),
        ("10210009999\u0666", CodeFault.CHARACTER),
        ("10210009999", CodeFault.LENGTH),
        ("1021000999966", CodeFault.LENGTH),
    ],
)
def test_invalid_bank_code_is_refused_with_its_reason(text: str, fault: CodeFault) -> None:
    """A wrong bank code is refused, and the first reason is named."""
    assert fault == bank_code_error(text)


@given(
    st.text("0123456789", min_size=11, max_size=11),
    st.integers(min_value=0, max_value=11),
    st.integers(min_value=1, max_value=9),
)
def test_every_wrong_digit_of_a_bank_code_is_caught(first: str, position: int, by: int) -> None:
    """Any made bank code is valid, and with any one digit changed it is not."""
    code = make_bank_code(first)
    digit = str((int(code[position]) + by) % 10)

    assert bank_code_error(code) is None
    assert CodeFault.CHECK == bank_code_error(code[:position] + digit + code[position + 1 :])


@pytest.mark.parametrize("first", ["", "1021000999", "1021000999X", "102100099999"])
def test_unfit_digits_make_no_bank_code(first: str) -> None:
    """Anything but 11 digits is refused."""
    with pytest.raises(IdentityError):
        make_bank_code(first)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  张 三\u3000丰 ", "张 三 丰"),
        ("南昌（红谷滩）培训学校", "南昌(红谷滩)培训学校"),
        ("ＡＢＣ Training", "ABC Training"),
        ("\t\n", ""),
    ],
)
def test_names_are_compared_in_one_form(text: str, name: str) -> None:
    """Width and blanks do not tell names apart, case does."""
    assert name == normalise_name(text)


@given(st.text())
def test_normalised_name_is_stable(text: str) -> None:
    """Normalising a name twice changes nothing more."""
    assert normalise_name(text) == normalise_name(normalise_name(text))


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("", ()),
        ("学费", ()),
        ("学费HT-2026-001张三", ("HT-2026-001",)),
        ("ht-1 HT-1，ＨＴ－２", ("HT-1", "HT-2")),
        ("B2/A1 B2", ("B2", "A1")),
        ("HT-12_3", ("HT-12", "3")),
    ],
)
def test_reference_runs_are_whole_and_distinct(text: str, runs: tuple[str, ...]) -> None:
    """A remittance gives its whole runs once, in their order."""
    assert runs == reference_runs(text)


@given(
    st.text(string.ascii_uppercase + string.digits + "-", min_size=1),
    st.sampled_from(["", " ", "号", "/", "：", "。"]),
    st.sampled_from(["", " ", "学费", "_", "）"]),
)
def test_reference_is_found_between_other_signs(run: str, before: str, after: str) -> None:
    """A run stands whole wherever other signs surround it."""
    assert (run,) == reference_runs(before + run.lower() + after)


@pytest.mark.parametrize(
    ("text", "masked"), [("张三丰", "张**"), ("张三", "张*"), ("张", "*"), ("", "")]
)
def test_name_shows_its_first_character(text: str, masked: str) -> None:
    """Of a name only the first character is shown."""
    assert masked == mask_name(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("6222021234567890", "6222********7890"),
        ("123456789", "1234*6789"),
        ("12345678", "******78"),
        ("123", "*23"),
        ("12", "**"),
        ("", ""),
    ],
)
def test_account_shows_only_its_ends(text: str, masked: str) -> None:
    """Of an account number only the ends are shown, and the length stays."""
    assert masked == mask_account(text)


def test_content_hash_is_sha256() -> None:
    """The hash of content is SHA-256 in lower-case hexadecimal."""
    digest = content_hash(b"abc")

    assert digest.startswith("ba7816bf")
    assert digest.endswith("f20015ad")
    assert re.fullmatch(r"[0-9a-f]{64}", digest)


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        (("entry", "36001", "7"), "entry/36001/7"),
        (("a/b", "c"), "a%2Fb/c"),
        (("100%", "/"), "100%25/%2F"),
        (("a", "", "b"), "a//b"),
    ],
)
def test_id_parts_are_joined_by_a_slash(parts: tuple[str, ...], joined: str) -> None:
    """Parts are readable in the id, and a slash inside one is escaped."""
    assert joined == join_id(*parts)


@given(st.lists(st.text("ab/%25F"), min_size=1))
def test_id_gives_its_parts_back(parts: list[str]) -> None:
    """Different parts never make the same id: the parts can be read back."""
    read_back = [
        part.replace("%2F", "/").replace("%25", "%") for part in join_id(*parts).split("/")
    ]

    assert parts == read_back
