"""What officers settled of what is held or refused: kept for ever, and what is still to be done.

A decision is a row that is never changed. What the owner of the facts has to take in of it is a row
of the outbox; what only ends a wait is done with the decision itself.
"""

from datetime import date
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update
from sqlalchemy.sql import Select

from models import facts as f
from models.identity import join_id
from models.keys import DECODER, encode, own_day
from models.store import dialect
from models.store.tables import DECISIONS, FILES, HELD, JOURNAL, OUTBOX, SIGHTINGS

How = Literal["accept", "supersede", "resubmit"]
HOWS: tuple[How, ...] = get_args(How)
PAIR = "pair"
TEXT_LENGTH_MAX = 500


class CannotSettle(Exception):  # noqa: N818 -- it reads as the fact that it states
    """Why something cannot be settled so: a code that stays, and what it is about."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(f"{code} {about}".strip())
        self.code = code
        self.about = about


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A held row, or a file that was refused (`held_id` None), as it can be settled.

    `state` of a held row is waiting, released or superseded; of a file refused or superseded.
    """

    file_id: int
    held_id: int | None
    file_name: str
    sha256: str
    position: str
    reason: str
    account: str
    statement: str
    body: str
    first_seen: str
    tries: int
    state: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Who settled what, how, why and when (UTC). `is_pending`: not taken in yet.

    `fact` is what it tells as JSON, of a decision that pairs entries.
    """

    decision_id: int
    file_id: int
    held_id: int | None
    how: How | Literal["pair"]
    reason: str
    who: str
    decided_at: str
    is_pending: bool = False
    fact: str = ""


class Task(msgspec.Struct, frozen=True):
    """A row of the outbox: the decision, what it is about, whether it accepts a statement."""

    outbox_id: int
    decision: Decision
    about: Waiting
    is_statement: bool


def settle(
    connection: Connection, about: Waiting, how: How, *, reason: str, who: str, at: str, today: date
) -> Decision:
    """Settle something; the earlier decision where it was settled so before. CannotSettle."""
    reason, who = _words(reason, who)
    told = history(connection, about)
    last = told[-1] if told else None
    is_open = about.state in {"waiting", "refused"}
    if last is not None and last.how == how and (last.is_pending or not is_open):
        return last
    if last is not None and last.is_pending:
        raise CannotSettle("being-taken-in", f"{last.how}, {last.who}, {last.decided_at}")
    if not is_open:
        raise CannotSettle("settled", about.state)
    if how == "accept":
        _must_be_acceptable(about, today)
    values = {"file_id": about.file_id, "held_id": about.held_id, "how": how}
    row = values | {"reason": reason, "who": who, "decided_at": at}
    made = connection.execute(insert(DECISIONS).values(row)).inserted_primary_key
    assert made is not None, "the row was inserted"
    if how == "supersede":
        if about.held_id is not None:
            mine = update(HELD).where(HELD.c.held_id == about.held_id)
            connection.execute(mine.values(state="superseded"))
    else:
        connection.execute(insert(OUTBOX).values(decision_id=made[0]))
    return history(connection, about)[-1]


def pair(
    connection: Connection, entry: str, same_as: str, *, reason: str, who: str, at: str
) -> None:
    """Say which entry one without reference is, both by fact id, or that it is one of its own.

    CannotSettle: an entry of the two is unknown, or they are the same.
    """
    reason, who = _words(reason, who)
    for identifier in (entry, *([same_as] if same_as else [])):
        if identifier == same_as == entry or _first_seen(connection, identifier) is None:
            raise CannotSettle("no-entry", identifier)
    seen = _first_seen(connection, entry)
    assert seen is not None, "it was found a moment ago"
    fact = f.EntryPaired(entry=entry, same_as=same_as, reason=f"{who}: {reason}")
    row = {"file_id": seen.file_id, "held_id": None, "how": PAIR, "reason": reason, "who": who}
    row |= {"decided_at": at, "fact": encode(fact).decode()}
    made = connection.execute(insert(DECISIONS).values(row)).inserted_primary_key
    assert made is not None, "the row was inserted"
    connection.execute(insert(OUTBOX).values(decision_id=made[0]))


def _words(*given: str) -> list[str]:
    """Reason and who, in this order, as they are kept. CannotSettle."""
    words = [dialect.holdable(" ".join(text.split())) for text in given]
    for name, text in zip(("reason", "who"), words, strict=True):
        if not text or len(text) > TEXT_LENGTH_MAX:
            raise CannotSettle(f"{name}-missing" if not text else f"{name}-too-long")
    return words


def _first_seen(connection: Connection, entry: str) -> Row[Any] | None:
    """Where an entry was read first; None for what is no entry."""
    if f"/{f.EntryBooked.__name__}/" not in entry:
        return None
    query = (
        select(SIGHTINGS.c.file_id, SIGHTINGS.c.position, SIGHTINGS.c.first_seen)
        .add_columns(FILES.c.name, FILES.c.sha256)
        .join(FILES, FILES.c.file_id == SIGHTINGS.c.file_id)
        .where(SIGHTINGS.c.fact_id == entry)
        .order_by(SIGHTINGS.c.first_seen, SIGHTINGS.c.file_id, SIGHTINGS.c.position)
    )
    return connection.execute(query.limit(1)).one_or_none()


def _about_entry(connection: Connection, told: str) -> Waiting | None:
    """The entry that a decision pairs, at the place where it was read first."""
    fact = fact_of(told)
    seen = _first_seen(connection, fact.entry) if isinstance(fact, f.EntryPaired) else None
    if seen is None:
        return None
    return Waiting(
        file_id=seen.file_id,
        held_id=None,
        file_name=seen.name,
        sha256=seen.sha256,
        position=seen.position,
        reason="without the bank's reference",
        account="",
        statement="",
        body=told,
        first_seen=seen.first_seen,
        tries=1,
        state="waiting",
    )


def history(connection: Connection, about: Waiting) -> list[Decision]:
    """Every decision about it, the oldest first."""
    query = _decisions().where(_is_about(about.file_id, about.held_id))
    return [_decision(row) for row in connection.execute(query.order_by(DECISIONS.c.decision_id))]


def held(connection: Connection, held_id: int) -> Waiting | None:
    """A held row by its number."""
    query = select(HELD, FILES.c.name.label("file_name"), FILES.c.sha256)
    query = query.join(FILES, FILES.c.file_id == HELD.c.file_id).where(HELD.c.held_id == held_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Waiting(**{name: getattr(row, name) for name in Waiting.__struct_fields__})


def refused(connection: Connection, file_id: int) -> Waiting | None:
    """A refused file by its number."""
    wanted = (FILES.c.file_id == file_id, FILES.c.state == "refused")
    row = connection.execute(select(FILES).where(*wanted)).one_or_none()
    if row is None:
        return None
    told = msgspec.json.decode(row.receipt)
    about = Waiting(
        file_id=file_id,
        held_id=None,
        file_name=row.name,
        sha256=row.sha256,
        position=str(told.get("position", "")),
        reason="; ".join(map(str, told.get("reasons", ()))),
        account="",
        statement="",
        body="",
        first_seen=row.received_at,
        tries=1,
        state="refused",
    )
    hows = [one.how for one in history(connection, about)]
    tries = 1 + hows.count("resubmit")
    state = "superseded" if "supersede" in hows else "refused"
    return msgspec.structs.replace(about, tries=tries, state=state)


def waiting_ids(connection: Connection) -> tuple[list[int], list[int]]:
    """The numbers of the held rows that wait, and of the refused files that nobody settled."""
    rows = select(HELD.c.held_id).where(HELD.c.state == "waiting")
    settled = select(DECISIONS.c.file_id).where(
        DECISIONS.c.held_id.is_(None), DECISIONS.c.how == "supersede"
    )
    files = select(FILES.c.file_id).where(
        FILES.c.state == "refused", FILES.c.file_id.not_in(settled)
    )
    return (
        list(connection.execute(rows.order_by(HELD.c.first_seen, HELD.c.held_id)).scalars()),
        list(connection.execute(files.order_by(FILES.c.file_id)).scalars()),
    )


def accepted_rows(connection: Connection) -> set[int]:
    """The held rows that wait although an officer accepted them."""
    query = select(HELD.c.held_id).join(DECISIONS, DECISIONS.c.held_id == HELD.c.held_id)
    fits = (HELD.c.state == "waiting", DECISIONS.c.how == "accept")
    return set(connection.execute(query.where(*fits)).scalars())


def tasks(connection: Connection) -> list[Task]:
    """What is still to be taken in, in the order in which it was decided."""
    query = _decisions().where(OUTBOX.c.outbox_id.is_not(None)).order_by(OUTBOX.c.outbox_id)
    found = []
    for row in connection.execute(query):
        if row.fact:
            about = _about_entry(connection, row.fact)
        elif row.held_id is None:
            about = refused(connection, row.file_id)
        else:
            about = held(connection, row.held_id)
        if about is None:
            # A file that is no longer refused was taken meanwhile: there is nothing left to do.
            done(connection, [row.outbox_id])
            continue
        is_statement = row.how == "accept" and _is_inconsistent(connection, about)
        found.append(Task(row.outbox_id, _decision(row), about, is_statement))
    return found


def done(connection: Connection, outbox_ids: list[int]) -> None:
    """These were taken in."""
    connection.execute(delete(OUTBOX).where(OUTBOX.c.outbox_id.in_(outbox_ids)))


def fact_of(body: str) -> f.Fact | None:
    """The fact that a held row would tell, None where it holds a text that is none."""
    try:
        fact: f.Fact = DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return fact


def _must_be_acceptable(about: Waiting, today: date) -> None:
    fact = fact_of(about.body)
    if fact is None:
        raise CannotSettle("no-fact")
    day = own_day(fact)
    if day is not None and day > today:
        raise CannotSettle("after-today", day.isoformat())


def _is_inconsistent(connection: Connection, about: Waiting) -> bool:
    """Whether it is part of a statement that was told as one whose figures do not prove."""
    if not about.statement:
        return False
    received = join_id(f"a:{about.account}", f.StatementReceived.__name__, about.statement)
    stream = received.partition("/")[0]
    query = select(JOURNAL.c.fact_id).where(
        JOURNAL.c.stream == stream,
        JOURNAL.c.fact_id.startswith(received + "/", autoescape=True),
        JOURNAL.c.fact_id.endswith("/no"),
    )
    return connection.execute(query.limit(1)).one_or_none() is not None


def _is_about(file_id: int, held_id: int | None) -> ColumnElement[bool]:
    columns = DECISIONS.c
    return (columns.file_id == file_id) & (
        columns.held_id.is_(None) & (columns.how != PAIR)
        if held_id is None
        else columns.held_id == held_id
    )


def _decisions() -> Select[Any]:
    joined = DECISIONS.outerjoin(OUTBOX, OUTBOX.c.decision_id == DECISIONS.c.decision_id)
    return select(DECISIONS, OUTBOX.c.outbox_id).select_from(joined)


def _decision(row: Any) -> Decision:  # noqa: ANN401 -- a row of `_decisions`
    return Decision(
        decision_id=row.decision_id,
        file_id=row.file_id,
        held_id=row.held_id,
        how=row.how,
        reason=row.reason,
        who=row.who,
        decided_at=row.decided_at,
        is_pending=row.outbox_id is not None,
        fact=row.fact or "",
    )
