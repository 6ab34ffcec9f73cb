"""Bills of payment companies: each row to the fen, each total compared, nothing half told."""

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from models.facts import MerchantTransactionBilled
from models.identity import merchant_account
from streams.feeds.archive import Archive
from streams.feeds.intake import ProvedFile, prove, told
from streams.feeds.parse import parse_lines
from streams.feeds.rights import Rights
from streams.simulator.bills import Form, Sale, alipay, wechat, zipped
from tests.feeds.billed import (
    ALIPAY_MERCHANT,
    DAY,
    DAYS,
    PAID_BEFORE,
    SALES,
    WECHAT_MERCHANT,
    at,
)
from tests.feeds.made import TODAY, proved

WRITERS: dict[str, Callable[[tuple[Sale, ...], Form], bytes]] = {
    "wechat": lambda sales, form: wechat(WECHAT_MERCHANT, sales, form),
    "alipay": lambda sales, form: alipay(ALIPAY_MERCHANT, DAYS, sales, form),
}
FORMS = {"plain": Form(), "newest first": Form(newest_first=True), "LF": Form(line_end="\n")}
GOOD = wechat(WECHAT_MERCHANT, SALES).decode()
ALIPAY_GOOD = alipay(ALIPAY_MERCHANT, DAYS, SALES).decode("gb18030")


def billed(file: ProvedFile) -> list[MerchantTransactionBilled]:
    """The rows that a file tells."""
    facts = [one.fact for one in told(file)]
    rows = [fact for fact in facts if isinstance(fact, MerchantTransactionBilled)]
    assert len(facts) == len(rows), "a bill tells its rows and nothing else"
    return rows


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("channel", WRITERS)
def test_a_bill_gives_back_the_figures(channel: str, form: str) -> None:
    """Every row with its numbers, amount and fee; refunds by their own number; no check fails."""
    file = proved(WRITERS[channel](SALES, FORMS[form]))
    rows = billed(file)

    expected = [
        (
            *("refund" if one.refund else "payment", one.order, one.amount_fen, DAY),
            -one.fee_e5 if one.refund else one.fee_e5,
        )
        for one in (reversed(SALES) if form == "newest first" else SALES)
    ]
    assert expected == [
        (row.what, row.order_number, row.amount_fen, row.booking_date, row.fee_e5) for row in rows
    ]
    numbers = {"wechat": {"5001", "5002"}, "alipay": {"4200000009/5001", "4200000009/5002"}}
    assert numbers[channel] == {row.number for row in rows if row.what == "refund"}
    assert {"4200000009"} == {row.payment for row in rows if row.what == "refund"}
    assert "accepted" == file.receipt().outcome
    assert {"CNY payments": 428_006, "CNY refunds": 75_000} == file.receipt().sums_fen
    assert file.accepted_until is None


@pytest.mark.parametrize("channel", WRITERS)
def test_a_bill_closes_no_day_and_reports_no_balance(channel: str) -> None:
    """What a bank did not tell yet is not over because a payment company told its day."""
    file = proved(WRITERS[channel](SALES, Form()))

    assert file.is_bank
    assert [False] == [one.is_statement for one in file.statements]
    assert {"MerchantTransactionBilled": len(SALES)} == file.receipt().facts


WRONG = {
    "sum": (Form(misstated_fen=1), "declared-sums", "declared 4,280.07, found 4,280.06"),
    "rows": (Form(misstated_rows=1), "declared-counts", "declared, "),
    "twice": (Form(twice=True), "unique-numbers", "4200000001 comes twice"),
}


@pytest.mark.parametrize("fault", WRONG)
@pytest.mark.parametrize("channel", WRITERS)
def test_totals_that_do_not_prove_hold_every_row(channel: str, fault: str) -> None:
    """The reason names the check and both figures; not one row is told."""
    form, check, detail = WRONG[fault]
    file = proved(WRITERS[channel](SALES, form))

    assert [] == billed(file)
    assert len(SALES) + form.twice == len(file.held)
    assert "held" == file.receipt().outcome
    assert check in file.statements[0].failed
    assert detail in file.held[0].reason


@pytest.mark.parametrize("channel", WRITERS)
def test_cut_bills_tell_nothing_or_all(channel: str) -> None:
    """A bill without its end is refused; only what says nothing of money may be missing."""
    whole = WRITERS[channel](SALES, Form())
    outcomes = set()
    for cut in range(1, len(whole), 29):
        file = proved(WRITERS[channel](SALES, Form(cut=cut)))
        outcomes.add((file.receipt().outcome, len(billed(file))))

    assert outcomes <= {("refused", 0), ("accepted", len(SALES))}
    assert ("refused", 0) in outcomes


WECHAT_FAULTS = {
    "state": ("`JSAPI,`SUCCESS", "`JSAPI,`PAYERROR", "'PAYERROR' is none of", "row 2"),
    "letters": ("`CNY,`3000.00", "`CNY,`3O00.00", "no amount", "row 2"),
    "three decimals": ("`CNY,`3000.00", "`CNY,`3000.001", "more than two decimals", "row 2"),
    "negative": ("`CNY,`3000.00", "`CNY,`-3000.00", "is negative", "row 2"),
    "fee of six decimals": ("`18.00000", "`18.000001", "more than five decimals", "row 2"),
    "fee's sign": ("`18.00000", "`-18.00000", "sign of the other direction", "row 2"),
    "both": ("`CNY,`0.00,`0.00,`5001", "`CNY,`1.00,`0.00,`5001", "both a payment and", "row 5"),
    "no number": ("`4200000001", "`", "微信订单号: '' is no number", "row 2"),
    "lost digits": ("`4200000001", "`4.2E+09", "has lost digits", "row 2"),
    "no refund number": ("`5001", "`", "微信退款单号: '' is no number", "row 5"),
    "time": ("`2024-03-05 09:31:17", "`2024-02-30 09:31:17", "is no time", "row 2"),
    "merchant": ("`1900000109", "`1900000110", "of several merchants", "row 3"),
    "one value more": ("`3000.00,`0.00", "`3000.00,`0.00,`0.00", "28 values", "row 2"),
    "no backtick": ("`2024-03-05 09:31:17", "2024-03-05 09:31:17", "neither a row nor", "row 2"),
    "count": ("`5,`4280.06", "`5.0,`4280.06", "is no count", "row 8"),
    "totals twice": (
        "总交易单数",
        "总交易单数,应结订单总金额\r\n总交易单数",
        "neither a row",
        "row 7",
    ),
    "a row behind": ("`750.00\r\n", "`750.00\r\n`1\r\n", "behind the totals", "row 9"),
    "a heading twice": ("设备号", "交易时间", "stands in the heading twice", "row 1"),
    "a line above": ("交易时间", "账单\r\n交易时间", "above the heading", "row 1"),
    "order number": ("`HT-1,", f"`{'H' * 201},", "商户订单号", "row 2"),
}


@pytest.mark.parametrize("fault", WECHAT_FAULTS)
def test_a_doubtful_wechat_bill_is_refused(fault: str) -> None:
    """With the place and the value; nothing of it is told."""
    old, new, reason, place = WECHAT_FAULTS[fault]
    assert old in GOOD
    file = proved(GOOD.replace(old, new, 1))

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert place == file.refusal.position
    assert [] == billed(file)


ALIPAY_FAULTS = {
    "kind": ("\t,交易\t", "\t,转账\t", "neither 交易 nor 退款", "row 6"),
    "sign of a payment": ("3000.00\t,3000.00", "3000.00\t,-3000.00", "sign of the other", "row 6"),
    "sign of a refund": ("-500.00\t,-500.00", "-500.00\t,500.00", "sign of the other", "row 9"),
    "sign of a fee": ("-18.00\t", "18.00\t", "服务费", "row 6"),
    "no end": ("业务明细列表结束", "业务明细列表", "it is cut", "row 14"),
    "no totals": ("#退款合计", "#退款", "it is cut", "row 14"),
    "no period": ("#起始日期", "#日期", "does not say its period", "row 14"),
    "no account": ("#账号", "#户名", "of which account", "row 5"),
    "two accounts": ("#起始日期", "#账号：[1]\r\n#起始日期", "two accounts", "row 3"),
    "cells": ("\t,HT-1\t", "\t,HT,1\t", "26 cells", "row 6"),
    "quote": ("HT-1\t", '"HT-1\t', "no proper CSV", "row 6"),
    "period": ("2024年03月06日 00:00:00", "2024年03月04日 00:00:00", "ends before", "row 14"),
    "no refund number": ("5001\t", "\t", "退款批次号", "row 9"),
}


@pytest.mark.parametrize("fault", ALIPAY_FAULTS)
def test_a_doubtful_alipay_bill_is_refused(fault: str) -> None:
    """With the place and the value; nothing of it is told."""
    old, new, reason, place = ALIPAY_FAULTS[fault]
    assert old in ALIPAY_GOOD
    file = proved(ALIPAY_GOOD.replace(old, new, 1).encode("gb18030"))

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert place == file.refusal.position
    assert [] == billed(file)


def test_a_merchant_behind_a_service_provider_is_the_one_who_is_paid() -> None:
    """特约商户号 where there is one, 商户号 where it is 0."""
    file = proved(wechat(WECHAT_MERCHANT, SALES, Form(sub_merchant="1600000001")))

    assert {"1600000001"} == {row.merchant_code for row in billed(file)}
    assert [merchant_account("1600000001")] == [one.account for one in file.statements]


def test_alipay_s_account_is_the_merchant_with_a_suffix() -> None:
    """Another account number stays as it is."""
    other = ALIPAY_GOOD.replace("20881234567890120156", "20881234567890120157")

    assert {ALIPAY_MERCHANT} == {row.merchant_code for row in billed(proved(ALIPAY_GOOD))}
    assert {"20881234567890120157"} == {row.merchant_code for row in billed(proved(other))}


TWO_DAYS = (*SALES, Sale("4200000010", "HT-10", at("08:00:00", date(2024, 3, 6)), 100))


def test_a_refund_of_an_unknown_day_is_held_alone() -> None:
    """A bill of several days does not say of which a refund is, as long as no column does."""
    file = proved(wechat(WECHAT_MERCHANT, TWO_DAYS))

    assert ["row 5", "row 6"] == [one.position for one in file.held]
    assert {"the day of this refund is not told; ask for the bill of its day"} == {
        one.reason for one in file.held
    }
    assert {merchant_account(WECHAT_MERCHANT)} == {one.account for one in file.held}
    assert 4 == len(billed(file))


def test_a_column_may_tell_the_day_of_a_refund() -> None:
    """The bill of refunds has 退款成功时间: it counts, not the time of the payment."""
    rows = wechat(WECHAT_MERCHANT, TWO_DAYS).decode().split("\r\n")
    for place, line in enumerate(rows[:7]):
        is_refund = "`REFUND`" in line.replace(",", "")
        told = "2024-03-06 07:00:00" if is_refund else ""
        rows[place] = f"{line},退款成功时间" if not place else f"{line},`{told}"
    file = proved("\r\n".join(rows))

    assert [] == file.held
    assert [date(2024, 3, 6)] * 2 == [
        row.booking_date for row in billed(file) if row.what == "refund"
    ]


WAITING = {
    "revoked": Sale("4200000011", "", at("12:00:00"), 0, state="REVOKED"),
    "processing": Sale("4200000009", "", at("12:00:00"), 7, 0, "5009", state="PROCESSING"),
}


@pytest.mark.parametrize("name", WAITING)
def test_a_row_of_which_nobody_knows_whether_money_moved_is_held(name: str) -> None:
    """It counts for the totals; its fact can be accepted by a person."""
    file = proved(wechat(WECHAT_MERCHANT, (*SALES, WAITING[name])))

    assert [f"row {len(SALES) + 2}"] == [one.position for one in file.held]
    assert "whether money moved is not told" in file.held[0].reason
    assert '"kind":"MerchantTransactionBilled"' in file.held[0].body
    assert len(SALES) == len(billed(file))


def test_another_currency_is_held() -> None:
    """It is settled to another account."""
    file = proved(GOOD.replace("`CNY", "`USD", 1))

    assert ["in USD: only yuan are settled to these accounts"] == [o.reason for o in file.held]


def test_older_wechat_bills_have_fewer_columns() -> None:
    """24 columns, other names for two amounts, five totals."""
    lines = GOOD.removeprefix("\ufeff").split("\r\n")
    older = lines[0].replace("应结订单金额", "总金额").split(",")[:24]
    rows = [",`".join(line.split(",`")[:24]) for line in lines[1:6]]
    totals = ["总交易单数,总交易额,总退款金额,总代金券或立减优惠退款金额,手续费总金额"]
    totals += [",`".join(lines[7].split(",`")[:5])]
    file = proved("\r\n".join([",".join(older), *rows, *totals]))

    assert billed(proved(GOOD)) == billed(file)


@pytest.mark.parametrize("fees", ["24.18000", "24.18", "24.180"])
def test_the_sum_of_fees_may_be_written_less_exactly(fees: str) -> None:
    """Rounded or cut to its own decimals it must be the sum, else the rows are held."""
    assert "`24.18000" in GOOD
    assert "accepted" == proved(GOOD.replace("`24.18000", f"`{fees}")).receipt().outcome
    other = proved(GOOD.replace("`24.18000", f"`{fees[:-1]}1"))
    assert ("declared-fees",) == other.statements[0].failed


def test_a_bill_in_the_future_is_held() -> None:
    """A row dated after today waits, as of banks."""
    sale = Sale("4200000012", "", at("12:00:00", date(2024, 4, 1)), 5)
    file = proved(wechat(WECHAT_MERCHANT, (sale,)))

    assert ["booked on 2024-04-01, after today 2024-03-31"] == [one.reason for one in file.held]


def test_a_row_outside_of_alipay_s_period_is_held() -> None:
    """The bill says which days it is of."""
    sale = Sale("4200000012", "", at("00:00:01", date(2024, 3, 6)), 5)
    file = proved(alipay(ALIPAY_MERCHANT, DAYS, (*SALES, sale)))

    assert ["row 11"] == [one.position for one in file.held]
    assert "outside of its period" in file.held[0].reason


def test_a_bill_of_refunds_alone_that_tells_no_day_is_refused() -> None:
    """Nothing says of which day it is."""
    sale = Sale("4200000009", "", at("12:00:00"), 7, 0, "5009", PAID_BEFORE)
    refusal = proved(wechat(WECHAT_MERCHANT, (sale,))).refusal

    assert refusal is not None
    assert "of which day the bill is" in refusal.reason


def test_a_large_bill_is_read_twice_and_says_the_same() -> None:
    """Beyond what is kept, the second pass reads the bytes again."""
    kept = prove(GOOD.encode(), TODAY, "bill")
    again = prove(GOOD.encode(), TODAY, "bill", keep_bytes_max=0)

    assert again.kept is None
    assert kept.receipt() == again.receipt()
    assert list(told(kept)) == list(told(again))


def test_parse_prints_rows_held_rows_and_checks(tmp_path: Path) -> None:
    """One line each; `billed` is no `entry`."""
    path = tmp_path / "bill"
    path.write_bytes(wechat(WECHAT_MERCHANT, (*SALES, WAITING["processing"])))
    lines = list(parse_lines(path))

    kinds = [line["type"] for line in lines]
    assert ["billed"] * 5 + ["held"] + ["check"] * 5 + ["end"] == kinds
    assert all(line["ok"] for line in lines if line["type"] == "check")
    assert {f"merchant:{WECHAT_MERCHANT}"} == {line["account"] for line in lines}
    json.dumps(lines)


def test_the_archive_shows_the_row(tmp_path: Path) -> None:
    """A position leads back to the bytes."""
    archive = Archive(tmp_path)
    sha256 = archive.put(GOOD.encode())

    assert "`4200000002,`HT-2" in archive.original(sha256, "row 3")


def test_a_feed_tells_only_of_its_merchants() -> None:
    """Also where the bill of a service provider has rows of another merchant."""
    both = GOOD.replace("`1900000109,`0", "`1900000109,`1600000001", 1)
    rights = Rights(feed="wx", accounts=(merchant_account(WECHAT_MERCHANT),))

    assert not rights.objection(proved(GOOD))
    assert "may not tell of account" in rights.objection(proved(both))


FUND_FLOW = """\
记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号
`2024-03-05 09:31:17,`1,`2,`交易,`交易,`收入,`0.01,`0.01,`system,`,`3
"""
ACCOUNT_LOG = """\
#支付宝账务明细查询
#账号：[20881234567890120156]
账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注
"""
OTHER_BILLS = {
    "fund flow": (FUND_FLOW, "deliver the trade bill"),
    "account log": (ACCOUNT_LOG, "deliver the bill of trades"),
}


@pytest.mark.parametrize("name", OTHER_BILLS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: zipped(("a", data))])
def test_other_bills_are_refused_with_advice(name: str, pack: Callable[[bytes], bytes]) -> None:
    """They are known, and are not what explains a settlement."""
    text, advice = OTHER_BILLS[name]
    refusal = proved(pack(text.encode("gb18030"))).refusal

    assert refusal is not None
    assert advice in refusal.reason
