"""Patrol reports and register changes in the words of the pages."""

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.inbox import journal
from alerts.inbox.field_words import kind_word
from alerts.inbox.masking import Masker
from alerts.inbox.presenting import Lister, differences
from alerts.inbox.signals import AccountsChanged, Event, Patrol, RowChanged, changed_fields
from models.identity import mask_account


@dataclass(frozen=True)
class Happened:
    """A row of the list of events: what it is called, and what was said or changed."""

    event: Event
    token: str
    what: str
    text: str


def happened(events: Iterable[Event], lister: Lister) -> list[Happened]:
    """Events in words: patrols by their text, changes as old → new, one row a changed field."""
    rows = []
    for event in events:
        rows += [
            Happened(event, journal.token(event.fact_id), what, text)
            for what, text in _told(event, lister)
        ]
    return rows


def _told(event: Event, lister: Lister) -> list[tuple[str, str]]:
    match event:
        case Patrol(level=level, about=about):
            what = kind_word("PatrolReported", lister.language)
            return [(f"{what} · {lister.t('told-' + level)}", about or "—")]
        case RowChanged(before=before, after=after):
            fields = changed_fields(event)
            changed = differences(before, after, fields, Masker(), lister.language)
            return [(name, f"{old} → {new}") for name, old, new in changed]
        case AccountsChanged(before=held, after=holds):
            return [(lister.t("dedicated-account"), f"{_accounts(held)} → {_accounts(holds)}")]


def _accounts(numbers: tuple[str, ...]) -> str:
    return ", ".join(map(mask_account, numbers)) or "—"
