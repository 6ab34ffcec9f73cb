"""`python -m streams.fact_schema` writes the JSON Schema of all facts to docs/."""

from pathlib import Path

import msgspec

from models.facts import Fact

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "facts.schema.json"


def fact_schema() -> str:
    """JSON Schema (2020-12) of one fact, as a line of a feed of JSON lines states it."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fact",
        **msgspec.json.schema(Fact),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(fact_schema(), encoding="utf-8")
