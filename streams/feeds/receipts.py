"""What is known of a file after the first pass: its statements with their proofs, its receipt."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

import msgspec

from streams.feeds.integrity import NOT_PROVING
from streams.feeds.records import Check, End

if TYPE_CHECKING:
    from streams.feeds.intake import ProvedFile

_REASONS_MAX = 20


class Refusal(msgspec.Struct, frozen=True):
    """Why a file is refused whole, and where the doubt begins."""

    reason: str
    position: str


class StatementProof(msgspec.Struct, frozen=True, kw_only=True):
    """A statement's identity, period and proof.

    `reason` is why its entries and balances are held, empty when they are told. A statement whose
    period is not over on `today` is early: it is held and no fact, for its closing is not final.
    `listed`: its entries are, as some have no reference; after each day where they come by day.
    """

    account: str
    statement: str
    currency: str
    created: str
    begins: date
    ends: date
    is_statement: bool
    is_early: bool
    consistent: bool
    gap_fen: int
    reason: str
    entries: int
    sums_fen: dict[str, int]
    failed: tuple[str, ...]
    listed: Literal["no", "by-day", "at-end"] = "no"

    @property
    def closes(self) -> bool:
        """Whether days may be closed up to its end."""
        return self.is_statement and self.consistent and not self.is_early

    @staticmethod
    def of(
        end: End,
        checks: list[Check],
        entries: int,
        fen: dict[tuple[str, str], int],
        today: date,
    ) -> StatementProof:
        """The proof from the checks of one statement; `fen` sums by currency and direction."""
        failed = [check for check in checks if not check.ok]
        broken = [check for check in failed if check.name != NOT_PROVING]
        early = _why_early(end, today) if end.is_statement else ""
        is_early = bool(early)
        reason = "; ".join(f"{check.name}: {check.detail}" for check in broken) or early
        return StatementProof(
            account=end.account,
            statement=end.statement,
            currency=end.currency,
            created=end.created,
            begins=end.begins,
            ends=end.ends,
            is_statement=end.is_statement,
            is_early=is_early,
            consistent=not broken,
            # S1: the total gap where there is one, else the first running gap, else of the sums.
            gap_fen=next((check.gap_fen for check in broken if check.gap_fen), 0),
            reason=reason,
            entries=entries,
            sums_fen={" ".join(key): total for key, total in sorted(fen.items())},
            failed=tuple(check.name for check in failed),
        )


def _why_early(end: End, today: date) -> str:
    """Why the last day of a statement may not be whole, empty where it is."""
    if end.ends > today:
        return f"its period ends on {end.ends}, after today {today}; send it again then"
    if end.last_day == "partial":
        return (
            f"it was made before {end.ends} was over, and its entries have no serials; export whole"
            " days"
        )
    if end.last_day == "whole-when-over" and end.ends == today:
        return f"{end.ends} is not over, and its entries have no serials; send it again then"
    return ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the deliverer of a file is told. `sums_fen` by currency and direction, as "CNY C"."""

    sha256: str
    name: str
    size_bytes: int
    format: str
    outcome: Literal["accepted", "held", "refused"]
    day: date | None = None
    statements: int = 0
    statements_inconsistent: int = 0
    entries: int = 0
    facts: dict[str, int] = {}
    held: int = 0
    sums_fen: dict[str, int] = {}
    position: str = ""
    reasons: tuple[str, ...] = ()

    @staticmethod
    def of(proved: ProvedFile) -> Receipt:
        """The receipt of a file after the first pass; accepted means that nothing waits."""
        sums_fen: dict[str, int] = {}
        for statement in proved.statements:
            for key, total in statement.sums_fen.items():
                sums_fen[key] = sums_fen.get(key, 0) + total
        reasons = dict.fromkeys(f"{one.position}: {one.reason}" for one in proved.held)
        refusal = proved.refusal
        return Receipt(
            sha256=proved.sha256,
            name=proved.name,
            size_bytes=proved.size_bytes,
            format=proved.format,
            outcome="refused" if refusal else "held" if proved.is_held else "accepted",
            day=proved.day,
            statements=len(proved.statements),
            statements_inconsistent=sum(not one.consistent for one in proved.statements),
            entries=sum(one.entries for one in proved.statements),
            facts=dict(sorted(proved.counts.items())),
            held=len(proved.held),
            sums_fen=sums_fen,
            position=refusal.position if refusal else "",
            reasons=(refusal.reason,) if refusal else tuple(reasons)[:_REASONS_MAX],
        )
