"""What the registers say of a day, with both ends of every span (rules.md G8, C6, A1)."""

from datetime import date
from typing import Literal

import msgspec
import pytest

from models import facts as f
from models.registers import Registers

DAY = date.toordinal


def account(
    first: date,
    last: date | None = None,
    number: str = "62-A",
    owner: str = "JG-1",
    purpose: Literal["dedicated", "settlement"] = "dedicated",
) -> f.AccountStated:
    """A row of the account register."""
    return f.AccountStated(
        account=number,
        institution=owner,
        valid_from=first,
        valid_to=last,
        purpose=purpose,
    )


def state(first: date, licence: Literal["valid", "void"] = "valid") -> f.InstitutionStated:
    """A row of the register of institutions."""
    return f.InstitutionStated(
        institution="JG-1", valid_from=first, name="星星 学校", licence=licence
    )


def changing(due: date) -> f.InstitutionStated:
    """A row that says by when the institution is to become a non-profit one."""
    return msgspec.structs.replace(state(date(2024, 1, 1)), nonprofit_change_due=due)


def suspension(first: date, last: date | None) -> f.ChargingSuspended:
    """An order not to charge."""
    return f.ChargingSuspended(institution="JG-1", number="TZ-1", valid_from=first, valid_to=last)


def agreement(
    first: date, last: date | None = None, mode: Literal["custody", "reserve"] = "custody"
) -> f.CustodyStated:
    """A custody or reserve agreement."""
    return f.CustodyStated(
        institution="JG-1",
        number="XY-1",
        valid_from=first,
        valid_to=last,
        mode=mode,
    )


def registers(*rows: f.Fact) -> Registers:
    """The registers of JG-1 with these rows."""
    return Registers("JG-1", rows)


@pytest.mark.parametrize(
    ("day", "owned", "designated", "designated_by"),
    [
        (date(2024, 3, 9), False, False, False),
        (date(2024, 3, 10), True, True, True),
        (date(2024, 3, 20), True, True, True),
        (date(2024, 3, 21), True, False, True),
    ],
)
def test_the_end_of_an_account_ends_its_designation_only(
    day: date, owned: bool, designated: bool, designated_by: bool
) -> None:
    """From its first to its last day it is designated, then still owned, before it nobody's."""
    found = registers(account(date(2024, 3, 10), date(2024, 3, 20)))

    assert owned == found.owned("62-A", DAY(day))
    assert designated == found.designated("62-A", DAY(day))
    assert designated_by == found.designated_by("62-A", DAY(day))
    assert (("62-A",) if designated else ()) == found.designated_accounts(DAY(day))


def test_a_later_row_ends_the_one_before_it() -> None:
    """Sold on 20 March, the account is the old owner's through 19 March."""
    found = registers(account(date(2024, 3, 10)), account(date(2024, 3, 20), owner="JG-2"))

    assert found.owned("62-A", DAY(date(2024, 3, 19)))
    assert not found.owned("62-A", DAY(date(2024, 3, 20)))


def test_an_account_of_another_is_not_among_ours() -> None:
    """A row of another institution gives no account."""
    found = registers(account(date(2024, 3, 10), owner="JG-2"))

    assert {} == found.accounts
    assert not found.owned("62-A", DAY(date(2024, 3, 10)))


def test_a_settlement_account_is_owned_and_not_designated() -> None:
    """Only the purpose "dedicated" designates."""
    found = registers(account(date(2024, 3, 10), purpose="settlement"))

    assert found.owned("62-A", DAY(date(2024, 3, 10)))
    assert not found.designated("62-A", DAY(date(2024, 3, 10)))


def test_a_renewal_is_no_change_of_designation() -> None:
    """A further row of the same account that joins on changes nothing; another account does."""
    first = account(date(2024, 3, 1), date(2024, 3, 31))
    renewed = account(date(2024, 4, 1))
    other = account(date(2024, 5, 1), number="62-B")

    assert () == registers(first, renewed).designation_changes()
    assert (DAY(date(2024, 5, 1)),) == registers(first, renewed, other).designation_changes()


@pytest.mark.parametrize(
    ("day", "covered"),
    [
        (date(2024, 2, 29), False),
        (date(2024, 3, 1), True),
        (date(2024, 3, 31), True),
        (date(2024, 4, 1), False),
    ],
)
def test_an_agreement_covers_both_its_ends(day: date, covered: bool) -> None:
    """It covers its own mode from the first day through the last."""
    found = registers(agreement(date(2024, 3, 1), date(2024, 3, 31)))

    assert covered == found.agreement("custody", DAY(day))
    assert not found.agreement("reserve", DAY(day))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "no-agreement"),
        ([agreement(date(2024, 1, 1))], ""),
        ([agreement(date(2024, 1, 1), mode="reserve")], ""),
        ([agreement(date(2024, 3, 2))], "no-agreement"),
        ([agreement(date(2024, 1, 1)), state(date(2024, 3, 1), licence="void")], "licence-void"),
        ([agreement(date(2024, 1, 1)), state(date(2024, 3, 2), licence="void")], ""),
        ([agreement(date(2024, 1, 1)), changing(date(2024, 3, 1))], ""),
        ([agreement(date(2024, 1, 1)), changing(date(2024, 2, 29))], "nonprofit-overdue"),
        ([agreement(date(2024, 1, 1)), suspension(date(2024, 2, 1), date(2024, 2, 29))], ""),
        (
            [agreement(date(2024, 1, 1)), suspension(date(2024, 2, 1), date(2024, 3, 1))],
            "suspended",
        ),
        ([agreement(date(2024, 1, 1)), suspension(date(2024, 3, 1), None)], "suspended"),
    ],
)
def test_charging_is_barred_for_a_reason(rows: list[f.Fact], expected: str) -> None:
    """On 1 March: the last day of a non-profit change is still in time, the day after is not."""
    assert expected == registers(*rows).bar(DAY(date(2024, 3, 1)))


def test_a_payment_company_is_one_while_its_row_holds() -> None:
    """Its name counts in NFKC and with blanks collapsed, from its first day through its last."""
    row = f.MerchantCodeStated(
        institution="JG-1",
        number="SH-1",
        valid_from=date(2024, 3, 1),
        valid_to=date(2024, 3, 31),
        company="拉卡 支付",
        settles_to="62-S",
    )
    found = registers(row)

    days = [date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 31), date(2024, 4, 1)]
    assert [False, True, True, False] == [found.payment_company("拉卡 支付", DAY(d)) for d in days]
    assert ["", "62-S", "62-S", ""] == [found.settles_to("SH-1", DAY(d)) for d in days]


def test_the_institution_has_the_name_of_its_latest_row() -> None:
    """A new name replaces the old one from its own day on."""
    old = state(date(2024, 1, 1))
    new = f.InstitutionStated(institution="JG-1", valid_from=date(2024, 3, 1), name="月亮学校")
    found = registers(new, old)

    assert found.is_institution_name("星星 学校", DAY(date(2024, 2, 29)))
    assert not found.is_institution_name("星星 学校", DAY(date(2024, 3, 1)))
    assert found.is_institution_name("月亮学校", DAY(date(2024, 3, 1)))


def test_a_freeze_covers_both_its_ends() -> None:
    """A restricted account is restricted from the first day through the last."""
    row = f.AccountRestricted(
        account="62-A", number="DJ-1", valid_from=date(2024, 3, 1), valid_to=date(2024, 3, 2)
    )
    found = registers(row)

    days = [date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 2), date(2024, 3, 3)]
    assert [False, True, True, False] == [found.restricted("62-A", DAY(d)) for d in days]


def test_rows_come_by_number_whatever_was_told_first() -> None:
    """Two related parties of one name hold in the order of their numbers, both ways told."""
    rows = [
        f.RelatedPartyStated(
            institution="JG-1", number=number, valid_from=date(2024, 1, 1), name="王芳"
        )
        for number in ("GL-2", "GL-1")
    ]

    for told in (rows, rows[::-1]):
        found = Registers("JG-1", told).holding(f.RelatedPartyStated, DAY(date(2024, 3, 1)))
        assert ["GL-1", "GL-2"] == [row.number for row in found]
