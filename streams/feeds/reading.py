"""The reader of each format of bank files, by what a file was found to be."""

from collections.abc import Iterator

from streams.feeds import bill, camt, direct, mt940, table
from streams.feeds.profiles import load_profiles
from streams.feeds.records import Data, FeedRefused, Record
from streams.feeds.sniff import Sniffed


def records(data: Data, sniffed: Sniffed) -> Iterator[Record]:
    """What a bank file says, statement by statement, judged by nobody.

    Raises FeedRefused for what cannot be read with certainty, and for register tables and facts.
    """
    if sniffed.format == "camt":
        return camt.read(data)
    if sniffed.format == "mt940":
        return mt940.read(data)
    if sniffed.format == "direct":
        return direct.read(data, sniffed.name)
    if sniffed.format == "bill":
        return bill.read_sniffed(sniffed)
    if sniffed.format == "table":
        return table.read(sniffed.table, load_profiles()[sniffed.profile])
    raise FeedRefused(f"this is {sniffed.name}, no bank file; `escrow ingest` reads it", "byte 0")
