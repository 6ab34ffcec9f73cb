"""Writes the bills that payment companies give a merchant: WeChat Pay's and Alipay's of one day."""

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.money import E5_A_FEN, format_yuan_plain, round_e5

_WECHAT = (
    "交易时间 公众账号ID 商户号 特约商户号 设备号 微信订单号 商户订单号 用户标识 交易类型 交易状态"
    " 付款银行 货币种类 应结订单金额 代金券金额 微信退款单号 商户退款单号 退款金额 充值券退款金额"
    " 退款类型 退款状态 商品名称 商户数据包 手续费 费率 订单金额 申请退款金额 费率备注"
)
_WECHAT_TOTALS = (
    "总交易单数 应结订单总金额 退款总金额 充值券退款总金额 手续费总金额 订单总金额 申请退款总金额"
)
_ALIPAY = (
    "支付宝交易号 商户订单号 业务类型 商品名称 创建时间 完成时间 门店编号 门店名称 操作员 终端号"
    " 对方账户 订单金额（元） 商家实收（元） 支付宝红包（元） 集分宝（元） 支付宝优惠（元）"
    " 商家优惠（元） 券核销金额（元） 券名称 商家红包消费金额（元） 卡消费金额（元）"
    " 退款批次号/请求号 服务费（元） 分润（元） 备注"
)
_ALIPAY_SUMMARY = (
    "门店编号 门店名称 交易订单总笔数 退款订单总笔数 订单金额（元） 商家实收（元） 支付宝优惠（元）"
    " 商家优惠（元） 卡消费金额（元） 服务费（元） 分润（元） 实收净额（元）"
)
_LINE = "-" * 41


@dataclass(frozen=True, slots=True)
class Sale:
    """A payment, or with `refund` the number of a refund of it.

    `fee_e5` is what the company keeps in 1/100,000 yuan, of a refund what it gives back.
    `moment` is when the money moved, `paid_at` of a refund when it was paid.
    """

    number: str
    order: str
    moment: datetime
    amount_fen: int
    fee_e5: int = 0
    refund: str = ""
    paid_at: datetime | None = None
    name: str = ""
    text: str = "学费"
    state: str = "SUCCESS"


@dataclass(frozen=True, slots=True)
class Form:
    """How a bill is written, and what is wrong with it.

    `misstated_fen` is added to the declared sum of payments, `misstated_rows` to their number.
    `cut` leaves away so many bytes of the end. `newest_first` turns the rows round, `twice` repeats
    the first one after the others were counted.
    """

    newest_first: bool = False
    misstated_fen: int = 0
    misstated_rows: int = 0
    twice: bool = False
    cut: int = 0
    sub_merchant: str = ""
    line_end: str = "\r\n"


def wechat(merchant: str, sales: Sequence[Sale], form: Form | None = None) -> bytes:
    """A trade bill of WeChat Pay of the kind ALL, in UTF-8 with its mark."""
    form = form or Form()
    lines = [",".join(_WECHAT.split())]
    lines += [_wechat_row(merchant, sale, form) for sale in _written(sales, form)]
    paid, refunded = _fen(sales, refunds=False), _fen(sales, refunds=True)
    payments = format_yuan_plain(paid + form.misstated_fen)
    given = format_yuan_plain(refunded)
    fees = _exact(sum(_signed_fee(sale) for sale in sales))
    rows = str(len(sales) + form.misstated_rows)
    totals = (rows, payments, given, "0.00", fees, payments, given)
    lines += [",".join(_WECHAT_TOTALS.split()), _marked(totals)]
    return _cut(("\ufeff" + _text(lines, form)).encode(), form)


def _wechat_row(merchant: str, sale: Sale, form: Form) -> str:
    amount, nothing = format_yuan_plain(sale.amount_fen), "0.00"
    paid_at = (sale.paid_at or sale.moment).strftime("%Y-%m-%d %H:%M:%S")
    refund = bool(sale.refund)
    return _marked(
        (
            *(paid_at, "wx0123456789abcdef", merchant, form.sub_merchant or "0", ""),
            *(sale.number, sale.order, "oSimulated", "JSAPI", "REFUND" if refund else sale.state),
            *("OTHERS", "CNY", nothing if refund else amount, nothing, sale.refund or "0"),
            *(f"TK{sale.refund}" if refund else "0", amount if refund else nothing, nothing),
            *("ORIGINAL" if refund else "", sale.state if refund else "", sale.text, ""),
            *(_exact(_signed_fee(sale)), "0.60%", nothing if refund else amount),
            *(amount if refund else nothing, ""),
        )
    )


def alipay(
    merchant: str, days: tuple[date, date], sales: Sequence[Sale], form: Form | None = None
) -> bytes:
    """A bill of trades of Alipay in GB18030; both days belong to it."""
    form = form or Form()
    rows = [[f"{one}\t" for one in _alipay_row(sale)] for sale in _written(sales, form)]
    count = sum(not sale.refund for sale in sales)
    paid = format_yuan_plain(_fen(sales, refunds=False) + form.misstated_fen)
    given = format_yuan_plain(-_fen(sales, refunds=True))
    lines = [
        *_alipay_head("明细", merchant, days),
        ",".join(_ALIPAY.split()),
        *map(_csv, rows),
        f"#{_LINE}业务明细列表结束{_LINE}",
        f"#交易合计：{count + form.misstated_rows}笔，商家实收共{paid}元，商家优惠共0.00元",
        f"#退款合计：{len(sales) - count}笔，商家实收退款共{given}元，商家优惠退款共0.00元",
        _exported(days),
    ]
    return _cut(_text(lines, form).encode("gb18030"), form)


def alipay_summary(
    merchant: str, days: tuple[date, date], sales: Sequence[Sale], form: Form | None = None
) -> bytes:
    """The summary that lies beside it."""
    form = form or Form()
    count = sum(not sale.refund for sale in sales)
    received_fen = _fen(sales, refunds=False) - _fen(sales, refunds=True)
    # The rows show whole fen, and the summary sums up what they show.
    fees_e5 = sum(round_e5(_signed_fee(sale)) for sale in sales) * E5_A_FEN
    net = _exact((received_fen + form.misstated_fen) * E5_A_FEN - fees_e5, decimals=2)
    received = format_yuan_plain(received_fen)
    fee = _exact(-fees_e5, decimals=2)
    shown = ("", str(count), str(len(sales) - count), received, received, "0.00", "0.00", "0.00")
    lines = [
        *_alipay_head("汇总", merchant, days),
        ",".join(_ALIPAY_SUMMARY.split()),
        ",".join(("合计", *shown, fee, "0.00", net)),
        f"#{_LINE}业务汇总列表结束{_LINE}",
        _exported(days),
    ]
    return _cut(_text(lines, form).encode("gb18030"), form)


def zipped(*members: tuple[str, bytes]) -> bytes:
    """A ZIP file of these members, in this order, the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members:
            package.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _alipay_row(sale: Sale) -> list[str]:
    refund = bool(sale.refund)
    amount = format_yuan_plain(-sale.amount_fen if refund else sale.amount_fen)
    made_at = (sale.paid_at or sale.moment).strftime("%Y-%m-%d %H:%M:%S")
    done_at = sale.moment.strftime("%Y-%m-%d %H:%M:%S")
    nothing = "0.00"
    return [
        *(sale.number, sale.order, "退款" if refund else "交易", sale.text, made_at, done_at),
        *("", "", "", "", sale.name, amount, amount),
        *(nothing, nothing, nothing, nothing, nothing, "", nothing, nothing),
        *(sale.refund, _exact(-_signed_fee(sale), decimals=2), nothing, ""),
    ]


def _alipay_head(what: str, merchant: str, days: tuple[date, date]) -> list[str]:
    after = days[1] + timedelta(days=1)
    return [
        f"#支付宝业务{what}查询",
        f"#账号：[{merchant}0156]",
        f"#起始日期：[{_chinese(days[0])} 00:00:00]   终止日期：[{_chinese(after)} 00:00:00]",
        f"#{_LINE}业务{what}列表{_LINE}",
    ]


def _exported(days: tuple[date, date]) -> str:
    return f"#导出时间：[{_chinese(days[1] + timedelta(days=1))} 09:11:11]"


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month:02d}月{day.day:02d}日"


def _written(sales: Sequence[Sale], form: Form) -> list[Sale]:
    rows = list(reversed(sales)) if form.newest_first else list(sales)
    return rows + rows[:1] if form.twice else rows


def _fen(sales: Sequence[Sale], *, refunds: bool) -> int:
    return sum(sale.amount_fen for sale in sales if bool(sale.refund) == refunds)


def _signed_fee(sale: Sale) -> int:
    return -sale.fee_e5 if sale.refund else sale.fee_e5


def _exact(amount_e5: int, decimals: int = 5) -> str:
    """Yuan with so many decimals; what is finer is rounded half away from zero."""
    unit = 10 ** (5 - decimals)
    units = (abs(amount_e5) + unit // 2) // unit
    whole, rest = divmod(units, 10**decimals)
    return f"{'-' if amount_e5 < 0 and units else ''}{whole}.{rest:0{decimals}d}"


def _marked(values: Sequence[str]) -> str:
    return ",".join(f"`{value}" for value in values)


def _csv(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _text(lines: Sequence[str], form: Form) -> str:
    return "".join(f"{line}{form.line_end}" for line in lines)


def _cut(data: bytes, form: Form) -> bytes:
    return data[: len(data) - form.cut]
