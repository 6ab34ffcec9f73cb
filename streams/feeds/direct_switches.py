"""Which bank-direct formats this installation takes in: unverified ones only by hand."""

from pathlib import Path
from typing import Literal

import pydantic

from config.load import ConfigError, read_yaml
from streams.feeds.records import FeedRefused

SWITCHES = Path(__file__).resolve().parents[2] / "config" / "direct.yaml"


class Switch(pydantic.BaseModel):
    """Whether a format was compared with the bank's manual, and whether it is taken in."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    status: Literal["verified", "unverified"]
    enabled: bool


_SHAPE = pydantic.TypeAdapter(dict[str, Switch])


def load_switches() -> dict[str, Switch]:
    """The switch of each bank-direct format. Raises ConfigError naming the file."""
    try:
        return _SHAPE.validate_python(read_yaml(SWITCHES))
    except pydantic.ValidationError as error:
        raise ConfigError(f"{SWITCHES}: {error}") from error


def note_of(name: str) -> str:
    """What is said behind every place in a file of that format; empty when it is verified."""
    return f", {name} is unverified" if load_switches()[name].status == "unverified" else ""


def refuse_disabled(name: str) -> None:
    """Raise FeedRefused for a format that nobody enabled, with the way to enable it."""
    if load_switches()[name].enabled:
        return
    reason = (
        f"{name} is unverified: no bank's manual was at hand. Compare it with your bank's manual,"
        f" then set `enabled: true` for it in config/{SWITCHES.name}"
    )
    raise FeedRefused(reason, "byte 0")
