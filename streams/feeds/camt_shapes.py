"""Entries of one shape: their elements are read once, and then only the texts in them.

A bank writes nearly all of its entries alike. Cut out every text of an entry, and what is left is
its shape. Whatever is unusual (references to characters, comments, blanks around a text, texts
between elements) has no shape here, and its elements are read as the parser made them.
"""

import re

from lxml import etree
from lxml.etree import _Element as Parsed

from streams.feeds.camt_xml import LOCAL, Node

LENGTH_MAX = 20_000
"""Characters of an entry; longer ones are batches, of which no two have one shape."""

_SHAPES_MAX = 256
# A text that a parser would give as it stands: neither blanks at its ends nor anything to resolve.
_NO_XML = r"\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff"
_TEXT = re.compile(rf">([^<>&\s{_NO_XML}](?:[^<>&\r{_NO_XML}]*[^<>&\s{_NO_XML}])?)</")
_PREFIX = re.compile(r"[<\s/]([A-Za-z_][\w.-]*):")
_GIVEN = {"xml", "xmlns"}
_MARK = "\ue000"


_Shape = tuple[Node, list[Node]]
"""The node of an entry, and those of its texts in their order."""


class _Unusual(Exception):  # noqa: N818 -- it is no error
    """An entry that has no shape."""


class Shapes:
    """The shapes that were met so far, at most 256."""

    def __init__(self) -> None:
        self._known: dict[str, _Shape | None] = {}
        self._accepted: dict[str, _Shape] = {}

    def read(self, raw: str) -> Node | None:
        """The entry as a node, good until the next is read; None where it has no shape.

        The parser must have accepted it: nothing here looks whether it is well-formed.
        """
        parts = _TEXT.split(raw)
        key = "\0".join(parts[::2])
        if key not in self._known:
            if len(self._known) >= _SHAPES_MAX:
                return None
            self._known[key] = _shape_of(parts)
        shape = self._known[key]
        if shape is None:
            return None
        self._accepted[key] = shape
        return _filled(shape, parts)

    def again(self, raw: str) -> Node | None:
        """The same for an entry that no parser has seen, if one of its shape was accepted.

        Other texts without any mark of XML make no other elements, so it is well-formed too.
        """
        parts = _TEXT.split(raw)
        shape = self._accepted.get("\0".join(parts[::2]))
        return None if shape is None or "\0" in raw else _filled(shape, parts)

    def forget_accepted(self) -> None:
        """Another statement may know other prefixes: the parser is to see its shapes anew."""
        self._accepted.clear()


def _filled(shape: _Shape, parts: list[str]) -> Node:
    for leaf, text in zip(shape[1], parts[1::2], strict=True):
        leaf.text = text
    return shape[0]


def _shape_of(parts: list[str]) -> _Shape | None:
    """The node of an entry and those of its texts in their order, by numbers in their places."""
    bare = "".join(parts[::2])
    if "<!" in bare or "<?" in bare or _MARK in "".join(parts):
        return None
    marked = parts[0]
    for number, part in enumerate(parts[2::2]):
        marked += f">{_MARK}{number}</{part}"
    prefixes = set(_PREFIX.findall(bare)) - _GIVEN
    declared = "".join(f' xmlns:{prefix}="{prefix}"' for prefix in prefixes)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    leaves: dict[int, Node] = {}
    try:
        around = etree.fromstring(f"<around{declared}>{marked}</around>".encode(), parser)
        nodes = [_node_of(child, leaves) for child in around]
    except (etree.XMLSyntaxError, _Unusual):
        return None
    if len(nodes) != 1 or around.text or sorted(leaves) != list(range(len(parts) // 2)):
        return None
    return nodes[0], [leaves[number] for number in range(len(leaves))]


def _node_of(element: Parsed, leaves: dict[int, Node]) -> Node:
    text = (element.text or "").strip()
    if (element.tail or "").strip() or (text and (len(element) or text[0] != _MARK)):
        raise _Unusual
    children = [_node_of(child, leaves) for child in element]
    node = Node(
        LOCAL[element.tag],
        "",
        {str(name): str(told) for name, told in element.attrib.items()},
        children,
    )
    if text:
        leaves[int(text[1:])] = node
    return node
