"""Writes replies of bank-direct links (银企直连): the question, then each page of the answer.

Only what public code of others shows is written; no bank's manual was at hand. Where a bank has no
public sign for a reversal, it stands in its own column below zero (红字).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from models.money import format_yuan_plain
from streams.simulator.swift import Posting

Tags = dict[str, str]

_GBK = '<?xml version="1.0" encoding="GBK"?>'
_GB18030 = '<?xml version="1.0" encoding="GB18030"?>'
_UTF8 = '<?xml version="1.0" encoding="UTF-8"?>'
_ENTRIES_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked of one account, and how the answer is paged.

    `of_today`: ICBC's QPD and BOC's type 2001, which close no day.
    """

    account: str
    days: tuple[date, date]
    opening_fen: int
    of_today: bool = False
    entries_a_page: int = _ENTRIES_A_PAGE


@dataclass(frozen=True, slots=True)
class _Row:
    """A posting with the balance after it and its place from 1."""

    posting: Posting
    balance_fen: int
    place: int

    @property
    def is_red(self) -> bool:
        return self.posting.reversal

    @property
    def comes_in(self) -> bool:
        """The column in which red ink writes it: that of the posting taken back."""
        return (self.posting.direction == "C") != self.is_red

    @property
    def written(self) -> str:
        """Yuan, below zero in red ink."""
        sign = "-" if self.is_red else ""
        return sign + format_yuan_plain(self.posting.amount_fen)

    @property
    def clock(self) -> str:
        return f"{8 + self.place // 3600:02d}{self.place // 60 % 60:02d}{self.place % 60:02d}"


def reply(name: str, query: Query, postings: Sequence[Posting]) -> bytes:
    """The file of one query in the format `name`, as config/direct.yaml calls it.

    Raises ValueError for a reversal at ICBC, which has a sign for it that no public code explains.
    """
    rows, balance_fen = [], query.opening_fen
    for place, posting in enumerate(postings, 1):
        balance_fen += posting.effect_fen
        rows.append(_Row(posting, balance_fen, place))
    size = query.entries_a_page
    pages = [rows[start : start + size] for start in range(0, len(rows), size)] or [[]]
    documents = _WRITERS[name](query, pages)
    encoding = "utf-8" if name in {"boc-direct", "cmb-direct-json"} else "gb18030"
    return "\n".join([*documents, ""]).encode(encoding)


def _tags(values: Tags) -> str:
    return "".join(f"<{key}>{escape(value)}</{key}>" for key, value in values.items())


def _within(name: str, text: str) -> str:
    return f"<{name}>{text}</{name}>"


def _icbc(query: Query, pages: list[list[_Row]]) -> Iterator[str]:
    call = "QPD" if query.of_today else "QHISD"
    asked = {"AccNo": query.account, "MinAmt": "0", "NextTag": ""}
    if not query.of_today:
        asked |= {"BeginDate": f"{query.days[0]:%Y%m%d}", "EndDate": f"{query.days[1]:%Y%m%d}"}
    head = _within("pub", _tags({"TransCode": call}))
    yield _GBK + _within("CMS", _within("eb", head + _within("in", _tags(asked))))
    for number, page in enumerate(pages, 1):
        following = "" if number == len(pages) else f"{number + 1:04d}"
        head = _within("pub", _tags({"TransCode": call, "RetCode": "0", "RetMsg": ""}))
        told = {"AccNo": query.account, "CurrType": "001", "NextTag": following}
        told["TotalNum"] = str(len(page))
        rows = "".join(_within("rd", _tags(_icbc_row(row, query))) for row in page)
        yield _GBK + _within("CMS", _within("eb", head + _within("out", _tags(told) + rows)))


def _icbc_row(row: _Row, query: Query) -> Tags:
    posting, is_credit = row.posting, row.posting.direction == "C"
    if posting.reversal:
        raise ValueError("what ICBC writes in UpDtranf for a reversal is not public")
    row_tags = {"Drcrf": "2" if is_credit else "1", "VouhNo": ""}
    if query.of_today:
        row_tags["Amount"] = str(posting.amount_fen)
    else:
        row_tags["CreditAmount" if is_credit else "DebitAmount"] = str(posting.amount_fen)
        row_tags["Balance"] = str(row.balance_fen)
    stamp = f"{posting.booked}-{row.clock[:2]}.{row.clock[2:4]}.{row.clock[4:]}.{row.place:06d}"
    return row_tags | {
        "RecipBkNo": "102421000011",
        "RecipAccNo": posting.other_account,
        "RecipName": posting.name,
        "Summary": posting.text,
        "Date": f"{posting.booked:%Y%m%d}",
        "Time": row.clock,
        "TimeStamp": stamp,
        "OnlySequence": posting.reference,
        "UpDtranf": "",
    }


def _ccb(query: Query, pages: list[list[_Row]]) -> Iterator[str]:
    days = {"STARTDATE": f"{query.days[0]:%Y%m%d}", "ENDDATE": f"{query.days[1]:%Y%m%d}"}
    asked = _within("TX_INFO", _tags({"ACCNO1": query.account, **days, "PAGE": "1"}))
    yield _GB18030 + _within("TX", _tags({"TX_CODE": "6WY101"}) + asked)
    for number, page in enumerate(pages, 1):
        head = {"TX_CODE": "6WY101", "RETURN_CODE": "000000", "RETURN_MSG": ""}
        told = {"ACCNO1": query.account, "CURR_COD": "01", "PAGE": str(number)}
        told |= {"TOTAL_PAGE": str(len(pages)), "POSTSTR": f"{number}+{len(page)}"}
        rows = "".join(_within("DETAILINFO", _tags(_ccb_row(row))) for row in page)
        body = _tags(told) + _within("DETAILLIST", rows)
        yield _GB18030 + _within("TX", _tags(head) + _within("TX_INFO", body))


def _ccb_row(row: _Row) -> Tags:
    posting, clock = row.posting, row.clock
    return {
        "TRANDATE": f"{posting.booked:%Y/%m/%d}",
        "TRANTIME": f"{clock[:2]}:{clock[2:4]}:{clock[4:]}",
        "MESSAGE": "冲正" if posting.reversal else "转账",
        "AMT": row.written,
        "AMT1": format_yuan_plain(row.balance_fen),
        "FLAG1": "1" if row.comes_in else "0",
        "ACCNO2": posting.other_account,
        "ACC_NAME1": posting.name,
        "TRAN_FLOW": posting.reference,
        "DET_NO": str(row.place),
        "DET": posting.text,
    }


def _boc(query: Query, pages: list[list[_Row]]) -> Iterator[str]:
    days = {"from": f"{query.days[0]:%Y%m%d}", "to": f"{query.days[1]:%Y%m%d}"}
    asked = {"actacn": query.account, "type": "2001" if query.of_today else "2002"}
    body = _tags(asked) + _within("datescope", _tags(days))
    question = _within("trn-b2e0035-rq", _within("b2e0035-rq", body))
    yield _UTF8 + _within("bocb2e", _within("trans", question))
    for number, page in enumerate(pages, 1):
        code = "B003" if not page else "B001" if number == len(pages) else "B002"
        status = _within("status", _tags({"rspcod": code, "rspmsg": ""}))
        rows = "".join(_within("b2e0035-rs", _boc_row(row, query)) for row in page)
        answer = status + _tags({"totalnum": str(len(page))}) + rows
        yield _UTF8 + _within("bocb2e", _within("trans", _within("trn-b2e0035-rs", answer)))


def _boc_row(row: _Row, query: Query) -> str:
    posting = row.posting
    mine, other = (query.account, "青苗培训学校"), (posting.other_account, posting.name)
    payer, payee = (other, mine) if row.comes_in else (mine, other)
    sides = _within("fractn", _tags({"actacn": payer[0], "acntname": payer[1]}))
    sides += _within("toactn", _tags({"actacn": payee[0], "toname": payee[1]}))
    return sides + _tags(
        {
            "transid": posting.reference,
            "txndate": f"{posting.booked:%Y%m%d}",
            "txntime": row.clock,
            "txnamt": row.written,
            "acctbal": format_yuan_plain(row.balance_fen),
            "trncur": "CNY",
            "direction": "1" if row.comes_in else "2",
            "useinfo": posting.text,
        }
    )


def _cmb(query: Query, pages: list[list[_Row]]) -> Iterator[str]:
    """GetTransInfo answers in one document, whatever a page may hold."""
    name = {"FUNNAM": "GetTransInfo"}
    days = {"BGNDAT": f"{query.days[0]:%Y%m%d}", "ENDDAT": f"{query.days[1]:%Y%m%d}"}
    asked = _within("SDKTSINFX", _tags({"ACCNBR": query.account, **days}))
    yield _GBK + _within("CMBSDKPGK", _within("INFO", _tags(name)) + asked)
    head = _within("INFO", _tags({**name, "RETCOD": "0", "ERRMSG": ""}))
    rows = "".join(_within("NTQTSINFZ", _tags(_cmb_row(row))) for page in pages for row in page)
    yield _GBK + _within("CMBSDKPGK", head + rows)


def _cmb_row(row: _Row) -> Tags:
    posting, kind = row.posting, row.posting.direction
    amount = format_yuan_plain(posting.amount_fen)
    return {
        "ETYDAT": f"{posting.booked:%Y%m%d}",
        "ETYTIM": row.clock,
        "VLTDAT": f"{posting.booked:%Y%m%d}",
        "TRSCOD": "CPAA",
        "NARYUR": posting.text,
        "AMTCDR": kind,
        f"TRSAMT{kind}": amount,
        "TRSAMT": amount if kind == "C" else f"-{amount}",
        "TRSBLV": format_yuan_plain(row.balance_fen),
        "REFNBR": posting.reference,
        "RPYNAM": posting.name,
        "RPYACC": posting.other_account,
        "RSVFLG": "*" if posting.reversal else "",
    }


def _cmb_json(query: Query, pages: list[list[_Row]]) -> Iterator[str]:
    key = "TRANSQUERYBYBREAKPOINT"
    days = {"beginDate": f"{query.days[0]:%Y%m%d}", "endDate": f"{query.days[1]:%Y%m%d}"}
    asked = {f"{key}_X1": [{"cardNbr": query.account, **days}]}
    head = {"funcode": "trsQryByBreakPoint"}
    yield json.dumps({"request": {"head": head, "body": asked}}, ensure_ascii=False)
    for number, page in enumerate(pages, 1):
        totals: Tags = {"ctnFlag": "N" if number == len(pages) else "Y"}
        for kind, word, sign in (("D", "debit", "-"), ("C", "credit", "")):
            some = [row.posting.amount_fen for row in page if row.posting.direction == kind]
            totals |= {f"{word}Nums": str(len(some))}
            totals |= {f"{word}Amount": f"{sign if some else ''}{format_yuan_plain(sum(some))}"}
        body = {f"{key}_Z1": [totals], f"{key}_Z2": [_cmb_json_row(row) for row in page]}
        answered = {**head, "resultcode": "SUC0000", "resultmsg": ""}
        yield json.dumps({"response": {"head": answered, "body": body}}, ensure_ascii=False)


def _cmb_json_row(row: _Row) -> Tags:
    posting, amount = row.posting, format_yuan_plain(row.posting.amount_fen)
    return {
        "transDate": f"{posting.booked:%Y%m%d}",
        "transTime": row.clock,
        "valueDate": f"{posting.booked:%Y%m%d}",
        "transSequenceIdn": posting.reference,
        "loanCode": posting.direction,
        "transAmount": amount if posting.direction == "C" else f"-{amount}",
        "currencyNbr": "10",
        "textCode": "CPAA",
        "remarkTextClt": posting.text,
        "reversalFlag": "*" if posting.reversal else "",
        "acctOnlineBal": format_yuan_plain(row.balance_fen),
        "ctpAcctNbr": posting.other_account,
        "ctpAcctName": posting.name,
    }


_WRITERS: dict[str, Callable[[Query, list[list[_Row]]], Iterator[str]]] = {
    "icbc-direct": _icbc,
    "ccb-direct": _ccb,
    "boc-direct": _boc,
    "cmb-direct": _cmb,
    "cmb-direct-json": _cmb_json,
}
