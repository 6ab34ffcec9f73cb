"""Small hand-made bank files; each test changes the one thing that it is about."""

from datetime import date

from streams.feeds.intake import ProvedFile, prove

TODAY = date(2024, 3, 31)
ACCOUNT = "36050152015000000001"
CCB_HEADING = (
    "账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,"
    "对方开户机构,记账日期,摘要,备注,账户明细编号-交易流水号,企业流水号,凭证种类,凭证号"
)
BOC_HEADING = (
    "交易类型[ Transaction Type ],业务类型[ Business type ],付款人开户行号[ Payer bank ],"
    "付款人账号[ Debit Account No. ],付款人名称[ Payer's Name ],收款人账号[ Payee's Account ],"
    "收款人名称[ Payee's Name ],交易日期[ Transaction Date ],交易时间[ Transaction time ],"
    "交易货币[ Trade Currency ],交易金额[ Trade Amount ],交易后余额[ Balance ],"
    "记录标识号[ Record ID ],摘要[ Reference ],用途[ Purpose ],交易附言[ Remark ]"
)


def entry(
    reference: str = "R1",
    amount: str = "100.00",
    sign: str = "CRDT",
    day: str = "2024-03-05",
    *,
    more: str = "",
    details: str = "",
) -> str:
    """An `Ntry` of version .08."""
    own = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    return (
        f'<Ntry><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{more}'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>{own}"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def balance(kind: str, amount: str, sign: str = "CRDT", day: str = "2024-03-05") -> str:
    """A `Bal`; without a sign it has no CdtDbtInd."""
    indicator = f"<CdtDbtInd>{sign}</CdtDbtInd>" if sign else ""
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="CNY">{amount}</Amt>{indicator}<Dt><Dt>{day}</Dt></Dt></Bal>'
    )


def statement(*parts: str, account: str = ACCOUNT, number: str = "S1") -> str:
    """A `Stmt` of one day with these balances and entries."""
    return (
        f"<Stmt><Id>{number}</Id><CreDtTm>2024-03-06T06:00:00</CreDtTm>"
        "<FrToDt><FrDtTm>2024-03-05T00:00:00</FrDtTm><ToDtTm>2024-03-05T23:59:59</ToDtTm></FrToDt>"
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
        f"{''.join(parts)}</Stmt>"
    )


def camt(*statements: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    """A camt.053.001.08 message."""
    return (
        f'{head}\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        "<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2024-03-06T06:00:00</CreDtTm></GrpHdr>"
        f"{''.join(statements)}</BkToCstmrStmt></Document>"
    )


def day_of_entries(*entries: str, closing: str = "1100.00") -> str:
    """A message of one statement that opens with 1,000.00."""
    ends = balance("CLBD", closing)
    return camt(statement(balance("OPBD", "1000.00"), ends, *entries))


def ccb_row(
    serial: str = "1-1",
    debit: str = "",
    credit: str = "",
    balance_after: str = "",
    *,
    account: str = ACCOUNT,
    day: str = "20240305",
    clock: str = "09:31:17",
    summary: str = "转账存入",
    remark: str = "",
    currency: str = "人民币元",
) -> str:
    """A row of CCB's corporate export."""
    return (
        f"{account},青苗培训学校,{day} {clock},{debit},{credit},{balance_after},{currency},张三,"
        f"6217000000000001,建设银行,{day},{summary},{remark},{serial},,,"
    )


def ccb(*rows: str) -> bytes:
    """CCB's corporate export in GB18030."""
    return "\r\n".join((CCB_HEADING, *rows, "")).encode("gb18030")


def boc_row(
    record: str,
    amount: str,
    balance_after: str,
    *,
    kind: str = "来账",
    own: str = "347556000001",
    other: str = "6217000000000001",
    day: str = "20240305",
    remark: str = "",
) -> str:
    """A row of BOC's corporate export; the account is payee of what comes in."""
    payer, payee = (other, own) if kind == "来账" else (own, other)
    names = ("张三", "青苗培训学校") if kind == "来账" else ("青苗培训学校", "张三")
    return (
        f"{kind},普通汇兑,104,{payer},{names[0]},{payee},{names[1]},{day},09:31:17,CNY,"
        f"{amount},{balance_after},{record},,,{remark}"
    )


def boc(preamble: str, *rows: str) -> bytes:
    """BOC's corporate export in GB18030 with the lines above its heading."""
    return "\r\n".join((preamble, BOC_HEADING, *rows, "")).encode("gb18030")


def proved(content: str | bytes, name: str = "file") -> ProvedFile:
    """The first pass over a file as of TODAY."""
    return prove(content.encode() if isinstance(content, str) else content, TODAY, name)
