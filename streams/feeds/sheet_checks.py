"""What is looked at in an XLSX file before anybody opens it: sizes, ratio, members, extent.

The sizes that a ZIP states are held against what it unpacks to, piece by piece.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

UNPACKED_BYTES_MAX = 300_000_000
RATIO_MAX = 100
"""Unpacked to packed bytes of the whole file; a real sheet of 50,000 rows has 10."""
MEMBERS_MAX = 200
CELLS_MAX = 10_000_000
"""Of the box around all cells: 32 bytes are allocated for each, empty or not."""
ROWS_MAX = 300_000
SMALL_BYTES = 1_000_000
"""Below this a high ratio does no harm: an empty sheet packs well."""

_PIECE_BYTES = 1 << 20
_OVERLAP_BYTES = 64
_ENCRYPTED = 0x1
_REFERENCE = re.compile(rb"""r(?<=\br)\s*=\s*["']([A-Z]{0,3}[0-9]{1,20})["']""")
# One that may reach beyond column BZ or row 99,999, which CELLS_MAX and ROWS_MAX contain.
_FAR = re.compile(rb"""r\s*=\s*["'](?:[A-Z]{3}|[C-Z][A-Z]|[A-Z]{0,2}[0-9]{6})""")
_DIGITS, _LETTERS = b"0123456789", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_NESTED = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


class SheetRefused(Exception):  # noqa: N818 -- it reads as the sentence that it is
    """Why an Excel file is not opened, as a sentence."""


def check_package(path: Path) -> None:
    """Raise SheetRefused for a ZIP that would harm its reader, or is no sound package."""
    try:
        with zipfile.ZipFile(path) as package:
            members = package.infolist()
            _check_members(members, path.stat().st_size)
            for member in members:
                _check_content(package, member)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, OSError) as error:
        raise SheetRefused(f"the Excel file is cut or damaged: {error}") from error
    except (EOFError, RuntimeError, ValueError, zlib.error) as error:
        raise SheetRefused(f"the Excel file cannot be unpacked: {error}") from error


def _check_members(members: list[zipfile.ZipInfo], packed_bytes: int) -> None:
    if len(members) > MEMBERS_MAX:
        raise SheetRefused(f"the ZIP has {len(members)} members, more than {MEMBERS_MAX}")
    names = {member.filename for member in members}
    if len(names) < len(members):
        raise SheetRefused("two members of the ZIP have one name")
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise SheetRefused("the Excel file is encrypted; send it without a password")
    unpacked_bytes = sum(member.file_size for member in members)
    if unpacked_bytes > UNPACKED_BYTES_MAX:
        raise SheetRefused(
            f"the ZIP unpacks to {unpacked_bytes:,} bytes, more than {UNPACKED_BYTES_MAX:,}"
        )
    if unpacked_bytes > SMALL_BYTES and unpacked_bytes > RATIO_MAX * packed_bytes:
        raise SheetRefused(f"the ZIP unpacks to more than {RATIO_MAX} times its size")
    if "xl/workbook.xml" not in names:
        raise SheetRefused("this is a ZIP file and no XLSX; unpack it, or save the sheet as CSV")


def _check_content(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """One member, a piece at a time: what it holds, and how far its cells reach."""
    is_far = False
    for number, text in enumerate(_pieces(package, member)):
        if not number:
            _check_start(text, member.filename)
        # A single byte is found ten times as fast as two.
        if b"!" in text and _DECLARATION.search(text):
            raise SheetRefused(f"{member.filename} declares a document type or entities")
        # In every member: the book says where its sheets lie, and may say anything.
        is_far = is_far or _FAR.search(text) is not None
    if is_far:
        _check_extent(package, member)


def _pieces(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a member unpacks to; each piece begins with the end of the one before."""
    before = b""
    with package.open(member) as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield before + piece
            before = piece[-_OVERLAP_BYTES:]


def _check_extent(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raise SheetRefused where the cells reach too far: to be known, all have to be looked at."""
    row_max = column_max = 0
    for text in _pieces(package, member):
        columns, rows = _extent(text)
        column_max, row_max = max(column_max, columns), max(row_max, rows)
    if row_max > ROWS_MAX:
        raise SheetRefused(f"a cell stands in row {row_max:,}, more than {ROWS_MAX:,}")
    if row_max * column_max > CELLS_MAX:
        raise SheetRefused(
            f"its cells reach over {row_max:,} rows and {column_max:,} columns,"
            f" more than {CELLS_MAX:,} cells"
        )


def _check_start(piece: bytes, name: str) -> None:
    if piece.startswith(_NESTED):
        raise SheetRefused(f"{name} is an archive inside the archive")
    if piece.startswith(_UTF16) and name.endswith((".xml", ".rels")):
        raise SheetRefused(f"{name} is not UTF-8")


def _extent(text: bytes) -> tuple[int, int]:
    """The highest column and row that cells and rows name in a piece of a member."""
    references = b" ".join(_REFERENCE.findall(text))
    columns = set(references.translate(None, _DIGITS).split(b" "))
    rows = set(references.translate(None, _LETTERS).split(b" ")) - {b""}
    return max(map(_column, columns)), max(map(int, rows), default=0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
