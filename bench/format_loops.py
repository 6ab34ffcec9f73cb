"""The loops of the bare libraries: what anybody would write who trusts the file.

They map fields and check nothing: no balance, no sign that is written twice, no key, no position.
"""

import csv
from datetime import date
from pathlib import Path

import mt940
import python_calamine
from lxml import etree
from lxml.etree import _Element as Element

from bench.format_files import NAMESPACE

_N = f"{{{NAMESPACE}}}"
_PARTIES = (f"{_N}Dbtr", f"{_N}Cdtr")


def camt(path: Path) -> int:
    """`lxml.etree.iterparse` over the entries with 16 fields of each; how many there are."""
    count = 0
    for _, ntry in etree.iterparse(path, events=("end",), tag=f"{_N}Ntry"):
        _mapped(ntry)
        count += 1
        ntry.clear()
        before = ntry.getprevious()
        if before is not None:
            ntry.getparent().remove(before)
    return count


def _mapped(ntry: Element) -> dict[str, object]:  # noqa: C901 -- a list of fields
    """One pass over the children by their names: calls of find would take three times as long."""
    fields: dict[str, object] = {}
    for part in ntry:
        tag = part.tag
        if tag == f"{_N}Amt":
            fields["amount_fen"], fields["currency"] = _fen(part.text or ""), part.get("Ccy")
        elif tag == f"{_N}CdtDbtInd":
            fields["direction"] = part.text
        elif tag == f"{_N}RvslInd":
            fields["reversal"] = part.text == "true"
        elif tag == f"{_N}Sts":
            fields["status"] = part[0].text
        elif tag == f"{_N}BookgDt":
            fields["booking_date"] = date.fromisoformat(part[0].text or "")
        elif tag == f"{_N}ValDt":
            fields["value_date"] = date.fromisoformat(part[0].text or "")
        elif tag == f"{_N}AcctSvcrRef":
            fields["reference"] = part.text
        elif tag == f"{_N}NtryRef":
            fields["entry_reference"] = part.text
        elif tag == f"{_N}BkTxCd":
            domain, family = part[0], part[0][1]
            fields["code"] = f"{domain[0].text}-{family[0].text}-{family[1].text}"
        elif tag == f"{_N}NtryDtls":
            _map_transaction(part[0], fields)
    return fields


def _map_transaction(  # noqa: C901 -- a list of fields
    transaction: Element, fields: dict[str, object]
) -> None:
    for part in transaction:
        tag = part.tag
        if tag == f"{_N}Refs":
            for reference in part:
                if reference.tag == f"{_N}EndToEndId":
                    fields["end_to_end_id"] = reference.text
                elif reference.tag == f"{_N}TxId":
                    fields["transaction_id"] = reference.text
        elif tag == f"{_N}RltdPties":
            for party in part:
                if party.tag in _PARTIES:
                    fields["name"] = party[0][0].text
                else:
                    fields["account"] = party[0][0][0].text
        elif tag == f"{_N}RltdAgts":
            fields["bank"] = part[0][0][0][0].text
        elif tag == f"{_N}RmtInf":
            fields["remittance"] = part[0].text


def csv_export(path: Path) -> int:
    """The `csv` module with 8 fields of each row, three of them amounts; how many rows."""
    count = 0
    with path.open(encoding="gb18030", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            _ = {
                "account": row[0],
                "day": row[10],
                "debit_fen": _fen(row[3]),
                "credit_fen": _fen(row[4]),
                "balance_fen": _fen(row[5]),
                "name": row[7],
                "text": row[12],
                "serial": row[13],
            }
            count += 1
    return count


def xlsx_export(path: Path) -> int:
    """`python_calamine` in this process, row by row; how many rows below the heading."""
    sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    return sum(1 for _ in sheet.iter_rows()) - 1


def mt940_statement(path: Path) -> int:
    """The `mt-940` library with its own defaults; how many transactions."""
    return len(mt940.parse(str(path), encoding="utf-8"))


def _fen(text: str) -> int:
    whole, _, decimals = text.partition(".")
    return int(whole + decimals) if text else 0
