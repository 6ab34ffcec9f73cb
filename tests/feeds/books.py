"""Rows as Excel files, new and old, as banks and office programs write them."""

import io
from collections.abc import Sequence

import openpyxl
import xlwt


def xlsx(rows: Sequence[Sequence[object]]) -> bytes:
    """The rows as the only sheet of a new Excel file."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("明细")
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows: Sequence[Sequence[object]]) -> bytes:
    """The rows as the only sheet of an old Excel file (BIFF)."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("明细")
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            sheet.write(number, place, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
