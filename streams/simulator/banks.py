"""The bank files: camt.053 a day, CCB's export a day, BOC's export an account and month."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from random import Random
from xml.sax.saxutils import escape

from models.money import format_yuan_plain
from streams.simulator.desk import Desk
from streams.simulator.plan import Account, Broken, Day, Entry, Institution, Resent, iso

CAMT_VERSIONS = {"ganjiang": "02", "tengwang": "08"}
BANK_NAMES = {
    "ganjiang": "赣江模拟银行南昌分行",
    "tengwang": "滕王模拟银行南昌分行",
    "ccb": "建设银行南昌东湖支行",
    "boc": "中国银行南昌西湖支行",
}
_CCB_HEADINGS = (
    "账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,"
    "对方开户机构,记账日期,摘要,备注,账户明细编号-交易流水号,企业流水号,凭证种类,凭证号\n"
)
_BOC_HEADINGS = (
    "交易类型[ Transaction Type ],业务类型[ Business type ],"
    "付款人开户行号[ Account holding bank number of payer ],付款人开户行名[ Payer account bank ],"
    "付款人账号[ Debit Account No. ],付款人名称[ Payer's Name ],"
    "收款人开户行行号[ Account holding bank number of beneficiary ],"
    "收款人开户行名[ Beneficiary account bank ],收款人账号[ Payee's Account Number ],"
    "收款人名称[ Payee's Name ],交易日期[ Transaction Date ],交易时间[ Transaction time ],"
    "交易货币[ Trade Currency ],交易金额[ Trade Amount ],交易后余额[ After-transaction balance ],"
    "起息日期[ Value Date ],交易流水号[ Transaction reference number ],"
    "记录标识号[ Record ID ],摘要[ Reference ],用途[ Purpose ],交易附言[ Remark ],"
    "备注[ Remarks ]\n"
)
_GB18030 = "gb18030"


class BankPapers:
    """Writes the statements of one institution's accounts."""

    def __init__(self, inst: Institution, desk: Desk, rng: Random) -> None:
        self.inst, self.desk, self.rng = inst, desk, rng
        self._entries: dict[str, dict[Day, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for entry in inst.entries:
            self._entries[entry.account.number][entry.day].append(entry)
        self._broken = {(slip.account, slip.day): slip for slip in inst.broken}

    def write(self) -> None:
        """Write every statement of every account whose bank delivers."""
        for account in self.inst.accounts:
            if not account.fed:
                continue
            if account.bank == "boc":
                self._boc(account)
                continue
            for day in reporting_days(self.inst, account):
                entries = self._entries[account.number].get(day, [])
                slip = self._broken.get((account.number, day))
                if account.bank == "ccb":
                    self._ccb(day, entries, slip)
                else:
                    self._camt(account, day, entries, slip)
        for again in self.inst.resent:
            self._send_again(again)

    def _send_again(self, again: Resent) -> None:
        """The statement of a day once more, as a file of its own."""
        account = next(each for each in self.inst.accounts if each.number == again.account)
        entries = told_again(again, self._entries[again.account].get(again.day, []))
        made, folder = again.again, iso(again.again)
        if account.bank == "ccb":
            name = f"ccb_{iso(again.day)}_again.csv"
            rows = self._ccb_rows(entries, 0)
            self.desk.add((folder, name), rows, (_CCB_HEADINGS, ""), _GB18030)
            return
        balances = (self._opening(account, again.day, entries), account.closings[again.day])
        text = _camt_statement(account, (again.day, made), balances, entries, "")
        name = f"camt053_{account.bank}_{iso(again.day)}_again.xml"
        self.desk.add((folder, name), text, camt_frame(account.bank, made))

    def _opening(self, account: Account, day: Day, entries: list[Entry]) -> int:
        if entries:
            first = entries[0]
            return first.balance_fen - _effect(first)
        return account.closings.get(day, 0)

    def _camt(self, account: Account, day: Day, entries: list[Entry], slip: Broken | None) -> None:
        opening = self._opening(account, day, entries)
        closing = account.closings[day]
        name = f"camt053_{account.bank}_{iso(day)}.xml"
        pending = "" if slip or self.rng.random() > 0.02 else _pending(account, day)
        if slip is not None:
            if not slip.dropped:
                told = closing + slip.gap_fen
                text = _camt_statement(account, (day, day), (opening, told), entries, "")
                self.desk.add((iso(day), name), text, camt_frame(account.bank, day))
            if slip.corrected is None:
                return
            day, name = slip.corrected, name.replace(".xml", "_corrected.xml")
        booked = slip.day if slip else day
        text = _camt_statement(account, (booked, day), (opening, closing), entries, pending)
        self.desk.add((iso(day), name), text, camt_frame(account.bank, day))

    def _ccb(self, day: Day, entries: list[Entry], slip: Broken | None) -> None:
        if not entries:
            return
        name = f"ccb_{iso(day)}.csv"
        if slip is not None:
            if not slip.dropped:
                rows = self._ccb_rows(entries, slip.gap_fen)
                self.desk.add((iso(day), name), rows, (_CCB_HEADINGS, ""), _GB18030)
            if slip.corrected is None:
                return
            day, name = slip.corrected, name.replace(".csv", "_corrected.csv")
        rows = self._ccb_rows(entries, 0)
        self.desk.add((iso(day), name), rows, (_CCB_HEADINGS, ""), _GB18030)

    def _ccb_rows(self, entries: list[Entry], gap_fen: int) -> str:
        """A gap falsifies the balance of a row in the middle, so only the run of balances tells."""
        middle = len(entries) // 2 if gap_fen else -1
        rows = []
        for place, entry in enumerate(entries):
            amount = format_yuan_plain(entry.amount_fen)
            columns = ("0.00", amount) if entry.direction == "C" else (amount, "0.00")
            if entry.reversal:
                # 红字冲正: the same column as the original, with a minus.
                columns = ("0.00", f"-{amount}")
            balance = entry.balance_fen + (gap_fen if place == middle else 0)
            day = iso(entry.day).replace("-", "")
            note = f"冲正 原流水 {entry.reverses}" if entry.reversal else entry.remittance
            rows.append(",".join((
                entry.account.number, self.inst.name, f"{day} {_clock(place)}", *columns,
                format_yuan_plain(balance), "人民币元", entry.name, entry.other_account,
                "", day, summary_of(entry), note, entry.serial, "", "", "",
            )))  # fmt: skip
        return "\n".join(rows) + "\n"

    def _boc(self, account: Account) -> None:
        """One file per month, delivered on the month's last day or on the last day of all."""
        days = reporting_days(self.inst, account)
        months: dict[str, list[Day]] = defaultdict(list)
        for day in days:
            months[iso(day)[:7]].append(day)
        for month, in_month in months.items():
            entries = [
                entry for day in in_month for entry in self._entries[account.number].get(day, ())
            ]
            text = "".join(self._boc_lines(account, in_month, entries))
            name = f"boc_{account.number}_{month}.csv"
            self.desk.add((iso(in_month[-1]), name), text, encoding=_GB18030)

    def _boc_lines(self, account: Account, days: list[Day], entries: list[Entry]) -> Iterator[str]:
        incoming = [entry for entry in entries if entry.direction == "C"]
        outgoing = [entry for entry in entries if entry.direction == "D"]
        period = f"{iso(days[0])}-{iso(days[-1])}".replace("-", "")
        yield f"查询账号[ Inquirer account number ],{account.number}\n"
        yield f"总笔数[ Total Numbers of Transactions ],{len(entries)}\n"
        for word, some in (("借方", outgoing), ("贷方", incoming)):
            total = format_yuan_plain(sum(entry.amount_fen for entry in some))
            yield f"{word}发生总笔数,{len(some)}\n{word}发生总额,{total}\n"
        yield f"时间范围[ Time Range ],{period[:8]}-{period[8:]}\n"
        if not entries:
            yield f"期末余额,{format_yuan_plain(account.closings[days[-1]])}\n"
        yield _BOC_HEADINGS
        for place, entry in enumerate(entries):
            yield self._boc_row(account, entry, place)

    def _boc_row(self, account: Account, entry: Entry, place: int) -> str:
        own = ("104421000010", BANK_NAMES["boc"], account.number, self.inst.name)
        other = ("", "", entry.other_account, entry.name)
        comes_in = entry.direction == "C"
        sides = (*other, *own) if comes_in else (*own, *other)
        amount = format_yuan_plain(entry.amount_fen if comes_in else -entry.amount_fen)
        day = iso(entry.day).replace("-", "")
        note = f"原流水 {entry.reverses}" if entry.reversal else ""
        return ",".join((
            "来账" if comes_in else "往账", "冲正" if entry.reversal else summary_of(entry), *sides,
            day, _clock(place), "CNY", amount, format_yuan_plain(entry.balance_fen), day,
            entry.serial[9:18], entry.serial, summary_of(entry), "",
            "" if entry.reversal else entry.remittance, note,
        )) + "\n"  # fmt: skip


def reporting_days(inst: Institution, account: Account) -> range:
    """The days of which an account's bank tells."""
    return range(max(inst.first, account.reports_from or account.valid_from), inst.last + 1)


def told_again(again: Resent, entries: list[Entry]) -> list[Entry]:
    """The entries of a statement as they are told the second time."""
    return [_told_otherwise(one, again) if one.serial == again.serial else one for one in entries]


def _told_otherwise(entry: Entry, again: Resent) -> Entry:
    if again.reverses:
        return replace(entry, reversal=True, reverses=again.reverses)
    return replace(entry, remittance=again.remittance)


def statement_id(bank: str, account: str, begins: Day, ends: Day) -> str:
    """The identity of a statement, as the bank or its file gives it."""
    if bank in CAMT_VERSIONS:
        return f"{account[-8:]}-{iso(ends).replace('-', '')}"
    return f"{bank}-corporate:{iso(begins)}..{iso(ends)}"


def camt_frame(bank: str, day: Day) -> tuple[str, str]:
    """The head and the tail of a camt.053 message."""
    version = CAMT_VERSIONS[bank]
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">\n'
        f"<BkToCstmrStmt><GrpHdr><MsgId>{bank}-{iso(day)}</MsgId>"
        f"<CreDtTm>{iso(day)}T22:30:00+08:00</CreDtTm></GrpHdr>\n"
    )
    return head, "</BkToCstmrStmt></Document>\n"


def _camt_statement(
    account: Account,
    days: tuple[Day, Day],
    balances: tuple[int, int],
    entries: list[Entry],
    pending: str,
) -> str:
    """One account's day; `days` are the day of the bookings and that of the statement's making."""
    booked, made = iso(days[0]), iso(days[1])
    identity = statement_id(account.bank, account.number, days[0], days[0])
    sequence = date.fromordinal(days[0]).timetuple().tm_yday
    head = (
        f"<Stmt><Id>{identity}</Id><ElctrncSeqNb>{sequence}</ElctrncSeqNb>"
        f"<CreDtTm>{made}T22:00:00+08:00</CreDtTm>"
        f"<FrToDt><FrDtTm>{booked}T00:00:00+08:00</FrDtTm>"
        f"<ToDtTm>{booked}T23:59:59+08:00</ToDtTm></FrToDt>"
        f"<Acct><Id><Othr><Id>{account.number}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
    )
    opened, closed = (
        _camt_balance(*told, booked) for told in (("OPBD", balances[0]), ("CLBD", balances[1]))
    )
    lines = [head, opened, closed]
    nested = CAMT_VERSIONS[account.bank] == "08"
    lines.extend(_camt_entry(entry, nested=nested) for entry in entries)
    lines.append(f"{pending}</Stmt>\n")
    return "\n".join(lines)


def _camt_balance(code: str, amount_fen: int, day: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="CNY">{format_yuan_plain(amount_fen)}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _camt_entry(entry: Entry, *, nested: bool) -> str:
    comes_in = entry.direction == "C"
    # On a reversal the roles stay those of the original payment.
    role = "Dbtr" if comes_in != entry.reversal else "Cdtr"
    name = escape(entry.name)
    named = f"<Pty><Nm>{name}</Nm></Pty>" if nested else f"<Nm>{name}</Nm>"
    party = f"<{role}>{named}</{role}>" if name else ""
    if entry.other_account:
        party += f"<{role}Acct><Id><Othr><Id>{entry.other_account}</Id></Othr></Id></{role}Acct>"
    parties = f"<RltdPties>{party}</RltdPties>" if party else ""
    text = f"冲正 原流水 {entry.reverses}" if entry.reversal else escape(entry.remittance)
    status = "<Sts><Cd>BOOK</Cd></Sts>" if nested else "<Sts>BOOK</Sts>"
    day = iso(entry.day)
    return (
        f'<Ntry><Amt Ccy="CNY">{format_yuan_plain(entry.amount_fen)}</Amt>'
        f"<CdtDbtInd>{'CRDT' if comes_in else 'DBIT'}</CdtDbtInd>"
        f"{'<RvslInd>true</RvslInd>' if entry.reversal else ''}{status}"
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{entry.serial}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls>{parties}<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls>"
        "</Ntry>"
    )


def _pending(account: Account, day: Day) -> str:
    """An entry that is not booked yet: in no sum of the statement."""
    status = "<Sts><Cd>PDNG</Cd></Sts>" if account.bank == "tengwang" else "<Sts>PDNG</Sts>"
    return (
        '<Ntry><Amt Ccy="CNY">888.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"{status}<BookgDt><Dt>{iso(day)}</Dt></BookgDt>"
        f"<AcctSvcrRef>PD{account.number[-6:]}{day}</AcctSvcrRef></Ntry>\n"
    )


def _effect(entry: Entry) -> int:
    return entry.amount_fen if entry.direction == "C" else -entry.amount_fen


def summary_of(entry: Entry) -> str:
    """What the bank calls the entry (摘要)."""
    if entry.reversal:
        return "冲正"
    if entry.meaning in {"interest", "fee"}:
        return entry.remittance
    return "转账存入" if entry.direction == "C" else "转账支出"


def _clock(place: int) -> str:
    """A time of day that grows with the place of the row."""
    minutes, seconds = divmod(8 * 3600 + place * 7, 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:{seconds:02d}"
