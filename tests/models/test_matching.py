"""The class of an entry and the contract it belongs to, with its reason (rules.md M1-M3)."""

from datetime import date, timedelta
from typing import Any, Literal

import msgspec
import pytest

from models import facts as f
from models.contracts import Terms
from models.directory import Directory, Request
from models.matching import Answer, Entry, classify
from models.registers import Registers

DAY = date(2024, 3, 15)
BEFORE = date(2024, 1, 1)
OWN, SETTLEMENT, STRANGER = "62-A", "62-S", "62-X"
ROWS = (
    f.InstitutionStated(institution="JG-1", valid_from=BEFORE, name="星星学校"),
    f.AccountStated(account=OWN, institution="JG-1", valid_from=BEFORE, purpose="dedicated"),
    f.AccountStated(
        account=SETTLEMENT, institution="JG-1", valid_from=BEFORE, purpose="settlement"
    ),
    f.MerchantCodeStated(institution="JG-1", number="SH-1", valid_from=BEFORE, company="拉卡支付"),
    f.AccountRestricted(
        account=OWN, number="DJ-1", valid_from=date(2024, 4, 1), valid_to=date(2024, 4, 1)
    ),
)
CONTRACT = f.ContractStated(
    institution="JG-1",
    number="HT-1",
    signed=date(2024, 3, 1),
    price_fen=300_000,
    payers=("王 芳",),
    order_number="DD1",
    sub_account="ZZ-1",
    instalments=(
        f.Instalment(180_000, due=date(2024, 3, 1)),
        f.Instalment(120_000, due=date(2024, 6, 1)),
    ),
)


def entry(
    direction: Literal["C", "D"],
    amount_fen: int = 300_000,
    **fields: Any,  # noqa: ANN401 -- fields of an entry
) -> f.EntryBooked:
    """An entry of 15 March on the dedicated account."""
    fields = {"account": OWN, "booking_date": DAY, **fields}
    return f.EntryBooked(serial="S1", amount_fen=amount_fen, direction=direction, **fields)


def answers(
    fact: f.EntryBooked,
    *contracts: f.ContractStated,
    asked: tuple[Request, ...] = (),
    approved: str = "",
    attributed: str = "",
) -> list[tuple[date, Answer]]:
    """What the entry is, from which day on."""
    directory = Directory()
    for contract in contracts:
        directory.put_terms(contract.number, Terms(contract))
    for request in asked:
        directory.put_request(request.number, request)
    if approved:
        approval = f.WithdrawalApproved(institution="JG-1", number=approved, day=DAY)
        directory.put_approval(approved, approval)
    if attributed:
        said = f.PaymentAttributed(institution="JG-1", entry="e", contract=attributed)
        directory.put_attribution("e", said)
    segments = classify(Entry("e", fact), directory, Registers("JG-1", ROWS), 30)
    return [(date.fromordinal(segment.since), segment.answer) for segment in segments]


def answer(
    fact: f.EntryBooked,
    *contracts: f.ContractStated,
    **others: Any,  # noqa: ANN401 -- handed on
) -> Answer:
    """What the entry is by all that is known."""
    return answers(fact, *contracts, **others)[-1][1]


def request(number: str = "TF-1", asked: date = DAY, amount_fen: int = 100_000) -> Request:
    """A refund request of the contract."""
    told = f.RefundRequested(
        institution="JG-1", number=number, contract="HT-1", day=asked, amount_fen=amount_fen
    )
    return Request(told, ())


# ---- Credits ----


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"remittance": "HT-1", "counterparty_account": SETTLEMENT}, "move"),
        ({"remittance": "HT-1 结息", "counterparty_name": "银行"}, "interest"),
        ({"remittance": "HT-1 退汇", "counterparty_name": "银行"}, "returned"),
        ({"remittance": "HT-1", "counterparty_name": "拉卡支付"}, "settlement"),
        ({"remittance": "HT-1", "counterparty_name": "路人"}, "tuition"),
        ({"remittance": "", "counterparty_name": "路人"}, "tuition"),
        ({"remittance": "", "counterparty_name": "路人", "account": SETTLEMENT}, "unknown"),
        ({"remittance": "HT-1", "counterparty_name": "路人", "account": SETTLEMENT}, "tuition"),
    ],
)
def test_a_credit_has_the_first_class_that_fits(fields: dict[str, Any], kind: str) -> None:
    """In the order of M1; only a designated account makes an unmatched credit tuition."""
    assert kind == answer(entry("C", **fields), CONTRACT).kind


@pytest.mark.parametrize(
    ("remittance", "found"),
    [
        ("学费HT-1", True),
        ("ht-1第1期", True),
        ("ＨＴ－１", True),
        ("DD1", True),
        ("HT-12", False),
        ("XHT-1", False),
        ("HT-1-2", False),
    ],
)
def test_a_number_is_found_as_a_whole_run_only(remittance: str, found: bool) -> None:
    """Full-width and lower-case signs are the same; a longer run is another number."""
    fact = entry("C", 5, remittance=remittance, counterparty_name="路人")

    assert ("HT-1" if found else "") == answer(fact, CONTRACT).contract


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"remittance": "HT-1", "sub_account": "ZZ-2", "counterparty_name": "李强"}, "reference"),
        ({"sub_account": "ZZ-1", "counterparty_name": "李强"}, "sub-account"),
        ({"counterparty_name": "王　芳"}, "payer-and-amount"),
    ],
)
def test_the_first_tier_with_a_candidate_decides(fields: dict[str, Any], reason: str) -> None:
    """A number goes before a sub-account, that before payer and amount."""
    other = msgspec.structs.replace(
        CONTRACT, number="HT-2", order_number="", sub_account="ZZ-2", payers=("李强",)
    )
    got = answer(entry("C", **fields), CONTRACT, other)

    assert (reason, "HT-1") == (got.reason, got.contract)


def test_two_candidates_leave_the_entry_open() -> None:
    """It is tuition of no contract, and says between which it lies."""
    other = msgspec.structs.replace(CONTRACT, number="HT-2", order_number="", sub_account="")
    got = answer(entry("C", remittance="", counterparty_name="王 芳"), CONTRACT, other)

    assert ("tuition", "", "contract") == (got.kind, got.contract, got.missing)
    assert ("HT-1", "HT-2") == got.candidates


def test_a_person_decides_between_candidates() -> None:
    """What a person said goes before every tier."""
    other = msgspec.structs.replace(CONTRACT, number="HT-2", order_number="", sub_account="")
    got = answer(entry("C", remittance="HT-1"), CONTRACT, other, attributed="HT-2")

    assert ("attributed", "HT-2") == (got.reason, got.contract)


def test_nothing_to_match_by_cannot_be_decided() -> None:
    """Neither remittance nor counterparty: the fields are named."""
    assert "remittance, counterparty" == answer(entry("C"), CONTRACT).missing


@pytest.mark.parametrize(
    ("amount_fen", "after_days", "matched"),
    [
        (300_000, 30, True),
        (300_000, 31, False),
        (300_000, -30, True),
        (300_001, 0, False),
        (180_000, 30, True),
        (180_000, 31, False),
        (120_000, 62, True),
        (120_000, 61, False),
        (120_000, 122, True),
        (120_000, 123, False),
    ],
)
def test_payer_and_amount_match_within_thirty_days(
    amount_fen: int, after_days: int, matched: bool
) -> None:
    """The price near the signature, an instalment also near its due day (1 June, 92 days on)."""
    booked = CONTRACT.signed + timedelta(days=after_days)
    fact = entry("C", amount_fen, booking_date=booked, counterparty_name="王 芳")

    assert matched == bool(answer(fact, CONTRACT).contract)


def test_a_late_signature_makes_a_second_segment() -> None:
    """Until the contract is signed the payment belongs to none."""
    late = msgspec.structs.replace(CONTRACT, signed=date(2024, 3, 20))
    found = answers(entry("C", remittance="HT-1"), late)

    assert [(DAY, ""), (date(2024, 3, 20), "HT-1")] == [(day, got.contract) for day, got in found]


def test_a_second_contract_of_the_same_name_makes_it_ambiguous_from_its_signature() -> None:
    """What was known earlier keeps its answer of the earlier days."""
    later = msgspec.structs.replace(CONTRACT, number="HT-2", signed=date(2024, 3, 20))
    found = answers(entry("C", remittance="DD1"), CONTRACT, later)

    assert [(DAY, "HT-1"), (date(2024, 3, 20), "")] == [(day, got.contract) for day, got in found]


# ---- Debits ----


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"remittance": "退费 HT-1", "counterparty_name": "外婆"}, "refund"),
        ({"remittance": "HT-1", "counterparty_name": "星星学校"}, "other"),
        ({"remittance": "PZ-1", "counterparty_name": "装修公司"}, "approved"),
        ({"counterparty_account": SETTLEMENT}, "release"),
        ({"counterparty_account": OWN, "account": SETTLEMENT}, "move"),
        ({"remittance": "手续费"}, "fee"),
        ({"counterparty_name": "法院", "booking_date": date(2024, 3, 31)}, "other"),
        ({"counterparty_name": "法院", "booking_date": date(2024, 4, 1)}, "freeze"),
        ({"counterparty_name": "法院", "booking_date": date(2024, 4, 2)}, "other"),
        ({"counterparty_account": STRANGER}, "other"),
    ],
)
def test_a_debit_has_the_first_class_that_fits(fields: dict[str, Any], kind: str) -> None:
    """In the order of M1."""
    assert kind == answer(entry("D", 5, **fields), CONTRACT, approved="PZ-1").kind


@pytest.mark.parametrize(("remittance", "contract"), [("HT-1", "HT-1"), ("按课时划拨", "")])
def test_a_release_is_of_the_contract_it_names_or_a_batch(remittance: str, contract: str) -> None:
    """To the institution's own account that is not designated."""
    got = answer(entry("D", 5, remittance=remittance, counterparty_account=SETTLEMENT), CONTRACT)

    assert ("release", contract) == (got.kind, got.contract)


@pytest.mark.parametrize(("asked_on", "explained"), [(DAY, True), (date(2024, 3, 16), False)])
def test_a_refund_is_explained_by_a_request_dated_not_later(
    asked_on: date, explained: bool
) -> None:
    """A refund that names its contract is one without a request too, but then unexplained."""
    fact = entry("D", 5, remittance="HT-1", counterparty_name="王 芳")
    got = answer(fact, CONTRACT, asked=(request(asked=asked_on),))

    assert ("refund", "HT-1", explained) == (got.kind, got.contract, got.explained)
    assert (("TF-1",) if explained else ()) == got.requests


@pytest.mark.parametrize(
    ("amount_fen", "name", "kind"),
    [(100_000, "王 芳", "refund"), (99_999, "王 芳", "other"), (100_000, "李强", "other")],
)
def test_payee_and_amount_of_one_open_request_make_a_refund(
    amount_fen: int, name: str, kind: str
) -> None:
    """To the fen what is due, to a payer of the contract."""
    fact = entry("D", amount_fen, counterparty_name=name)

    assert kind == answer(fact, CONTRACT, asked=(request(),)).kind


def test_two_open_requests_of_that_amount_make_no_refund() -> None:
    """Which of the two was paid nobody knows."""
    fact = entry("D", 100_000, counterparty_name="王 芳")

    assert "other" == answer(fact, CONTRACT, asked=(request(), request("TF-2"))).kind


def test_a_debit_that_names_two_contracts_refunds_none() -> None:
    """It stays a refund, of no contract and unexplained."""
    other = msgspec.structs.replace(CONTRACT, number="HT-2", order_number="", sub_account="")
    fact = entry("D", 5, remittance="HT-1 HT-2", counterparty_name="王 芳")
    got = answer(fact, CONTRACT, other, asked=(request(),))

    assert ("refund", "", False) == (got.kind, got.contract, got.explained)


def test_a_debit_to_nobody_names_what_is_missing() -> None:
    """Without name and account of the payee nobody knows whether it was a refund."""
    got = answer(entry("D", 5, remittance="HT-1"), CONTRACT)

    assert ("other", "counterparty") == (got.kind, got.missing)
