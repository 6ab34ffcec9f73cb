"""Names and account numbers are masked wherever a text mentions them."""

from datetime import date

import pytest

from alerts.inbox.masking import Masker, masker_of
from alerts.inbox.presenting import accounts_in, subject_words
from models import facts as f

MASKER = Masker(
    names=["张三", "张三丰", "南昌晨光培训"],
    accounts=["6217001234567890", "88001122"],
    public=["南昌晨光培训", "HT-2024-张三", "202401010001"],
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张三丰学费", "张**学费"),
        ("张三学费", "张*学费"),
        ("转自6217001234567890张三", "转自6217********7890张*"),
        ("账号88001122", "账号******22"),
        ("南昌晨光培训", "南昌晨光培训"),
        ("合同HT-2024-张三", "合同HT-2024-张三"),
        ("身份证36010219900101123X", "身份证3601**********123X"),
        ("卡 6228480402564890018 退费", "卡 6228***********0018 退费"),
        ("电话13812345678", "电话1381***5678"),
        ("合同 202401010001 第一期", "合同 202401010001 第一期"),
        ("合同 HT-202401010001", "合同 HT-202401010001"),
        ("20240301 1,234.56", "20240301 1,234.56"),
        ("", ""),
    ],
)
def test_text_is_masked(text: str, expected: str) -> None:
    """Known names and numbers, long numbers and phones are masked, contract numbers are not."""
    assert expected == MASKER.text(text)


def test_facts_tell_what_to_mask() -> None:
    """Payers, students, counterparties and their accounts are taken from the facts."""
    told: list[f.Fact] = [
        f.EntryBooked(
            account="6217000000000001",
            booking_date=date(2024, 3, 1),
            serial="1",
            amount_fen=1,
            direction="C",
            counterparty_name="李四光",
            counterparty_account="6222000000000002",
        ),
        f.ContractStated(
            institution="I",
            number="李-1",
            signed=date(2024, 3, 1),
            price_fen=1,
            payers=("王二小",),
            student="王小明",
        ),
    ]
    masker = masker_of(told, ["6230000000000003"], ["李四光培训中心"])

    names = "李四光 王二小 王小明 李-1 李四光培训中心"
    numbers = "6217000000000001 6222000000000002 6230000000000003"

    assert "李** 王** 王** 李-1 李四光培训中心" == masker.text(names)
    assert "6217********0001 6222********0002 6230********0003" == masker.text(numbers)


@pytest.mark.parametrize(
    ("rule", "subject", "expected"),
    [
        ("charge-span", "contract:HT-1/2024-03-01", "合同 HT-1 · 2024-03-01"),
        ("payment-outside-account", "account:6217001234567890", "账户 6217********7890"),
        (
            "charge-without-contract",
            "entry:6217001234567890/2024-03-01/A%2FB",
            "流水 6217********7890 · 2024-03-01 · A/B",
        ),
        ("statement-broken", "statement:88001122/7", "对账单 ******22 · 7"),
        ("coverage-short", "coverage", "资金覆盖"),
        ("release-ahead", "batch", "批量划拨"),
        ("several-accounts", "accounts", "专用账户"),
        ("outflow-large", "day:2024-03-01", "当日支出 2024-03-01"),
        ("cannot-decide", "matching/entry:88001122/2024-03-01/1", "流水 ******22 · 2024-03-01 · 1"),
        ("cannot-decide", "currency/account:88001122", "账户 ******22"),
        ("other", "what-ever", "what-ever"),
    ],
)
def test_subject_in_words(rule: str, subject: str, expected: str) -> None:
    """Every form of subject is told in words, its account number masked."""
    assert expected == subject_words(rule, subject, "zh")


def test_subject_tells_its_account() -> None:
    """The account in a subject is known, so that texts quoting it are masked."""
    assert ["88001122"] == accounts_in("cannot-decide", "coverage-short/account:88001122")
    assert ["88001122"] == accounts_in("charge-without-contract", "entry:88001122/2024-03-01/1")
    assert [] == accounts_in("coverage-short", "coverage")
