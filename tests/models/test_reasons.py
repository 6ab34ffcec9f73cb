"""The whole answer about an entry: class, reason, contract, requests, what is missing."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from models import facts as f
from models.directory import Request
from models.matching import Answer
from tests.models.test_matching import (
    CONTRACT,
    DAY,
    SETTLEMENT,
    answer,
    answers,
    entry,
    request,
)

OTHER = msgspec.structs.replace(CONTRACT, number="HT-2", order_number="DD2", sub_account="ZZ-2")
STRANGER: dict[str, Any] = {"counterparty_name": "路人"}
FAMILY: dict[str, Any] = {"counterparty_name": "王 芳"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"remittance": "HT-1", "counterparty_account": SETTLEMENT},
            Answer("move", "counterparty-is-own-account"),
        ),
        ({"remittance": "结息", **STRANGER}, Answer("interest", "interest-word")),
        ({"counterparty_name": "拉卡支付"}, Answer("settlement", "payment-company")),
        (
            {"remittance": "HT-1 HT-2", **STRANGER},
            Answer("tuition", "reference", missing="contract", candidates=("HT-1", "HT-2")),
        ),
        ({}, Answer("tuition", "nothing-to-match-by", missing="remittance, counterparty")),
        (
            {"account": SETTLEMENT},
            Answer("unknown", "nothing-to-match-by", missing="remittance, counterparty"),
        ),
        # One of the three fields is enough to say that no contract is named.
        ({"remittance": "学费"}, Answer("tuition", "no-contract")),
        ({**STRANGER}, Answer("tuition", "no-contract")),
        ({"counterparty_account": "62-X"}, Answer("tuition", "no-contract")),
        ({"remittance": "退汇", **STRANGER}, Answer("returned", "nothing-named")),
    ],
)
def test_a_credit_is_answered_whole(fields: dict[str, Any], expected: Answer) -> None:
    """Also the reason, which an officer reads, and the field without which nobody can say."""
    assert expected == answer(entry("C", **fields), CONTRACT, OTHER)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"remittance": "SP-1", **STRANGER}, Answer("approved", "approval-named")),
        (
            {"counterparty_account": "62-A", "account": SETTLEMENT},
            Answer("move", "to-a-designated-account"),
        ),
        (
            {"remittance": "HT-1", "counterparty_account": SETTLEMENT},
            Answer("release", "contract-named", "HT-1"),
        ),
        ({"counterparty_account": SETTLEMENT}, Answer("release", "batch")),
        (
            {"remittance": "HT-1 HT-2", "counterparty_account": SETTLEMENT},
            Answer("release", "batch"),
        ),
        ({"remittance": "手续费", **STRANGER}, Answer("fee", "fee-word")),
        (
            {"booking_date": date(2024, 4, 1), **STRANGER},
            Answer("freeze", "restriction"),
        ),
        ({**STRANGER}, Answer("other", "none-of-these")),
        ({}, Answer("other", "none-of-these", missing="counterparty")),
        ({"remittance": "HT-1 HT-2", **FAMILY}, Answer("refund", "several-named")),
        ({"remittance": "HT-1", **FAMILY}, Answer("refund", "contract-named", "HT-1")),
    ],
)
def test_a_debit_is_answered_whole(fields: dict[str, Any], expected: Answer) -> None:
    """Also the reason, the contract, and the field without which nobody can say."""
    approved = "SP-1" if fields.get("remittance") == "SP-1" else ""

    assert expected == answer(entry("D", **fields), CONTRACT, OTHER, approved=approved)


def _of_the_other(number: str) -> Request:
    told = msgspec.structs.replace(request(number).request, contract="HT-2")
    return Request(told, ())


@pytest.mark.parametrize(
    ("remittance", "asked", "expected"),
    [
        (
            "TF-1 退汇",
            (request("TF-1"),),
            Answer("returned", "request-named", "HT-1", ("TF-1",)),
        ),
        (
            "TF-1 TF-2 退汇",
            (request("TF-1"), _of_the_other("TF-2")),
            Answer("returned", "request-named", "", ("TF-1", "TF-2")),
        ),
        (
            "HT-1 退汇",
            (request("TF-1"), request("TF-3", asked=DAY + timedelta(days=1))),
            Answer("returned", "contract-named", "HT-1", ("TF-1",)),
        ),
        ("HT-1 退汇", (), Answer("returned", "contract-named", "HT-1")),
        ("HT-1 HT-2 退汇", (request("TF-1"),), Answer("returned", "nothing-named")),
    ],
)
def test_what_comes_back_goes_off_what_it_names(
    remittance: str, asked: tuple[Request, ...], expected: Answer
) -> None:
    """The request named; else every request of the one contract asked by then."""
    fact = entry("C", remittance=remittance, **STRANGER)

    assert expected == answer(fact, CONTRACT, OTHER, asked=asked)


def test_what_came_back_before_its_request_counts_from_the_request_on() -> None:
    """Asked on the same day it is known at once, asked later from that day on."""
    fact = entry("C", remittance="TF-1 退汇", **STRANGER)
    later = DAY + timedelta(days=3)

    assert [(DAY, Answer("returned", "request-named", "HT-1", ("TF-1",)))] == answers(
        fact, CONTRACT, asked=(request("TF-1"),)
    )
    assert [
        (DAY, Answer("returned", "nothing-named")),
        (later, Answer("returned", "request-named", "HT-1", ("TF-1",))),
    ] == answers(fact, CONTRACT, asked=(request("TF-1", asked=later),))


@pytest.mark.parametrize(
    ("remittance", "amount_fen", "asked", "expected"),
    [
        (
            "TF-1",
            5,
            (request("TF-1"),),
            Answer("refund", "request-named", "HT-1", ("TF-1",), explained=True),
        ),
        (
            "",
            100_000,
            (request("TF-1"),),
            Answer("refund", "payee-and-amount", "HT-1", ("TF-1",), explained=True),
        ),
        ("", 99_999, (request("TF-1"),), Answer("other", "none-of-these")),
        ("", 100_000, (request("TF-1"), request("TF-2")), Answer("other", "none-of-these")),
        ("", 0, (request("TF-1", amount_fen=0),), Answer("other", "none-of-these")),
        (
            "",
            1,
            (request("TF-1", amount_fen=1),),
            Answer("refund", "payee-and-amount", "HT-1", ("TF-1",), explained=True),
        ),
    ],
)
def test_a_refund_pays_what_it_names_or_the_one_open_request_of_payee_and_amount(
    remittance: str, amount_fen: int, asked: tuple[Request, ...], expected: Answer
) -> None:
    """To the fen; of two open requests of one amount neither; of nothing due none."""
    fact = entry("D", amount_fen, remittance=remittance, **FAMILY)

    assert expected == answer(fact, CONTRACT, asked=asked)


def test_a_request_named_of_a_contract_signed_later_is_seen_from_its_day_on() -> None:
    """A debit's days are those of its candidates, by contract, by request, by payee and amount."""
    signed = DAY + timedelta(days=2)
    late = msgspec.structs.replace(CONTRACT, signed=signed)

    for remittance, amount_fen in (("HT-1", 5), ("", 100_000)):
        fact = entry("D", amount_fen, remittance=remittance, **FAMILY)
        days = [day for day, _ in answers(fact, late, asked=(request("TF-1"),))]
        assert [DAY, signed] == days, remittance


def test_what_is_due_is_what_was_answered_by_the_day() -> None:
    """A debit of the amount asked pays the request until the answer, not from the answer on."""
    told = request("TF-1").request

    def kind(answered: date) -> str:
        said = f.RefundAnswered(institution="JG-1", number="TF-1", day=answered, agreed_fen=50_000)
        asked = Request(told, (said,))
        return answer(entry("D", 100_000, **FAMILY), CONTRACT, asked=(asked,)).kind

    assert "refund" == kind(DAY + timedelta(days=1))
    assert "other" == kind(DAY)


def test_a_debit_that_names_a_request_asked_later_refunds_from_the_request_on() -> None:
    """Until then it names nothing that is known; it is never explained by a later request."""
    asked = DAY + timedelta(days=2)
    fact = entry("D", 5, remittance="TF-1", **FAMILY)

    assert [
        (DAY, Answer("other", "none-of-these")),
        (asked, Answer("refund", "request-named", "HT-1")),
    ] == answers(fact, CONTRACT, asked=(request("TF-1", asked),))
