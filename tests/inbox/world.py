"""A small store filled by hand: two institutions, five findings, one of everything that waits."""

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, insert, select

from alerts.evaluation import CODE_VERSION, Law
from config.load import load_calendar
from config.policy_load import load_policy
from models import facts as f
from models.findings import Change, Finding, LevelWord, Step
from models.identity import content_hash
from models.keys import fact_id
from models.store import findings as stored_findings
from models.store import tables
from models.store.engine import writing
from models.store.files import File, Held, register
from models.store.journal import account_named, gather, write, write_owners, write_sightings

ACCOUNT = "6217001234567890123"
STRANGER = "6222021001112223334"
UNREGISTERED = "6230580000011112222"
PAYER = "欧阳明月"
STUDENT = "欧阳小雨"
REPRESENTATIVE = "诸葛建国"
NAME = "南昌晨光艺术培训中心"
SEEN = "2024-03-06T01:02:03Z"
CLOSED = date(2024, 3, 6)
STATEMENT_LINES = [
    "账号,交易日,摘要,对方户名,对方账号,金额",
    f"{ACCOUNT},20240301,学费 HT-2024-001,{PAYER},{STRANGER},6000.00",
]
STATEMENT = "\n".join(STATEMENT_LINES).encode("gb18030")
STATEMENT_HASH = content_hash(STATEMENT)
REGISTER_HASH = content_hash(b"register")
PERSONAL = (ACCOUNT, STRANGER, UNREGISTERED, PAYER, STUDENT, REPRESENTATIVE)
"""What no page may show in full."""

ENTRY = f.EntryBooked(
    account=ACCOUNT,
    booking_date=date(2024, 3, 1),
    serial="S1",
    amount_fen=600_000,
    direction="C",
    counterparty_name=PAYER,
    counterparty_account=STRANGER,
    remittance=f"学费 HT-2024-001 {PAYER}",
)
CONTRACT = f.ContractStated(
    institution="NC-0001",
    number="HT-2024-001",
    signed=date(2024, 3, 1),
    price_fen=600_000,
    payers=(PAYER,),
    student=STUDENT,
    academic=False,
    paid_hours_hundredths=4_000,
    begins=date(2024, 3, 2),
    ends=date(2024, 5, 30),
)


@cache
def law() -> Law:
    """The law that the repository holds."""
    return Law(load_policy(), load_calendar())


def _bank_facts() -> list[f.Fact]:
    closings = [(date(2024, 3, 1), 600_000), (date(2024, 3, 4), 500_000)]
    disputed = f.EntryBooked(
        account=ACCOUNT,
        booking_date=date(2024, 3, 4),
        serial="S2",
        amount_fen=100_000,
        direction="D",
        counterparty_name=PAYER,
    )
    return [
        ENTRY,
        disputed,
        msgspec.structs.replace(disputed, amount_fen=100_001),
        *(
            f.BalanceReported(account=ACCOUNT, day=day, what="closing", balance_fen=balance)
            for day, balance in closings
        ),
        f.EntryBooked(
            account=UNREGISTERED,
            booking_date=date(2024, 3, 3),
            serial="U1",
            amount_fen=1_000,
            direction="C",
        ),
    ]


def _register_facts() -> list[f.Fact]:
    since = date(2024, 1, 1)
    return [
        f.InstitutionStated(
            institution="NC-0001",
            valid_from=since,
            name=NAME,
            legal_representative=REPRESENTATIVE,
            city="nanchang",
            county="东湖区",
        ),
        f.AccountStated(
            account=ACCOUNT,
            institution="NC-0001",
            valid_from=since,
            purpose="dedicated",
            name=NAME,
            bank="ccb",
        ),
        f.CustodyStated(
            institution="NC-0001", number="XY-1", valid_from=since, mode="custody", account=ACCOUNT
        ),
        CONTRACT,
    ]


def found(
    rule: str,
    subject: str,
    level: LevelWord,
    amount_fen: int | None,
    *,
    institution: str = "NC-0001",
) -> Finding:
    """A finding with one step, one line of evidence and texts that quote names and accounts."""
    return Finding(
        rule=rule,
        kind="data" if rule == "cannot-decide" else "breach",
        level=level,
        institution=institution,
        subject=subject,
        day=date(2024, 3, 1),
        amount_fen=amount_fen,
        evidence=tuple(sorted((fact_id(ENTRY), fact_id(CONTRACT)))),
        formula=(
            Step("payments", f"6,000.00 ({PAYER}, {STRANGER})", "6,000.00"),
            Step("limit", "", "5,000.00"),
        ),
        policy="0" * 16,
        missing="remittance" if rule == "cannot-decide" else "",
    )


FINDINGS = (
    found("charge-amount", "contract:HT-2024-001/2024-03-01", "orange", 600_000),
    found("coverage-short", "coverage", "red", 123_456),
    found("payment-outside-account", f"account:{STRANGER}", "red", 1_000_001),
    found("cannot-decide", f"matching/entry:{ACCOUNT}/2024-03-01/S1", "blue", None),
    found("refund-late", "refund:T-9", "yellow", 5_000, institution="NC-0002"),
)
ORANGE, SHORT, OUTSIDE, UNDECIDED, ELSEWHERE = FINDINGS


def fill(engine: Engine, archive: Path) -> None:
    """Write the world into an empty store, and the statement's bytes into the archive."""
    place = archive / STATEMENT_HASH[:2] / STATEMENT_HASH[2:4]
    place.mkdir(parents=True, exist_ok=True)
    (place / STATEMENT_HASH).write_bytes(STATEMENT)
    with writing(engine) as connection:
        bank, table = _files(connection)
        _journal(connection, bank, _bank_facts())
        _journal(connection, table, _register_facts())
        write_owners(connection, [(ACCOUNT, "NC-0001")])
        stored_findings.write(connection, [Change("raised", each) for each in FINDINGS], CLOSED)
        _institutions(connection)


def tell(engine: Engine, told: list[f.Fact], raised: Sequence[Finding] = ()) -> None:
    """Add facts to the store as its register told them, and findings."""
    files = tables.FILES.c
    with writing(engine) as connection:
        table = select(files.file_id).where(files.sha256 == REGISTER_HASH)
        _journal(connection, connection.execute(table).scalar_one(), told)
        owned = [x for x in told if isinstance(x, f.AccountStated | f.MerchantCodeStated)]
        write_owners(connection, [(account_named(each), each.institution) for each in owned])
        stored_findings.write(connection, [Change("raised", each) for each in raised], CLOSED)


def _files(connection: Connection) -> tuple[int, int]:
    """A bank file with one held row, a refused file, a register; the first's and last's number."""
    reason = f"entry of {ACCOUNT} is dated 2030-01-01, after its statement"
    held = Held(position="row 3", reason=reason, statement="ST-1", account=ACCOUNT)
    bank = File(
        sha256=STATEMENT_HASH,
        name="ccb-20240301.csv",
        size_bytes=len(STATEMENT),
        format="ccb-corporate",
        state="done",
        received_at=SEEN,
        day=date(2024, 3, 4),
        batches_total=1,
        batches_journaled=1,
        receipt=json.dumps({"outcome": "held", "reasons": [reason]}),
    )
    refused = File(
        sha256="f" * 64,
        name="bomb.xml",
        size_bytes=9,
        format="camt",
        state="refused",
        received_at=SEEN,
        receipt=json.dumps({"outcome": "refused", "reasons": ["it has a DOCTYPE"]}),
    )
    table = File(
        sha256=REGISTER_HASH,
        name="contracts.csv",
        size_bytes=8,
        format="table",
        state="done",
        received_at=SEEN,
    )
    numbers = register(connection, [bank, refused, table], {bank.sha256: [held]})
    return numbers[bank.sha256], numbers[table.sha256]


def _journal(connection: Connection, file_id: int, told: list[f.Fact]) -> None:
    contents, _ = gather(f.Told(fact, SEEN, "", "row 2") for fact in told)
    write(connection, contents)
    rows = [(each.fact_id, each.content_hash, file_id, "row 2", SEEN, SEEN) for each in contents]
    write_sightings(connection, rows)


def _institutions(connection: Connection) -> None:
    for institution, name, county in (
        ("NC-0001", NAME, "东湖区"),
        ("NC-0002", "南昌远航培训学校", "西湖区"),
    ):
        connection.execute(
            insert(tables.INSTITUTIONS).values(
                institution=institution,
                evaluated_count=1,
                evaluated_day=CLOSED.isoformat(),
                evaluated_policy=law().policy.digest(),
                evaluated_calendar=law().calendar.digest(),
                evaluated_code=CODE_VERSION,
                name=name,
                city="nanchang",
                county=county,
            )
        )
    connection.execute(
        insert(tables.PROGRESS).values(partition=0, next_offset=1, closed_day=CLOSED.isoformat())
    )
