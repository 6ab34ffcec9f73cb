"""Bank exports as CSV: the columns of CCB and BOC, both reversal styles, proofs and identities."""

from datetime import date

import pytest

from models.facts import BalanceReported, EntryBooked, StatementReceived
from streams.feeds import reading
from streams.feeds.intake import ProvedFile, told
from streams.feeds.integrity import checked
from streams.feeds.profiles import load_profiles
from streams.feeds.records import Check
from streams.feeds.sniff import sniff
from streams.simulator.exports import as_text, export
from tests.feeds.exported import DAYS, OPENING_FEN, POSTINGS
from tests.feeds.made import ACCOUNT, boc, boc_row, ccb, ccb_row, proved

BOC_PREAMBLE = (
    "查询账号[ Inquirer account number ],347556000001\r\n"
    "总笔数[ Total Items ],{items},借方发生总笔数[ Debited ],{debits}\r\n"
    "贷方发生总笔数[ Credited ],1\r\n"
    '借方发生总额[ Debited amount ],{debited},贷方发生总额[ Credited amount ],"3,000.00"\r\n'
    "时间范围[ Time Range ],20240301-20240331"
)


def booked(file: ProvedFile) -> list[EntryBooked]:
    """The booked entries that a file tells."""
    assert file.refusal is None, file.refusal
    return [one.fact for one in told(file) if isinstance(one.fact, EntryBooked)]


def balances(file: ProvedFile) -> list[tuple[str, int]]:
    """The balances that a file tells."""
    facts = (one.fact for one in told(file))
    return [(one.what, one.balance_fen) for one in facts if isinstance(one, BalanceReported)]


def test_ccb_row_becomes_an_entry() -> None:
    """Every column lands in its field, and the account gets its balances and statement."""
    file = proved(ccb(ccb_row("12-345", "", '"3,000.00"', '"13,000.00"', remark="HT-2024-1")))

    (fact,) = booked(file)
    assert fact == EntryBooked(
        account=ACCOUNT,
        booking_date=date(2024, 3, 5),
        serial="12-345",
        amount_fen=300_000,
        direction="C",
        counterparty_name="张三",
        counterparty_account="6217000000000001",
        counterparty_bank="建设银行",
        remittance="转账存入 HT-2024-1",
        code="转账存入",
    )
    assert [("opening", 1_000_000), ("closing", 1_300_000)] == balances(file)
    assert "2024-03-05T15:59:59Z" == file.stated_at


def test_ccb_file_holds_a_statement_for_each_account() -> None:
    """Accounts and currencies of one file prove and fail apart."""
    file = proved(
        ccb(
            ccb_row("1-1", "", "10.00", "10.00"),
            ccb_row("1-1", "", "20.00", "20.00", account="2222"),
            ccb_row("1-2", "", "5.00", "15.00"),
            ccb_row("1-2", "", "5.00", "99.00", account="2222"),
            ccb_row("1-3", "", "7.00", "7.00", currency="美元"),
        )
    )

    assert [(ACCOUNT, "CNY", True), ("2222", "CNY", False), (ACCOUNT, "USD", True)] == [
        (one.account, one.currency, one.consistent) for one in file.statements
    ]
    assert {"2222"} == {one.account for one in file.held}
    assert 4 == len(file.held)
    received = [one.fact for one in told(file) if isinstance(one.fact, StatementReceived)]
    assert [("2222", False, 7_400)] == [
        (one.account, one.consistent, one.gap_fen) for one in received if not one.consistent
    ]
    assert {"2222"} & {one.fact.account for one in told(file) if one.fact in booked(file)} == set()


def test_newest_first_is_turned_round() -> None:
    """The order in which the balances follow is found, also where the times are equal."""
    rows = [
        ccb_row("1-1", "", "10.00", "10.00"),
        ccb_row("1-2", "4.00", "", "6.00"),
        ccb_row("1-3", "", "1.00", "7.00"),
    ]

    assert [("opening", 0), ("closing", 700)] == balances(proved(ccb(*rows)))
    assert [("opening", 0), ("closing", 700)] == balances(proved(ccb(*rows[::-1])))
    assert ["1-1", "1-2", "1-3"] == [one.serial for one in booked(proved(ccb(*rows[::-1])))]


def test_red_ink_is_a_reversal_of_the_other_direction() -> None:
    """A negative credit lowers the balance: direction D, reversal."""
    file = proved(ccb(ccb_row("1-1", "", "10.00", "10.00"), ccb_row("1-2", "", "-10.00", "0.00")))

    assert [("C", 1_000, False), ("D", 1_000, True)] == [
        (one.direction, one.amount_fen, one.reversal) for one in booked(file)
    ]


def test_blue_reversal_is_known_by_its_summary() -> None:
    """The bank's own summary says 冲正; a payer's remark that says so changes nothing."""
    file = proved(
        ccb(
            ccb_row("1-1", "", "10.00", "10.00"),
            ccb_row("1-2", "10.00", "", "0.00", summary="冲正", remark="原流水号:1-1234567"),
            ccb_row("1-3", "", "5.00", "5.00", remark="冲正"),
        )
    )

    assert [(False, ""), (True, "1-1234567"), (False, "")] == [
        (one.reversal, one.reverses) for one in booked(file)
    ]


def test_statement_identity_comes_from_account_and_period() -> None:
    """A corrected export of the same day has the identity of the wrong one."""
    wrong = proved(ccb(ccb_row("1-1", "", "10.00", "10.00"), ccb_row("1-2", "", "1.00", "12.00")))
    right = proved(ccb(ccb_row("1-1", "", "10.00", "10.00"), ccb_row("1-2", "", "2.00", "12.00")))

    assert "ccb-corporate:2024-03-05..2024-03-05" == wrong.statements[0].statement
    assert wrong.statements[0].statement == right.statements[0].statement
    assert [False, True] == [wrong.statements[0].consistent, right.statements[0].consistent]


def test_boc_account_is_payer_or_payee_by_direction() -> None:
    """Direction, counterparty and sign follow the type; the preamble gives account and period."""
    preamble = BOC_PREAMBLE.format(items=2, debits=1, debited="100.00")
    rows = [
        boc_row("1" * 27, "3000.00", "3000.00", remark="HT-1"),
        boc_row("2" * 27, "-100.00", "2900.00", kind="往账", day="20240306"),
    ]
    file = proved(boc(preamble, *rows))

    assert [("C", "张三", "HT-1"), ("D", "张三", "")] == [
        (one.direction, one.counterparty_name, one.remittance) for one in booked(file)
    ]
    assert ("347556000001", date(2024, 3, 1), date(2024, 3, 31), True) == (
        file.statements[0].account,
        file.statements[0].begins,
        file.statements[0].ends,
        file.statements[0].consistent,
    )


@pytest.mark.parametrize(
    ("items", "debits", "debited", "failed"),
    [
        (3, 1, "100.00", ("declared-counts",)),
        (2, 2, "100.00", ("declared-counts",)),
        (2, 1, "100.01", ("declared-sums",)),
    ],
)
def test_wrong_totals_hold_the_statement(
    items: int, debits: int, debited: str, failed: tuple[str, ...]
) -> None:
    """What the preamble declares must be found, to the row and to the fen."""
    rows = [
        boc_row("1" * 27, "3000.00", "3000.00"),
        boc_row("2" * 27, "-100.00", "2900.00", kind="往账"),
    ]
    preamble = BOC_PREAMBLE.format(items=items, debits=debits, debited=debited)
    file = proved(boc(preamble, *rows))

    assert failed == file.statements[0].failed
    assert file.accepted_until is None
    assert {"StatementReceived": 1} == file.counts


def test_boc_red_ink_is_a_reversal() -> None:
    """A negative amount of what came in takes it back."""
    file = proved(boc("", boc_row("1" * 27, "5.00", "5.00"), boc_row("2" * 27, "-5.00", "0.00")))

    assert [("C", False), ("D", True)] == [(one.direction, one.reversal) for one in booked(file)]


def test_boc_own_side_account_is_the_sub_account() -> None:
    """A payee other than the queried account is the sub-account that was paid into."""
    file = proved(
        boc("查询账号,347556000001", boc_row("1" * 27, "5.00", "5.00", own="347556000001-7"))
    )

    assert [("347556000001", "347556000001-7")] == [
        (one.account, one.sub_account) for one in booked(file)
    ]


def test_period_without_bookings_reports_its_balance() -> None:
    """An empty month proves that the balance stayed."""
    file = proved(boc("查询账号,347556000001\r\n时间范围,20240301-20240331\r\n期末余额,88.00"))

    assert [("opening", 8_800), ("closing", 8_800)] == balances(file)
    assert date(2024, 3, 31) == file.accepted_until


def test_serial_twice_on_one_day_stays_two_entries() -> None:
    """The second of a serial gets its ordinal."""
    file = proved(ccb(ccb_row("1-1", "", "1.00", "1.00"), ccb_row("1-1", "", "2.00", "3.00")))

    assert ["1-1", "1-1#2"] == [one.serial for one in booked(file)]


def test_utf8_and_spreadsheet_dressing_are_read_alike() -> None:
    """Tabs, backticks, `="…"` and a byte order mark change no fact."""
    plain = ccb(ccb_row("1-1", "", "10.00", "10.00"))
    text = plain.decode("gb18030")
    dressed = text.replace(f"\r\n{ACCOUNT},", f'\r\n="{ACCOUNT}",').replace(",1-1,", ",`1-1\t,")

    assert booked(proved(plain)) == booked(proved(text.encode("utf-8-sig")))
    assert booked(proved(plain)) == booked(proved(dressed.encode()))


def test_every_profile_is_a_valid_declaration() -> None:
    """The profiles load, and say that no manual has confirmed them."""
    layouts = {
        *("abc-corporate", "boc-corporate", "ccb-corporate", "cmb-corporate"),
        *("icbc-corporate", "icbc-corporate-marked", "icbc-corporate-unmarked"),
    }

    assert dict.fromkeys(layouts, "unverified") == {
        name: profile.status for name, profile in load_profiles().items()
    }


def test_heading_without_rows_and_account_is_refused() -> None:
    """A file cut behind its heading looks like an empty export: nobody would miss its rows."""
    file = proved(ccb())

    assert file.refusal is not None
    assert "no row stands below the heading" in file.refusal.reason
    assert "row 1" == file.refusal.position


def test_declared_count_of_several_accounts_is_theirs() -> None:
    """Eight entries are declared above the rows of two accounts: with seven one is lost."""
    rows = export("cmb-corporate", ACCOUNT, DAYS, OPENING_FEN, POSTINGS)
    rows[-1] = ["36050152015000000002" if cell == ACCOUNT else cell for cell in rows[-1]]

    assert proved(as_text(rows).encode("gb18030")).refusal is None
    refusal = proved(as_text([*rows[:-2], rows[-1]]).encode("gb18030")).refusal
    assert refusal is not None
    assert "8 entries declared, 7 found" in refusal.reason


def test_columns_without_use_and_an_open_line_are_told() -> None:
    """What no column map asks for is named; so is a last line that may lack a part of its text."""
    content = ccb(ccb_row(credit="1.00", balance_after="1.00"))

    def notes(data: bytes) -> dict[str, str]:
        sniffed = sniff(data)
        found = reading.records(data, sniffed)
        return {one.name: one.detail for one in found if isinstance(one, Check)}

    assert {"not-used": "columns 账户名称, 企业流水号, 凭证种类, 凭证号"} == notes(content)
    assert {"not-used", "last-line"} == notes(content.removesuffix(b"\r\n")).keys()


def cmb(*lines: str) -> bytes:
    """CMB's export of the postings with these lines below."""
    rows = export("cmb-corporate", ACCOUNT, DAYS, OPENING_FEN, POSTINGS)
    return "\r\n".join([as_text(rows).rstrip(), *lines, ""]).encode("gb18030")


def total_line(debit: str, credit: str, label: str = "合计") -> str:
    """A line of totals below CMB's columns, balance included."""
    rows = export("cmb-corporate", ACCOUNT, DAYS, OPENING_FEN, POSTINGS)
    head = next(row for row in rows if "交易日" in row)
    cells = dict.fromkeys(head, "") | {"账号": label, "借方金额": debit, "贷方金额": credit}
    return ",".join(cells.values())


DEBIT, CREDIT = "13245.10", "47060.30"


@pytest.mark.parametrize(
    "lines",
    [
        (total_line(DEBIT, CREDIT),),
        (total_line(DEBIT, CREDIT, "总计："), "注：本明细仅供参考"),
        ("第1页 共1页", "以下无记录", "-" * 30),
        (total_line("1.00", "1.00", "本页小计"),),
    ],
)
def test_lines_below_the_entries_are_compared_or_counted(lines: tuple[str, ...]) -> None:
    """Totals are held to the entries; what is about the page is named in a check, none is lost."""
    content = cmb(*lines)
    notes = [one.detail for one in checks(content) if one.name == "not-used"]

    assert [] == [one for one in checks(content) if not one.ok]
    remarks = [line.split(",", maxsplit=1)[0] for line in lines if "合计" not in line]
    assert all(f"1 × line {one[:20]}" in notes[0] for one in remarks if "总计" not in one)
    assert len(POSTINGS) == proved(content).counts["EntryBooked"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (total_line(DEBIT, "47060.31"), "declared-sums"),
        (total_line("1.00", CREDIT), "declared-sums"),
        ("来账", "cells where the heading has"),
        (total_line(DEBIT, CREDIT).replace("合计", "合计,x", 1), "cells where the heading has"),
        (total_line(DEBIT, CREDIT, "其他"), "both a debit"),
    ],
)
def test_line_that_states_other_totals_or_may_be_an_entry_is_not_passed_over(
    line: str, reason: str
) -> None:
    """A fen too much holds the statement; what is no known line refuses the file."""
    rows = cmb(line).decode("gb18030")
    without = "\r\n".join(one for one in rows.splitlines() if "合计：" not in one)
    file = proved(without.encode("gb18030"))

    told_reason = file.refusal.reason if file.refusal else file.statements[0].reason
    assert reason in told_reason
    assert [] == [one for one in told(file) if isinstance(one.fact, EntryBooked)]


def checks(content: bytes) -> list[Check]:
    """The checks of a table, those of its figures too."""
    found = checked(reading.records(content, sniff(content)))
    return [one for one in found if isinstance(one, Check)]


def test_heading_again_on_each_page_is_no_entry() -> None:
    """A print of several pages repeats it; a check counts how often."""
    rows = export("cmb-corporate", ACCOUNT, DAYS, OPENING_FEN, POSTINGS)
    place = next(number for number, row in enumerate(rows) if "交易日" in row)
    content = as_text([*rows[:-2], rows[place], *rows[-2:]]).encode("gb18030")

    assert "1 × heading again" in next(x.detail for x in checks(content) if x.name == "not-used")
    assert len(POSTINGS) == proved(content).counts["EntryBooked"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (",20240305,", ",2024年3月5日,"),
        (",20240305,", ",2024.03.05,"),
        ("借方金额", "借方金额（元）"),
        ("贷方金额", "贷方金额/元"),
        (",人民币,", ",人民币(CNY),"),
        (",3000.05,", ',"￥3,000.05",'),
    ],
)
def test_other_ways_of_writing_a_cell_tell_the_same(old: str, new: str) -> None:
    """Days, headings, currencies and amounts as other exports of the same bank write them."""
    plain = cmb().decode("gb18030")
    assert old in plain
    facts = [one.fact for one in told(proved(plain.encode("gb18030")))]

    assert facts == [one.fact for one in told(proved(plain.replace(old, new).encode("gb18030")))]


@pytest.mark.parametrize("dash", ["-", "--", "—"])
def test_dash_is_no_amount(dash: str) -> None:
    """In the column that has none; in both it is no entry."""
    good = ccb(ccb_row(debit=dash, credit="1.00", balance_after="1.00"))
    refusal = proved(ccb(ccb_row(debit=dash, credit=dash, balance_after="1.00"))).refusal

    assert 1 == proved(good).counts["EntryBooked"]
    assert refusal is not None
    assert "neither a debit nor a credit" in refusal.reason


def test_several_statements_of_the_preamble_in_one_cell() -> None:
    """账号, 户名 and 币种 side by side, with a time whose colons are its own."""
    above = (
        "账号：36050152015000000001 户名：青苗培训学校　币种：人民币,打印时间：2024-04-01 08:00:00"
    )
    rows = export("icbc-corporate-marked", ACCOUNT, DAYS, OPENING_FEN, POSTINGS)
    text = as_text([row for row in rows if not row[0].startswith("查询账号")])
    file = proved(f"{above}\r\n{text}".encode("gb18030"))

    assert file.refusal is None, file.refusal
    assert {ACCOUNT} == {one.account for one in file.statements}
    assert "2024-04-01T00:00:00Z" == file.stated_at
