"""Settings come from ESCROW_ variables, and a value that cannot work is refused at the start."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import Settings, archive_beside


@pytest.fixture(autouse=True)
def _no_settings_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ESCROW_{name.upper()}", raising=False)


def test_defaults_serve_one_machine() -> None:
    """Without any variable the program runs on one machine, in Chinese, for Nanchang."""
    settings = Settings()

    assert "sqlite:///escrow.db" == settings.database_url
    assert Path("archive") == settings.archive
    assert ("nanchang", "zh") == (settings.city, settings.language)
    assert ("127.0.0.1", 8765) == (settings.host, settings.port)


def test_variables_win_over_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting is read from the variable of its name with the prefix ESCROW_."""
    monkeypatch.setenv("ESCROW_PORT", "9000")
    monkeypatch.setenv("ESCROW_LANGUAGE", "en")
    monkeypatch.setenv("ESCROW_ARCHIVE_DIR", "/srv/escrow/files")
    settings = Settings()

    assert (9000, "en") == (settings.port, settings.language)
    assert Path("/srv/escrow/files") == settings.archive


def test_empty_variable_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable set to nothing, as in an unfilled env file, leaves the default."""
    monkeypatch.setenv("ESCROW_PORT", "")

    assert 8765 == Settings().port


@pytest.mark.parametrize(
    ("database_url", "expected"),
    [
        ("sqlite:///escrow.db", "archive"),
        ("sqlite:///city/escrow.db", "city/archive"),
        ("sqlite:////srv/escrow/escrow.db", "/srv/escrow/archive"),
        ("sqlite://", "archive"),
        ("sqlite:///:memory:", "archive"),
        ("postgresql+psycopg://escrow@db/escrow", "archive"),
    ],
)
def test_archive_lies_beside_the_database_file(database_url: str, expected: str) -> None:
    """The default archive is a neighbour of the SQLite file; other databases have no neighbour."""
    assert Path(expected) == archive_beside(database_url)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("ESCROW_HOST", "0.0.0.0", "can be reached by others"),  # noqa: S104 - that is refused
        ("ESCROW_HOST", "inbox.example", "does not appear to be an IPv4 or IPv6 address"),
        ("ESCROW_PORT", "0", "greater than or equal to 1"),
        ("ESCROW_PORT", "65536", "less than or equal to 65535"),
        ("ESCROW_LANGUAGE", "fr", "'zh' or 'en'"),
        ("ESCROW_CITY", "../etc", "should match pattern"),
        ("ESCROW_DATABASE_URL", "escrow.db", "is no database URL"),
    ],
)
def test_value_that_cannot_work_is_refused(
    variable: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the reason, before anything is opened."""
    monkeypatch.setenv(variable, value)

    with pytest.raises(ValidationError, match=reason):
        Settings()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_addresses_are_accepted(host: str) -> None:
    """Every name of this machine for itself may serve the inbox."""
    assert host == Settings(host=host).host
