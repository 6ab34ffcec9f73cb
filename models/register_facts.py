"""Rows of registers as facts: dated full states. Several contents of one id are versions.

models.facts hands them on together with what happens and what people decide.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Hours = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class Base(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    gc=False,
):
    """What all facts share: the wire form is a JSON object whose `kind` names the class."""


class InstitutionStated(Base, frozen=True, tag=True):
    """A row of the register of institutions, in force from `valid_from`.

    `licence` void and a non-profit change (营转非) that is due and not done bar charging.
    """

    institution: Text
    valid_from: date
    name: Text
    usci: str = ""
    legal_form: str = ""
    licence: Literal["valid", "void"] = "valid"
    nonprofit_change_due: date | None = None
    nonprofit_change_done: bool = False
    legal_representative: str = ""
    city: str = ""
    county: str = ""
    capital_fen: Amount | None = None


class AccountStated(Base, frozen=True, tag=True):
    """An account and its owner from `valid_from`; `valid_to` ends the designation only (G8)."""

    account: Text
    institution: Text
    valid_from: date
    purpose: Literal["dedicated", "reserve", "settlement", "other"]
    valid_to: date | None = None
    name: str = ""
    bank: str = ""


class CustodyStated(Base, frozen=True, tag=True):
    """A custody (银行托管) or reserve (风险保证金) agreement, both days included."""

    institution: Text
    number: Text
    valid_from: date
    mode: Literal["custody", "reserve"]
    valid_to: date | None = None
    account: str = ""
    minimum_fen: Amount | None = None


class FeeStated(Base, frozen=True, tag=True):
    """A published fee item (收费公示) with its price per contract."""

    institution: Text
    number: Text
    valid_from: date
    name: str = ""
    price_fen: Amount = 0


class Instalment(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A part of a contract's price and what it buys; `due` missing means `begins` (C2)."""

    amount_fen: Amount
    due: date | None = None
    hours_hundredths: Hours | None = None
    begins: date | None = None
    ends: date | None = None


class Stage(msgspec.Struct, frozen=True, gc=False):
    """Of a release schedule: from this taught share on, this share may be released (R2)."""

    taught_percent: Percent
    released_percent: Percent


class ContractStated(Base, frozen=True, tag=True):
    """A contract between an institution and a family.

    Hours are hundredths of a class hour as the contract counts them; `minutes` is the length of
    one of them (missing: one standard class hour each). `academic` unknown is None.
    `fee_item` is the number of the published fee; `class_size` the most students of a class.
    `release` says when money may be released where no stages do: in step with teaching (empty), in
    equal parts at the end of each month of the course, or so many working days after its end.
    """

    institution: Text
    number: Text
    signed: date
    price_fen: Amount
    payers: tuple[str, ...] = ()
    student: str = ""
    order_number: str = ""
    sub_account: str = ""
    subject: str = ""
    academic: bool | None = None
    online: bool = False
    paid_hours_hundredths: Hours | None = None
    bonus_hours_hundredths: Hours = 0
    minutes: Count | None = None
    sessions: Count | None = None
    begins: date | None = None
    ends: date | None = None
    instalments: tuple[Instalment, ...] = ()
    stages: tuple[Stage, ...] = ()
    payee_account: str = ""
    merchant_code: str = ""
    refund_term_days: Count | None = None
    fee_item: str = ""
    class_size: Count | None = None
    stage: Literal["", "primary", "junior", "senior"] = ""
    release: Literal["", "monthly", "after-end"] = ""
    release_working_days: Count | None = None


class RelatedPartyStated(Base, frozen=True, tag=True):
    """A party related to an institution: founder, legal representative, relative, company."""

    institution: Text
    number: Text
    valid_from: date
    name: str = ""
    relation: str = ""
    account: str = ""


class MerchantCodeStated(Base, frozen=True, tag=True):
    """A payment company's merchant code and the account to which it settles."""

    institution: Text
    number: Text
    valid_from: date
    valid_to: date | None = None
    company: str = ""
    settles_to: str = ""


class TermStated(Base, frozen=True, tag=True):
    """A school term or vacation of an area."""

    institution: Text
    number: Text
    valid_from: date
    valid_to: date | None = None
    name: str = ""
