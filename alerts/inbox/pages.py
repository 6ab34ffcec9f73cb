"""The pages of findings and institutions: the list, one finding, one institution."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from alerts.inbox import journal, queries
from alerts.inbox.field_words import kind_word
from alerts.inbox.frame import Inbox
from alerts.inbox.happened import happened
from alerts.inbox.masking import Masker, masker_of
from alerts.inbox.presenting import Lister, accounts_in, summary
from alerts.inbox.register import register_of
from alerts.inbox.series import chart, month_ends, points_of, supervised
from alerts.inbox.signals import mentioned, signals_of
from alerts.settled import settlement_lines
from alerts.texts import code_words, reason, rule_name, step_name
from models.findings import Finding
from models.identity import mask_account, mask_name
from models.policy import NO_LEGAL_TEXT, AreaPolicy
from models.store.engine import reading

EVIDENCE_ROWS_MAX = 200
SIGNALS_MAX = 50
_CODE = re.compile(r"[a-z][a-z_-]+", re.ASCII)
router = APIRouter(default_response_class=HTMLResponse)


class ListQuery(BaseModel):
    """The filters of the list as its address carries them."""

    level: str = ""
    county: str = ""
    rule: str = ""
    institution: str = ""
    q: str = Field(default="", max_length=100)
    page: int = Field(default=1, ge=1, le=1_000_000)

    def filters(self) -> queries.Filters:
        """The filters for the store."""
        return queries.Filters(
            level=self.level,
            county=self.county,
            rule=self.rule,
            institution=self.institution,
            text=self.q.strip(),
        )


@router.get("/")
def findings(request: Request, asked: Annotated[ListQuery, Query()]) -> HTMLResponse:
    """Standing findings, the worst first."""
    inbox: Inbox = request.app.state.inbox
    filters = asked.filters()
    with reading(inbox.engine) as connection:
        counts = queries.counts(connection, filters)
        return inbox.page(
            request,
            "findings.html",
            connection,
            counts=counts,
            rows=queries.findings(connection, filters, page=asked.page),
            asked=asked.model_dump(exclude={"page"}),
            page_number=asked.page,
            pages=max(1, -(-counts.total // queries.PAGE_ROWS)),
            levels=queries.LEVELS,
            rule_name=rule_name,
        )


@router.get("/findings/{finding_id}")
def finding(request: Request, finding_id: str) -> HTMLResponse:
    """One finding: what, by which clause, by which numbers, how we know, what happened to it."""
    inbox: Inbox = request.app.state.inbox
    lister = inbox.lister(request)
    with reading(inbox.engine) as connection:
        answer = queries.finding(connection, finding_id)
        if answer is None:
            raise HTTPException(404)
        found, stands = answer
        institution = queries.institution(connection, found.institution)
        city = institution.city if institution else ""
        place = city or inbox.settings.city
        area = inbox.law.policy.judging(place, found.institution, found.subject)
        shown = found.evidence[:EVIDENCE_ROWS_MAX]
        proofs = journal.evidence(connection, shown)
        masker = _masker(connection, found, proofs, institution.name if institution else "")
        return inbox.page(
            request,
            "finding.html",
            connection,
            found=found,
            stands=stands,
            institution=institution,
            headline=masker.text(reason(found, lister.language)),
            rule=lister.rule(found),
            basis=basis(area, found),
            numbers=numbers(area, found, lister),
            missing=code_words(found.missing, lister.language),
            steps=_steps(found, masker, lister),
            proofs=[
                (proof, journal.token(proof.fact_id), summary(proof.fact, masker, lister.language))
                for proof in proofs
            ],
            kind_name=lambda fact: kind_word(type(fact).__name__, lister.language),
            absent=len(set(shown) - {proof.fact_id for proof in proofs}),
            cut=EVIDENCE_ROWS_MAX if len(found.evidence) > EVIDENCE_ROWS_MAX else 0,
            history=queries.history(connection, finding_id),
        )


def _steps(found: Finding, masker: Masker, lister: Lister) -> list[tuple[str, str, str]]:
    """The formula line by line; a value that is a code of ours is told in words."""
    return [
        (
            step_name(step.name, lister.language),
            masker.text(step.expression),
            code_words(step.value, lister.language)
            if _CODE.fullmatch(step.value)
            else masker.text(step.value),
        )
        for step in found.formula
    ]


@dataclass(frozen=True)
class Number:
    """A value in force on a finding's day; `basis` is empty for a default of this project."""

    description: str
    value: str
    unit: str
    since: date
    basis: str


def basis(area: AreaPolicy, found: Finding) -> str:
    """The legal text that the finding's rule watches over on its day; empty where none is."""
    if found.rule not in area.rules:
        return ""
    text = area.basis(found.rule, found.day.toordinal())
    return "" if text == NO_LEGAL_TEXT else text


def numbers(area: AreaPolicy, found: Finding, lister: Lister) -> list[Number]:
    """The values of the rule that hold on the finding's day, each with its own text."""
    rule = area.rules.get(found.rule)
    held = []
    for parameter in rule.parameters if rule else ():
        in_force = [value for value in parameter.values if value.since <= found.day]
        if in_force:
            last = in_force[-1]
            own = last.basis if last.is_law else ""
            value = lister.number(last.value, parameter.unit)
            held.append(Number(parameter.description, value, parameter.unit, last.since, own))
    return held


def _masker(
    connection: Connection, found: Finding, proofs: list[journal.Evidence], name: str
) -> Masker:
    accounts = queries.accounts_of(connection, found.institution)
    facts = [proof.fact for proof in proofs]
    return masker_of(
        [*facts, *mentioned(connection, facts)],
        (*accounts, *accounts_in(found.rule, found.subject)),
        (name,),
    )


@router.get("/institutions/{institution}")
def institution(request: Request, institution: str) -> HTMLResponse:
    """One institution: findings, chart, what people say of it, register, accounts."""
    inbox: Inbox = request.app.state.inbox
    lister: Lister = inbox.lister(request)
    with reading(inbox.engine) as connection:
        row = queries.institution(connection, institution)
        if row is None or lister.is_nobody(institution):
            raise HTTPException(404)
        accounts = queries.accounts_of(connection, institution)
        status = inbox.status(connection)
        supervision = supervised(connection, inbox.law, row, accounts, status.closed_day)
        points = points_of(supervision)
        settlements = settlement_lines(supervision) if supervision is not None else []
        filters = queries.Filters(institution=institution)
        signals = signals_of(connection, institution)
        return inbox.page(
            request,
            "institution.html",
            connection,
            row=row,
            mask_name=mask_name,
            mask_account=mask_account,
            register=register_of(connection, institution, accounts),
            feeds={feed.account: feed for feed in status.feeds},
            rows=queries.findings(connection, filters, rows=200),
            chart=chart(points, lister),
            months=month_ends(points),
            settlements=[(each, journal.token(each.credit)) for each in settlements[:SIGNALS_MAX]],
            settlement_count=len(settlements),
            complaints=[
                (each, journal.token(each.fact_id)) for each in signals.complaints[:SIGNALS_MAX]
            ],
            complaint_count=len(signals.complaints),
            events=happened(signals.events[:SIGNALS_MAX], lister),
            event_count=len(signals.events),
            signals_max=SIGNALS_MAX,
            rule_name=rule_name,
        )
