"""Balance against unearned money by day: from the domain, as a chart and as a table."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from alerts.evaluation import Law, Supervision
from alerts.inbox.presenting import Lister
from models.keys import DECODER
from models.money import format_yuan_plain
from models.store import journal


@dataclass(frozen=True)
class Point:
    """The close of one day; the balance is None while no statement reported one."""

    day: date
    balance_fen: int | None
    unearned_fen: int

    @property
    def gap_fen(self) -> int | None:
        """What the balance lacks (below zero) or has beyond the unearned money."""
        return None if self.balance_fen is None else self.balance_fen - self.unearned_fen

    @property
    def coverage(self) -> str:
        """Balance ÷ unearned with two decimals, rounded down; empty where there is none."""
        if self.balance_fen is None or self.unearned_fen <= 0:
            return ""
        whole, hundredths = divmod(self.balance_fen * 100 // self.unearned_fen, 100)
        return f"{whole}.{hundredths:02d}"


def supervised(
    connection: Connection,
    law: Law,
    institution: Row[Any],
    accounts: list[str],
    closed_day: date | None,
) -> Supervision | None:
    """An institution as the journal tells it; None where no day is closed or it could not be."""
    if closed_day is None or institution.error:
        return None
    identifier = institution.institution
    streams = [journal.institution_stream(identifier)]
    streams += [journal.account_stream(account) for account in accounts]
    supervision = Supervision(identifier, law)
    for fact_id, digest, body, first, last in journal.read(connection, streams):
        supervision.add(fact_id, digest, DECODER.decode(body), first, last)
    supervision.evaluate(closed_day)
    return supervision


def points_of(supervision: Supervision | None) -> list[Point]:
    """Its series."""
    return [Point(*point) for point in supervision.series()] if supervision is not None else []


def month_ends(points: list[Point]) -> list[Point]:
    """The last point of each month and the latest one, the newest first."""
    last = {(point.day.year, point.day.month): point for point in points}
    return [last[month] for month in sorted(last, reverse=True)]


def chart(points: list[Point], lister: Lister) -> str:
    """What the script of the page draws, as JSON; colours come from the style sheet."""
    return json.dumps(
        {
            "days": [point.day.isoformat() for point in points],
            "balance": [
                None if point.balance_fen is None else format_yuan_plain(point.balance_fen)
                for point in points
            ],
            "unearned": [format_yuan_plain(point.unearned_fen) for point in points],
            "words": {
                "balance": lister.t("balance"),
                "unearned": lister.t("unearned"),
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).replace("<", "\\u003c")  # so that no value can end the element that carries it
