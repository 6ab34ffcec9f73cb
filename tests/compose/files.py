"""docker-compose.yml as Compose reads it: variables filled in, and only the parts that we use.

No engine is needed. The classes are strict: a part that they do not know is a fault, because
nothing here would check it.
"""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tests.house import ROOT

Seconds = Annotated[str, StringConstraints(pattern=r"^\d+s$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]
# Pinned: a version, and no tag that moves.
Image = Annotated[str, StringConstraints(pattern=r"^[a-z/-]+:v?\d+\.\d+[\w.-]*$")]
Port = Annotated[str, StringConstraints(pattern=r"^127\.0\.0\.1:\d+:\d+$")]
Volume = Annotated[str, StringConstraints(pattern=r"^[\w./-]+:/[\w/-]+(:ro)?$")]

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class Part(BaseModel):
    """A mapping of the file; what it does not name must not be there."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Health(Part):
    """How the engine asks a container whether it is well."""

    test: Annotated[list[str], Field(min_length=2)]
    interval: Seconds
    timeout: Seconds
    start_period: Seconds


class Dependency(Part):
    """What another service must have come to first."""

    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]
    restart: bool = False


class Service(Part):
    """One service."""

    image: Image
    build: Literal["."] | None = None
    user: str | None = None
    read_only: bool = False
    tmpfs: list[str] = []
    cap_drop: list[str]
    security_opt: list[str]
    restart: Literal["no", "unless-stopped"]
    entrypoint: list[str] | None = None
    command: list[str] = []
    environment: dict[str, str] = {}
    volumes: list[Volume] = []
    ports: list[Port] = []
    networks: list[Name] = []
    network_mode: Annotated[str, StringConstraints(pattern=r"^service:[a-z]+$")] | None = None
    healthcheck: Health | None = None
    depends_on: dict[Name, Dependency] = {}
    stop_grace_period: Seconds | None = None
    stop_signal: Literal["SIGINT"] | None = None
    shm_size: Annotated[str, StringConstraints(pattern=r"^\d+mb$")] | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it runs our own image."""
        return self.build is not None


class Network(Part):
    """A network; an internal one has no way out."""

    internal: bool = False


class Compose(Part):
    """The whole file, without the parts that are only repeated in it (`x-…`)."""

    name: Name
    services: dict[Name, Service]
    networks: dict[Name, Network]
    volumes: dict[Name, Part]


def example_environment() -> dict[str, str]:
    """What .env.example sets."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def filled_in(text: str, environment: Mapping[str, str]) -> str:
    """The text with each `${NAME:-default}` and `${NAME:?why}` in place; KeyError: unset."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        return environment.get(name) or (rest if kind == "-" else environment[name])

    return _VARIABLE.sub(value, text)


def variables() -> set[str]:
    """The variables that docker-compose.yml asks for."""
    return {found[0] for found in _VARIABLE.findall(_text())}


def compose(environment: Mapping[str, str] = os.environ) -> Compose:
    """The file, read with these variables."""
    parts = yaml.safe_load(filled_in(_text(), environment))
    return Compose.model_validate({k: v for k, v in parts.items() if not k.startswith("x-")})


def _text() -> str:
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
