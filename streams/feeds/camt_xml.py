"""Elements of a camt message by local name, and the amounts and days in them."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

from lxml.etree import _Element as Parsed

from models.money import MoneyError, parse_fen
from streams.feeds.records import AMOUNT_FEN_MAX, FeedRefused
from streams.feeds.text import parse_day, parse_moment

_ONE_SIDED = re.compile(r"\d{1,20}\.|\.\d{1,20}", re.ASCII)
_ZONE = re.compile(r"Z|[+-]\d{2}:\d{2}", re.ASCII)
DIRECTIONS: dict[str, Literal["C", "D"]] = {"CRDT": "C", "DBIT": "D"}


class Node:
    """An element without its parser: what the readers of entries ask of one."""

    __slots__ = ("attributes", "children", "first", "found", "last", "tag", "text")

    def __init__(
        self, tag: str, text: str, attributes: dict[str, str], children: "list[Node]"
    ) -> None:
        self.tag = tag
        self.text = text
        self.attributes = attributes
        self.children = children
        self.first = {child.tag: child for child in reversed(children)}
        self.last: dict[str, Element] = {child.tag: child for child in children}
        self.found: dict[tuple[str, ...], Node | None] = {}

    def __iter__(self) -> "Iterator[Node]":
        return iter(self.children)

    def __len__(self) -> int:
        return len(self.children)

    def first_along(self, names: tuple[str, ...]) -> "Node | None":
        """The first descendant along these names; `found` keeps it for all entries of a shape."""
        node: Node | None = self
        for name in names:
            node = node.first.get(name) if node is not None else None
        return node

    def get(self, name: str, default: str | None = None) -> str | None:
        """An attribute by its name."""
        return self.attributes.get(name, default)


Element = Parsed | Node
"""An element as the parser made it, or as its shape says."""


class _LocalNames(dict[str, str]):
    """Qualified to local names; a message uses a hundred of them a million times."""

    def __missing__(self, tag: str) -> str:
        name = self[tag] = tag.rpartition("}")[2]
        return name


LOCAL = _LocalNames()


def children(element: Element) -> dict[str, Element]:
    """The children by local name; of several the last."""
    if type(element) is Node:
        return element.last
    return {LOCAL[child.tag]: child for child in element}


def find(element: Element | None, *names: str) -> Element | None:
    """The first descendant along these local names."""
    if type(element) is Node:
        if names not in element.found:
            element.found[names] = element.first_along(names)
        return element.found[names]
    for name in names:
        if element is None:
            return None
        for child in element:
            if LOCAL[child.tag] == name:
                element = child
                break
        else:
            return None
    return element


def text_of(element: Element | None) -> str:
    """The text of an element without blanks around it, empty where there is none."""
    return (element.text or "").strip() if element is not None else ""


def words(element: Element | None, *names: str) -> str:
    """The text of the first descendant along these names, empty where there is none."""
    if type(element) is Node and names in element.found:
        # What is asked for most, without further calls.
        told = element.found[names]
        return told.text.strip() if told is not None else ""
    return text_of(find(element, *names))


def amount_of(element: Element | None, what: str, position: str) -> int:
    """A non-negative amount in hundredths; refused when missing, signed or too precise."""
    if element is not None and len(element):
        # Its text would be only what stands before the first of them.
        raise FeedRefused(f"{what}: elements stand inside of the amount", position)
    text = text_of(element)
    # A decimal of XML may lack the digits on one side of its point.
    plain = f"0{text}0" if _ONE_SIDED.fullmatch(text) else text
    try:
        amount_fen = parse_fen(plain)
    except MoneyError as error:
        raise FeedRefused(f"{what}: {error}", position) from error
    if not 0 <= amount_fen <= AMOUNT_FEN_MAX:
        raise FeedRefused(f"{what} {text!r} is negative or too large", position)
    return amount_fen


def currency_of(amount: Element | None, otherwise: str, position: str) -> str:
    """The currency of an amount, or else that of the account; refused where it is no ISO code."""
    stated = amount.get("Ccy") if amount is not None else None
    told = (stated or "").strip() or otherwise
    if told and not (
        len(told) == len("CNY") and told.isascii() and told.isalpha() and told.isupper()
    ):
        raise FeedRefused(f"currency {told[:20]!r} is no code of three capitals", position)
    return told


def day_of(element: Element | None, position: str) -> date | None:
    """The day in Shanghai of a `Dt`/`DtTm` choice, None where neither is told."""
    if element is None:
        return None
    text = words(element, "Dt") or words(element, "DtTm")
    return day_of_text(text, position) if text else None


def day_of_text(text: str, position: str) -> date:
    """The day of a date (its zone says nothing) or of a moment, in Shanghai."""
    try:
        if "T" in text:
            return parse_moment(text).date()
        if len(text) > len("2024-01-01") and _ZONE.fullmatch(text[10:]):
            text = text[:10]
        return parse_day(text)
    except ValueError as error:
        raise FeedRefused(str(error), position) from error


def account_of(element: Element | None) -> str:
    """The number of an `Acct`: IBAN, else the other id of its version."""
    identity = find(element, "Id")
    if identity is None:
        return ""
    return (
        # On paper it is written in groups of four, and by some banks here too.
        words(identity, "IBAN").replace(" ", "")
        or words(identity, "Othr", "Id")
        or words(identity, "BBAN")
        or words(identity, "UPIC")
        or words(identity, "PrtryAcct", "Id")
    )
