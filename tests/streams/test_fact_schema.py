"""The JSON Schema in docs/ is that of the facts."""

from typing import get_args

import msgspec

from models.facts import Fact
from streams.fact_schema import DOCUMENT, fact_schema


def test_document_is_the_schema_of_the_facts() -> None:
    """The file equals what `python -m streams.fact_schema` would write."""
    assert fact_schema() == DOCUMENT.read_text(encoding="utf-8")


def test_every_kind_of_fact_is_described() -> None:
    """Each kind has its definition, chosen by the field `kind`."""
    schema = msgspec.json.decode(fact_schema())

    assert {kind.__name__ for kind in get_args(Fact)} == set(schema["discriminator"]["mapping"])
