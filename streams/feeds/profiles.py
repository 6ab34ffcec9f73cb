"""Bank profiles: what the columns of a bank's export mean, as checked declarations in YAML."""

from functools import cache, cached_property
from pathlib import Path
from typing import Literal, TypeVar

import pydantic

from config.load import ConfigError, read_yaml
from streams.feeds.text import heading

Profile = TypeVar("Profile", bound=pydantic.BaseModel)

BANKS = Path(__file__).resolve().parents[2] / "config" / "banks"
HEADER_ROWS_MAX = 40

_CURRENCIES = {
    **dict.fromkeys(("人民币元", "人民币", "CNY", "RMB", "001", "01", "10", "156", ""), "CNY"),
    **dict.fromkeys(("人民币(CNY)", "人民币（CNY）", "CNY人民币", "元"), "CNY"),
    "美元": "USD",
    "欧元": "EUR",
    "港币": "HKD",
    "港元": "HKD",
    "日元": "JPY",
    "英镑": "GBP",
}

Column = Literal[
    "account", "time", "debit", "credit", "amount", "type", "balance", "currency",
    "booking_date", "value_date", "serial", "other_name", "other_account", "other_bank",
    "payer_bank", "payer_account", "payer_name", "payee_bank", "payee_account", "payee_name",
    "mark", "reversal_flag",
]  # fmt: skip
Stated = Literal[
    "account", "entries", "debits", "credits", "debit_fen", "credit_fen",
    "begins", "ends", "period", "opening", "closing", "created", "currency",
]  # fmt: skip


class BankProfile(pydantic.BaseModel):
    """One export of one bank.

    `signs` says how direction and sign are written. `two-columns`: a debit and a credit column, a
    negative amount is red ink (红字). `signed-by-type`: one signed amount, and a type that says
    who pays. `types` gives the direction of each word of the columns `type` and `mark`.

    Account and currency may stand above the heading instead of in columns. Without a column
    `serial`, or where it is empty, an entry is known by its content and its ordinal among equals.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    id: str
    bank: str
    product: str
    status: Literal["verified", "unverified"]
    rhythm: Literal["daily", "monthly"]
    signs: Literal["two-columns", "signed-by-type"]
    required: tuple[str, ...]
    columns: dict[Column, tuple[str, ...]]
    types: dict[str, Literal["C", "D"]] = {}
    remittance: tuple[str, ...]
    code: tuple[str, ...] = ()
    reversal_in: tuple[str, ...] = ()
    reversal_words: tuple[str, ...] = ()
    reversal_flags: tuple[str, ...] = ()
    preamble: dict[Stated, tuple[str, ...]] = {}

    @pydantic.model_validator(mode="after")
    def _columns_fit_the_signs(self) -> "BankProfile":
        wanted: set[Column] = {"balance", "booking_date"}
        if self.signs == "two-columns":
            wanted |= {"debit", "credit"}
        else:
            wanted |= {"type", "amount", "payer_account", "payee_account"}
        missing = wanted - self.columns.keys()
        if missing:
            raise ValueError(f"{self.signs} needs the columns {', '.join(sorted(missing))}")
        if "account" not in self.columns and "account" not in self.preamble:
            raise ValueError("the account must be a column or stand above the heading")
        return self

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(map(heading, self.required))

    def heads(self, cells: list[str]) -> bool:
        """Whether this row is the heading of this profile."""
        return len(cells) >= len(self.required) and self._required.issubset(map(heading, cells))


def profile_of(cells: list[str], profiles: dict[str, BankProfile]) -> str | None:
    """The profile whose heading this row is; of several the one that asks for most names.

    One bank's layouts may differ in a column that only one of them has. Raises ConfigError where
    two profiles ask for equally many.
    """
    fitting = {name: len(one.required) for name, one in profiles.items() if one.heads(cells)}
    best = [name for name, count in fitting.items() if count == max(fitting.values())]
    if len(best) > 1:
        raise ConfigError(f"the profiles {' and '.join(best)} fit one heading; tell them apart")
    return best[0] if best else None


@cache
def load_profiles(folder: Path = BANKS) -> dict[str, BankProfile]:
    """All profiles by id, which is the file's name. Raises ConfigError naming the file."""
    return read_profiles(folder, BankProfile)


def read_profiles(folder: Path, kind: type[Profile]) -> dict[str, Profile]:
    """The profiles of a folder by id, each read as `kind`. Raises ConfigError naming the file."""
    profiles: dict[str, Profile] = {}
    for path in sorted(folder.glob("*.yaml")):
        content = read_yaml(path)
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: a profile is a mapping")
        try:
            profiles[path.stem] = kind.model_validate({"id": path.stem, **content})
        except pydantic.ValidationError as error:
            raise ConfigError(f"{path}: {error}") from error
    return profiles


def currency_of(text: str) -> str | None:
    """The ISO code of a currency as banks write it; None for what is none."""
    known = _CURRENCIES.get(text)
    if known is None and len(text) == len("CNY") and text.isascii() and text.isupper():
        return text
    return known
