"""What a feed may tell: of which accounts, in which formats, of which kinds."""

from collections.abc import Iterator

import msgspec

from models.identity import mask_account
from models.keys import fact_id, source_of, stream_of
from models.store.journal import account_of
from streams.feeds.intake import ProvedFile, told
from streams.feeds.sniff import is_of

KINDS = ("bank", "register", "happening")
"""Decisions of people are none of these: no feed may accept its own statements."""


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """No accounts or no formats named means any."""

    feed: str
    accounts: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("bank",)

    def objection(self, proved: ProvedFile) -> str:
        """Why the feed may not tell that file, empty where it may."""
        if proved.refusal is not None:
            return ""
        if self.formats and not any(is_of(proved.format, one) for one in self.formats):
            allowed = ", ".join(self.formats)
            return f"feed {self.feed} may deliver {allowed}, this is {proved.format}"
        for kind, account in _told(proved):
            if kind not in self.kinds:
                return f"feed {self.feed} may tell {', '.join(self.kinds)}, this tells {kind}"
            if account and self.accounts and account not in self.accounts:
                return f"feed {self.feed} may not tell of account {mask_account(account)}"
        return ""


def _told(proved: ProvedFile) -> Iterator[tuple[str, str]]:
    """Kind and account of what a file tells, the account empty where it is of none."""
    for statement in proved.statements:
        yield "bank", statement.account
    for held in proved.held:
        if held.account:
            yield "bank", held.account
    # The rows of a bill may be of several merchants behind one service provider.
    if proved.is_bank and not proved.counts["MerchantTransactionBilled"]:
        return
    for telling in told(proved):
        stream = stream_of(fact_id(telling.fact))
        yield source_of(telling.fact), account_of(stream) if stream.startswith("a:") else ""
