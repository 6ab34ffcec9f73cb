"""The register tables: each row told as CSV under its heading, what has no table as NDJSON."""

from datetime import date

import msgspec

from models import facts as f
from models.money import format_hundredths, format_yuan_plain
from streams.simulator.desk import Desk
from streams.simulator.plan import Institution, Row, iso
from streams.simulator.telling import tellings

_TABLES: dict[str, tuple[str, str]] = {
    "institutions": (
        "institution,valid_from,name,usci,legal_form,licence,legal_representative,city,county",
        "机构编号,生效日期,机构名称,统一社会信用代码,组织形式,办学许可,法定代表人,城市,区县",
    ),
    "accounts": (
        "account,institution,valid_from,purpose,valid_to,name,bank",
        "账号,机构编号,生效日期,用途,终止日期,户名,开户行",
    ),
    "custody": (
        "institution,number,valid_from,mode,valid_to,account,minimum",
        "机构编号,协议编号,生效日期,监管方式,终止日期,账号,最低额度",
    ),
    "fees": (
        "institution,number,valid_from,name,price",
        "机构编号,项目编号,生效日期,项目名称,价格",
    ),
    "contracts": (
        (
            "institution,number,signed,price,payers,student,order_number,subject,academic,online,"
            "paid_hours,bonus_hours,minutes,begins,ends,instalments,stages,stage,class_size"
        ),
        (
            "机构编号,合同编号,签订日期,合同金额,付款人,学员,订单号,科目,学科类,线上,"
            "课时数,赠送课时,课时分钟数,开始日期,结束日期,分期,拨付阶段,学段,班型人数"
        ),
    ),
    "lessons": (
        "institution,number,day,present,hours,confirmed",
        "机构编号,课次编号,授课日期,合同编号,课时数,确认方式",
    ),
    "refunds": (
        "institution,number,contract,requested,amount,answered,agreed",
        "机构编号,退费编号,合同编号,申请日期,申请金额,答复日期,同意金额",
    ),
    "receipts": (
        "institution,number,day,amount,contract,payee_account,merchant_code",
        "机构编号,收据编号,开具日期,金额,合同编号,收款账号,商户号",
    ),
    "complaints": (
        "institution,number,day,level,about,contract,amount,payee_account",
        "机构编号,投诉编号,投诉日期,投诉级别,投诉内容,合同编号,金额,收款账号",
    ),
    "approvals": ("institution,number,day,amount", "机构编号,审批编号,审批日期,金额"),
    "restrictions": (
        "account,number,valid_from,valid_to,reason",
        "账号,文书编号,生效日期,终止日期,原因",
    ),
    "suspensions": (
        "institution,number,valid_from,valid_to,reason",
        "机构编号,文书编号,生效日期,终止日期,原因",
    ),
    "invoices": (
        "institution,number,contract,issued,amount",
        "机构编号,发票号码,合同编号,开票日期,金额",
    ),
    "cash": (
        "institution,number,contract,received,amount",
        "机构编号,收款编号,合同编号,收款日期,金额",
    ),
    "related_parties": (
        "institution,number,valid_from,name,relation,account",
        "机构编号,关联方编号,生效日期,关联方名称,关联关系,账号",
    ),
    "terms": (
        "institution,number,valid_from,valid_to,name",
        "机构编号,校历编号,开始日期,结束日期,名称",
    ),
    "patrols": (
        "institution,number,day,level,found",
        "机构编号,巡查编号,巡查日期,巡查级别,巡查情况",
    ),
}
_FIELDS = {"issued": "day", "received": "day", "found": "about"}
"""Of headings that have another name than their fact's field."""
_TABLE_OF: dict[type[f.Fact], str] = {
    f.InstitutionStated: "institutions",
    f.AccountStated: "accounts",
    f.CustodyStated: "custody",
    f.FeeStated: "fees",
    f.ContractStated: "contracts",
    f.LessonDelivered: "lessons",
    f.RefundRequested: "refunds",
    f.RefundAnswered: "refunds",
    f.ReceiptIssued: "receipts",
    f.ComplaintFiled: "complaints",
    f.WithdrawalApproved: "approvals",
    f.ChargingSuspended: "suspensions",
    f.AccountRestricted: "restrictions",
    f.InvoiceIssued: "invoices",
    f.CashReceived: "cash",
    f.RelatedPartyStated: "related_parties",
    f.TermStated: "terms",
    f.PatrolReported: "patrols",
}
_ENCODER = msgspec.json.Encoder()


class RegisterPapers:
    """Writes the rows of one institution on the days on which they are told."""

    def __init__(self, inst: Institution, desk: Desk) -> None:
        self.inst, self.desk = inst, desk

    def write(self) -> None:
        """Write all tables, and what has no table as facts."""
        for row in tellings(self.inst):
            table = _TABLE_OF.get(type(row.fact))
            if table is None:
                self._add_line(row)
            else:
                self._add(table, row)

    def _add(self, table: str, row: Row) -> None:
        english, chinese = _TABLES[table]
        suffix = "_full" if row.is_full else ""
        headings, name, encoding = english, f"{table}{suffix}.csv", "utf-8"
        if self.inst.chinese:
            headings, name, encoding = chinese, f"{table}{suffix}_zh.csv", "gb18030"
        head = f"# stated_at: {iso(row.told)}T{row.clock}+08:00\n{headings}\n"
        cells = _refund_cells(row) if table == "refunds" else _cells(row.fact, english)
        self.desk.add((iso(row.told), name), ",".join(cells) + "\n", (head, ""), encoding)

    def _add_line(self, row: Row) -> None:
        told = iso(row.told)
        fact = _ENCODER.encode(row.fact).decode()
        line = f'{{"stated_at": "{told}T{row.clock}+08:00", "fact": {fact}}}\n'
        self.desk.add((told, "facts.ndjson"), line)


def _cells(fact: f.Fact, headings: str) -> list[str]:
    return [_cell(fact, _FIELDS.get(heading, heading)) for heading in headings.split(",")]


def _cell(fact: f.Fact | f.Instalment, heading: str) -> str:
    """The cell under a heading: the field of that name, with the unit that its name ends with."""
    for suffix, write in (("_fen", format_yuan_plain), ("_hundredths", format_hundredths)):
        amount = getattr(fact, heading + suffix, None)
        if amount is not None:
            return write(amount)
    return _text(getattr(fact, heading, None))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case date():
            return value.isoformat()
        case tuple():
            return ";".join(map(_text, value))
        case f.Stage():
            return f"{value.taught_percent}:{value.released_percent}"
        case f.Instalment():
            names = ("amount", "due", "hours", "begins", "ends")
            return "|".join(_cell(value, name) for name in names)
    return str(value)


def _refund_cells(row: Row) -> list[str]:
    """The request, and the answer beside it once there is one."""
    answer = row.fact if isinstance(row.fact, f.RefundAnswered) else None
    asked = row.beside if answer else row.fact
    assert isinstance(asked, f.RefundRequested)
    cells = _cells(asked, "institution,number,contract,day,amount")
    return [*cells, *(_cells(answer, "day,agreed") if answer else ("", ""))]
