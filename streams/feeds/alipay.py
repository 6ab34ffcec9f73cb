"""Alipay's bill of trades (业务明细) and the summary beside it (业务汇总), among lines behind `#`.

Built from public code and samples (feeds.md 5.3); no manual was at hand.
"""

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import msgspec

from streams.feeds.bill_profiles import BillProfile, Column
from streams.feeds.bill_row import (
    BillRow,
    Frame,
    Totals,
    code,
    count,
    money_e5,
    money_fen,
    order_number,
)
from streams.feeds.records import FeedRefused
from streams.feeds.rows import Rows
from streams.feeds.text import clean, end_of_day, parse_moment, to_utc

_COMMENT = "#"
_PAID, _REFUNDED = "交易", "退款"
_WHOLE = "合计"
_MERCHANT_DIGITS = 16
_ACCOUNT = re.compile(r"#账号[:：]\[?([0-9]{1,32})\]?\s*", re.ASCII)
_PERIOD = re.compile(r"#起始日期[:：]\[([^\]]*)\]\s*终止日期[:：]\[([^\]]*)\]\s*")
_EXPORTED = re.compile(r"#导出时间[:：]\[([^\]]*)\]\s*")
_END = re.compile(r"#-*[^-]*列表结束-*\s*")
_TOTAL = re.compile(r"#([^:：]+)[:：](\d{1,15})笔[，,]商家实收(?:退款)?共(-?[0-9.]+)元.*", re.ASCII)


class Around(msgspec.Struct):
    """What the lines behind `#` say so far."""

    account: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    exported: str = ""
    is_ended: bool = False
    totals: dict[str, tuple[int, int]] = {}

    def read(self, text: str, position: str) -> None:
        """One line. Raises FeedRefused for what contradicts an earlier one, or is no time."""
        try:
            if found := _ACCOUNT.fullmatch(text):
                self._only(bool(self.account), "two accounts")
                self.account = found.group(1)
            elif found := _PERIOD.fullmatch(text):
                self._only(self.begins is not None, "two periods")
                self.begins, self.ends = _moment(found.group(1)), _moment(found.group(2))
            elif found := _EXPORTED.fullmatch(text):
                self.exported = to_utc(_moment(found.group(1)))
            elif found := _TOTAL.fullmatch(text):
                name = found.group(1)
                self._only(name in self.totals, f"{name} twice")
                self.totals[name] = (int(found.group(2)), money_fen(found.group(3), name))
            elif _END.fullmatch(text):
                self.is_ended = True
        except ValueError as error:
            raise FeedRefused(str(error), position) from error

    def _only(self, is_there: bool, what: str) -> None:
        if is_there:
            raise ValueError(f"the bill states {what}")

    def days(self, position: str) -> tuple[date, date]:
        """The first and the last day. A period that ends at midnight ends the day before."""
        if self.begins is None or self.ends is None:
            raise FeedRefused("the bill does not say its period (起始日期, 终止日期)", position)
        ends = self.ends.date()
        if self.ends.time() == time() and ends > self.begins.date():
            ends -= timedelta(days=1)
        if ends < self.begins.date():
            raise FeedRefused("the period ends before it begins", position)
        return self.begins.date(), ends


def merchant_of(around: Around, profile: BillProfile, position: str) -> str:
    """The merchant's number, without what Alipay puts behind it for its account."""
    account, suffix = around.account, profile.merchant_suffix
    if not account:
        raise FeedRefused("the bill does not say of which account (账号) it is", position)
    if len(account) == _MERCHANT_DIGITS + len(suffix) and account.endswith(suffix):
        return account[:_MERCHANT_DIGITS]
    return account


class AlipayBill:
    """The rows of a bill, and once they were all given, its `frame`.

    Raises FeedRefused for a line that is none of its own, and where the end of the list or the
    totals are missing: the bill is cut.
    """

    def __init__(self, rows: Rows, profile: BillProfile) -> None:
        self._rows = rows
        self._profile = profile
        self._columns: dict[Column, int] = {}
        self._width = 0
        self.frame: Frame | None = None

    def __iter__(self) -> Iterator[BillRow]:
        around, line = Around(totals={}), 0
        for (_, line), text in self._rows.lines():
            if not text.strip():
                continue
            position = f"row {line}"
            if text.startswith(_COMMENT):
                around.read(text, position)
                continue
            if around.is_ended:
                raise FeedRefused("something stands behind the end of the list", position)
            cells = split(text, position)
            if not self._columns:
                if not self._profile.heads(cells):
                    raise FeedRefused("a line stands above the heading", position)
                self._columns, self._width = self._profile.places(cells, position), len(cells)
                merchant = merchant_of(around, self._profile, position)
                continue
            try:
                yield self._row(cells, merchant, line, text)
            except ValueError as error:
                raise FeedRefused(str(error), position) from error
        position = f"row {line or 1}"
        if not self._columns:
            raise FeedRefused("the bill has no heading", position)
        self.frame = self._frame(around, merchant, position)

    def _row(self, cells: list[str], merchant: str, line: int, raw: str) -> BillRow:
        if len(cells) != self._width:
            raise ValueError(f"{len(cells)} cells where the heading has {self._width}")

        def cell(column: Column) -> str:
            place = self._columns.get(column)
            return "" if place is None else clean(cells[place])

        state = cell("state")
        if state not in {_PAID, _REFUNDED}:
            raise ValueError(f"业务类型: {state!r} is neither 交易 nor 退款")
        is_payment = state == _PAID
        amount_fen = money_fen(cell("amount"), "商家实收")
        share = cell("share")
        fee_e5 = -money_e5(cell("fee"), "服务费") - (money_e5(share, "分润") if share else 0)
        if not is_payment:
            amount_fen = -amount_fen
        if amount_fen < 0:
            raise ValueError(f"商家实收: {cell('amount')!r} has the sign of the other direction")
        if fee_e5 < 0 if is_payment else fee_e5 > 0:
            raise ValueError(f"服务费: {cell('fee')!r} has the sign of the other direction")
        trade = code(cell("number"), "支付宝交易号")
        moment = parse_moment(cell("booked_at"))
        refund = f"{trade}/{code(cell('refund_number'), '退款批次号')}" if not is_payment else ""
        return BillRow(
            line=line,
            what="payment" if is_payment else "refund",
            merchant=merchant,
            number=trade if is_payment else refund,
            day=moment.date(),
            amount_fen=amount_fen,
            fee_e5=fee_e5,
            raw=raw,
            payment="" if is_payment else trade,
            order=order_number(cell("order")),
            booked_at=moment.isoformat(),
            name=cell("name"),
            text=cell("text"),
        )

    def _frame(self, around: Around, merchant: str, position: str) -> Frame:
        known = self._profile.totals
        payments, refunds = (
            around.totals.get(known["payments"][0]),
            around.totals.get(known["refunds"][0]),
        )
        if not around.is_ended or payments is None or refunds is None:
            raise FeedRefused("the bill ends without its totals: it is cut", position)
        begins, ends = around.days(position)
        return Frame(
            merchant=merchant,
            begins=begins,
            ends=ends,
            period_declared=True,
            created=around.exported or end_of_day(ends),
            totals=Totals(
                payments=payments[0],
                payments_fen=payments[1],
                refunds=refunds[0],
                # Some bills write what was given back with a minus.
                refunds_fen=abs(refunds[1]),
            ),
        )


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the summary beside a bill says."""

    merchant: str
    begins: date
    ends: date
    payments: int
    refunds: int
    net_e5: int


def read_summary(rows: Rows, profile: BillProfile) -> Summary:
    """The summary's line of everything. Raises FeedRefused where it is not to be had."""
    around, line = Around(totals={}), 0
    places, whole = None, None
    for (_, line), text in rows.lines():
        if not text.strip():
            continue
        position = f"row {line}"
        if text.startswith(_COMMENT):
            around.read(text, position)
            continue
        cells = [clean(cell) for cell in split(text, position)]
        if places is None and profile.heads_summary(cells):
            places, width = profile.places_in_summary(cells, position), len(cells)
        elif places is None or len(cells) != width:
            raise FeedRefused("a row of the summary does not fit its heading", position)
        elif _WHOLE in cells[:2]:
            if whole is not None:
                raise FeedRefused(f"the summary has two rows {_WHOLE}", position)
            whole = cells
    position = f"row {line or 1}"
    if places is None or whole is None or not around.is_ended:
        raise FeedRefused(f"the summary has no row {_WHOLE}: it is cut", position)
    begins, ends = around.days(position)
    try:
        return Summary(
            merchant=merchant_of(around, profile, position),
            begins=begins,
            ends=ends,
            payments=count(whole[places["rows"]], "交易订单总笔数"),
            refunds=count(whole[places["refunds"]], "退款订单总笔数"),
            net_e5=money_e5(whole[places["net"]], "实收净额"),
        )
    except ValueError as error:
        raise FeedRefused(str(error), position) from error


def split(text: str, position: str) -> list[str]:
    """The cells of one line; a quote must close in it."""
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise FeedRefused(f"no proper CSV: {error}", position) from error


def _moment(text: str) -> datetime:
    """A time as the lines behind `#` write it: 2024年03月05日 00:00:00."""
    return parse_moment(text.replace("年", "-").replace("月", "-").replace("日", " ").strip())
