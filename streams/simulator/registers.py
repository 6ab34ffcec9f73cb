"""The register tables: what an institution states, on which day it is told, in which heading."""

from collections.abc import Iterator

from models.money import format_hundredths, format_yuan_plain
from streams.simulator.banks import BANK_NAMES
from streams.simulator.desk import Desk
from streams.simulator.plan import (
    NEVER,
    Account,
    Contract,
    Day,
    Institution,
    Part,
    Refund,
    Row,
    Span,
    iso,
)

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
            "paid_hours,bonus_hours,minutes,begins,ends,instalments,stages"
        ),
        (
            "机构编号,合同编号,签订日期,合同金额,付款人,学员,订单号,科目,学科类,线上,"
            "课时数,赠送课时,课时分钟数,开始日期,结束日期,分期,拨付阶段"
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
    "suspensions": (
        "institution,number,valid_from,valid_to,reason",
        "机构编号,文书编号,生效日期,终止日期,原因",
    ),
}
_YES_NO = ("no", "yes")
_RESTATED_WEEKDAY = 6


class RegisterPapers:
    """Writes the register rows of one institution on the days on which they are told."""

    def __init__(self, inst: Institution, desk: Desk) -> None:
        self.inst, self.desk = inst, desk

    def write(self) -> None:
        """Write all tables, and the decisions of officers as facts."""
        inst = self.inst
        for row in (*self._states(), *self._happenings(), *inst.rows):
            if row.table == "decisions":
                self._decision(row)
            else:
                self._add(row.table, row.told, row.cells)
        for session in inst.sessions:
            present = ";".join(contract.number for contract in session.present)
            hours = format_hundredths(session.hours)
            cells = (inst.id, session.number, iso(session.day), present, hours, "parent")
            if present:
                self._add("lessons", session.day, cells)
        if inst.restated:
            self._restate()

    def _add(self, table: str, told: Day, cells: tuple[str, ...], suffix: str = "") -> None:
        english, chinese = _TABLES[table]
        headings, name, encoding = english, f"{table}{suffix}.csv", "utf-8"
        if self.inst.chinese:
            headings, name, encoding = chinese, f"{table}{suffix}_zh.csv", "gb18030"
        clock = "20:00:00" if suffix else "18:00:00"
        head = f"# stated_at: {iso(told)}T{clock}+08:00\n{headings}\n"
        self.desk.add((iso(told), name), ",".join(cells) + "\n", (head, ""), encoding)

    def _states(self) -> Iterator[Row]:
        inst = self.inst
        first = inst.first
        yield Row("institutions", first, self._institution(iso(first - 200), inst.usci))
        for account in inst.accounts:
            told = max(first, account.valid_from)
            yield Row("accounts", told, self._account(account, NEVER))
            if account.valid_to < inst.last:
                ended = self._account(account, account.valid_to)
                yield Row("accounts", account.valid_to + 1, ended)
        for span in inst.custody:
            yield from self._custody(span)
        for number, span in enumerate(inst.suspensions, start=1):
            cells = (inst.id, span.number, iso(span.begins), iso(span.ends), f"整改{number}")
            yield Row("suspensions", span.told, cells)
        prices = sorted({(c.subject, c.price_fen) for c in inst.contracts[:40]})[:5]
        for number, (subject, price) in enumerate(prices, start=1):
            cells = (inst.id, f"F{number:02d}", iso(first), subject, format_yuan_plain(price))
            yield Row("fees", first, cells)

    def _institution(self, valid_from: str, usci: str) -> tuple[str, ...]:
        inst = self.inst
        form = "民办非企业单位" if usci.startswith("5") else "有限责任公司"
        return (
            *(inst.id, valid_from, inst.name, usci, form, "valid"),
            *(inst.representative, "南昌市", inst.county),
        )

    def reregister(self, day: Day, usci: str) -> None:
        """Tell that the institution goes on under another credit code."""
        self._add("institutions", day, self._institution(iso(day), usci))

    def _account(self, account: Account, valid_to: Day) -> tuple[str, ...]:
        inst = self.inst
        ends = "" if valid_to == NEVER else iso(valid_to)
        bank = BANK_NAMES[account.bank]
        valid_from = iso(account.valid_from)
        return (account.number, inst.id, valid_from, account.purpose, ends, inst.name, bank)

    def _custody(self, span: Span) -> Iterator[Row]:
        """The agreement, and again whenever the account under it changes."""
        inst = self.inst
        mode = "reserve" if inst.reserve else "custody"
        minimum = "300000.00" if inst.reserve else ""
        ends = "" if span.ends == NEVER else iso(span.ends)
        begins = max(span.begins, inst.first)
        main = inst.designated(begins)[0]
        days = [(span.begins, max(span.told, inst.first), main.number)]
        for account in inst.accounts:
            changed = begins < account.valid_from <= span.ends
            alone = inst.designated(account.valid_from) == [account]
            if account.purpose == "dedicated" and changed and alone:
                told = max(span.told, account.valid_from)
                days.append((account.valid_from, told, account.number))
        for valid_from, told, number in days:
            cells = (inst.id, span.number, iso(valid_from), mode, ends, number, minimum)
            yield Row("custody", min(told, inst.last), cells)

    def _happenings(self) -> Iterator[Row]:
        inst = self.inst
        for place, contract in enumerate(inst.contracts):
            cells = self._contract(contract)
            if place % 97 == 5 and contract.told < inst.last:
                # A slip of the pen in the student's name, corrected the next day.
                wrong = (*cells[:5], contract.student + "?", *cells[6:])
                yield Row("contracts", contract.told, wrong)
                yield Row("contracts", contract.told + 1, cells)
            else:
                yield Row("contracts", contract.told, cells)
        for refund in inst.refunds:
            yield from self._refund(refund)
        for number, (day, amount, account, about) in enumerate(inst.complaints, start=1):
            cells = (
                *(inst.id, f"TS{inst.index:04d}-{number:03d}", iso(day), "county"),
                *("收费账户", about, format_yuan_plain(amount), account),
            )
            yield Row("complaints", day, cells)

    def _contract(self, contract: Contract) -> tuple[str, ...]:
        return (
            self.inst.id,
            contract.number,
            iso(contract.signed),
            format_yuan_plain(contract.price_fen),
            ";".join(contract.payers),
            contract.student,
            contract.order_number,
            contract.subject,
            _YES_NO[contract.academic],
            _YES_NO[contract.online],
            format_hundredths(contract.hours),
            format_hundredths(contract.bonus),
            str(contract.minutes),
            iso(contract.begins),
            iso(contract.ends),
            ";".join(_part(part) for part in contract.parts),
            "30:30;60:60;100:100" if contract.staged else "",
        )

    def _refund(self, refund: Refund) -> Iterator[Row]:
        asked = (
            *(self.inst.id, refund.number, refund.contract.number, iso(refund.asked)),
            format_yuan_plain(refund.requested_fen),
        )
        agreed = format_yuan_plain(refund.agreed_fen)
        answer = (iso(refund.answered), agreed) if refund.answered <= self.inst.last else ("", "")
        if refund.answered != refund.asked:
            yield Row("refunds", refund.asked, (*asked, "", ""))
        if answer[0]:
            yield Row("refunds", refund.answered, (*asked, *answer))

    def _restate(self) -> None:
        """Export every contract told so far again, once a week."""
        inst = self.inst
        for day in range(inst.first, inst.last + 1):
            if (day - 1) % 7 == _RESTATED_WEEKDAY:
                for contract in inst.contracts:
                    if contract.told <= day:
                        self._add("contracts", day, self._contract(contract), "_full")

    def _decision(self, row: Row) -> None:
        institution, account, day, serial, contract = row.cells
        entry = f"a:{account}/EntryBooked/{day}/{serial}"
        told = iso(row.told)
        line = (
            f'{{"stated_at": "{told}T19:00:00+08:00", "fact": {{"kind": "PaymentAttributed", '
            f'"institution": "{institution}", "entry": "{entry}", "contract": "{contract}"}}}}\n'
        )
        self.desk.add((told, "decisions.ndjson"), line)


def _part(part: Part) -> str:
    amount, hours = format_yuan_plain(part.amount_fen), format_hundredths(part.hours)
    return "|".join((amount, iso(part.due), hours, iso(part.begins), iso(part.ends)))
