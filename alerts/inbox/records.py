"""The pages of the data itself: what is held, the delivered files, one fact with its original."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection, Row

from alerts.inbox import journal, queries
from alerts.inbox.field_words import kind_word
from alerts.inbox.frame import Inbox
from alerts.inbox.masking import Masker, masker_of
from alerts.inbox.originals import original
from alerts.inbox.presenting import fields, summary
from alerts.inbox.signals import mentioned
from alerts.inbox.words import Language
from alerts.texts import reason, rule_name
from models import facts as f
from models.identity import mask_account
from models.store import unpaired
from models.store.engine import reading

ROWS_A_SECTION = 20
ORIGINALS_MAX = 5
router = APIRouter(default_response_class=HTMLResponse)


class HeldQuery(BaseModel):
    """Which held rows: of one reason or of all, by pages."""

    reason: str = ""
    page: int = Field(default=1, ge=1, le=1_000_000)


class FileQuery(BaseModel):
    """Which files: of one state or of all, by pages."""

    state: str = ""
    page: int = Field(default=1, ge=1, le=1_000_000)


@router.get("/held")
def held(request: Request, asked: Annotated[HeldQuery, Query()]) -> HTMLResponse:
    """What waits, and why: held rows, refused files, contested facts, what cannot be decided."""
    inbox: Inbox = request.app.state.inbox
    lister = inbox.lister(request)
    with reading(inbox.engine) as connection:
        reasons = queries.held_by_kind_of_reason(connection)
        total = sum(count for reason, count in reasons if asked.reason in {"", reason})
        rows = queries.held(connection, asked.reason, page=asked.page, rows=queries.PAGE_ROWS)
        known = inbox.reading(connection)
        ambiguous, undecided = queries.cannot_decide_counts(connection)
        everyone = Masker()
        return inbox.page(
            request,
            "held.html",
            connection,
            reasons=reasons,
            asked=asked,
            total=total,
            pages=max(1, -(-total // queries.PAGE_ROWS)),
            rows=[(row, _masked_reason(row), mask_account(row.account)) for row in rows],
            refused=[
                (row, _reasons(row.receipt, everyone))
                for row in queries.files(connection, "refused", rows=ROWS_A_SECTION)
            ],
            refused_count=queries.file_states(connection).get("refused", 0),
            contested=_contested(connection, known.contested[:ROWS_A_SECTION], lister.language),
            contested_count=len(known.contested),
            entries=unpaired.held(connection, rows=ROWS_A_SECTION),
            entries_count=unpaired.count(connection),
            ambiguous=queries.cannot_decide(connection, matching=True, rows=ROWS_A_SECTION),
            ambiguous_count=ambiguous,
            undecided=queries.cannot_decide(connection, matching=False, rows=ROWS_A_SECTION),
            undecided_count=undecided,
            plain=everyone.text,
            mask_account=mask_account,
            names=queries.names(connection),
            rule_of=lambda found: rule_name(found.subject.partition("/")[0], lister.language),
            headline=lambda found: everyone.text(reason(found, lister.language)),
            unregistered=[
                (mask_account(stream.removeprefix("a:")), *rest)
                for stream, *rest in journal.unregistered(connection)
            ],
        )


@router.get("/files")
def files(request: Request, asked: Annotated[FileQuery, Query()]) -> HTMLResponse:
    """Every delivered file with what its receipt says."""
    inbox: Inbox = request.app.state.inbox
    with reading(inbox.engine) as connection:
        states = queries.file_states(connection)
        total = states.get(asked.state, 0) if asked.state else sum(states.values())
        return inbox.page(
            request,
            "files.html",
            connection,
            states=states,
            asked=asked,
            total=total,
            pages=max(1, -(-total // queries.PAGE_ROWS)),
            rows=queries.files(connection, asked.state, page=asked.page),
        )


@router.get("/files/{file_id}")
def file(request: Request, file_id: int) -> HTMLResponse:
    """One delivered file: its receipt as it was given."""
    inbox: Inbox = request.app.state.inbox
    with reading(inbox.engine) as connection:
        row = queries.file(connection, file_id)
        if row is None:
            raise HTTPException(404)
        masker = Masker()
        return inbox.page(
            request,
            "file.html",
            connection,
            row=row,
            receipt=masker.text(_pretty(row.receipt)),
            reasons=_reasons(row.receipt, masker),
        )


@router.get("/evidence/{token:path}")
def evidence(request: Request, token: str) -> HTMLResponse:
    """One fact: every content told, where each was read, and the original bytes there."""
    inbox: Inbox = request.app.state.inbox
    language = inbox.lister(request).language
    with reading(inbox.engine) as connection:
        identifier = journal.of_token(connection, token)
        contents = journal.evidence(connection, [identifier]) if identifier else []
        if not contents:
            raise HTTPException(404)
        facts = [each.fact for each in contents]
        told = [*facts, *mentioned(connection, facts)]
        masker = masker_of(told, (), _public(connection, contents))
        return inbox.page(
            request,
            "evidence.html",
            connection,
            kind=kind_word(type(contents[0].fact).__name__, language),
            contents=[
                (
                    each,
                    fields(each.fact, masker, language),
                    [
                        (seen, _original(inbox, connection, seen, masker))
                        for seen in each.sightings[:ORIGINALS_MAX]
                    ],
                    each.sightings[ORIGINALS_MAX:],
                )
                for each in contents
            ],
        )


def _public(connection: Connection, contents: list[journal.Evidence]) -> list[str]:
    """The registered name of the institution that a fact is about, where it says so."""
    names = []
    for each in contents:
        identifier = getattr(each.fact, "institution", "")
        row = queries.institution(connection, identifier) if identifier else None
        names += [row.name] if row else []
    return names


def _original(inbox: Inbox, connection: Connection, seen: journal.Sighting, masker: Masker) -> str:
    row = queries.file(connection, seen.file_id)
    return masker.text(original(inbox.settings.archive, row, seen.position)) if row else ""


def _contested(
    connection: Connection, ids: tuple[str, ...], language: Language
) -> list[tuple[str, str, int, str]]:
    told: dict[str, list[f.Fact]] = {}
    for each in journal.evidence(connection, ids):
        told.setdefault(each.fact_id, []).append(each.fact)
    rows = []
    for identifier, versions in told.items():
        masker = masker_of(versions, (), ())
        kind = kind_word(type(versions[0]).__name__, language)
        contents = " ⟷ ".join(summary(version, masker, language) for version in versions)
        rows.append((journal.token(identifier), kind, len(versions), contents))
    return rows


def _masked_reason(row: Row[Any]) -> str:
    return Masker(accounts=[row.account]).text(row.reason)


def _pretty(receipt: str) -> str:
    try:
        return json.dumps(json.loads(receipt), ensure_ascii=False, indent=2)
    except ValueError:
        return receipt


def _reasons(receipt: str, masker: Masker) -> list[str]:
    """The reasons that a receipt gives, each once."""
    try:
        told = json.loads(receipt).get("reasons", [])
    except (ValueError, AttributeError):
        return []
    return list(dict.fromkeys(masker.text(str(reason)) for reason in told))
