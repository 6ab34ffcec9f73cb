"""A month of an institution paid by WeChat Pay and Alipay, from files in whatever order."""

import gzip
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine

from models import facts as f
from models.findings import CANNOT_DECIDE, Finding
from models.keys import encode
from models.money import round_e5
from models.store.engine import open_store
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.feeds.text import SHANGHAI
from streams.replay import standing_findings, supervision_of, verify
from streams.simulator.bills import Sale, alipay, alipay_summary, wechat, zipped
from streams.simulator.exports import as_text, export
from streams.simulator.swift import Posting
from tests.streams.told import law, lines

ACCOUNT = "36050152015000000001"
WECHAT, ALIPAY, ELSEWHERE = "1900000109", "2088123456789012", "1900000777"
FIRST, LAST, TODAY = date(2024, 3, 1), date(2024, 3, 28), date(2024, 4, 2)
OPENING_FEN = 1_000_000
LOST = date(2024, 3, 12)
"""The day of WeChat Pay's bill whose settlement never comes."""


def facts() -> list[f.Fact]:
    """The registers, and the contracts that the orders name."""
    since = date(2024, 1, 1)
    codes = (
        (WECHAT, "财付通支付科技有限公司", ACCOUNT),
        (ALIPAY, "支付宝（中国）网络技术", ACCOUNT),
    )
    return [
        f.InstitutionStated(
            institution="JG-1", valid_from=since, name="星星学校", city="南昌市", county="东湖区"
        ),
        f.AccountStated(account=ACCOUNT, institution="JG-1", valid_from=since, purpose="dedicated"),
        f.CustodyStated(institution="JG-1", number="XY-1", valid_from=since, mode="custody"),
        *(
            f.MerchantCodeStated(
                institution="JG-1", number=code, valid_from=since, company=name, settles_to=to
            )
            for code, name, to in (*codes, (ELSEWHERE, "财付通支付科技有限公司", "STRANGER"))
        ),
        f.ContractStated(
            institution="JG-1",
            number="HT-7",
            signed=date(2024, 3, 4),
            price_fen=300_000,
            academic=False,
            paid_hours_hundredths=4_000,
            begins=date(2024, 3, 10),
            ends=date(2024, 5, 10),
        ),
    ]


def sales(day: date, seed: int, order: str = "") -> list[Sale]:
    """A few payments of a day, sometimes a refund; fees of the second kind are whole fen."""
    unit_e5 = 1 if seed == 1 else 1_000
    random = Random(day.toordinal() + seed)  # noqa: S311 -- a month wants variety, not secrecy
    moment = datetime.combine(day, time(10, 30), SHANGHAI)
    made = [
        Sale(f"{seed}{day:%Y%m%d}{n}", order, moment, fen, fen * 6 // unit_e5 * unit_e5)
        for n, fen in enumerate(random.sample(range(50_000, 300_000), k=random.randint(1, 3)))
    ]
    if random.random() < 0.3:
        paid_at = moment - timedelta(days=3)
        made.append(
            Sale(
                f"{seed}X",
                "",
                moment,
                10_001,
                60_006 // unit_e5 * unit_e5,
                f"R{day:%Y%m%d}{seed}",
                paid_at,
            )
        )
    return made


def net_fen(some: Sequence[Sale]) -> int:
    """What the company pays for them."""
    signed = [(-1 if one.refund else 1) * one.amount_fen for one in some]
    fees_e5 = sum((-1 if one.refund else 1) * one.fee_e5 for one in some)
    return sum(signed) - round_e5(fees_e5)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files: registers, bills by the day, exports of the bank by the week."""
    folder = tmp_path_factory.mktemp("month")
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    postings: list[Posting] = []

    def put(name: str, data: bytes) -> None:
        (folder / name).write_bytes(data)

    told = [b'{"stated_at": "2024-03-01T00:00:00Z", "fact": ' + encode(x) + b"}" for x in facts()]
    put("registers.ndjson", b"# ndjson\n" + b"\n".join(told) + b"\n")
    for day in days[:-5]:
        wechat_sales, alipay_sales = sales(day, 1), sales(day, 2)
        bill = wechat(WECHAT, wechat_sales)
        put(f"w{day}.csv", gzip.compress(bill) if day.day % 2 else bill)
        members = [
            ("a", alipay(ALIPAY, (day, day), alipay_sales)),
            ("b", alipay_summary(ALIPAY, (day, day), alipay_sales)),
        ]
        put(f"a{day}.zip", zipped(*(members if day.day % 3 else reversed(members))))
        for who, some in (
            ("财付通支付科技有限公司", wechat_sales),
            ("支付宝(中国)网络技术", alipay_sales),
        ):
            if day != LOST or who.startswith("支"):
                serial = f"{len(postings):027d}-1"
                on = day + timedelta(days=1)
                paid = Posting(on, net_fen(some), "C", serial, name=who, text="商户结算")
                postings.append(paid)
    elsewhere = Sale("99", "HT-7", datetime.combine(date(2024, 3, 5), time(9), SHANGHAI), 300_000)
    put("elsewhere.csv", wechat(ELSEWHERE, [elsewhere]))
    opening_fen = OPENING_FEN
    for begins in days[::7]:
        ends = min(begins + timedelta(days=6), LAST)
        booked = [one for one in postings if begins <= one.booked <= ends]
        rows = export("ccb-corporate", ACCOUNT, (begins, ends), opening_fen, booked)
        put(f"bank{begins}.csv", as_text(rows).encode("gb18030"))
        opening_fen += sum(one.effect_fen for one in booked)
    return sorted(folder.iterdir())


def taken_in(folder: Path, deliveries: Sequence[Sequence[Path]]) -> Engine:
    """A store after these deliveries, each closed through the last statement."""
    engine = open_store(f"sqlite:///{folder / 'escrow.db'}")
    for paths in deliveries:
        summary = ingest(paths, engine, law(), Archive(folder / "archive"), today=TODAY, as_of=LAST)
        assert not summary.problems
    return engine


def about(findings: Sequence[Finding], rule: str) -> list[tuple[str, int | None]]:
    """Subject and amount of what stands of a rule."""
    return [(one.subject, one.amount_fen) for one in findings if one.rule == rule]


def test_a_month_of_bills_and_settlements(month: list[Path], tmp_path: Path) -> None:
    """Each settlement is explained but the lost one, nothing counts twice, verify agrees."""
    engine = taken_in(tmp_path, [month])
    findings = standing_findings(engine)

    undecided = [
        (one.subject, [step.value for step in one.formula[:1]])
        for one in findings
        if one.rule == CANNOT_DECIDE and one.subject.startswith("matching/")
    ]
    assert [
        (f"matching/bill:{WECHAT}", ["1"]),
        (f"matching/bill:{ELSEWHERE}", ["1"]),
    ] == undecided
    assert [("account:STRANGER", 300_000)] == about(findings, "payment-outside-account")
    assert [] == about(findings, "charge-without-contract")
    assert [] == verify(engine, law())
    ledger = supervision_of(engine, law(), "JG-1").ledger
    lost = ledger.bills.days[WECHAT][LOST.toordinal()]
    assert net_fen(sales(LOST, 1)) == lost.net_fen
    bank_fen = sum(
        net_fen(sales(FIRST + timedelta(days=n), seed))
        for n in range((LAST - FIRST).days + 1 - 5)
        for seed in (1, 2)
    )
    expected_fen = OPENING_FEN + bank_fen - net_fen(sales(LOST, 1))
    assert expected_fen == ledger.series.balance(ACCOUNT, ledger.series.last)
    assert bank_fen - net_fen(sales(LOST, 1)) == sum(ledger.records.inflow_on.values())


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_files_does_not_matter(month: list[Path], tmp_path: Path, seed: int) -> None:
    """Bills before or after the bank's files, in portions, some twice: the same bytes stand."""
    (tmp_path / "whole").mkdir()
    expected = lines(taken_in(tmp_path / "whole", [month]))
    random = Random(seed)  # noqa: S311 -- orders want a seed
    files = [*month, *random.sample(month, k=8)]
    random.shuffle(files)
    portions = [files[:5], files[5:20], files[20:]]
    engine = taken_in(tmp_path, portions)

    assert expected == lines(engine)
    assert [] == verify(engine, law())


def test_receipts_say_what_bills_hold(month: list[Path], tmp_path: Path) -> None:
    """Payments and refunds by their sums; a bill closes no day by itself."""
    engine = open_store(f"sqlite:///{tmp_path / 'escrow.db'}")
    bills = [path for path in month if path.name.startswith(("w", "a"))]
    summary = ingest(bills, engine, law(), Archive(tmp_path / "archive"), today=TODAY)

    assert not summary.problems
    assert summary.closed_day is None
    assert len(bills) == summary.files
