"""The pages on which a person settles what is held or refused: the only ones that take words in."""

import hmac
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from alerts.inbox import journal, queries
from alerts.inbox.frame import Inbox
from alerts.inbox.masking import Masker, masker_of
from alerts.inbox.originals import original
from alerts.inbox.presenting import fields, summary
from alerts.inbox.words import word
from models.identity import mask_account
from models.keys import serial_of
from models.store import decisions, unpaired
from models.store.decisions import CannotSettle, Waiting
from models.store.engine import reading, writing
from models.store.unpaired import HeldEntry

FORM_BYTES_MAX = 20_000
_CHINA = timezone(timedelta(hours=8))
_NUMBER_MAX = 2**53
Kind = Annotated[str, Path(pattern="^(held|refused)$")]
EntryName = Annotated[str, Path(pattern="^E[0-9a-f]{12}$")]
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX)]
router = APIRouter(default_response_class=HTMLResponse)


# Before the others, whose addresses would fit too.
@router.get("/settle/entry/{name}")
def entry_page(request: Request, name: EntryName) -> HTMLResponse:
    """An entry without reference, the entries that count of which it may be one, and the form."""
    inbox: Inbox = request.app.state.inbox
    with reading(inbox.engine) as connection:
        return _entry_page(request, connection, _held_entry(connection, name))


@router.post("/settle/entry/{name}")
async def settle_entry(request: Request, name: EntryName) -> Response:
    """Keep what a person says of the entry, if the form is ours, and go back to what waits."""
    return await run_in_threadpool(_settle_entry, request, name, await _own_form(request))


def _settle_entry(request: Request, name: str, given: dict[str, str]) -> Response:
    inbox: Inbox = request.app.state.inbox
    how, _, by = given.get("how", "").partition(":")
    if how not in {"accept", "supersede"}:
        raise HTTPException(422)
    signed = {key: given.get(key, "") for key in ("reason", "who")}
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        with writing(inbox.engine) as connection:
            one = _held_entry(connection, name)
            unpaired.settle(connection, one, how, by=by, at=at, **signed)
    except CannotSettle as fault:
        with reading(inbox.engine) as connection:
            one = _held_entry(connection, name)
            return _entry_page(request, connection, one, fault=fault, given=given)
    return RedirectResponse(inbox.lister(request).link(request.url.path), 303)


def _held_entry(connection: Connection, name: str) -> HeldEntry:
    for one in unpaired.held(connection):
        if one.held_as == name:
            return one
    raise HTTPException(404)


def _entry_page(
    request: Request,
    connection: Connection,
    one: HeldEntry,
    *,
    fault: CannotSettle | None = None,
    given: dict[str, str] | None = None,
) -> HTMLResponse:
    inbox: Inbox = request.app.state.inbox
    language = inbox.lister(request).language
    told = {
        each.fact_id: each.fact
        for each in journal.evidence(connection, [one.entry, *one.candidates])
    }
    masker = masker_of(told.values(), (), ())
    return inbox.page(
        request,
        "settle_entry.html",
        connection,
        status_code=409 if fault else 200,
        one=one,
        fields=fields(told[one.entry], masker, language),
        candidates=[
            (serial_of(each), journal.token(each), summary(told[each], masker, language))
            for each in one.candidates
        ],
        evidence=journal.token(one.entry),
        fault=_fault(fault, request) if fault else "",
        given={"how": "", "reason": "", "who": ""} | (given or {}),
        token=_token(inbox, request.url.path),
    )


@router.get("/settle/{kind}/{number}")
def settle_page(request: Request, kind: Kind, number: Number) -> HTMLResponse:
    """One held row or refused file: why it waits, what it says, what was decided, what can be."""
    inbox: Inbox = request.app.state.inbox
    with reading(inbox.engine) as connection:
        return _page(request, connection, _about(connection, kind, number))


@router.post("/settle/{kind}/{number}")
async def settle(request: Request, kind: Kind, number: Number) -> Response:
    """Keep a decision, if the form is ours, and show the page again."""
    return await run_in_threadpool(_settle, request, kind, number, await _own_form(request))


def _settle(request: Request, kind: str, number: int, given: dict[str, str]) -> Response:
    inbox: Inbox = request.app.state.inbox
    how = given.get("how", "")
    if how not in decisions.HOWS:
        raise HTTPException(422)
    moment = datetime.now(UTC)
    try:
        with writing(inbox.engine) as connection:
            decisions.settle(
                connection,
                _about(connection, kind, number),
                how,
                reason=given.get("reason", ""),
                who=given.get("who", ""),
                at=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                today=moment.astimezone(_CHINA).date(),
            )
    except CannotSettle as fault:
        with reading(inbox.engine) as connection:
            about = _about(connection, kind, number)
            return _page(request, connection, about, fault=fault, given=given)
    return RedirectResponse(inbox.lister(request).link(request.url.path), 303)


def _page(
    request: Request,
    connection: Connection,
    about: Waiting,
    *,
    fault: CannotSettle | None = None,
    given: dict[str, str] | None = None,
) -> HTMLResponse:
    inbox: Inbox = request.app.state.inbox
    lister = inbox.lister(request)
    fact = decisions.fact_of(about.body)
    masker = masker_of([fact] if fact else [], [about.account] if about.account else [], ())
    file = queries.file(connection, about.file_id)
    told = decisions.history(connection, about)
    # A text that is no fact may hold names that nobody marked as such: it is not shown at all.
    shown = original(inbox.settings.archive, file, about.position) if fact and file else ""
    return inbox.page(
        request,
        "settle.html",
        connection,
        status_code=409 if fault else 200,
        about=about,
        reason=Masker(accounts=[about.account] if about.account else []).text(about.reason),
        account=mask_account(about.account),
        fields=fields(fact, masker, lister.language) if fact else [],
        original=masker.text(shown),
        told=told,
        is_open=about.state in {"waiting", "refused"} and not (told and told[-1].is_pending),
        hows=[how for how in decisions.HOWS if fact or how != "accept"],
        fault=_fault(fault, request) if fault else "",
        given={"how": "", "reason": "", "who": ""} | (given or {}),
        token=_token(inbox, request.url.path),
    )


def _fault(fault: CannotSettle, request: Request) -> str:
    language = request.app.state.inbox.lister(request).language
    return word(f"cannot-{fault.code}", language) + f" {fault.about}".rstrip()


def _about(connection: Connection, kind: str, number: int) -> Waiting:
    find = decisions.held if kind == "held" else decisions.refused
    about = find(connection, number)
    if about is None:
        raise HTTPException(404)
    return about


def _token(inbox: Inbox, path: str) -> str:
    """What only a page of ours can have put into a form: other pages cannot read ours."""
    return hmac.digest(inbox.form_secret, path.encode(), "sha256").hex()


async def _own_form(request: Request) -> dict[str, str]:
    """The fields of a form that is ours; 403 for any other."""
    given = await _form(request)
    token = _token(request.app.state.inbox, request.url.path)
    is_foreign = request.headers.get("sec-fetch-site", "same-origin") != "same-origin"
    if is_foreign or not hmac.compare_digest(given.get("token", "").encode(), token.encode()):
        raise HTTPException(403)
    return given


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; 413 for one that no officer wrote."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise HTTPException(413)
    try:
        given = parse_qs(body.decode(), max_num_fields=10, errors="strict")
    except ValueError:
        raise HTTPException(422) from None
    return {name: values[0] for name, values in given.items()}
