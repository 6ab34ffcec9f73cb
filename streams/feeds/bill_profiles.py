"""What the columns of payment companies' bills mean, as checked declarations in YAML."""

from functools import cache, cached_property
from pathlib import Path
from typing import Literal, TypeVar

import pydantic

from streams.feeds.profiles import read_profiles
from streams.feeds.records import FeedRefused
from streams.feeds.text import heading

MERCHANTS = Path(__file__).resolve().parents[2] / "config" / "merchants"

Column = Literal[
    "booked_at", "merchant", "sub_merchant", "number", "order", "state", "currency", "amount",
    "refund_number", "refund_amount", "refund_state", "refund_at", "name", "text", "fee", "share",
]  # fmt: skip
Total = Literal["rows", "payments", "refunds", "fees", "net"]
Name = TypeVar("Name", Column, Total)

_NEEDED: dict[str, set[Column]] = {
    "wechat": {"booked_at", "merchant", "number", "state", "amount", "fee"},
    "alipay": {"booked_at", "number", "state", "amount", "fee"},
}


class BillProfile(pydantic.BaseModel):
    """One kind of bill of one payment company.

    `totals` names what the bill says of its own sums, `summary` what a second file beside it says.
    `merchant_suffix` stands behind the merchant's number and is no part of it. With `advice` the
    bill is known and not read: it says what to deliver instead.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    id: str
    channel: Literal["wechat", "alipay"]
    product: str
    status: Literal["verified", "unverified"]
    required: tuple[str, ...]
    columns: dict[Column, tuple[str, ...]] = {}
    totals: dict[Total, tuple[str, ...]] = {}
    summary: dict[Total, tuple[str, ...]] = {}
    advice: str = ""
    merchant_suffix: str = ""

    @pydantic.model_validator(mode="after")
    def _has_what_its_reader_needs(self) -> "BillProfile":
        missing = _NEEDED[self.channel] - self.columns.keys()
        if missing and not self.advice:
            raise ValueError(f"a {self.channel} bill needs {', '.join(sorted(missing))}")
        return self

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(map(heading, self.required))

    @cached_property
    def _summary(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(map(heading, names)) for names in self.summary.values())

    def heads(self, cells: list[str]) -> bool:
        """Whether this row is the heading of such a bill."""
        return len(cells) >= len(self.required) and self._required.issubset(map(heading, cells))

    def heads_summary(self, cells: list[str]) -> bool:
        """Whether this row is the heading of the summary beside such a bill."""
        names = frozenset(map(heading, cells))
        return bool(self._summary) and all(names & known for known in self._summary)

    def places(self, cells: list[str], position: str) -> dict[Column, int]:
        """Where each column stands. Raises FeedRefused for a name that stands there twice."""
        return _places(self.columns, cells, position)

    def places_of_totals(self, cells: list[str], position: str) -> dict[Total, int]:
        """Likewise in the heading of the totals."""
        return _places(self.totals, cells, position)

    def places_in_summary(self, cells: list[str], position: str) -> dict[Total, int]:
        """Likewise in the heading of the summary."""
        return _places(self.summary, cells, position)


def _places(names: dict[Name, tuple[str, ...]], cells: list[str], position: str) -> dict[Name, int]:
    headings = [heading(cell) for cell in cells]
    found = {}
    for name, known in names.items():
        places = [at for at, one in enumerate(headings) if one in set(map(heading, known))]
        if len(places) > 1:
            raise FeedRefused(f"{' or '.join(known)} stands in the heading twice", position)
        if places:
            found[name] = places[0]
    return found


@cache
def load_bill_profiles(folder: Path = MERCHANTS) -> dict[str, BillProfile]:
    """All bills by id, which is the file's name. Raises ConfigError naming the file."""
    return read_profiles(folder, BillProfile)


def bill_of(cells: list[str]) -> str | None:
    """The bill of which this row is the heading; None for none.

    Raises FeedRefused for one that is known and not read.
    """
    for name, one in load_bill_profiles().items():
        if one.heads(cells):
            if one.advice:
                raise FeedRefused(one.advice, "row 1")
            return name
    return None
