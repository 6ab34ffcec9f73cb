"""The original bytes of a fact, as text, from the archive of delivered files."""

import re
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Row

PIECE_BYTES_MAX = 4096
_AT_BYTE = re.compile(r"\bbyte (\d+)\b", re.ASCII)
_AT_ROW = re.compile(r"\b(?:row|line) (\d+)\b", re.ASCII)
_ENTRY_END = re.compile(rb"</(?:\w+:)?(?:Ntry|Bal|Stmt)>")


def original(archive: Path, file: Row[Any], position: str) -> str:
    """The piece of a file at a position, decoded; empty where archive or position has none."""
    path = archived(archive, file.sha256)
    if path is None:
        return ""
    if at_byte := _AT_BYTE.search(position):
        return _decoded(_piece(path, int(at_byte[1])))
    if at_row := _AT_ROW.search(position):
        return _decoded(_line(path, int(at_row[1])))
    return ""


def archived(archive: Path, sha256: str) -> Path | None:
    """Where the archive keeps the bytes with this hash, or None."""
    path = archive / sha256[:2] / sha256[2:4] / sha256
    return path if path.is_file() else None


def _piece(path: Path, start: int) -> bytes:
    with path.open("rb") as stream:
        stream.seek(start)
        data = stream.read(PIECE_BYTES_MAX)
    end = _ENTRY_END.search(data)
    return data[: end.end()] if end else data


def _line(path: Path, number: int) -> bytes:
    with path.open("rb") as stream:
        return next(islice(stream, number - 1, number), b"")[:PIECE_BYTES_MAX]


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    return text.strip("\r\n").expandtabs(2)
