"""A merchant code is an account with an owner, like those of banks: owners of codes told before."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_JOURNAL = sa.table("journal", sa.column("kind"), sa.column("body"))
_OWNERS = sa.table("account_owners", sa.column("account"), sa.column("institution"))


def upgrade() -> None:
    """Read the register rows of merchant codes once; what is told later is noted as it comes."""
    connection = op.get_bind()
    query = sa.select(_JOURNAL.c.body).where(_JOURNAL.c.kind == "MerchantCodeStated")
    told = [json.loads(bytes(body)) for body in connection.execute(query).scalars()]
    pairs = {("merchant:" + one["number"], one["institution"]) for one in told}
    for account, institution in sorted(pairs):
        values = {"account": account, "institution": institution}
        connection.execute(sa.insert(_OWNERS).values(values))
