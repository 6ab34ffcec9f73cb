"""Writes corporate exports of online banking as the banks lay them out: rows, then text or a page.

Reversals are written in both Chinese styles: in the other column (蓝字), or in the same column with
a minus (红字).
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Literal

from models.money import format_yuan, format_yuan_plain
from streams.simulator.swift import Posting

Ink = Literal["blue", "red"]
Row = list[str]

_MONEY = frozenset({"debit", "credit", "amount", "balance"})


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of an export as pairs of heading and what stands in it, and the lines above.

    `is_signed`: one amount with a sign and a word for who pays, instead of two columns.
    """

    columns: tuple[tuple[str, str], ...]
    above: tuple[tuple[str, str], ...] = ()
    is_signed: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """How an export is written. `misstated_fen` is added to the declared sum of the credits."""

    ink: Ink = "blue"
    newest_first: bool = False
    separators: bool = False
    misstated_fen: int = 0


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    """Pairs from words `heading=what`; a heading alone stays empty."""
    pairs = (word.partition("=") for word in text.split())
    return tuple((name, what) for name, _, what in pairs)


_TOTALS = (
    ("查询账号", "account"), ("起止日期", "period"), ("总笔数", "count"),
    ("贷方总笔数", "credits"), ("借方总笔数", "debits"),
    ("贷方合计", "credit_fen"), ("借方合计", "debit_fen"),
)  # fmt: skip
LAYOUTS: dict[str, Layout] = {
    "icbc-corporate": Layout(
        _columns(
            "凭证号 本方账号=account 对方账号=other 交易时间=moment 借/贷=mark 借方发生额=debit"
            " 贷方发生额=credit 对方行号=code 摘要=summary 用途=text 对方单位名称=name 余额=balance"
            " 个性化信息"
        )
    ),
    "icbc-corporate-marked": Layout(
        _columns(
            "凭证号 对方账号=other 交易时间=moment 借贷标志=mark 对方单位=name 对方行号=code"
            " 用途=text 摘要=summary 附言 回单个性化信息 转入金额=credit 转出金额=debit"
            " 支付凭证种类 余额=balance"
        ),
        _TOTALS,
    ),
    "icbc-corporate-unmarked": Layout(
        _columns(
            "凭证号 对方账号=other 交易时间=moment 对方单位=name 对方行号=code 用途=text"
            " 摘要=summary 附言 回单个性化信息 转入金额=credit 转出金额=debit 支付凭证种类"
            " 余额=balance"
        ),
        _TOTALS,
    ),
    "abc-corporate": Layout(
        _columns(
            "交易时间=moment 收入金额=credit 支出金额=debit 账户余额=balance 手续费总额 交易方式"
            " 交易行名=bank 交易类别 对方省市 对方账号=other 对方户名=name 交易用途=text"
            " 交易摘要=summary 交易附言"
        ),
        (
            ("账号", "account"), ("币种", "currency"), ("起止日期", "period"),
            ("收入总笔数", "credits"), ("支出总笔数", "debits"),
            ("收入合计", "credit_fen"), ("支出合计", "debit_fen"),
        ),
    ),
    "cmb-corporate": Layout(
        _columns(
            "账号=account 账号名称=owner 币种=currency 交易日=day 交易时间=clock 起息日=day"
            " 交易类型 借方金额=debit 贷方金额=credit 余额=balance 摘要=text 流水号=serial"
            " 流程实例号 业务名称=summary 用途 业务参考号 业务摘要 其它摘要 收(付)方分行名"
            " 收(付)方名称=name 收(付)方账号=other 收(付)方开户行行号=code 收(付)方开户行名=bank"
            " 收(付)方开户行地址 母(子)公司账号分行名 母(子)公司账号 母(子)公司名称 信息标志"
            " 有否附件信息 冲账标志=flag 扩展摘要 交易分析码 票据号 商务支付订单号 内部编号"
            " 公司一卡通号"
        ),
        _TOTALS[1:],
    ),
    "ccb-corporate": Layout(
        _columns(
            "账号=account 账户名称=owner 交易时间=moment8 借方发生额（支取）=debit"
            " 贷方发生额（收入）=credit 余额=balance 币种=currency 对方户名=name 对方账号=other"
            " 对方开户机构=bank 记账日期=day 摘要=summary 备注=text"
            " 账户明细编号-交易流水号=serial 企业流水号 凭证种类 凭证号"
        )
    ),
    "boc-corporate": Layout(
        _columns(
            "交易类型[TransactionType]=way 业务类型[Businesstype]=summary 付款人开户行号=payer_code"
            " 付款人账号=payer 付款人名称=payer_name 收款人开户行行号=payee_code 收款人账号=payee"
            " 收款人名称=payee_name 交易日期=day 交易时间=clock 交易货币=iso 交易金额=amount"
            " 交易后余额=balance 起息日期=day 记录标识号[RecordID]=serial 摘要 用途 交易附言=text"
        ),
        (
            ("查询账号", "account"), ("总笔数", "count"), ("借方发生总笔数", "debits"),
            ("贷方发生总笔数", "credits"), ("借方发生总额", "debit_fen"),
            ("贷方发生总额", "credit_fen"), ("时间范围", "period"),
        ),
        is_signed=True,
    ),
}  # fmt: skip
"""By the profile that reads them."""


def export(  # noqa: PLR0917 -- as statement() in swift.py
    layout: str,
    account: str,
    days: tuple[date, date],
    opening_fen: int,
    postings: Sequence[Posting],
    form: Form | None = None,
) -> list[Row]:
    """The rows of one account's export, from the oldest or from the newest on."""
    form, laid_out = form or Form(), LAYOUTS[layout]
    balance_fen, body = opening_fen, []
    for place, posting in enumerate(postings):
        balance_fen += posting.effect_fen
        cells = _cells(account, place, posting, balance_fen, form, signed=laid_out.is_signed)
        if form.separators:
            cells |= {key: _separated(cells[key]) for key in _MONEY & cells.keys()}
        body.append([cells.get(what, "") for _, what in laid_out.columns])
    totals = _totals(account, days, postings, form)
    rows = [[f"{name}：{totals[what]}"] for name, what in laid_out.above]
    return [
        *rows,
        [name for name, _ in laid_out.columns],
        *(body[:: -1 if form.newest_first else 1]),
    ]


def as_text(rows: Sequence[Row], delimiter: str = ",") -> str:
    """The rows as CSV, or separated by tabs."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def as_page(rows: Sequence[Row], charset: str = "gb2312") -> str:
    """The rows as the web page that banks name `.xls`; a line above the heading spans it."""
    width = max(map(len, rows))
    lines = "\n".join(_page_rows(rows, width))
    head = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    return f'{head}</head><body><table border="1">\n{lines}\n</table></body></html>\n'


def _page_rows(rows: Sequence[Row], width: int) -> Iterator[str]:
    for row in rows:
        span = f' colspan="{width}"' if len(row) == 1 else ""
        yield "<tr>" + "".join(f"<td{span}>{escape(cell)}</td>" for cell in row) + "</tr>"


def _cells(
    account: str, place: int, posting: Posting, balance_fen: int, form: Form, *, signed: bool
) -> dict[str, str]:
    """Everything that a column may say of a posting."""
    is_red = posting.reversal and form.ink == "red"
    comes_in = (posting.direction == "C") != is_red
    written_fen = -posting.amount_fen if is_red else posting.amount_fen
    written = format_yuan_plain(written_fen)
    day = posting.booked
    clock = f"{8 + place // 3600:02d}:{place // 60 % 60:02d}:{place % 60:02d}"
    mine, other = (account, "青苗培训学校"), (posting.other_account, posting.name)
    payer, payee = (other, mine) if comes_in else (mine, other)
    cells = {
        "account": account, "owner": "青苗培训学校", "other": posting.other_account,
        "name": posting.name, "code": "102421000011", "bank": "赣江模拟银行", "text": posting.text,
        "summary": "冲正" if posting.reversal else "转账", "mark": "贷" if comes_in else "借",
        "flag": "*" if posting.reversal else "", "serial": posting.reference,
        "moment": f"{day} {clock}", "moment8": f"{day:%Y%m%d} {clock}", "day": f"{day:%Y%m%d}",
        "clock": clock, "currency": "人民币", "iso": "CNY",
        "debit": "" if comes_in else written, "credit": written if comes_in else "",
        "balance": format_yuan_plain(balance_fen),
    }  # fmt: skip
    if signed:
        cells |= {
            "way": "来账" if comes_in else "往账",
            "amount": format_yuan_plain(written_fen if comes_in else -written_fen),
            "payer": payer[0], "payer_name": payer[1], "payee": payee[0], "payee_name": payee[1],
        }  # fmt: skip
    return cells


def _totals(
    account: str, days: tuple[date, date], postings: Sequence[Posting], form: Form
) -> dict[str, str]:
    """What the lines above the heading say, by the effect of each posting."""
    fen = {key: [one.amount_fen for one in postings if one.direction == key] for key in "CD"}
    return {
        "account": account,
        "currency": "人民币",
        "period": f"{days[0]} 至 {days[1]}",
        "count": str(len(postings)),
        "credits": str(len(fen["C"])),
        "debits": str(len(fen["D"])),
        "credit_fen": format_yuan(sum(fen["C"]) + form.misstated_fen),
        "debit_fen": format_yuan(sum(fen["D"])),
    }


def _separated(cell: str) -> str:
    """1234567.00 with separators, as banks write it on a page."""
    whole, point, decimals = cell.partition(".")
    return f"{int(whole):,}{point}{decimals}" if whole.lstrip("-") else cell
