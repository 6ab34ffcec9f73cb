"""Identities: credit codes and bank codes with their check digits, names, references, content ids.

Also the masks under which names and account numbers are shown.
"""

import hashlib
import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final

USCI_LENGTH: Final = 18
BANK_CODE_LENGTH: Final = 12

_USCI_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCI_VALUES = {sign: value for value, sign in enumerate(_USCI_ALPHABET)}
_USCI_WEIGHTS = tuple(pow(3, power, 31) for power in range(17))
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_REFERENCE_RUN = re.compile(r"[A-Z0-9-]+", re.ASCII)
_CACHED_TEXTS_MAX: Final = 65_536
_ACCOUNT_SHORT_MAX: Final = 8
_ACCOUNT_ENDING_SHOWN: Final = 2
_CHECK_X: Final = 10


class IdentityError(ValueError):
    """Parts of a code that cannot make a valid code."""


class CodeFault(StrEnum):
    """Why a code is refused, in the order in which the reasons are tested."""

    LENGTH = "length"
    CHARACTER = "character"
    ORGANISATION_CHECK = "organisation-check"
    CHECK = "check"


def usci_error(text: str) -> CodeFault | None:
    """Say why a unified social credit identifier is invalid, or None when both checks hold.

    GB 32100-2015, with the organisation code's own check of GB 11714 at position 17. The text is
    read in NFKC and upper case; the letters I, O, S, V, Z are refused, never corrected. A passing
    check is no proof that the organisation exists.
    """
    code = _plain_code(text)
    if len(code) != USCI_LENGTH:
        return CodeFault.LENGTH
    if any(sign not in _USCI_VALUES for sign in code):
        return CodeFault.CHARACTER
    if code[16] != _organisation_check(code[8:16]):
        return CodeFault.ORGANISATION_CHECK
    if code[17] != _usci_check(code[:17]):
        return CodeFault.CHECK
    return None


def usci_with_check(first_sixteen: str) -> str:
    """Append both check digits to the first 16 characters of a credit identifier.

    Raises IdentityError when the length or a character is wrong.
    """
    code = _plain_code(first_sixteen)
    if len(code) != USCI_LENGTH - 2 or any(sign not in _USCI_VALUES for sign in code):
        raise IdentityError(
            f"{first_sixteen!r} cannot begin a credit identifier:"
            f" 16 characters of {_USCI_ALPHABET} are needed"
        )
    code += _organisation_check(code[8:])
    return code + _usci_check(code)


def make_usci(registrar: str, kind: str, area: str, serial: str) -> str:
    """Build a valid credit identifier from its parts, for simulated institutions.

    Registrar: 1 character (9 market supervision, 5 civil affairs); kind: 1 character (1 company or,
    under registrar 5, 2 non-profit unit); area: 6 digits of GB/T 2260; serial: 8 characters of the
    organisation code. Raises IdentityError when a part has another length or a wrong character.
    """
    lengths = (len(registrar), len(kind), len(area), len(serial))
    if lengths != (1, 1, 6, 8):
        raise IdentityError(f"parts of a credit identifier have {lengths} characters, not 1 1 6 8")
    return usci_with_check(registrar + kind + area + serial)


def bank_code_error(text: str) -> CodeFault | None:
    """Say why a 12-digit bank code (CNAPS) is invalid, or None when its check digit holds.

    3 digits bank, 4 area, 4 branch, 1 check by ISO 7064 MOD 11,10 (GB/T 17710). The text is read in
    NFKC. A passing check is no proof that the branch exists.
    """
    code = _plain_code(text)
    if len(code) != BANK_CODE_LENGTH:
        return CodeFault.LENGTH
    if not (code.isascii() and code.isdecimal()):
        return CodeFault.CHARACTER
    if code[-1] != _bank_code_check(code[:-1]):
        return CodeFault.CHECK
    return None


def make_bank_code(first_eleven: str) -> str:
    """Append the check digit to the first 11 digits of a bank code.

    Raises IdentityError when they are not 11 ASCII digits.
    """
    is_digits = first_eleven.isascii() and first_eleven.isdecimal()
    if len(first_eleven) != BANK_CODE_LENGTH - 1 or not is_digits:
        raise IdentityError(f"{first_eleven!r} cannot begin a bank code: 11 digits are needed")
    return first_eleven + _bank_code_check(first_eleven)


@lru_cache(maxsize=_CACHED_TEXTS_MAX)
def normalise_name(text: str) -> str:
    """Bring a name into the form in which names are compared: NFKC, blanks collapsed, case kept."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


@lru_cache(maxsize=_CACHED_TEXTS_MAX)
def reference_runs(text: str) -> tuple[str, ...]:
    """Give the whole maximal runs of A-Z, 0-9 and "-" of a remittance, in order, each once.

    The text is read in NFKC and upper case. A contract number counts only as a whole run, so
    "HT-12" is not found in "HT-123".
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return tuple(dict.fromkeys(_REFERENCE_RUN.findall(plain.upper())))


@lru_cache(maxsize=_CACHED_TEXTS_MAX)
def reference_of(number: str) -> str:
    """A number as a whole run of a remittance text, empty when it can never be one."""
    plain = number.strip()
    if plain.isascii() and plain.replace("-", "").isalnum():  # nearly every number
        return plain.upper()
    runs = reference_runs(number)
    return runs[0] if len(runs) == 1 and len(runs[0]) == len(plain) else ""


def mask_name(text: str) -> str:
    """Show only the first character of a name, of a single one none: "张三丰" is "张**"."""
    if len(text) <= 1:
        return "*" * len(text)
    return text[0] + "*" * (len(text) - 1)


def mask_account(text: str) -> str:
    """Show only the ends of an account number: "6222021234567890" is "6222********7890".

    Up to 8 characters only the last two are shown, and of one or two none.
    """
    length = len(text)
    if length > _ACCOUNT_SHORT_MAX:
        return text[:4] + "*" * (length - 8) + text[-4:]
    if length > _ACCOUNT_ENDING_SHOWN:
        return "*" * (length - _ACCOUNT_ENDING_SHOWN) + text[-_ACCOUNT_ENDING_SHOWN:]
    return "*" * length


def content_hash(data: bytes) -> str:
    """Give the SHA-256 of bytes as 64 lower-case hexadecimal characters."""
    return hashlib.sha256(data).hexdigest()


def join_id(*parts: str) -> str:
    """Join the parts of an id by "/", so that different parts never make the same id.

    Inside a part "%" is written %25 and "/" is written %2F. At least one part is needed.
    """
    assert parts, "an id has at least one part"
    joined = "/".join(parts)
    if "%" not in joined and joined.count("/") == len(parts) - 1:
        return joined
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


def _plain_code(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper()


def _usci_check(first_seventeen: str) -> str:
    weighted = zip(first_seventeen, _USCI_WEIGHTS, strict=True)
    total = sum(_USCI_VALUES[sign] * weight for sign, weight in weighted)
    return _USCI_ALPHABET[-total % 31]


def _organisation_check(first_eight: str) -> str:
    # GB 11714 counts plain A=10 … Z=35, unlike the credit identifier around it.
    weighted = zip(first_eight, _ORGANISATION_WEIGHTS, strict=True)
    check = -sum(int(sign, 36) * weight for sign, weight in weighted) % 11
    return "X" if check == _CHECK_X else str(check)


def _bank_code_check(first_eleven: str) -> str:
    product = 10
    for digit in first_eleven:
        product = 2 * ((product + int(digit)) % 10 or 10) % 11
    return str((11 - product) % 10)


_NOBODY: Final = "account:"
_MERCHANT: Final = "merchant:"


def merchant_account(code: str) -> str:
    """What stands in the place of an account number for a merchant code at a payment company.

    No account number has a colon, so the two never meet.
    """
    return _MERCHANT + code


def merchant_code_of(account: str) -> str | None:
    """The merchant code for which this stands; None for a bank account."""
    return account.removeprefix(_MERCHANT) if account.startswith(_MERCHANT) else None


def nobody_of(account: str) -> str:
    """What stands in the place of the institution for an account that nobody registered."""
    return _NOBODY + account


def account_of_nobody(institution: str) -> str | None:
    """The account for which this stands in the place of an institution; None for a real one."""
    return institution.removeprefix(_NOBODY) if institution.startswith(_NOBODY) else None
