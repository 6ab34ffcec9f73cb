"""Do a statement's own figures prove it? Each comparison is a named check; nothing is repaired.

Sums are kept per currency; pending and informational entries are in none (rules.md S1).
"""

from collections.abc import Iterable, Iterator
from datetime import date

from models.facts import EntryBooked
from models.money import format_yuan
from streams.feeds.records import (
    Billed,
    Check,
    Closing,
    Declared,
    End,
    Entry,
    Held,
    Opening,
    Record,
)

NOT_PROVING = "entry-in-period"
"""The one check that holds single entries instead of their statement."""


class _Sums:
    """The booked entries of one currency by effect; apart, those in red ink in the other column."""

    def __init__(self) -> None:
        self.counts = {"C": 0, "D": 0}
        self.fen = {"C": 0, "D": 0}
        self.red_counts = {"C": 0, "D": 0}
        self.red_fen = 0
        self.announced = {"C": 0, "D": 0}
        self.announced_fen = {"C": 0, "D": 0}
        self.balance_fen: int | None = None
        self.running_gaps: list[tuple[str, int]] = []

    def add(self, entry: Entry, fact: EntryBooked) -> None:
        direction, amount_fen = fact.direction, fact.amount_fen
        self.counts[direction] += 1
        self.fen[direction] += amount_fen
        if entry.red_ink:
            self.red_counts[direction] += 1
            self.red_fen += amount_fen
        before_fen, told_fen = self.balance_fen, entry.balance_fen
        if before_fen is None:
            self.balance_fen = told_fen
            return
        balance_fen = before_fen + amount_fen if direction == "C" else before_fen - amount_fen
        if told_fen is not None and told_fen != balance_fen:
            self.running_gaps.append((entry.position, abs(balance_fen - told_fen)))
            # One wrong balance is one gap: go on from what the bank reports.
            balance_fen = told_fen
        self.balance_fen = balance_fen

    @property
    def net_fen(self) -> int:
        """Credits less debits."""
        return self.fen["C"] - self.fen["D"]

    @property
    def column_counts(self) -> dict[str, int]:
        """The entries by the column in which they were written."""
        moved = self.red_counts["D"] - self.red_counts["C"]
        return {"C": self.counts["C"] + moved, "D": self.counts["D"] - moved}

    @property
    def column_fen(self) -> dict[str, int]:
        """The sums of the columns, red ink below zero."""
        return {key: fen - self.red_fen for key, fen in self.fen.items()}


class _Proof:
    """The figures of one statement while it is read."""

    def __init__(self) -> None:
        self.opening: dict[str, int] = {}
        self.closing: dict[str, int] = {}
        self.declared: list[Declared] = []
        self.sums: dict[str, _Sums] = {}
        self.days: dict[date, tuple[int, str]] = {}
        self.has_running = False
        self.zeros: list[str] = []

    def of(self, currency: str) -> _Sums:
        sums = self.sums.get(currency)
        if sums is None:
            sums = self.sums[currency] = _Sums()
            sums.balance_fen = self.opening.get(currency)
        return sums

    def add_entry(self, entry: Entry) -> None:
        fact = entry.fact
        count, first = self.days.get(fact.booking_date, (0, entry.position))
        self.days[fact.booking_date] = (count + 1, first)
        if not fact.amount_fen:
            self.zeros.append(entry.position)
        if isinstance(fact, EntryBooked):
            self.of(fact.currency).add(entry, fact)
            self.has_running = self.has_running or entry.balance_fen is not None
        else:
            sums = self.of(fact.currency)
            sums.announced[fact.direction] += 1
            sums.announced_fen[fact.direction] += fact.amount_fen

    def add_opening(self, opening: Opening) -> None:
        self.opening[opening.currency] = opening.balance_fen
        self.of(opening.currency).balance_fen = opening.balance_fen


def checked(records: Iterable[Record]) -> Iterator[Record]:
    """The same records, with the checks of each statement before its end."""
    proof = _Proof()
    for record in records:
        match record:
            case Entry():
                proof.add_entry(record)
            case Opening():
                proof.add_opening(record)
            case Closing():
                proof.closing[record.currency] = record.balance_fen
            case Declared():
                proof.declared.append(record)
            case End():
                yield from _checks(proof, record)
                proof = _Proof()
            case Check() | Billed() | Held():
                pass
        yield record


def _checks(proof: _Proof, end: End) -> Iterator[Check]:
    def check(name: str, faults: list[str], detail: str = "", gap_fen: int = 0) -> Check:
        shown = "; ".join(faults) if faults else detail
        return Check(end.account, end.statement, end.currency, name, not faults, shown, gap_fen)

    # An intraday report or notification is no complete account of what lies between two balances.
    if end.is_statement and proof.opening and proof.closing:
        faults, detail, gap_fen = _balance_faults(proof)
        yield check("opening+entries=closing", faults, detail, gap_fen)
        foreign = proof.sums.keys() - (proof.opening.keys() & proof.closing.keys())
        alone = sorted(one for one in foreign if sum(proof.sums[one].counts.values()))
        if alone:
            yield check("currency", [f"entries in {one} and no balances in it" for one in alone])
    elif end.is_statement:
        told = [
            name for name, one in (("opening", proof.opening), ("closing", proof.closing)) if one
        ]
        lacking = f"only the {told[0]}" if told else "neither opening nor closing"
        yield check("balances-told", [], f"{lacking} balance is told: nothing proves the entries")
    if proof.zeros:
        yield check("zero-amount", [], f"{len(proof.zeros)} × an amount of zero: {proof.zeros[0]}")
    if proof.has_running:
        gaps = [gap for sums in proof.sums.values() for gap in sums.running_gaps]
        faults = [f"{place}: gap {format_yuan(gap_fen)}" for place, gap_fen in gaps[:3]]
        yield check("running-balance", faults, "", gaps[0][1] if gaps else 0)
    for declared in proof.declared:
        yield check("declared-counts", _count_faults(proof, declared))
        faults, gap_fen = _sum_faults(proof, declared)
        yield check("declared-sums", faults, "", gap_fen)
    outside = [
        f"{first}: {count} booked on {day}, the period is {end.begins} to {end.ends}"
        for day, (count, first) in sorted(proof.days.items())
        if not end.begins <= day <= end.ends
    ]
    yield check(NOT_PROVING, outside)


def _balance_faults(proof: _Proof) -> tuple[list[str], str, int]:
    both = sorted(proof.opening.keys() & proof.closing.keys())
    if not both:
        opened, closed = min(proof.opening), min(proof.closing)
        reason = f"the opening is in {opened}, the closing in {closed}"
        return [reason], "", abs(proof.opening[opened] - proof.closing[closed])
    faults, details, total_gap_fen = [], [], 0
    for currency in both:
        opening, closing = proof.opening[currency], proof.closing[currency]
        sums = proof.of(currency)
        gap_fen = opening + sums.net_fen - closing
        shown = (
            f"{currency} {format_yuan(opening)} + {format_yuan(sums.fen['C'])}"
            f" - {format_yuan(sums.fen['D'])} = {format_yuan(opening + sums.net_fen)},"
            f" closing {format_yuan(closing)}"
        )
        details.append(shown)
        if gap_fen:
            faults.append(f"{shown}: gap {format_yuan(abs(gap_fen))}")
            total_gap_fen += abs(gap_fen)
    return faults, "; ".join(details), total_gap_fen


def _count_faults(proof: _Proof, declared: Declared) -> list[str]:
    sums = _declared_sums(proof, declared)
    counts = {key: sum(part.counts[key] for part in sums) for key in ("C", "D")}
    columns = {key: sum(part.column_counts[key] for part in sums) for key in ("C", "D")}
    waiting = {key: sum(part.announced[key] for part in sums) for key in ("C", "D")}
    booked = counts["C"] + counts["D"]
    rows = (
        ("entries", declared.entries, booked, booked, waiting["C"] + waiting["D"]),
        ("credits", declared.credits, counts["C"], columns["C"], waiting["C"]),
        ("debits", declared.debits, counts["D"], columns["D"], waiting["D"]),
    )
    # Some banks count what is only announced; either number proves that no row is lost.
    return [
        f"{stated} {what} declared, {found or announced} found"
        for what, stated, found, by_column, announced in rows
        if stated not in (None, found, by_column, found + announced)
    ]


def _sum_faults(proof: _Proof, declared: Declared) -> tuple[list[str], int]:
    sums = _declared_sums(proof, declared)
    fen = {key: sum(part.fen[key] for part in sums) for key in ("C", "D")}
    column = {key: sum(part.column_fen[key] for part in sums) for key in ("C", "D")}
    waiting = {key: sum(part.announced_fen[key] for part in sums) for key in ("C", "D")}
    rows = (
        ("credits", declared.credit_fen, fen["C"], column["C"], waiting["C"]),
        ("debits", declared.debit_fen, fen["D"], column["D"], waiting["D"]),
        (
            *("entries", declared.sum_fen, fen["C"] + fen["D"]),
            *(column["C"] + column["D"], waiting["C"] + waiting["D"]),
        ),
        (
            *("net", declared.net_fen, fen["C"] - fen["D"]),
            *(column["C"] - column["D"], waiting["C"] - waiting["D"]),
        ),
    )
    faults, gap_fen_max = [], 0
    for what, stated, found, by_column, announced in rows:
        if stated is None or stated in (found, by_column, found + announced):
            continue
        shown_fen = found or announced
        gap_fen_max = max(gap_fen_max, abs(stated - shown_fen))
        faults.append(f"{what} declared {format_yuan(stated)}, found {format_yuan(shown_fen)}")
    return faults, gap_fen_max


def _declared_sums(proof: _Proof, declared: Declared) -> list[_Sums]:
    """Of one currency, or of all where the file declares one number for everything."""
    if declared.currency:
        return [proof.of(declared.currency)]
    return list(proof.sums.values())
