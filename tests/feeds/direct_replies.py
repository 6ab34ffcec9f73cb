"""The same postings as each bank-direct call answers them, by the generator."""

from streams.simulator.direct import Query, reply
from streams.simulator.swift import Posting
from tests.feeds.exported import ACCOUNT, DAYS, OPENING_FEN, POSTINGS

CALLS: dict[str, tuple[str, bool]] = {
    "icbc-qhisd.xml": ("icbc-direct", False),
    "icbc-qpd.xml": ("icbc-direct", True),
    "ccb-6wy101.xml": ("ccb-direct", False),
    "boc-2002.xml": ("boc-direct", False),
    "boc-2001.xml": ("boc-direct", True),
    "cmb-gettransinfo.xml": ("cmb-direct", False),
    "cmb-trsquery.json": ("cmb-direct-json", False),
}
"""By the name of the sample the format, and whether only today is asked for."""

WITHOUT_BALANCES = {"icbc-qpd.xml"}
"""ICBC's answer of today tells none."""


def postings_of(call: str) -> tuple[Posting, ...]:
    """What a call can tell: how ICBC marks a reversal is not public."""
    return tuple(one for one in POSTINGS if not (call.startswith("icbc") and one.reversal))


def replied(call: str, entries_a_page: int = 3) -> bytes:
    """The file of a query with its pages."""
    name, of_today = CALLS[call]
    query = Query(ACCOUNT, DAYS, OPENING_FEN, of_today, entries_a_page)
    return reply(name, query, postings_of(call))
