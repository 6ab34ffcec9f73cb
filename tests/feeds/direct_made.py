"""Replies of bank-direct links as the five calls send them, with made-up entries."""

import json

ACCOUNT = "591902896910201"
GBK = '<?xml version="1.0" encoding="GBK"?>'


def _tags(values: dict[str, str]) -> str:
    return "".join(f"<{key}>{value}</{key}>" for key, value in values.items())


def cmb_row(serial: str, amount: str, balance: str, **more: str) -> str:
    """A row of GetTransInfo: debits are below zero, and stand above it in their own column."""
    kind = "D" if amount.startswith("-") else "C"
    values = {
        "AMTCDR": kind,
        "ETYDAT": "20240305",
        "ETYTIM": "093117",
        "VLTDAT": "20240305",
        "C_TRSAMT": "1,329.10",
        "NARYUR": "镕€𠮷学费 HT-1",
        "REFNBR": serial,
        "RPYACC": "6217000001",
        "RPYNAM": "张三",
        "TRSAMT": amount,
        f"TRSAMT{kind}": amount.lstrip("-"),
        "TRSBLV": balance,
        "TRSCOD": "CPAA",
        "RSVFLG": "",
    }
    return f"<NTQTSINFZ>{_tags({**values, **more})}</NTQTSINFZ>"


def cmb(*rows: str, asked: bool = True, code: str = "0") -> bytes:
    """A query of one day with its request and one reply."""
    name = "<INFO><FUNNAM>GetTransInfo</FUNNAM>"
    days = {"ACCNBR": ACCOUNT, "BGNDAT": "20240305", "ENDDAT": "20240305"}
    request = f"{GBK}<CMBSDKPGK>{name}</INFO><SDKTSINFX>{_tags(days)}</SDKTSINFX></CMBSDKPGK>"
    info = f"{name}<RETCOD>{code}</RETCOD><ERRMSG></ERRMSG></INFO>"
    reply = f"{GBK}<CMBSDKPGK>{info}{''.join(rows)}</CMBSDKPGK>"
    return ((request + "\n" if asked else "") + reply).encode("gb18030")


def icbc_page(*rows: tuple[str, str, str, str], following: str = "", flag: str = "") -> str:
    """A page of QHISD; a row is serial, 1 debit or 2 credit, and amount and balance in fen."""
    head = _tags({"TransCode": "QHISD", "RetCode": "0", "AccNo": ACCOUNT})
    days = {"BeginDate": "20240305", "EndDate": "20240305", "CurrType": "001"}
    body = _tags({**days, "NextTag": following, "TotalNum": str(len(rows))})
    for serial, mark, amount, balance in rows:
        column = "DebitAmount" if mark == "1" else "CreditAmount"
        values = {"Drcrf": mark, column: amount, "Balance": balance, "OnlySequence": serial}
        values |= {"Date": "20240305", "Summary": "学费", "UpDtranf": flag}
        body += f"<rd>{_tags(values)}</rd>"
    return f"{GBK}<CMS><eb><pub>{head}</pub><out>{body}</out></eb></CMS>"


def ccb_page(page: int, of: int, *rows: tuple[str, str, str, str]) -> str:
    """A page of 6WY101; a row is number, 0 debit or 1 credit, and amount and balance in yuan."""
    info = {"ACCNO1": ACCOUNT, "CURR_COD": "01", "TOTAL_PAGE": str(of), "PAGE": str(page)}
    body = _tags({**info, "POSTSTR": "1+1", "STARTDATE": "20240305", "ENDDATE": "20240305"})
    details = ""
    for number, flag, amount, balance in rows:
        values = {"TRANDATE": "2024/03/05", "TRANTIME": "09:31:17", "AMT": amount, "AMT1": balance}
        values |= {"FLAG1": flag, "TRAN_FLOW": f"F{number}", "DET_NO": number, "DET": "学费"}
        details += f"<DETAILINFO>{_tags(values)}</DETAILINFO>"
    head = _tags({"TX_CODE": "6WY101", "RETURN_CODE": "000000", "RETURN_MSG": ""})
    body += f"<DETAILLIST>{details}</DETAILLIST>"
    return f'<?xml version="1.0" encoding="GB18030"?><TX>{head}<TX_INFO>{body}</TX_INFO></TX>'


def boc_page(code: str, *rows: tuple[str, str, str, str]) -> str:
    """A page of b2e0035; a row is record, 1 in or 2 out, and amount and balance in yuan."""
    body = ""
    for record, direction, amount, balance in rows:
        own, other = {"actacn": ACCOUNT}, {"actacn": "6217000001"}
        payer, payee = (other, own) if direction == "1" else (own, other)
        sides = f"<fractn>{_tags(payer)}</fractn><toactn>{_tags(payee)}</toactn>"
        values = {"transid": record, "txndate": "20240305", "txntime": "093117", "txnamt": amount}
        values |= {"acctbal": balance, "trncur": "CNY", "direction": direction, "useinfo": "学费"}
        body += f"<b2e0035-rs>{sides}{_tags(values)}</b2e0035-rs>"
    counts = _tags({"totalnum": str(len(rows))})
    status = f"<status><rspcod>{code}</rspcod><rspmsg></rspmsg></status>"
    reply = f"<trn-b2e0035-rs>{status}{counts}{body}</trn-b2e0035-rs>"
    return f'<?xml version="1.0" encoding="UTF-8"?><bocb2e><trans>{reply}</trans></bocb2e>'


def boc_request() -> str:
    """The question for one day."""
    days = "<datescope><from>20240305</from><to>20240305</to></datescope>"
    asked = f"<b2e0035-rq><actacn>{ACCOUNT}</actacn><type>2002</type>{days}</b2e0035-rq>"
    whole = f"<trans><trn-b2e0035-rq>{asked}</trn-b2e0035-rq></trans>"
    return f'<?xml version="1.0" encoding="UTF-8"?><bocb2e>{whole}</bocb2e>'


def cmb_json(more: str, *rows: tuple[str, str, str], stated: str = "") -> str:
    """A page of trsQryByBreakPoint; a row is serial, amount (debits below zero) and balance."""
    z2 = []
    for serial, amount, balance in rows:
        kind = "D" if amount.startswith("-") else "C"
        row = {"transDate": "20240305", "transTime": "093117", "transSequenceIdn": serial}
        row |= {"loanCode": kind, "transAmount": amount, "currencyNbr": "10"}
        z2.append(row | {"acctOnlineBal": balance, "reversalFlag": ""})
    out = sum(amount.startswith("-") for _, amount, _ in rows)
    z1 = {"ctnFlag": more, "debitNums": str(out), "creditNums": str(len(rows) - out)}
    if stated:
        z1["creditAmount"], z1["debitAmount"] = stated.split()
    body = {"TRANSQUERYBYBREAKPOINT_Z1": [z1], "TRANSQUERYBYBREAKPOINT_Z2": z2}
    head = {"funcode": "trsQryByBreakPoint", "resultcode": "SUC0000", "resultmsg": ""}
    return json.dumps({"response": {"head": head, "body": body}}, ensure_ascii=False)


def cmb_json_request() -> str:
    """The question for one day."""
    x1 = {"cardNbr": ACCOUNT, "beginDate": "20240305", "endDate": "20240305"}
    body = {"TRANSQUERYBYBREAKPOINT_X1": [x1]}
    return json.dumps({"request": {"head": {"funcode": "trsQryByBreakPoint"}, "body": body}})
