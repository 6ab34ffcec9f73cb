"""Large bank files, one statement each, written a piece at a time: no size needs any memory.

Every format tells the same entries, and the balances prove them: incoming fees of parents, and a
payment out at every fifth place.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl

from models.money import format_yuan_plain

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
ACCOUNT = "36050152015000000001"
OPENING_FEN = 1_000_000_000_00
DAYS = 31

_CSV_HEADING = (
    *("账号", "账户名称", "交易时间", "借方发生额（支取）", "贷方发生额（收入）", "余额", "币种"),
    *("对方户名", "对方账号", "对方开户机构", "记账日期", "摘要", "备注"),
    *("账户明细编号-交易流水号", "企业流水号", "凭证种类", "凭证号"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of March 2024; `balance_fen` is the balance after it."""

    number: int
    day: date
    amount_fen: int
    comes_in: bool
    balance_fen: int

    @property
    def yuan(self) -> str:
        """The amount with its point."""
        return format_yuan_plain(self.amount_fen)

    @property
    def name(self) -> str:
        """The parent: one of 5,000."""
        return f"家长{self.number % 5_000}"

    @property
    def account(self) -> str:
        """The account of the parent."""
        return f"62170000{self.number % 5_000:011d}"

    @property
    def text(self) -> str:
        """What the parent wrote."""
        return f"学费 合同 HT-2024-{self.number % 7_000:05d} 三月课时"

    @property
    def serial(self) -> str:
        """The bank's own number."""
        return f"{self.day:%Y%m%d}{self.number:017d}"


def lines(count: int) -> Iterator[Line]:
    """So many entries, from the first of March on."""
    balance_fen = OPENING_FEN
    for number in range(count):
        amount_fen, comes_in = 100 + number % 90_000, number % 5 != 0
        balance_fen += amount_fen if comes_in else -amount_fen
        day = date(2024, 3, 1 + number * DAYS // count)
        yield Line(number, day, amount_fen, comes_in, balance_fen)


def closing_fen(count: int) -> int:
    """The balance after so many entries."""
    return OPENING_FEN + sum(
        100 + number % 90_000 if number % 5 else -(100 + number % 90_000) for number in range(count)
    )


def write_camt(path: Path, count: int) -> None:
    """A camt.053.001.08 with some 950 bytes an entry."""
    with path.open("w", encoding="utf-8") as file:
        file.write(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}">'
            "<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2024-04-01T01:00:00+08:00</CreDtTm>"
            "</GrpHdr>\n<Stmt><Id>S1</Id><CreDtTm>2024-04-01T01:00:00+08:00</CreDtTm>"
            "<FrToDt><FrDtTm>2024-03-01T00:00:00+08:00</FrDtTm>"
            "<ToDtTm>2024-03-31T23:59:59+08:00</ToDtTm></FrToDt>"
            f"<Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>\n"
        )
        for code, fen, day in (("OPBD", OPENING_FEN, 1), ("CLBD", closing_fen(count), DAYS)):
            file.write(
                f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
                f'<Amt Ccy="CNY">{format_yuan_plain(fen)}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
                f"<Dt><Dt>2024-03-{day:02d}</Dt></Dt></Bal>\n"
            )
        file.writelines(map(_ntry, lines(count)))
        file.write("</Stmt></BkToCstmrStmt></Document>\n")


def _ntry(line: Line) -> str:
    other = "Dbtr" if line.comes_in else "Cdtr"
    amount = f'<Amt Ccy="CNY">{line.yuan}</Amt>'
    return (
        f"<Ntry><NtryRef>{line.number}</NtryRef>{amount}"
        f"<CdtDbtInd>{'CRDT' if line.comes_in else 'DBIT'}</CdtDbtInd><RvslInd>false</RvslInd>"
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{line.day}</Dt></BookgDt>"
        f"<ValDt><Dt>{line.day}</Dt></ValDt><AcctSvcrRef>{line.serial}</AcctSvcrRef>"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
        "<Prtry><Cd>NTRF+166</Cd></Prtry></BkTxCd><NtryDtls><TxDtls>"
        f"<Refs><AcctSvcrRef>{line.serial}</AcctSvcrRef>"
        f"<EndToEndId>E2E{line.number:012d}</EndToEndId><TxId>TX{line.number:012d}</TxId></Refs>"
        f"{amount}<RltdPties><{other}><Pty><Nm>{line.name}</Nm></Pty></{other}>"
        f"<{other}Acct><Id><Othr><Id>{line.account}</Id></Othr></Id></{other}Acct></RltdPties>"
        f"<RltdAgts><{other}Agt><FinInstnId><ClrSysMmbId><MmbId>102421000011</MmbId></ClrSysMmbId>"
        f"<Nm>赣江模拟银行</Nm></FinInstnId></{other}Agt></RltdAgts>"
        f"<RmtInf><Ustrd>{line.text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )


def write_mt940(path: Path, count: int) -> None:
    """An MT940 of one page with subfields in every `:86:`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        opening, closing = (
            f"CNY{format_yuan_plain(fen).replace('.', ',')}"
            for fen in (OPENING_FEN, closing_fen(count))
        )
        file.write(f":20:240331001\r\n:25:{ACCOUNT}\r\n:28C:1/1\r\n:60F:C240301{opening}\r\n")
        for line in lines(count):
            file.write(
                f":61:{line.day:%y%m%d}{line.day:%m%d}{'C' if line.comes_in else 'D'}"
                f"{line.yuan.replace('.', ',')}NTRFNONREF//{line.serial[8:]}\r\n"
                f":86:166?00转账?20SVWZ+{line.text}\r\n?31{line.account}?32{line.name}\r\n"
            )
        file.write(f":62F:C240331{closing}\r\n-\r\n")


def write_csv(path: Path, count: int) -> None:
    """A corporate export of CCB in GB18030."""
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(_rows(count))


def write_xlsx(path: Path, count: int) -> None:
    """The same rows as the only sheet of a book, every cell a text."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("明细")
    for row in _rows(count):
        sheet.append(row)
    book.save(path)


def _rows(count: int) -> Iterator[list[str]]:
    yield list(_CSV_HEADING)
    for line in lines(count):
        day = f"{line.day:%Y%m%d}"
        columns = ("", line.yuan) if line.comes_in else (line.yuan, "")
        yield [
            *(ACCOUNT, "青苗培训学校", f"{day} 09:31:17", *columns),
            *(format_yuan_plain(line.balance_fen), "人民币", line.name, line.account),
            *("赣江模拟银行", day, "转账", line.text, line.serial, "", "", ""),
        ]
