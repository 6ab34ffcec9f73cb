"""A feed that is declared to notify only: shown, counted nowhere, and closing no day."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from config.load import ConfigError
from models.facts import EntryAnnounced, EntryBooked
from streams.feeds import notifying
from streams.feeds.intake import ProvedFile, told
from streams.feeds.notifying import load_notifying
from tests.feeds.made import proved
from tests.streams.deliveries import statement

Declare = Callable[[str], None]
DAY = date(2024, 3, 5)
MINE = statement("62-A", DAY, 0, ("C", 600_000, "HT-1"), ("D", 100, "x"))
OTHER = statement("62-B", DAY, 0, ("C", 600_000, "HT-1"))


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Declare]:
    """Writes what an installation declares."""

    def write(text: str) -> None:
        path = tmp_path / "notifications.yaml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(notifying, "DECLARED", path)
        load_notifying.cache_clear()

    yield write
    load_notifying.cache_clear()


def _kinds(file: ProvedFile) -> list[str]:
    return sorted(type(one.fact).__name__ for one in told(file))


WHOLE = ["BalanceReported", "BalanceReported", "EntryBooked", "EntryBooked", "StatementReceived"]


@pytest.mark.parametrize(
    ("line", "is_counted"),
    [
        ('{ account: "62-A", formats: [camt.053] }', False),
        ('{ account: "62-A", formats: [mt940, camt] }', False),
        ("{ account: any, formats: [camt.053.001.08] }", False),
        ('{ account: "62-A", formats: [camt.054, mt940] }', True),
        ('{ account: "62-A", formats: [camt.053.001.0] }', True),
        ('{ account: "62-B", formats: [camt.053] }', True),
    ],
)
def test_only_what_is_declared_notifies(declare: Declare, line: str, *, is_counted: bool) -> None:
    """By account and format; another account or format counts as before."""
    declare(f"notification_only:\n  - {line}\n")
    file = proved(MINE)

    assert (WHOLE if is_counted else ["EntryAnnounced"] * 2) == _kinds(file)
    assert (DAY if is_counted else None) == file.accepted_until
    assert file.facts == len(_kinds(file))


def test_an_announced_entry_says_what_the_booked_one_did(declare: Declare) -> None:
    """Day, reference, amount, direction and texts stay; the status is INFO."""
    (booked, *_) = [one.fact for one in told(proved(MINE)) if isinstance(one.fact, EntryBooked)]
    declare("notification_only:\n  - { account: any, formats: [camt] }\n")
    (first, *_) = [one.fact for one in told(proved(MINE))]

    assert isinstance(first, EntryAnnounced)
    assert first.status == "INFO"
    for name in ("account", "booking_date", "serial", "amount_fen", "direction", "remittance"):
        assert getattr(booked, name) == getattr(first, name)


def test_accounts_of_one_file_are_told_apart(declare: Declare) -> None:
    """One statement of the file notifies, the other counts."""
    declare('notification_only:\n  - { account: "62-B", formats: [camt] }\n')
    inner = OTHER[OTHER.index("<Stmt>") : OTHER.index("</BkToCstmrStmt>")]
    file = proved(MINE.replace("</BkToCstmrStmt>", f"{inner}</BkToCstmrStmt>"))

    assert ["BalanceReported"] * 2 + ["EntryAnnounced"] == _kinds(file)[:3]
    assert {"62-A"} == {one.fact.account for one in told(file) if isinstance(one.fact, EntryBooked)}


@pytest.mark.parametrize(
    "text",
    [
        "notification_only: [{ account: any }]\n",
        "notification_only: [{ account: any, formats: [] }]\n",
        "notification_only: [{ account: any, formats: [camt], feed: x }]\n",
        "notifies: []\n",
    ],
)
def test_a_wrong_declaration_names_its_file(declare: Declare, text: str) -> None:
    """Nothing is taken in by a declaration that says less or more than it may."""
    declare(text)
    with pytest.raises(ConfigError, match=r"notifications\.yaml"):
        load_notifying()


def test_the_installed_declaration_is_empty() -> None:
    """As delivered, every feed counts."""
    load_notifying.cache_clear()
    assert load_notifying() == ()
