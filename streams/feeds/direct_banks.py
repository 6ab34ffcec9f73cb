"""What the fields of each bank's direct replies mean (feeds: public code; no bank manual)."""

from collections.abc import Callable
from typing import NamedTuple

from models.money import parse_fen
from streams.feeds.direct_pages import Document, Fields

REVERSALS = {"": False, "*": True, "X": False}
"""CMB: `*` is 冲账, booked in the opposite direction already; `X` is 补账, a late booking."""


class Bank(NamedTuple):
    """How to read one format. Names are tried in order; the first that is there counts.

    `failure` says why a reply is none, empty for a good one. `is_request` tells the question from
    its answers. `more` says whether pages follow this one. `number` is the page's own number and
    that of all pages, where the bank counts them.
    """

    failure: Callable[[Fields], str]
    is_request: Callable[[Document], bool]
    is_today: Callable[[Fields], bool]
    more: Callable[[Fields], bool]
    number: Callable[[Fields], tuple[str, str] | None]
    account: tuple[str, ...]
    begins: tuple[str, ...]
    ends: tuple[str, ...]
    serial: tuple[str, ...]
    day: str
    time: str
    value_day: str
    amount: Callable[[Fields], int]
    direction: str
    directions: dict[str, str]
    balance: tuple[str, ...]
    reversal: str
    currency: tuple[str, ...]
    other: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    """Account, name and bank of the other party."""
    remittance: tuple[str, ...]
    code: tuple[str, ...]
    sub_account: str = ""
    is_fen: bool = False
    running_number: str = ""


CURRENCIES = {**dict.fromkeys(("", "001", "01", "10", "CNY", "RMB", "人民币"), "CNY")}


def first(fields: Fields, names: tuple[str, ...]) -> str:
    """The first of these fields that says anything."""
    return next((fields[name] for name in names if fields.get(name)), "")


def whole_fen(text: str) -> int:
    """ICBC's amounts are integers of fen. Raises ValueError for anything else."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 17):
        raise ValueError(f"{text!r} is no whole number of fen")
    return int(text)


def _icbc_amount(row: Fields) -> int:
    sides = [row[name] for name in ("DebitAmount", "CreditAmount") if row.get(name)]
    stated = {whole_fen(text) for text in sides} - {0}
    if row.get("Amount"):
        stated = {whole_fen(row["Amount"])} | stated
    if len(stated) > 1:
        raise ValueError(f"the amounts {sorted(stated)} are not the same")
    if not stated and not sides:
        raise ValueError("no amount")
    return stated.pop() if stated else 0


def _cmb_amount(row: Fields) -> int:
    """The amount, above zero as the column of its direction has it; TRSAMT is signed."""
    kind = row.get("AMTCDR", "")
    signed = parse_fen(row.get("TRSAMT", ""))
    column = row.get(f"TRSAMT{kind}", "")
    if column and abs(parse_fen(column)) != abs(signed):
        raise ValueError(f"TRSAMT {row['TRSAMT']} and TRSAMT{kind} {column} differ")
    if kind == "C" and signed < 0:
        raise ValueError("a credit below zero: what that means at CMB is not public")
    return abs(signed)


def _cmb_json_amount(row: Fields) -> int:
    signed = parse_fen(row.get("transAmount", ""))
    if row.get("loanCode") == "C" and signed < 0:
        raise ValueError("a credit below zero: what that means at CMB is not public")
    return abs(signed)


def _answer(name: str, good: tuple[str, ...], reason: str) -> Callable[[Fields], str]:
    def failure(fields: Fields) -> str:
        told = fields.get(name, "")
        return "" if told in good else f"{name} {told!r} {fields.get(reason, '')}".strip()

    return failure


_CMB_ANSWER = _answer("RETCOD", ("0",), "ERRMSG")


def _cmb_failure(fields: Fields) -> str:
    # Which field of the EX call tells of further pages is not proven: half a query could pass.
    if fields.get("FUNNAM") == "GetTransInfoEX":
        return "GetTransInfoEX, whose pages cannot be told to be whole; query by GetTransInfo"
    return _CMB_ANSWER(fields)


def _boc_more(fields: Fields) -> bool:
    return fields.get("rspcod") == "B002"


BANKS: dict[str, Bank] = {
    "icbc-direct": Bank(
        failure=_answer("RetCode", ("0", "00000"), "RetMsg"),
        is_request=lambda one: "RetCode" not in one.fields,
        is_today=lambda fields: fields.get("TransCode") == "QPD",
        more=lambda fields: bool(fields.get("NextTag")),
        number=lambda _: None,
        account=("AccNo",),
        begins=("BeginDate",),
        ends=("EndDate",),
        serial=("OnlySequence",),
        day="BusiDate Date",
        time="BusiTime Time",
        value_day="ValueDate",
        amount=_icbc_amount,
        direction="Drcrf",
        directions={"1": "D", "2": "C"},
        balance=("Balance",),
        reversal="UpDtranf",
        currency=("CurrType",),
        other=(("RecipAccNo",), ("RecipName",), ("RecipBkNo", "RecipBkName")),
        remittance=("Summary", "UseCN", "PostScript"),
        code=("BusCode", "TrxCode"),
        is_fen=True,
    ),
    "ccb-direct": Bank(
        failure=_answer("RETURN_CODE", ("000000",), "RETURN_MSG"),
        is_request=lambda one: "RETURN_CODE" not in one.fields,
        is_today=lambda _: False,
        more=lambda _: False,
        number=lambda fields: (fields.get("PAGE", ""), fields.get("TOTAL_PAGE", "")),
        account=("ACCNO1",),
        begins=("STARTDATE",),
        ends=("ENDDATE",),
        serial=("DET_NO", "TRAN_FLOW"),
        day="TRANDATE",
        time="TRANTIME",
        value_day="",
        amount=lambda row: parse_fen(row.get("AMT", "")),
        direction="FLAG1",
        directions={"0": "D", "1": "C"},
        balance=("AMT1",),
        reversal="",
        currency=("CURR_COD",),
        other=(("ACCNO2",), ("ACC_NAME1",), ()),
        remittance=("MESSAGE", "DET"),
        code=("MESSAGE",),
        running_number="DET_NO",
    ),
    "boc-direct": Bank(
        failure=_answer("rspcod", ("B001", "B002", "B003"), "rspmsg"),
        is_request=lambda one: "rspcod" not in one.fields,
        is_today=lambda fields: fields.get("type") == "2001",
        more=_boc_more,
        number=lambda _: None,
        account=("actacn",),
        begins=("datescope/from",),
        ends=("datescope/to",),
        serial=("transid",),
        day="txndate",
        time="txntime",
        value_day="valdat",
        amount=lambda row: parse_fen(row.get("txnamt", "")),
        direction="direction",
        directions={"1": "C", "2": "D"},
        balance=("acctbal",),
        reversal="",
        currency=("trncur",),
        other=((), (), ()),
        remittance=("useinfo", "furinfo", "interinfo"),
        code=("transtype", "bustype"),
    ),
    "cmb-direct": Bank(
        failure=_cmb_failure,
        is_request=lambda one: "RETCOD" not in one.fields,
        is_today=lambda _: False,
        more=lambda fields: fields.get("CTNFLG") == "Y",
        number=lambda _: None,
        account=("ACCNBR",),
        begins=("BGNDAT",),
        ends=("ENDDAT",),
        serial=("REFNBR",),
        day="ETYDAT",
        time="ETYTIM",
        value_day="VLTDAT",
        amount=_cmb_amount,
        direction="AMTCDR",
        directions={"C": "C", "D": "D"},
        balance=("TRSBLV",),
        reversal="RSVFLG",
        currency=("CCYNBR",),
        other=(("RPYACC",), ("RPYNAM",), ("RPYBBN", "RPYBNK")),
        remittance=("NARYUR", "NUSAGE", "BUSNAR", "NAREXT"),
        code=("TRSCOD",),
    ),
    "cmb-direct-json": Bank(
        failure=_answer("resultcode", ("SUC0000",), "resultmsg"),
        is_request=lambda one: "resultcode" not in one.fields,
        is_today=lambda _: False,
        more=lambda fields: fields.get("ctnFlag") != "N",
        number=lambda _: None,
        account=("cardNbr",),
        begins=("beginDate",),
        ends=("endDate",),
        serial=("transSequenceIdn",),
        day="transDate",
        time="transTime",
        value_day="valueDate",
        amount=_cmb_json_amount,
        direction="loanCode",
        directions={"C": "C", "D": "D"},
        balance=("acctOnlineBal",),
        reversal="reversalFlag",
        currency=("currencyNbr",),
        other=(("ctpAcctNbr",), ("ctpAcctName",), ("ctpBankName",)),
        remittance=("remarkTextClt", "businessText", "extendedRemark"),
        code=("textCode",),
        sub_account="virtualNbr",
    ),
}
