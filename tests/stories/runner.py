"""Boundary stories: text tables of facts, one a line, with the findings that are to stand.

    story sixty hours are allowed
    2024-01-02 contract HT-1 6000.00 hours=60 begins=2024-01-05 ends=2024-04-05
    2024-01-02 in 3000.00 HT-1                # a payment that names the contract
    close 2024-02-01
    expect charge-hours contract:HT-1/2024-01-02 2024-01-02 orange 3000.00 breach
    expect cannot-decide charge-span/contract:HT-1/2024-01-02

A line is a day, what happened, and its fields in the order of `VERBS`, others by name. For a day
`2024-03-02..2024-03-31/7` may stand: every seventh of these, without the /7 each. Each story
begins with an ordinary institution, a dedicated account A and another account S of its own, and a
custody agreement, unless it says `bare`; `unregistered` is bare, and of an account A that nobody
registered. `close` asks; the `expect` lines after it are all the
findings of the rules under trial that stand then. The rules under trial are those of the file's
name (`outflow-large.txt`), or of a line `rules …`.
"""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from models import facts as f
from models.identity import nobody_of
from models.money import parse_e5, parse_fen, parse_hundredths
from tests.oracle_identity import identity

FOLDER = Path(__file__).parent
INSTITUTION = "JG-1"
ORDINARY = """\
2022-01-01 institution name=星星学校 city=南昌市
2022-01-01 account A dedicated
2022-01-01 account S settlement
2022-01-01 custody XY-1 custody
"""
# What a line's first word means: the kind, the field of its day, the fields by position, others.
VERBS: dict[str, tuple[type[Any], str, tuple[str, ...], dict[str, Any]]] = {
    "institution": (f.InstitutionStated, "valid_from", (), {}),
    "account": (f.AccountStated, "valid_from", ("account", "purpose"), {}),
    "custody": (f.CustodyStated, "valid_from", ("number", "mode"), {}),
    "merchant": (f.MerchantCodeStated, "valid_from", ("number", "company"), {}),
    "contract": (f.ContractStated, "signed", ("number", "price"), {"academic": False}),
    "lesson": (f.LessonDelivered, "day", ("hours", "present"), {}),
    "asks": (f.RefundRequested, "day", ("number", "contract", "amount"), {}),
    "answers": (f.RefundAnswered, "day", ("number", "agreed"), {}),
    "approves": (f.WithdrawalApproved, "day", ("number",), {}),
    "in": (f.EntryBooked, "booking_date", ("amount", "remittance"), {"direction": "C"}),
    "out": (f.EntryBooked, "booking_date", ("amount", "remittance"), {"direction": "D"}),
    "announced": (f.EntryAnnounced, "booking_date", ("amount", "remittance"), {"direction": "C"}),
    "billed": (
        f.MerchantTransactionBilled,
        "booking_date",
        ("merchant_code", "amount"),
        {"channel": "wechat", "what": "payment"},
    ),
    "billed_back": (
        f.MerchantTransactionBilled,
        "booking_date",
        ("merchant_code", "amount"),
        {"channel": "wechat", "what": "refund"},
    ),
    "opening": (f.BalanceReported, "day", ("balance",), {"what": "opening"}),
    "closing": (f.BalanceReported, "day", ("balance",), {"what": "closing"}),
    "statement": (f.StatementReceived, "ends", ("statement", "begins"), {"consistent": True}),
    "accepts": (f.StatementAccepted, "", ("statement",), {}),
    "freeze": (f.AccountRestricted, "valid_from", ("number",), {}),
    "fee": (f.FeeStated, "valid_from", ("number", "price", "name"), {}),
    "invoice": (f.InvoiceIssued, "day", ("contract", "amount"), {}),
    "cash": (f.CashReceived, "day", ("contract", "amount"), {}),
    "related": (f.RelatedPartyStated, "valid_from", ("number", "name"), {}),
    "suspends": (f.ChargingSuspended, "valid_from", ("number",), {}),
    "term": (f.TermStated, "valid_from", ("name",), {}),
    "receipt": (f.ReceiptIssued, "day", ("number", "amount"), {}),
    "complaint": (f.ComplaintFiled, "day", ("number",), {}),
    "patrol": (f.PatrolReported, "day", ("number", "about"), {}),
    "lists": (f.EntriesListed, "day", ("unreferenced", "referenced"), {}),
    "pairs": (f.EntryPaired, "", ("entry", "same_as"), {}),
    "attributes": (f.PaymentAttributed, "", ("entry", "contract"), {}),
    # `retracts 1` takes back the fact of the line before.
    "retracts": (f.FactRetracted, "", ("fact",), {}),
}
SHORT_NAMES = {"from": "counterparty_name", "to": "counterparty_name", "into": "account",
               "out_of": "account", "at": "counterparty_account", "until": "valid_to",
               "term": "refund_term_days", "order": "order_number"}  # fmt: skip


class Expectation(NamedTuple):
    """A finding as a story writes it; the day is empty for cannot-decide."""

    rule: str
    subject: str
    day: str
    level: str
    amount_fen: int | None
    kind: str


@dataclass
class Close:
    """A question: what stands at the close of a day."""

    day: date
    line: int
    expected: set[Expectation] = field(default_factory=set)


@dataclass
class Story:
    """A story: what was told, the questions, and the rules under trial."""

    title: str
    place: str
    rules: tuple[str, ...]
    institution: str = INSTITUTION
    told: list[f.Told] = field(default_factory=list)
    closes: list[Close] = field(default_factory=list)


class StoryError(ValueError):
    """A line that cannot be read; the message names file and line."""


def stories(folder: Path = FOLDER) -> list[Story]:
    """Every story of every table, in the order of files and lines."""
    return [s for path in sorted(folder.glob("*.txt")) for s in read(path)]


def read(path: Path) -> Iterator[Story]:
    """The stories of one table."""
    rules: tuple[str, ...] = (path.stem,)
    story: Story | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        is_title = line.startswith("story ")
        words = line.split() if is_title else shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] == "rules":
            rules = tuple(words[1:])
        elif words[0] == "story":
            if story:
                yield story
            title = " ".join(words[1:]).removesuffix(" bare").removesuffix(" unregistered")
            story = Story(title, f"{path.name}:{number}", rules)
            if words[-1] == "unregistered":
                story.institution = nobody_of("A")
            is_bare = words[-1] in {"bare", "unregistered"}
            for ordinary in ORDINARY.splitlines() if not is_bare else ():
                _tell(story, shlex.split(ordinary))
        else:
            assert story, f"{path.name}:{number}: a table begins with a story"
            try:
                _line(story, words, number)
            except (ValueError, TypeError, KeyError, msgspec.ValidationError) as error:
                raise StoryError(f"{path.name}:{number}: {line.strip()}: {error}") from error
    if story:
        yield story


def _line(story: Story, words: list[str], number: int) -> None:
    if words[0] == "close":
        story.closes.append(Close(date.fromisoformat(words[1]), number))
    elif words[0] == "expect":
        story.closes[-1].expected.add(_expectation(words[1:]))
    else:
        for day in _days(words[0]):
            _tell(story, [day, *words[1:]])


def _days(word: str) -> list[str]:
    """The days of `2024-03-02..2024-03-31/7`, every seventh of them; any other word is itself."""
    first, dots, rest = word.partition("..")
    if not dots:
        return [word]
    last, _, step = rest.partition("/")
    days = range(
        date.fromisoformat(first).toordinal(),
        date.fromisoformat(last).toordinal() + 1,
        int(step or 1),
    )
    return [date.fromordinal(day).isoformat() for day in days]


def _expectation(words: list[str]) -> Expectation:
    if words[0] == "cannot-decide":
        return Expectation(words[0], words[1], "", "blue", None, "data")
    rule, subject, day, level, amount, kind = words
    date.fromisoformat(day)
    return Expectation(
        rule, subject, day, level, None if amount == "-" else parse_fen(amount), kind
    )


def _tell(story: Story, words: list[str]) -> None:
    day = words.pop(0) if words[0][:1].isdigit() else ""
    kind, day_field, places, fixed = VERBS[words.pop(0)]
    values = dict(fixed)
    stated_at = "2025-01-01T00:00:00Z"
    free = list(places)
    for word in words:
        name, is_named, text = word.partition("=")
        if not is_named:
            name, text = free.pop(0), word
        if name == "stated_at":
            stated_at = text
        else:
            values |= _value(kind, SHORT_NAMES.get(name, name), text)
    if day:
        values[day_field] = day
    names = {x.name for x in msgspec.structs.fields(kind)}
    defaults = {
        "institution": INSTITUTION,
        "account": "A",
        "serial": f"E{len(story.told)}",
        "number": f"N{len(story.told)}",
        "status": "PENDING",
    }
    # What nobody names has a counterparty all the same: only a story about that leaves it out.
    if kind is f.EntryBooked and not values.keys() & {"counterparty_name", "counterparty_account"}:
        defaults["counterparty_name"] = "某人"
    for name, value in defaults.items():
        if name in names:
            values.setdefault(name, value)
    fact = msgspec.convert(values, kind, strict=False)
    if isinstance(fact, f.FactRetracted):
        fact = f.FactRetracted(fact=identity(story.told[-int(fact.fact)].fact))
    position = f"line {len(story.told) + 1}"
    story.told.append(f.Told(fact, stated_at, "0" * 64, position))


def _value(kind: type[Any], name: str, text: str) -> dict[str, Any]:
    """One field: yuan where the fact has fen, hours where it has hundredths."""
    names = {x.name for x in msgspec.structs.fields(kind)}
    if f"{name}_fen" in names:
        return {f"{name}_fen": parse_fen(text)}
    if f"{name}_e5" in names:
        return {f"{name}_e5": parse_e5(text)}
    for hours in (f"{name}_hundredths", f"paid_{name}_hundredths", f"{name}_hours_hundredths"):
        if hours in names:
            return {hours: parse_hundredths(text)}
    if name not in names:
        raise ValueError(f"{kind.__name__} has no field {name}")
    if name in {"payers", "present", "referenced", "unreferenced"}:
        return {name: text.split(";")}
    if name == "instalments":
        return {name: [_instalment(part.split("|")) for part in text.split(";")]}
    if name == "stages":
        pairs = [part.split(":") for part in text.split(";")]
        return {name: [{"taught_percent": a, "released_percent": b} for a, b in pairs]}
    if text in {"yes", "no"}:
        return {name: text == "yes"}
    return {name: None if text == "unknown" else text}


def _instalment(cells: list[str]) -> dict[str, Any]:
    amount, due, hours, begins, ends = cells
    return {
        "amount_fen": parse_fen(amount),
        "due": due or None,
        "hours_hundredths": parse_hundredths(hours) if hours else None,
        "begins": begins or None,
        "ends": ends or None,
    }


def under_trial(story: Story, found: Iterable[Expectation]) -> set[Expectation]:
    """Of what was found, what the rules under trial say."""
    return {
        x
        for x in found
        if x.rule in story.rules
        or (x.rule == "cannot-decide" and x.subject.split("/")[0] in story.rules)
    }
