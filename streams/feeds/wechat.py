"""WeChat Pay's trade bill (交易账单): rows behind backticks, then a line of totals.

A value may hold commas and quotes: only a comma before a backtick parts two values. Built from
public code and samples (feeds.md 5.3); no manual was at hand.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime

from models.feed import HOME_CURRENCY
from streams.feeds.bill_profiles import BillProfile, Column, Total
from streams.feeds.bill_row import (
    EXACT_DECIMALS,
    BillRow,
    Frame,
    Totals,
    What,
    code,
    count,
    money_e5,
    money_fen,
    order_number,
)
from streams.feeds.profiles import currency_of
from streams.feeds.records import FeedRefused
from streams.feeds.rows import Rows
from streams.feeds.text import clean, end_of_day, parse_moment

_MARK, _SEPARATOR = "`", ",`"
_PAID, _REFUNDED, _REVOKED = "SUCCESS", "REFUND", "REVOKED"
_GIVEN_BACK = {_REFUNDED, _REVOKED}
_NONE = {"", "0"}


class WechatBill:
    """The rows of a bill, and once they were all given, its `frame`.

    Raises FeedRefused for a line that is none of its own, and for a bill without totals: it is cut.
    """

    def __init__(self, rows: Rows, profile: BillProfile) -> None:
        self._rows = rows
        self._profile = profile
        self._columns: dict[Column, int] = {}
        self._totals: dict[Total, int] = {}
        self._width = 0
        self._days: set[date] = set()
        self._providers: set[str] = set()
        self._merchants: set[str] = set()
        self.frame: Frame | None = None

    def __iter__(self) -> Iterator[BillRow]:
        totals: Totals | None = None
        line = 0
        for (_, line), text in self._rows.lines():
            if not text.strip():
                continue
            position = f"row {line}"
            if totals is not None:
                raise FeedRefused("something stands behind the totals", position)
            if not text.startswith(_MARK):
                self._read_heading(text.split(","), position)
                continue
            cells = [clean(cell) for cell in text[1:].split(_SEPARATOR)]
            try:
                if self._totals:
                    totals = self._read_totals(cells)
                else:
                    yield self._row(cells, line, text)
            except ValueError as error:
                raise FeedRefused(str(error), position) from error
        if totals is None:
            raise FeedRefused("the bill ends without its totals: it is cut", f"row {line or 1}")
        self.frame = self._frame(totals)

    def _read_heading(self, cells: list[str], position: str) -> None:
        if not self._columns:
            if not self._profile.heads(cells):
                raise FeedRefused("a line stands above the heading", position)
            self._columns = self._profile.places(cells, position)
        elif not self._totals:
            self._totals = self._profile.places_of_totals(cells, position)
            missing = self._profile.totals.keys() - self._totals.keys()
            if missing:
                reason = f"neither a row nor the heading of the totals: {', '.join(cells)[:60]!r}"
                raise FeedRefused(reason, position)
        else:
            raise FeedRefused("the totals have two headings", position)
        self._width = len(cells)

    def _read_totals(self, cells: list[str]) -> Totals:
        self._must_fit(cells)
        said = {name: cells[place] for name, place in self._totals.items()}
        names = {name: known[0] for name, known in self._profile.totals.items()}
        fees = said["fees"]
        return Totals(
            rows=count(said["rows"], names["rows"]),
            payments_fen=money_fen(said["payments"], names["payments"]),
            refunds_fen=money_fen(said["refunds"], names["refunds"]),
            fees_e5=money_e5(fees, names["fees"]),
            fees_decimals=min(EXACT_DECIMALS, len(fees.partition(".")[2])),
        )

    def _must_fit(self, cells: list[str]) -> None:
        if len(cells) != self._width:
            raise ValueError(f"{len(cells)} values where the heading has {self._width}")

    def _row(self, cells: list[str], line: int, raw: str) -> BillRow:
        self._must_fit(cells)

        def cell(column: Column) -> str:
            place = self._columns.get(column)
            return "" if place is None else cells[place]

        state = cell("state").upper()
        if state not in {_PAID, *_GIVEN_BACK}:
            raise ValueError(f"交易状态: {cell('state')!r} is none of SUCCESS, REFUND, REVOKED")
        is_payment = state == _PAID
        what: What = "payment" if is_payment else "refund"
        amount_fen, fee_e5 = self._money(cell, what)
        paid_at = parse_moment(cell("booked_at"))
        # A refund has the time of its payment there: its own day may stand elsewhere or nowhere.
        done_at = paid_at if is_payment else _moment(cell("refund_at"))
        if done_at is not None:
            self._days.add(done_at.date())
        paid = code(cell("number"), "微信订单号")
        refund = cell("refund_number") or (paid if state == _REVOKED else "")
        return BillRow(
            line=line,
            what=what,
            merchant=self._merchant(cell("merchant"), cell("sub_merchant")),
            number=paid if is_payment else code(refund, "微信退款单号"),
            day=done_at.date() if done_at else None,
            amount_fen=amount_fen,
            fee_e5=fee_e5,
            raw=raw,
            payment="" if is_payment else paid,
            order=order_number(cell("order")),
            booked_at=paid_at.isoformat() if is_payment else "",
            text=cell("text"),
            waits=_why_it_waits(state, cell("refund_state").upper(), cell("currency")),
        )

    def _money(self, cell: Callable[[Column], str], what: What) -> tuple[int, int]:
        """The amount of a row in fen, and what WeChat Pay keeps of it in 1/100,000 yuan."""

        def fen(column: Column) -> int:
            name, text = self._profile.columns[column][0], cell(column)
            amount_fen = money_fen(text, name) if text else 0
            if amount_fen < 0:
                raise ValueError(f"{name}: {text!r} is negative")
            return amount_fen

        paid_fen, refunded_fen = fen("amount"), fen("refund_amount")
        if paid_fen and refunded_fen:
            raise ValueError("the row is both a payment and a refund")
        amount_fen, other_fen = paid_fen, refunded_fen
        if what == "refund":
            amount_fen, other_fen = refunded_fen, paid_fen
        if other_fen:
            raise ValueError(f"交易状态: a {what} with the amount of the other direction")
        fee_e5 = money_e5(cell("fee"), self._profile.columns["fee"][0])
        if fee_e5 < 0 if what == "payment" else fee_e5 > 0:
            raise ValueError(f"手续费: {cell('fee')!r} has the sign of the other direction")
        return amount_fen, fee_e5

    def _merchant(self, provider: str, own: str) -> str:
        """Who is paid: where a service provider stands between, the merchant behind it."""
        self._providers.add(code(provider, "商户号"))
        if len(self._providers) > 1:
            raise ValueError("the bill is of several merchants (商户号)")
        merchant = provider if own in _NONE else code(own, "特约商户号")
        self._merchants.add(merchant)
        return merchant

    def _frame(self, totals: Totals) -> Frame:
        if not self._days:
            reason = "no row says of which day the bill is; ask for the bill of all transactions"
            raise FeedRefused(reason, "row 1")
        begins, ends = min(self._days), max(self._days)
        only = next(iter(self._merchants)) if len(self._merchants) == 1 else ""
        return Frame(
            merchant=only or next(iter(self._providers)),
            begins=begins,
            ends=ends,
            period_declared=False,
            created=end_of_day(ends),
            totals=totals,
            # A bill is of one day: the refunds in it are of that day, whenever they were asked.
            day_untold=begins if begins == ends else None,
        )


def _moment(text: str) -> datetime | None:
    return parse_moment(text) if text else None


def _why_it_waits(state: str, refund_state: str, currency: str) -> str:
    if state == _REVOKED:
        return "a revoked payment (REVOKED): whether money moved is not told"
    if state == _REFUNDED and refund_state not in {"", _PAID}:
        return f"the refund is {refund_state}: whether money moved is not told"
    if currency_of(currency) != HOME_CURRENCY:
        return f"in {currency}: only yuan are settled to these accounts"
    return ""
