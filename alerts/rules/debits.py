"""Debits of the dedicated account that nobody asked for: unapproved, to kin, in small pieces.

Scheduled money never counts: due releases, refunds that were asked for, approved debits, moves.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from alerts.rules.days import Seen, Shown, State, Unknown, at_least, judge
from alerts.rules.outflow import RULE as OUTFLOW_LARGE
from alerts.rules.outflow import balances_at, outflow_large, percent_text, unscheduled
from alerts.rules.view import View, day_step, number, share_of, sum_of, yuan
from models.facts import RelatedPartyStated
from models.findings import CANNOT_DECIDE, Finding, LevelWord, Step
from models.identity import normalise_name
from models.keys import fact_id
from models.matching import Entry

UNAPPROVED: Final = "outflow-unapproved"
RELATED: Final = "outflow-related-party"
SPLIT: Final = "outflow-split"


def outflow_unapproved(view: View, subject: str) -> list[Finding]:
    """A debit of no class, where each withdrawal needs an approval and it names none in time."""
    entry = view.ledger.entries.get(subject)
    answer = entry.final if entry else None
    if entry is None or answer is None or answer.kind != "other":
        return []
    if not view.policy.value(UNAPPROVED, "approval_required", entry.day):
        return []
    if not view.ledger.registers.designated(entry.account, entry.day):
        return []
    about = f"entry:{entry.account}/{entry.fact.booking_date}/{entry.fact.serial}"
    if answer.missing:
        missing = answer.missing
        return [
            view.undecided(UNAPPROVED, about, day=entry.day, missing=missing, evidence=[subject])
        ]
    return [
        view.finding(
            UNAPPROVED,
            about,
            kind="breach",
            level="orange",
            day=entry.day,
            amount_fen=entry.fact.amount_fen,
            evidence=[subject],
            formula=(yuan("debit", entry.fact.amount_fen), day_step("booking_date", entry.day)),
        )
    ]


# ---- related parties ----


class Kin(NamedTuple):
    """Who a payee is, as a line of the formula, and the row of the register that says so."""

    step: Step
    row: str = ""


def outflow_related_party(view: View, subject: str) -> list[Finding]:
    """Unscheduled debits of a day whose payee is a related party, a lender or a wealth product."""
    day = date.fromisoformat(subject.removeprefix("day:")).toordinal()
    debits = list(_unscheduled_debits(view, day))
    if not debits:
        return []
    known = [(entry, kin) for entry in debits if (kin := _kin(view, entry)) is not None]
    unknown = [entry.id for entry in debits if not (entry.name or entry.fact.counterparty_account)]
    if not known:
        if not unknown:
            return []
        missing = "counterparty"
        return [view.undecided(RELATED, subject, day=day, missing=missing, evidence=unknown)]
    amounts = [entry.fact.amount_fen for entry, _ in known]
    amount = sum(amounts)
    before = balances_at(view, day, day - 1)
    evidence = [entry.id for entry, _ in known] + [kin.row for _, kin in known if kin.row]
    share: tuple[Step, ...] = ()
    found: list[Finding] = []
    if before is None:  # that they were paid is certain, only how large a share it was is not
        found = [view.undecided(RELATED, subject, day=day, missing="balance", evidence=evidence)]
    else:
        percent = number("day_percent", percent_text(amount, before), share_of(amount, before))
        share = (yuan("balance_before", before), percent)
    found.append(
        view.finding(
            RELATED,
            subject,
            kind="warning",
            level=_related_level(view, day, amount, before),
            day=day,
            amount_fen=amount,
            evidence=evidence,
            formula=(
                yuan("to_related_parties", amount, sum_of(amounts) if len(amounts) > 1 else ""),
                *share,
                *dict.fromkeys(kin.step for _, kin in known),
            ),
        )
    )
    return found


def related_level_on(view: View, day: int) -> LevelWord | None:
    """The level of a day by payments to related parties, None when there were none."""
    if not view.ledger.debits_on.get(day):
        return None
    found = outflow_related_party(view, f"day:{date.fromordinal(day).isoformat()}")
    return next((one.level for one in found if one.rule == RELATED), None)


def _related_level(view: View, day: int, amount: int, before: int | None) -> LevelWord:
    if before is None:
        return "yellow"
    if before <= 0:
        return "red"
    for level, name in (("red", "red_percent"), ("orange", "orange_percent")):
        percent = view.number(RELATED, name, day)
        if percent is not None and amount * 100 >= percent * before:
            return "red" if level == "red" else "orange"
    return "yellow"


def _unscheduled_debits(view: View, day: int) -> Iterator[Entry]:
    """The debits of a day that are of no class, and refunds that nobody asked for."""
    for identifier in unscheduled(view, day).entries:
        entry = view.ledger.entries[identifier]
        answer = entry.final
        kind = answer.kind if answer else ""
        if kind == "other" or (kind == "refund" and answer and not answer.explained):
            yield entry


def _kin(view: View, entry: Entry) -> Kin | None:
    """Who the payee of a debit is: by account or name of the register, else by its words."""
    day, payee = entry.day, entry.fact.counterparty_account
    registers = view.ledger.registers
    for row in registers.holding(RelatedPartyStated, day):
        if payee and payee == row.account:
            return Kin(number("related_by_account", row.number), fact_id(row))
        if entry.name and entry.name in related_names(row.name):
            return Kin(number("related_by_name", row.number), fact_id(row))
    state = registers.state(day)
    if state and entry.name and entry.name in related_names(state.legal_representative):
        return Kin(number("legal_representative", state.valid_from), fact_id(state))
    text = normalise_name(f"{entry.fact.counterparty_name} {entry.fact.remittance}")
    for word in view.words(RELATED, "wealth_words", day):
        if word in text:
            return Kin(number("wealth_product", word))
    for word in view.words(RELATED, "lender_words", day):
        if word in entry.name:
            return Kin(number("lender", word))
    return None


def related_names(name: str) -> tuple[str, ...]:
    """A name of the register and its aliases after semicolons, as names are compared."""
    return tuple(part for each in normalise_name(name).split(";") if (part := each.strip()))


# ---- small pieces ----


class Pieces(NamedTuple):
    """Small unscheduled debits since the first day; `unnamed_fen` of them went to nobody named."""

    debits: int = 0
    amount_fen: int = 0
    unnamed_fen: int = 0


class Window(NamedTuple):
    """The pieces of the days up to a day, and the highest balance before them."""

    first: int
    pieces: Pieces
    highest_fen: int


def outflow_split(view: View, _subject: str) -> list[Finding]:
    """Small unscheduled debits that together pass the steps of outflow-large, which is silent."""
    return judge(view, _SPLIT)


def _see_split(view: View, day: int) -> Seen:
    window = _window(view, day)
    if window is None or isinstance(window, Unknown):
        return window
    steps = view.policy.steps(OUTFLOW_LARGE, "week_percent", day)
    pieces, highest = window.pieces, window.highest_fen

    sure = at_least(steps, (pieces.amount_fen - pieces.unnamed_fen) * 100, highest)
    level = at_least(steps, pieces.amount_fen * 100, highest)
    if level is None or _is_told(view, window.first, day):
        return None
    return sure or Unknown("counterparty")


def _window(view: View, day: int) -> Window | Unknown | None:
    """The window that ends with a day; None when it has too few pieces, or too little."""
    days_count = view.number(SPLIT, "window_days", day)
    count = view.number(SPLIT, "debits_count", day)
    minimum = view.number(OUTFLOW_LARGE, "minimum_fen", day)
    series = view.ledger.series
    if days_count is None or count is None or minimum is None or day < series.first:
        return None
    sums = series.memo("outflow-split pieces", day, _add, view)
    last = sums[day - series.first]
    place = day - series.first - days_count
    before = sums[place] if place >= 0 else Pieces()
    if last.debits - before.debits < count:
        return None
    pieces = Pieces(*(now - then for now, then in zip(last, before, strict=True)))
    if pieces.amount_fen < minimum:
        return None
    first = day - days_count + 1
    # As in outflow-large the highest close of the days before decides, here back to the window.
    closes = [balances_at(view, day, each) for each in range(max(first, series.first) - 1, day)]
    known = [close for close in closes if close is not None]
    if len(known) < len(closes):
        return Unknown("balance")
    return Window(first, pieces, max(known))


def _add(view: View, day: int, before: Pieces | None) -> Pieces:
    sums = before or Pieces()
    if not view.ledger.debits_on.get(day):
        return sums
    minimum = view.number(OUTFLOW_LARGE, "minimum_fen", day) or 0
    for entry in _unscheduled_debits(view, day):
        fen = entry.fact.amount_fen
        if fen < minimum:
            unnamed = 0 if entry.name or entry.fact.counterparty_account else fen
            sums = Pieces(sums.debits + 1, sums.amount_fen + fen, sums.unnamed_fen + unnamed)
    return sums


def _is_told(view: View, first: int, day: int) -> bool:
    """Whether outflow-large tells of a day of the window by itself."""
    return any(
        finding.rule != CANNOT_DECIDE
        for each in range(first, day + 1)
        if view.ledger.debits_on.get(each)
        for finding in outflow_large(view, f"day:{date.fromordinal(each).isoformat()}")
    )


def _show_split(view: View, day: int) -> Shown:
    window = _window(view, day)
    assert isinstance(window, Window)
    amount, highest = window.pieces.amount_fen, window.highest_fen
    minimum = view.number(OUTFLOW_LARGE, "minimum_fen", day) or 0
    return Shown(
        amount,
        [
            entry.id
            for each in range(window.first, day + 1)
            for entry in _unscheduled_debits(view, each)
            if entry.fact.amount_fen < minimum
        ],
        (
            number("small_debits", window.pieces.debits),
            yuan("each_below", minimum),
            yuan("unscheduled_week", amount),
            yuan("highest_balance_week", highest),
            number("week_percent", percent_text(amount, highest), share_of(amount, highest)),
        ),
    )


_SPLIT: Final = State(SPLIT, "small-debits", "suspicion", _see_split, _show_split)
