"""What the registers say of one institution, for its page: the rows that count, as facts."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from alerts.inbox import journal
from models import facts as f
from models.identity import join_id

_REGISTER_KINDS = ("InstitutionStated", "CustodyStated")


@dataclass(frozen=True)
class Register:
    """Register rows by kind, the newest first."""

    states: tuple[f.InstitutionStated, ...]
    accounts: tuple[f.AccountStated, ...]
    agreements: tuple[f.CustodyStated, ...]


def register_of(connection: Connection, institution: str, accounts: Iterable[str]) -> Register:
    """The register rows of an institution and of every account that was ever named its own."""
    own = join_id("i:" + institution)
    prefixes = [join_id(own, kind, "") for kind in _REGISTER_KINDS]
    prefixes += [join_id("a:" + account, "AccountStated", "") for account in accounts]
    told = [fact for prefix in prefixes for fact in journal.versions_under(connection, prefix)]
    return Register(
        states=tuple(
            sorted(
                (fact for fact in told if isinstance(fact, f.InstitutionStated)),
                key=lambda fact: fact.valid_from,
                reverse=True,
            )
        ),
        accounts=tuple(
            fact
            for fact in told
            if isinstance(fact, f.AccountStated) and fact.institution == institution
        ),
        agreements=tuple(fact for fact in told if isinstance(fact, f.CustodyStated)),
    )
