"""Register tables and JSON lines: headings decide, a bad row waits, a broken file is refused."""

from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from models.facts import (
    AccountStated,
    BalanceReported,
    CashReceived,
    ContractStated,
    EntriesListed,
    EntryAnnounced,
    EntryBooked,
    Fact,
    Happening,
    Instalment,
    InstitutionStated,
    InvoiceIssued,
    LessonDelivered,
    MerchantTransactionBilled,
    PatrolReported,
    RefundAnswered,
    RefundRequested,
    Register,
    Stage,
    StatementReceived,
)
from models.keys import encode
from streams.feeds.intake import told
from streams.feeds.registers import load_tables, templates
from tests.feeds.made import proved

CONTRACT = (
    "institution,number,signed,price,payers,academic,paid_hours,instalments,stages\n"
    "JG1,HT-1,2024/3/1,3000,张三;李四,否,60.5,1500|2024-03-01|30|2024-03-04|;1500,30:30;100:100\n"
)


@pytest.mark.parametrize("name", load_tables())
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_example_of_every_table_is_read(name: str, language: str, encoding: str) -> None:
    """The examples of the columns make facts under headings of either language, in any encoding."""
    columns = load_tables()[name].columns
    headings = columns if language == "en" else [column.zh[0] for column in columns.values()]
    row = ",".join(column.example for column in columns.values())
    file = proved(f"{','.join(headings)}\n{row}\n".encode(encoding))

    assert file.refusal is None
    assert f"register:{name}" == file.format
    assert [] == file.held
    assert load_tables()[name].fact in file.counts


def test_templates_are_tables_that_wait_for_rows(tmp_path: Path) -> None:
    """Each template is read as its own table, holds no row, and its comments name every column."""
    for path in templates(tmp_path):
        file = proved(path.read_bytes(), path.name)
        text = path.read_text(encoding="utf-8-sig")

        assert (f"register:{path.stem}", {}) == (file.format, file.counts)
        for field, column in load_tables()[path.stem].columns.items():
            assert f"# {field} | {' '.join(column.zh)} | " in text


def test_contract_with_everything() -> None:
    """Money in yuan, hours in decimals, lists, instalments with empty parts, stages."""
    (one,) = told(proved(CONTRACT))

    assert one.fact == ContractStated(
        institution="JG1",
        number="HT-1",
        signed=date(2024, 3, 1),
        price_fen=300_000,
        payers=("张三", "李四"),
        academic=False,
        paid_hours_hundredths=6_050,
        instalments=(
            Instalment(150_000, date(2024, 3, 1), 3_000, date(2024, 3, 4)),
            Instalment(150_000),
        ),
        stages=(Stage(30, 30), Stage(100, 100)),
    )
    assert "row 2" == one.position


def test_refund_row_is_request_and_answer() -> None:
    """Without an answer it is the request alone; refused is an agreed amount of 0."""
    file = proved(
        "institution,number,contract,requested,amount,answered,agreed\n"
        "JG1,T1,HT-1,2024-03-01,100,,\nJG1,T2,HT-1,2024-03-01,100,2024-03-02,0\n"
    )

    assert [RefundRequested, RefundRequested, RefundAnswered] == [
        type(one.fact) for one in told(file)
    ]
    assert [] == file.held


@pytest.mark.parametrize(
    ("name", "head", "stated_at"),
    [
        ("accounts.csv", "", "1970-01-01T00:00:00Z"),
        ("accounts-20240305.csv", "", "2024-03-05T15:59:59Z"),
        ("accounts.2024-03-05.csv", "", "2024-03-05T15:59:59Z"),
        ("x-20240305.csv", "# stated_at: 2024-03-06T18:00:00+08:00\n", "2024-03-06T10:00:00Z"),
        ("x.csv", '"# 导出时间：2024-03-06",,\n', "2024-03-06T15:59:59Z"),
    ],
)
def test_time_of_an_export(name: str, head: str, stated_at: str) -> None:
    """Comment before file name before never; what says nothing is played first."""
    content = f"{head}account,institution,valid_from,purpose\n1,JG1,2024-01-01,专用\n"
    file = proved(content, name)

    assert [stated_at] == [one.stated_at for one in told(file)]
    assert (None if stated_at.startswith("1970") else date.fromisoformat(stated_at[:10])) == (
        file.day
    )


def test_time_of_a_row_wins() -> None:
    """A column stated_at speaks for its row."""
    file = proved(
        "account,institution,valid_from,purpose,stated_at\n"
        "1,JG1,2024-01-01,other,2024-03-07T00:00:00+08:00\n2,JG1,2024-01-01,other,\n",
        "a-20240305.csv",
    )

    assert ["2024-03-06T16:00:00Z", "2024-03-05T15:59:59Z"] == [one.stated_at for one in told(file)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2,,2024-01-01,other", "institution is empty"),
        ("2,JG1,2024-02-30,other", "valid_from: '2024-02-30' is no date"),
        ("2,JG1,2024-01-01,savings", "purpose: 'savings' is none of"),
        ("2,JG1,2024-01-01", "3 cells where the heading has 4"),
        ("2,JG1,2024-01-01,other,", "5 cells where the heading has 4"),
        ("6.2E+18,JG1,2024-01-01,other", "account: '6.2E+18' has lost digits"),
        (f"{'9' * 201},JG1,2024-01-01,other", "length <= 200"),
    ],
)
def test_bad_row_waits_while_the_others_go_on(row: str, reason: str) -> None:
    """The held row keeps its place, its reason and its text."""
    file = proved(
        f"account,institution,valid_from,purpose\n1,JG1,2024-01-01,other\n{row}\n"
        "3,JG1,2024-01-01,other\n"
    )

    assert ["1", "3"] == [
        one.fact.account for one in told(file) if isinstance(one.fact, AccountStated)
    ]
    assert [("row 3", row)] == [(one.position, one.body) for one in file.held]
    assert reason in file.held[0].reason
    assert "held" == file.receipt().outcome


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("account,institution,valid_from,purpose,colour\n", "unknown heading for table accounts"),
        ("account,institution,valid_from,purpose,account\n1,2,3,4,5\n", "two headings"),
        ('account,institution,valid_from,purpose\n1,"JG1,2024-01-01,other\n', "quote"),
        ("account,institution,valid_from,purpose\n1,JG\x001,2024-01-01,other\n", "NUL"),
        ("# stated_at: yesterday\naccount,institution,valid_from,purpose\n", "stated_at"),
    ],
)
def test_broken_table_is_refused_whole(content: str, reason: str) -> None:
    """A table whose form is in doubt tells nothing."""
    file = proved(content)

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert [] == list(told(file))


def test_json_lines_are_facts() -> None:
    """A line is a fact or a fact with its time; a bad line waits, the others go on."""
    fact = InstitutionStated(institution="JG1", valid_from=date(2024, 1, 1), name="甲")
    body = encode(fact).decode()
    lines = [
        body,
        f'{{"stated_at": "2024-03-05T18:00:00+08:00", "fact": {body}}}',
        body.replace("name", "nome"),
        "{" * 10_000,
        '{"kind": "Nothing"}',
    ]
    file = proved("\n".join(lines) + "\n", "facts-20240304.ndjson")

    assert [
        (fact, "2024-03-04T15:59:59Z", "line 1"),
        (fact, "2024-03-05T10:00:00Z", "line 2"),
    ] == [(one.fact, one.stated_at, one.position) for one in told(file)]
    assert ["line 3", "line 4", "line 5"] == [one.position for one in file.held]


def test_booked_entry_of_the_future_waits_also_as_json() -> None:
    """A bank fact dated after today is held wherever it comes from; a lesson is not."""
    entry = (
        '{"kind":"EntryBooked","account":"1","booking_date":"2024-04-01","serial":"1",'
        '"amount_fen":1,"direction":"C"}'
    )
    lesson = encode(
        LessonDelivered(institution="J", number="1", day=date(2024, 4, 1), present=("H",))
    ).decode()
    file = proved(f"{entry}\n{lesson}\n")

    assert {"LessonDelivered": 1} == file.counts
    assert ["dated 2024-04-01, after today 2024-03-31"] == [one.reason for one in file.held]


@pytest.mark.parametrize(
    ("heading", "row", "expected"),
    [
        (
            "institution,number,contract,issued,amount",
            "JG1,F1,HT-1,2024-03-08,3000",
            InvoiceIssued(
                institution="JG1",
                number="F1",
                contract="HT-1",
                day=date(2024, 3, 8),
                amount_fen=300_000,
            ),
        ),
        (
            "institution,number,contract,received,amount",
            "JG1,X1,HT-1,2024-03-01,3000",
            CashReceived(
                institution="JG1",
                number="X1",
                contract="HT-1",
                day=date(2024, 3, 1),
                amount_fen=300_000,
            ),
        ),
        (
            "机构编号,巡查编号,巡查日期,级别,巡查情况",
            "JG1,P1,2024-05-06,市级,大门紧闭",
            PatrolReported(
                institution="JG1",
                number="P1",
                day=date(2024, 5, 6),
                level="city",
                about="大门紧闭",
            ),
        ),
    ],
)
def test_tables_alike_are_told_apart_by_a_heading(heading: str, row: str, expected: Fact) -> None:
    """Invoices, cash and patrols name their day or text otherwise than receipts and complaints."""
    (one,) = told(proved(f"{heading}\n{row}\n"))

    assert expected == one.fact


def test_what_institutions_and_families_say_has_a_table() -> None:
    """Every register row and happening that no bank delivers can come as a table."""
    of_banks = {EntryBooked, EntryAnnounced, EntriesListed, BalanceReported, StatementReceived}
    of_payment_companies = {MerchantTransactionBilled}
    told_together = {RefundAnswered}  # with its request
    happenings = {*get_args(Happening)} - of_banks - of_payment_companies - told_together
    kinds = {*get_args(Register)} | happenings

    assert {kind.__name__ for kind in kinds} == {table.fact for table in load_tables().values()}
