"""Hostile Excel files and web pages: refused with a reason, in bounded time and memory."""

import io
import resource
import time
import zipfile
from collections.abc import Callable

import openpyxl
import pytest

from streams.feeds import sheet, sheet_checks
from streams.feeds.intake import told
from tests.feeds.books import xls, xlsx
from tests.feeds.exported import exported
from tests.feeds.made import proved

NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = "xl/worksheets/sheet1.xml"


def repacked(changes: dict[str, bytes | Callable[[bytes], bytes]], whole: bytes = b"") -> bytes:
    """A sound XLSX with some members replaced or changed, and others added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole or xlsx([["a", "b"]]))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names = dict.fromkeys([*old.namelist(), *changes])
        for name in names:
            change = changes.get(name)
            content = old.read(name) if name in old.namelist() else b""
            new.writestr(name, change(content) if callable(change) else change or content)
    return out.getvalue()


def cells(*references: str) -> bytes:
    """A sheet of these cells, each in a row of its own."""
    rows = "".join(f'<row><c r="{one}"><v>1</v></c></row>' for one in references)
    return f"<worksheet {NAMESPACE}><sheetData>{rows}</sheetData></worksheet>".encode()


def entity_bomb(content: bytes) -> bytes:
    """The sheet behind a document type that grows."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    return content.replace(b"<worksheet", bomb + b"<worksheet", 1)


def encrypted() -> bytes:
    """A ZIP whose directory says that a member wants a password."""
    whole = bytearray(xlsx([["a"]]))
    place = whole.index(b"PK\x01\x02")
    whole[place + 8] |= 1
    return bytes(whole)


def lying() -> bytes:
    """A ZIP whose directory states a size that its member is not."""
    whole = bytearray(xlsx([["a"] * 20] * 50))
    place = whole.index(b"PK\x01\x02")
    whole[place + 24 : place + 28] = (7).to_bytes(4, "little")
    return bytes(whole)


def two_sheets() -> bytes:
    """A book of two sheets that both hold something."""
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.create_sheet("b").append(["b"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows_of_zeros(megabytes: int) -> bytes:
    """The XML of a sheet that is as long as that and packs to nearly nothing."""
    row = b"<row><c><v>0</v></c></row>" * 40_000
    body = row * (megabytes * 1_000_000 // len(row))
    return f"<worksheet {NAMESPACE}><sheetData>".encode() + body + b"</sheetData></worksheet>"


def one_cell(megabytes: int) -> bytes:
    """A book whose only text is that long; written in pieces, for the test's own memory."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package,
        package.open(SHEET, "w") as sheet_xml,
    ):
        sheet_xml.write(f'<worksheet {NAMESPACE}><sheetData><row><c t="str"><v>'.encode())
        for _ in range(megabytes):
            sheet_xml.write(b"x" * 1_000_000)
        sheet_xml.write(b"</v></c></row></sheetData></worksheet>")
    return out.getvalue()


ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "two cells far apart": (lambda: repacked({SHEET: cells("A1", "XFD1048576")}), "row 1,048,576"),
    "two cells, few rows": (lambda: repacked({SHEET: cells("A1", "XFD9999")}), "million cells"),
    "many rows": (lambda: repacked({SHEET: cells("A1", "B300001")}), "more than 300,000"),
    "bomb of rows": (lambda: repacked({SHEET: rows_of_zeros(320)}), "unpacks to"),
    "one cell of 1.5 GB": (lambda: one_cell(1_500), "unpacks to 1,5"),
    "bomb under the size": (lambda: repacked({SHEET: rows_of_zeros(100)}), "times its size"),
    "entities": (lambda: repacked({SHEET: entity_bomb}), "document type"),
    "entities in strings": (
        lambda: repacked({"xl/other.xml": b"<!ENTITY a 'b'>"}),
        "document type",
    ),
    "UTF-16": (
        lambda: repacked({SHEET: lambda xml: xml.decode().encode("utf-16")}),
        "not UTF-8",
    ),
    "archive inside": (lambda: repacked({"xl/media/a": b"PK\x03\x04abc"}), "inside the archive"),
    "many members": (lambda: repacked({f"xl/{n}": b"x" for n in range(201)}), "members"),
    "encrypted": (encrypted, "encrypted"),
    "states another size": (lying, "damaged"),
    "cut": (lambda: exported("cmb-corporate", "xlsx")[:-200], "cut or damaged"),
    "old, cut": (lambda: exported("cmb-corporate", "xls")[:3000], "cannot be read"),
    "no book": (lambda: repacked({"xl/workbook.xml": b"<x/>"}), ""),
    "other ZIP": (lambda: _zip_of(b"a,b\n"), "unpack the ZIP"),
    "two sheets": (two_sheets, "one sheet with content"),
    "nothing in it": (lambda: xlsx([]), "one sheet with content"),
    "unknown heading": (lambda: xlsx([["甲", "乙"], ["1", "2"]]), "no bank profile"),
    "old, unknown heading": (lambda: xls([["甲", "乙"], ["1", "2"]]), "no bank profile"),
}


def _zip_of(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("a.csv", content)
    return out.getvalue()


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_book_is_refused(name: str) -> None:
    """With the reason, in seconds, and without its memory in this process."""
    make, reason = ATTACKS[name]
    content = make()
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    file = proved(content)

    assert file.refusal is not None
    assert reason.replace("million", "10,000,000") in file.refusal.reason or (
        reason == "million cells" and "10,000,000 cells" in file.refusal.reason
    )
    assert [] == list(told(file))
    assert time.monotonic() - started < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kib < 100_000


def test_memory_of_a_book_is_the_childs_alone() -> None:
    """Behind the checks stands a limit: an old file that reaches far ends the child alone."""
    rows: list[list[str]] = [["a"]] + [[] for _ in range(65_534)] + [[""] * 255 + ["b"]]
    file = proved(xls(rows))

    assert file.refusal is not None
    assert "needs more memory" in file.refusal.reason


def test_time_of_a_book_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that takes longer than it may is ended."""
    monkeypatch.setattr(sheet, "SECONDS_MAX", 0.001)
    file = proved(exported("cmb-corporate", "xlsx"))

    assert file.refusal is not None
    assert "seconds to read" in file.refusal.reason


def test_limits_are_those_of_the_documentation() -> None:
    """What docs/operating.md promises."""
    assert (300_000_000, 100, 200, 10_000_000, 300_000) == (
        sheet_checks.UNPACKED_BYTES_MAX,
        sheet_checks.RATIO_MAX,
        sheet_checks.MEMBERS_MAX,
        sheet_checks.CELLS_MAX,
        sheet_checks.ROWS_MAX,
    )


PAGE = exported("cmb-corporate", "page")
PAGES = {
    "not closed": (PAGE.replace(b"</table>", b""), "is cut"),
    "other encoding": (PAGE.replace(b"gb2312", b"big5"), "'big5' is not read"),
    "not what it declares": (PAGE.replace(b"gb2312", b"utf-8"), "is not the utf-8"),
    "lost cell": (PAGE.replace(b"<td>*</td>", b""), "cells where the heading has"),
    "no table": (b"<html><body>404 not found</body></html>", "no bank profile"),
    "NUL": (PAGE.replace(b"<td>*</td>", b"<td>\0</td>"), "NUL"),
}


@pytest.mark.parametrize("name", PAGES)
def test_hostile_page_is_refused(name: str) -> None:
    """A page is as strict as any text, though browsers show everything."""
    content, reason = PAGES[name]
    file = proved(content)

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert [] == list(told(file))


WIDE = exported("cmb-corporate").replace("张三".encode("gb18030"), b"x" * 131_073, 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (WIDE, "field larger than field limit"),
        (exported("cmb-corporate").replace("转账".encode("gb18030"), b'"', 1), "not closed"),
        (exported("cmb-corporate", "tab").replace("转账".encode("gb18030"), b"\0", 1), "NUL"),
    ],
)
def test_hostile_text_is_refused(content: bytes, reason: str) -> None:
    """A field of 131,073 characters, an open quote, a NUL."""
    file = proved(content)

    assert file.refusal is not None
    assert reason in file.refusal.reason
