"""Names and account numbers as pages show them: masked, also inside texts that quote them."""

import re
from collections.abc import Iterable, Iterator

from models import facts as f
from models.identity import mask_account, mask_name

# What a free text may hold beside the values that its fact states: card, account and identity
# numbers, mobile phones. A run that is part of a contract number ("HT-2024…") is left alone.
_LONG_NUMBER = re.compile(r"(?<![\w-])\d{12,}[Xx]?(?![\w-])", re.ASCII)
_MOBILE = re.compile(r"(?<![\w-])1[3-9]\d{9}(?![\w-])", re.ASCII)
_NAME_LENGTH_MIN = 2
_ACCOUNT_LENGTH_MIN = 4

# Fields by what they hold; every other field is shown as it is.
ACCOUNT_FIELDS = {
    *("account", "counterparty_account", "payee_account", "settles_to", "sub_account"),
}
NAME_FIELDS = {"counterparty_name", "student", "legal_representative"}


class Masker:
    """Masks known names and account numbers wherever a text mentions them.

    `public` holds what stays readable although a bank quotes it as a name or number: the
    registered names of institutions and the numbers of contracts.
    """

    def __init__(
        self,
        names: Iterable[str] = (),
        accounts: Iterable[str] = (),
        public: Iterable[str] = (),
    ) -> None:
        self._public = {text for text in public if text}
        table = {
            name: mask_name(name)
            for name in names
            if len(name) >= _NAME_LENGTH_MIN and name not in self._public
        }
        table |= {
            account: mask_account(account)
            for account in accounts
            if len(account) >= _ACCOUNT_LENGTH_MIN
        }
        self._table = table
        # The longest first: a short name inside a long one must not leave the rest readable.
        words = sorted({*table, *self._public}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, words))) if words else None

    def name(self, text: str) -> str:
        """A name of its own, masked unless it is public."""
        return text if text in self._public else mask_name(text)

    def text(self, text: str) -> str:
        """A text with every known name and number in it masked, and long numbers besides."""
        if self._known is None:
            return _mask_numbers(text)
        pieces, end = [], 0
        for match in self._known.finditer(text):
            word = match.group()
            pieces += [_mask_numbers(text[end : match.start()]), self._table.get(word, word)]
            end = match.end()
        return "".join(pieces) + _mask_numbers(text[end:])


def masker_of(told: Iterable[f.Fact], accounts: Iterable[str], public: Iterable[str]) -> Masker:
    """A masker that knows every name and account number that these facts state."""
    names, numbers, shown = set[str](), set(accounts), set(public)
    for fact in told:
        names.update(_names(fact))
        numbers.update(_accounts(fact))
        if isinstance(fact, f.ContractStated):
            shown.update((fact.number, fact.order_number))
        if isinstance(fact, f.InstitutionStated):
            shown.add(fact.name)
        if isinstance(fact, f.MerchantCodeStated):
            shown.add(fact.company)
    return Masker(names, numbers - {""}, shown)


def _names(fact: f.Fact) -> Iterator[str]:
    for field in NAME_FIELDS & set(fact.__struct_fields__):
        yield getattr(fact, field)
    match fact:
        case f.ContractStated(payers=payers):
            yield from payers
        case f.AccountStated(name=name) | f.RelatedPartyStated(name=name):
            yield name


def _accounts(fact: f.Fact) -> Iterator[str]:
    for field in ACCOUNT_FIELDS & set(fact.__struct_fields__):
        yield getattr(fact, field)


def _mask_numbers(text: str) -> str:
    text = _LONG_NUMBER.sub(lambda match: mask_account(match.group()), text)
    return _MOBILE.sub(lambda match: mask_account(match.group()), text)
