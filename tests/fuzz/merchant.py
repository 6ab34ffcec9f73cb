"""Bills of payment companies, plain and packed, changed at any place."""

import gzip
import re
from collections import Counter

from models.facts import MerchantTransactionBilled
from models.money import parse_fen_cell
from streams.feeds import bill
from streams.feeds.bundle import member_of, unzipped
from streams.feeds.intake import prove, told
from streams.feeds.integrity import checked
from streams.feeds.records import FeedRefused
from streams.feeds.sniff import Sniffed, sniff
from streams.feeds.text import decode
from streams.simulator.bills import Form, alipay, alipay_summary, wechat, zipped
from tests.feeds.billed import ALIPAY_MERCHANT, DAYS, SALES, WECHAT_MERCHANT
from tests.fuzz.bank_file import TODAY, examine

TOKENS = (
    *(b"`", b",`", b",", b"\t", b'"', b"\r\n", b"\n", b"\r", b"#", b"\0", b"\xef\xbb\xbf", b"\x80"),
    *(b"SUCCESS", b"REFUND", b"REVOKED", b"PROCESSING", b"CNY", b"USD", b"`0,", b"`0.00", b"-1.00"),
    *(b"0.000001", b"1e3", b"99999999999999999999.00", b"4.2E+09", b"2024-02-30 00:00:00", b"\x81"),
    *("交易".encode("gb18030"), "退款".encode("gb18030"), "#交易合计：1笔".encode("gb18030")),
    *(
        "业务明细列表结束".encode("gb18030"),
        "总交易单数".encode(),
        "退款成功时间".encode(),
        b"PK\x01\x02",
    ),
    *(
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\x1f\x8b\x08",
        b"../",
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
    ),
)
_WECHAT_TOTALS = re.compile(r"总交易单数[\s\ufeff]*,[^\r\n]*[\r\n]+`(\d+),`([^,]*),`([^,]*),")
_ALIPAY_TOTALS = (
    re.compile(r"#交易合计[:：](\d+)笔[，,]商家实收共([^元\r\n]*)元"),
    re.compile(r"#退款合计[:：](\d+)笔[，,]商家实收退款共([^元\r\n]*)元"),
)


def seeds() -> list[bytes]:
    """Both bills in several forms, and packed as the companies pack them."""
    trades = alipay(ALIPAY_MERCHANT, DAYS, SALES)
    summary = alipay_summary(ALIPAY_MERCHANT, DAYS, SALES)
    plain = wechat(WECHAT_MERCHANT, SALES)
    return [
        *(plain, wechat(WECHAT_MERCHANT, SALES, Form(sub_merchant="1600000001", line_end="\n"))),
        *(trades, alipay(ALIPAY_MERCHANT, DAYS, SALES, Form(newest_first=True))),
        *(zipped(("a", trades), ("b", summary)), zipped(("b", summary), ("a", trades))),
        *(gzip.compress(plain, mtime=0), zipped(("a", plain))),
    ]


def read(data: bytes) -> str:
    """Examine one file: what it tells must be what its own totals say."""
    try:
        sniffed = sniff(data)
        is_bill = sniffed.format == "bill"
        records = list(checked(bill.read_sniffed(sniffed))) if is_bill else None
    except FeedRefused:
        return examine(data, None)
    if is_bill:
        _compare(data, sniffed)
    return examine(data, records)


def _compare(data: bytes, sniffed: Sniffed) -> None:
    file = prove(data, TODAY, "file")
    facts = [one.fact for one in told(file)]
    if file.is_held or not facts:
        return
    counts: Counter[str] = Counter()
    fen: Counter[str] = Counter()
    for fact in facts:
        assert isinstance(fact, MerchantTransactionBilled)
        assert fact.amount_fen >= 0
        counts[fact.what] += 1
        fen[fact.what] += fact.amount_fen
    text = _text(data, sniffed).replace("\ufeff", "")
    if sniffed.name == "wechat-trade":
        totals = _WECHAT_TOTALS.findall(text)[-1]
        assert int(totals[0]) == len(facts)
        assert parse_fen_cell(totals[1]) == fen["payment"]
        assert parse_fen_cell(totals[2]) == fen["refund"]
        return
    for what, pattern in zip(("payment", "refund"), _ALIPAY_TOTALS, strict=True):
        count, amount = pattern.findall(text)[-1]
        assert int(count) == counts[what]
        assert abs(parse_fen_cell(amount)) == fen[what]


def _text(data: bytes, sniffed: Sniffed) -> str:
    member = sniffed.bundle.member if sniffed.bundle else ""
    if member:
        return decode(member_of(data, int(member.rpartition(" ")[2])))
    return decode(unzipped(data) if sniffed.bundle else data)
