"""Reads a payment company's bill of a merchant: its rows as facts, and what proves them.

A bill is no account of anything: its rows explain what a bank books as one settlement, and are
added to no balance. It is read twice, first to its end: no row of a cut one is told.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from models.facts import MerchantTransactionBilled
from models.feed import HOME_CURRENCY
from models.identity import merchant_account
from models.keys import encode
from models.money import format_yuan
from streams.feeds.alipay import AlipayBill, Summary, read_summary
from streams.feeds.bill_profiles import BillProfile, load_bill_profiles
from streams.feeds.bill_row import BillRow, Frame, Sums, Totals
from streams.feeds.bundle import Bundle
from streams.feeds.records import (
    TEXT_LENGTH_MAX,
    Billed,
    Check,
    End,
    FeedRefused,
    Held,
    Record,
)
from streams.feeds.rows import Rows
from streams.feeds.sniff import Sniffed
from streams.feeds.wechat import WechatBill

_READERS: dict[str, Callable[[Rows, BillProfile], WechatBill | AlipayBill]] = {
    "wechat": WechatBill,
    "alipay": AlipayBill,
}
_E5_DECIMALS = 5


def read_sniffed(sniffed: Sniffed) -> Iterator[Record]:
    """The records of a bill as it was found in a file."""
    bundle = sniffed.bundle or Bundle()
    return read(sniffed.table, load_bill_profiles()[sniffed.profile], bundle)


def read(rows: Rows, profile: BillProfile, bundle: Bundle) -> Iterator[Record]:
    """The rows of a bill, or held where one cannot be told; its checks; its end.

    `bundle` holds the summary that Alipay puts beside it. Raises FeedRefused before the first
    record.
    """
    make, member = _READERS[profile.channel], bundle.member
    surveyed = make(rows, profile)
    sums = Sums()
    with _within(member):
        for row in surveyed:
            sums.add(row)
    frame = surveyed.frame
    assert frame is not None, "a bill that was read to its end has a frame"
    beside = _summary(bundle, profile, frame)
    statement = f"{profile.id} {frame.begins} {frame.ends}"
    for row in make(rows, profile):
        yield _record(row, frame, profile, statement, member)
    account = merchant_account(frame.merchant)
    for name, ok, detail, gap_fen in _checks(sums, frame.totals, beside):
        yield Check(account, statement, HOME_CURRENCY, name, ok, detail, gap_fen)
    yield End(
        account=account,
        statement=statement,
        currency=HOME_CURRENCY,
        created=frame.created,
        begins=frame.begins,
        ends=frame.ends,
        position="row 1" + member,
        is_statement=False,
        period_declared=frame.period_declared,
    )


@contextmanager
def _within(member: str) -> Iterator[None]:
    """Say of which member of an archive a refusal speaks."""
    try:
        yield
    except FeedRefused as error:
        raise FeedRefused(error.reason, error.position + member) from error


def _summary(bundle: Bundle, profile: BillProfile, frame: Frame) -> Summary | None:
    if bundle.summary is None:
        return None
    with _within(bundle.summary_member):
        summary = read_summary(bundle.summary, profile)
        if _about(summary) != (frame.merchant, frame.begins, frame.ends):
            raise FeedRefused("the summary is of another account or period than the bill", "row 1")
    return summary


def _about(summary: Summary) -> tuple[str, date, date]:
    return summary.merchant, summary.begins, summary.ends


def _record(
    row: BillRow, frame: Frame, profile: BillProfile, statement: str, member: str
) -> Billed | Held:
    day = row.day or frame.day_untold
    position = f"row {row.line}{member}"
    reason = row.waits
    body = row.raw
    if day is not None:
        fact = _fact(row, day, profile)
        if not reason:
            return Billed(fact, position)
        body = encode(fact).decode()
    else:
        reason = reason or "the day of this refund is not told; ask for the bill of its day"
    account = merchant_account(row.merchant)
    return Held(position, reason, body, account, statement, frame.created)


def _fact(row: BillRow, day: date, profile: BillProfile) -> MerchantTransactionBilled:
    return MerchantTransactionBilled(
        merchant_code=row.merchant,
        channel=profile.channel,
        what=row.what,
        number=row.number,
        booking_date=day,
        amount_fen=row.amount_fen,
        fee_e5=row.fee_e5,
        order_number=row.order,
        payment=row.payment,
        booked_at=row.booked_at,
        counterparty_name=row.name[:TEXT_LENGTH_MAX],
        remittance=row.text[:TEXT_LENGTH_MAX],
    )


def _checks(
    sums: Sums, totals: Totals, beside: Summary | None
) -> Iterator[tuple[str, bool, str, int]]:
    """Each comparison as name, whether it holds, what was compared, and the gap in fen."""
    counted = [
        ("rows", totals.rows, sums.rows),
        ("payments", totals.payments, sums.counts["payment"]),
        ("refunds", totals.refunds, sums.counts["refund"]),
    ]
    if beside is not None:
        counted.append(("payments in the summary", beside.payments, sums.counts["payment"]))
        counted.append(("refunds in the summary", beside.refunds, sums.counts["refund"]))
    faults = [
        f"{stated} {what} declared, {found} found"
        for what, stated, found in counted
        if stated not in {None, found}
    ]
    yield "declared-counts", not faults, "; ".join(faults), 0
    amounts = (
        ("payments", totals.payments_fen, sums.fen["payment"]),
        ("refunds", totals.refunds_fen, sums.fen["refund"]),
    )
    faults, gap_fen = [], 0
    for what, stated, found in amounts:
        if stated is not None and stated != found:
            faults.append(f"{what} declared {format_yuan(stated)}, found {format_yuan(found)}")
            gap_fen = max(gap_fen, abs(stated - found))
    yield "declared-sums", not faults, "; ".join(faults), gap_fen
    if totals.fees_e5 is not None:
        ok = _is_written(sums.fees_e5, totals.fees_e5, totals.fees_decimals)
        detail = f"fees declared {_exact(totals.fees_e5)}, found {_exact(sums.fees_e5)}"
        yield "declared-fees", ok, "" if ok else detail, 0
    if beside is not None:
        ok = beside.net_e5 == sums.net_e5
        detail = f"net in the summary {_exact(beside.net_e5)}, found {_exact(sums.net_e5)}"
        yield "summary-net", ok, "" if ok else detail, abs(beside.net_e5 - sums.net_e5) // 1_000
    yield "unique-numbers", not sums.twice, sums.twice, 0


def _is_written(found_e5: int, stated_e5: int, decimals: int) -> bool:
    """Whether the stated sum is the found one as exactly as it is written, rounded or cut."""
    unit = 10 ** (_E5_DECIMALS - decimals)
    sign = -1 if found_e5 < 0 else 1
    size = abs(found_e5)
    rounded, cut = (size + unit // 2) // unit * unit, size // unit * unit
    return stated_e5 in {sign * rounded, sign * cut}


def _exact(amount_e5: int) -> str:
    sign = "-" if amount_e5 < 0 else ""
    whole, rest = divmod(abs(amount_e5), 10**_E5_DECIMALS)
    return f"{sign}{whole}.{rest:05d}"
