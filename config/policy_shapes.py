"""What may stand in a file of the policy: its keys and the types of their values."""

from datetime import date
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator

from models.policy import Steps, Value

SWITCH, WORDS = "switch", "words"
UNITS = {
    *("months", "days", "working_days", "class_hours", "minutes", "fen", "changes"),
    *("percent", "percent_of_paid", "count", "points", "times", SWITCH, WORDS),
}

Word = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Shape(BaseModel):
    """Exactly the declared keys, of exactly the declared types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ClauseShape(_Shape):
    """A text from its first day on."""

    since: date
    basis: Word


class ValueShape(ClauseShape):
    """A value of any kind, and the text that gives it."""

    value: Value

    @field_validator("value", mode="plain")
    @classmethod
    def _is_a_value(cls, value: object) -> Value:
        """Refuse what is no kind of value, with one message for all kinds."""
        if isinstance(value, list):
            if not value or not all(isinstance(word, str) and word.strip() for word in value):
                raise ValueError(f"{value!r} is no list of words")
            if len(set(value)) < len(value):
                raise ValueError(f"{value!r} has a word twice")
            return tuple(value)
        numbers = value.values() if isinstance(value, dict) else [value]
        if not (
            isinstance(value, bool)
            or all(type(number) is int and number >= 0 for number in numbers)
        ):
            raise ValueError(
                f"{value!r} is no whole number from 0, no switch, no steps of these and no words"
            )
        return cast("int | bool | Steps", value)


class AreaParameter(_Shape):
    """The values that differ where an area or a contract has its own."""

    values: list[ValueShape] = Field(min_length=1)


class NationalParameter(_Shape):
    """A parameter as national/ declares it, perhaps without a value."""

    unit: Word
    description: Word
    values: list[ValueShape]


class Override(_Shape):
    """What differs of one rule."""

    clauses: list[ClauseShape] = []
    parameters: dict[Word, AreaParameter] = {}


class AreaRule(Override):
    """A file of an area."""

    rule: Word


class NationalRule(_Shape):
    """A file of national/."""

    rule: Word
    per_contract: bool = False
    uses: list[Word] = []
    clauses: list[ClauseShape] = []
    parameters: dict[Word, NationalParameter]


class Contracts(_Shape):
    """A file of contract/: what single contracts of one institution have of their own."""

    institution: Word
    contracts: dict[Word, dict[Word, Override]] = Field(min_length=1)


class City(_Shape):
    """A line of areas.yaml."""

    name: Word
    province: Word | None = None
