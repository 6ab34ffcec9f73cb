"""What an officer accepted becomes facts: the held parts of a statement, or a single held row.

They are told as they were read, from the same file and position. Telling them again is harmless,
so a process killed half-way simply does it again.
"""

import msgspec
from sqlalchemy import Connection, select

from models import facts as f
from models.identity import join_id
from models.keys import DECODER
from models.store import decisions, dialect, journal
from models.store.journal import Stated
from models.store.tables import FILES, HELD, JOURNAL, SIGHTINGS
from streams import tellings


class Freed(msgspec.Struct, frozen=True):
    """A held part as it will be told, with the number of its row in `held`."""

    held_id: int
    telling: f.Told


def freed(connection: Connection) -> list[Freed]:
    """What waits although it was accepted, in the order in which it came."""
    accepted = decisions.accepted_rows(connection)
    waiting = (
        select(HELD, FILES.c.sha256, FILES.c.received_at)
        .join(FILES, FILES.c.file_id == HELD.c.file_id)
        .where(
            HELD.c.state == "waiting",
            (HELD.c.account != "") | HELD.c.held_id.in_(sorted(accepted)),
        )
        .order_by(HELD.c.held_id)
    )
    rows = connection.execute(waiting).all()
    identities = _accepted(connection, {(row.account, row.statement) for row in rows})
    return [
        Freed(
            row.held_id,
            f.Told(
                DECODER.decode(row.body),
                _stated_at(connection, row.file_id, row.account, row.statement) or row.received_at,
                row.sha256,
                row.position,
            ),
        )
        for row in rows
        if (row.account, row.statement) in identities or row.held_id in accepted
    ]


def release(connection: Connection, parts: list[Freed]) -> None:
    """Note that these parts wait no longer."""
    rows = [("released", part.held_id) for part in parts]
    dialect.update(connection, HELD, rows, "state", where="held_id = ?")


def _accepted(connection: Connection, statements: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these statements, by account and identity, that an officer accepted."""
    by_id = {
        join_id(f"a:{account}", f.StatementAccepted.__name__, statement): (account, statement)
        for account, statement in statements
    }
    streams = {journal.account_stream(account) for account, _ in statements}
    told = select(JOURNAL.c.fact_id).where(
        JOURNAL.c.stream.in_(sorted(streams)), JOURNAL.c.fact_id.in_(sorted(by_id))
    )
    return {by_id[identifier] for identifier in connection.execute(told).scalars()}


def _stated_at(connection: Connection, file_id: int, account: str, statement: str) -> str:
    """When the statement was made, as the file that held it told of it."""
    received = join_id(f"a:{account}", f.StatementReceived.__name__, statement)
    query = select(SIGHTINGS.c.stated_at).where(
        SIGHTINGS.c.file_id == file_id, SIGHTINGS.c.fact_id.startswith(received, autoescape=True)
    )
    return connection.execute(query.order_by(SIGHTINGS.c.fact_id)).scalars().first() or ""


def tell(connection: Connection, seen_at: str) -> tuple[list[Stated], int]:
    """Tell what was held of accepted statements; its contents, and how many were new."""
    parts = freed(connection)
    told = [part.telling for part in parts]
    contents, keys = journal.gather(told)
    new = tellings.write(connection, told, contents, keys, seen_at)
    release(connection, parts)
    return contents, new
