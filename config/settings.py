"""What an operator sets for one installation: `ESCROW_` variables, checked at the start.

Values of law are no settings: they lie in `config/policy`. docs/settings.md lists every setting.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


class Settings(BaseSettings):
    """One installation. A command's own option, such as `--db`, goes before the variable."""

    model_config = SettingsConfigDict(
        env_prefix="ESCROW_", env_ignore_empty=True, extra="forbid", frozen=True
    )

    database_url: str = Field(
        default="sqlite:///escrow.db",
        description="Where the journal, the findings and the cases are kept, as an SQLAlchemy URL.",
    )
    archive_dir: Path | None = Field(
        default=None,
        description="Where the bytes of every delivered file are kept. "
        "Without it: the folder `archive` beside an SQLite file, else in the working folder.",
    )
    city: str = Field(
        default="nanchang",
        pattern=r"^[a-z]+(-[a-z]+)*$",
        description="The area whose policy applies, named as its folder under `config/policy`.",
    )
    policy_dir: Path | None = Field(
        default=None,
        description="The folder of the policy. Without it: `config/policy` of this release.",
    )
    calendar_dir: Path | None = Field(
        default=None,
        description="The folder of the working-day calendars `<year>.yaml`. "
        "Without it: `config/calendars` of this release.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="The loopback address on which the inbox listens; any other is refused "
        "as long as there is no login.",
    )
    port: int = Field(
        default=8765, ge=1, le=65535, description="The port on which the inbox listens."
    )
    feeds_port: int = Field(
        default=8766, ge=1, le=65535, description="The port on which `escrow receive` listens."
    )
    feeds_secret: Path | None = Field(
        default=None,
        description="The file with the secret of which the keys of feeds are made, readable by its "
        "owner alone. Without it: `feeds.secret` beside the archive.",
    )
    delivery_bytes_max: int = Field(
        default=100_000_000, ge=1, description="How large a body the API takes, in bytes."
    )
    broker: str = Field(
        default="127.0.0.1:9092",
        description="Where Kafka answers, as host:port, several with commas between them; "
        "only the gateway, the workers and `escrow topics` ask it.",
    )
    institutions_max: int = Field(
        default=5_000,
        ge=1,
        description="How many institutions a process keeps in memory; others are replayed from "
        "the journal when a fact of theirs comes. About 8 MB for a year of one.",
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        description="The address on which a worker or a gateway serves /metrics and /ready.",
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="The port for that; 0 lets the system choose one, and the log says which.",
    )
    language: Literal["zh", "en"] = Field(
        default="zh", description="The language of pages and texts until a reader picks another."
    )

    @field_validator("database_url")
    @classmethod
    def _is_a_database_url(cls, url: str) -> str:
        try:
            make_url(url)
        except ArgumentError:
            raise ValueError(
                "is no database URL; write sqlite:///escrow.db for a file in the working folder"
            ) from None
        return url

    @field_validator("host")
    @classmethod
    def _is_loopback(cls, host: str) -> str:
        """Refuse addresses that others can reach: there is no login yet."""
        if host != "localhost" and not ip_address(host).is_loopback:
            raise ValueError(f"{host} can be reached by others; use 127.0.0.1, ::1 or localhost")
        return host

    @property
    def archive(self) -> Path:
        """The folder of the archive, with its default worked out."""
        return self.archive_dir or archive_beside(self.database_url)


def archive_beside(database_url: str) -> Path:
    """The archive's default place: beside an SQLite file, else in the working folder."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return Path(url.database).parent / "archive"
    return Path("archive")
