"""Money released ahead of teaching, by name and in batches (rules.md R1, R2)."""

from typing import Final

from alerts.rules.view import View, minus, number, share_of, yuan
from models.book import Point
from models.contracts import Terms
from models.findings import Finding, LevelWord
from models.registers import FOREVER

RULE: Final = "release-ahead"


def release_ahead(view: View, contract: str) -> list[Finding]:
    """Released by name is more than the contract's schedule allows at the close (R1)."""
    book = view.ledger.books.get(contract)
    if book is None or book.terms is None or not view.ledger.releases_of.get(contract):
        return []
    terms = book.terms
    subject = f"contract:{contract}"
    point = book.at(view.as_of)
    if point is None or point.released <= 0:
        return []
    missing = terms.release_missing
    if not terms.decidable and not terms.stages and not terms.dated:
        missing = missing or "paid_hours, stages"
    if missing:
        day = min(view.ledger.entries[e].day for e in view.ledger.releases_of[contract])
        return [view.undecided(RULE, subject, day=max(day, terms.signed), missing=missing)]
    excess = _excess(terms, point)
    if excess <= 0:
        return []
    view.again(next((day for day in terms.dated if day > view.as_of), FOREVER))
    start = point.day
    for earlier in reversed(book.path()):
        if earlier.day > view.as_of:
            continue
        if _excess(terms, earlier) <= 0:
            break
        start = earlier.day
    released = point.released
    return [
        _finding(
            view,
            subject,
            day=start,
            excess_fen=excess,
            released_fen=released,
            paid_fen=point.paid,
            evidence=(
                *view.ledger.contract_id(contract),
                *(
                    entry
                    for entry in view.ledger.releases_of[contract]
                    if view.ledger.entries[entry].day <= view.as_of
                ),
            ),
        )
    ]


def _excess(terms: Terms, point: Point) -> int:
    share = terms.taught(point.hours, point.sessions, point.day)
    earned = terms.earned_fen(point.paid, share)
    return point.released - terms.allowed_fen(point.paid, earned, share, point.day)


def release_ahead_batch(view: View, _subject: str) -> list[Finding]:
    """Batches draw on what all contracts allow and by name did not use (R1)."""
    series = view.ledger.series
    if not view.ledger.batches:
        return []

    def stands(day: int) -> bool:
        return series.batched(day) > series.due(day)

    start = series.run_start(RULE, view.as_of, stands)
    if start is None:
        return []
    entries = [
        entry
        for day, of_day in view.ledger.batch_entries.items()
        if day <= view.as_of
        for entry in of_day
    ]
    return [
        _finding(
            view,
            "batch",
            day=start,
            excess_fen=series.batched(view.as_of) - series.due(view.as_of),
            released_fen=series.batched(view.as_of),
            paid_fen=series.paid(view.as_of),
            evidence=entries,
        )
    ]


def _finding(
    view: View,
    subject: str,
    *,
    day: int,
    excess_fen: int,
    released_fen: int,
    paid_fen: int,
    evidence: tuple[str, ...] | list[str],
) -> Finding:
    return view.finding(
        RULE,
        subject,
        kind="breach",
        level=_level(view, excess_fen, paid_fen),
        day=day,
        amount_fen=excess_fen,
        evidence=evidence,
        formula=(
            yuan("released", released_fen),
            yuan("allowed", released_fen - excess_fen),
            yuan("excess", excess_fen, minus(released_fen, released_fen - excess_fen)),
            yuan("paid", paid_fen),
            number("points", _points(excess_fen, paid_fen), share_of(excess_fen, paid_fen)),
        ),
    )


def _level(view: View, excess_fen: int, paid_fen: int) -> LevelWord:
    """By points: excess ÷ paid × 100, compared by cross-multiplication; nothing paid is red."""
    steps = view.policy.steps(RULE, "points", view.as_of)
    if paid_fen <= 0 or steps is None:
        return "red"
    level: LevelWord = "blue"
    for points, word in steps:
        if excess_fen * 100 >= points * paid_fen:
            level = word
    return level


def _points(excess_fen: int, paid_fen: int) -> str:
    if paid_fen <= 0:
        return "-"
    hundredths = excess_fen * 10_000 // paid_fen
    return f"{hundredths // 100}.{hundredths % 100:02d}"
