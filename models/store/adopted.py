"""What all processes of an installation must agree on, each a text under a name."""

from sqlalchemy import Connection, select

from models.store import dialect
from models.store.tables import ADOPTED

PARTITIONS = "partitions"
POLICY = "policy"


def read(connection: Connection, name: str) -> str | None:
    """What was adopted under a name, or None."""
    query = select(ADOPTED.c.value).where(ADOPTED.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def adopt_first(connection: Connection, name: str, value: str) -> str:
    """Adopt a value unless there is one; what holds now."""
    dialect.insert_new(connection, ADOPTED, [(name, value)])
    held = read(connection, name)
    assert held is not None, "it was just written"
    return held


def adopt(connection: Connection, name: str, value: str) -> None:
    """Adopt a value in place of the one before."""
    dialect.upsert(connection, ADOPTED, [(name, value)], "value")
