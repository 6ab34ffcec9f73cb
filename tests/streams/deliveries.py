"""Small files as a bank and a bureau deliver them, written into a folder for a test."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from models import facts as f
from models.keys import encode

Entry = tuple[str, int, str]
"""Direction C or D, fen, remittance."""


def statement(
    account: str, day: date, opening_fen: int, *entries: Entry, closing_fen: int | None = None
) -> str:
    """A camt.053 of one account and day; its closing balance proves unless another is given."""
    moved = sum(fen if direction == "C" else -fen for direction, fen, _ in entries)
    closing = opening_fen + moved if closing_fen is None else closing_fen
    booked = "".join(_entry(day, number, entry) for number, entry in enumerate(entries, start=1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>M-{account}-{day}</MsgId>"
        f"<CreDtTm>{day}T20:00:00+08:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>S-{account}-{day}</Id><CreDtTm>{day}T20:00:00+08:00</CreDtTm>"
        f"<FrToDt><FrDtTm>{day}T00:00:00+08:00</FrDtTm>"
        f"<ToDtTm>{day}T23:59:59+08:00</ToDtTm></FrToDt>"
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
        f"{_balance('OPBD', day, opening_fen)}{_balance('CLBD', day, closing)}{booked}"
        "</Stmt></BkToCstmrStmt></Document>\n"
    )


def ndjson(facts: Iterable[f.Fact], stated_at: str) -> str:
    """Facts, one a line, wrapped with the time they were stated at."""
    lines = (f'{{"stated_at":"{stated_at}","fact":{encode(fact).decode()}}}' for fact in facts)
    return "".join(f"{line}\n" for line in lines)


def write(path: Path, content: str) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def _entry(day: date, number: int, entry: Entry) -> str:
    direction, fen, remittance = entry
    word = "CRDT" if direction == "C" else "DBIT"
    return (
        f'<Ntry><Amt Ccy="CNY">{_yuan(fen)}</Amt><CdtDbtInd>{word}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        f"<AcctSvcrRef>R{day:%Y%m%d}{number:04d}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><RmtInf><Ustrd>{remittance}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def _balance(code: str, day: date, fen: int) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="CNY">{_yuan(abs(fen))}</Amt>'
        f"<CdtDbtInd>{'CRDT' if fen >= 0 else 'DBIT'}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
