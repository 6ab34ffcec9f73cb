"""One month of an institution, told by three ways in, is what it is when it is told once."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, select

from config.load import load_calendar
from models.store.engine import open_store, reading
from models.store.tables import JOURNAL
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.feeds.parse import parse_lines
from streams.replay import verify
from streams.simulator import simulate
from tests.streams.serving import Client, let_deliver, served, take_in
from tests.streams.told import law, lines

TODAY = date(2024, 4, 20)
ICBC_HEADINGS = "凭证号,本方账号,对方账号,交易时间,借/贷,借方发生额,贷方发生额,对方行号,摘要,用途,\
对方单位名称,余额,个性化信息\n"
CSV_HEADINGS = (
    "账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,"
    "对方开户机构,记账日期,摘要,备注,账户明细编号-交易流水号,企业流水号,凭证种类,凭证号\n"
)
_STATEMENT = re.compile(r"<Stmt>(.*?)</Stmt>", re.DOTALL)
_HEAD = re.compile(r"<Id>.*?</Acct>", re.DOTALL)
_ENTRY = re.compile(r"<Ntry>.*?</Ntry>", re.DOTALL)
_REFERENCE = re.compile(r"<AcctSvcrRef>.*?</AcctSvcrRef>")


def notification(statement: str, *, with_references: bool) -> str:
    """The camt.054 of a day's camt.053: the same entries, no balances."""
    told = []
    for body in _STATEMENT.findall(statement):
        entries = "".join(_ENTRY.findall(body))
        if entries:
            head = _HEAD.search(body)
            assert head
            told.append(f"<Ntfctn>{head[0]}{entries}</Ntfctn>")
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"><BkToCstmrDbtCdtNtfctn>'
        "<GrpHdr><MsgId>N</MsgId><CreDtTm>2024-03-31T20:00:00+08:00</CreDtTm></GrpHdr>"
        + "".join(told)
        + "</BkToCstmrDbtCdtNtfctn></Document>\n"
    )
    return text if with_references else _REFERENCE.sub("", text)


class Row(NamedTuple):
    """A row of a bank's table; a reversal stands in red ink in the column of what it undoes."""

    line: dict[str, object]
    is_credit: bool
    amount: str
    balance: str

    @property
    def columns(self) -> tuple[str, str]:
        """What stands under debit and under credit."""
        return ("0.00", self.amount) if self.is_credit else (self.amount, "0.00")

    def text(self, *names: str) -> list[str]:
        """Fields of the entry."""
        return [str(self.line[name]) for name in names]


def table(statement: Path) -> Iterator[Row]:
    """The entries of a day with their running balances, by account."""
    balance_fen = 0
    for line in parse_lines(statement):
        if line["type"] == "opening":
            balance_fen = int(str(line["amount_fen"]))
        if line["type"] != "entry" or line["status"] != "BOOKED":
            continue
        amount_fen, is_credit = int(str(line["amount_fen"])), line["direction"] == "C"
        balance_fen += amount_fen if is_credit else -amount_fen
        amount = f"{amount_fen // 100}.{amount_fen % 100:02d}"
        if line["reversal"]:
            is_credit, amount = not is_credit, f"-{amount}"
        yield Row(line, is_credit, amount, f"{balance_fen // 100}.{balance_fen % 100:02d}")


def export(statement: Path, *, with_serials: bool = True) -> str:
    """CCB's table of a day: with a serial in each row, or in none."""
    rows = []
    for row in table(statement):
        day = str(row.line["booking_date"]).replace("-", "")
        cells = (
            *(*row.text("account"), "x", f"{day} 09:00:00", *row.columns, row.balance, "人民币元"),
            *(*row.text("counterparty_name", "counterparty_account"), "", day, ""),
            *(*row.text("remittance"), *(row.text("serial") if with_serials else [""])),
            *("", "", ""),
        )
        rows.append(",".join(cells) + "\n")
    return CSV_HEADINGS + "".join(rows) if rows else ""


def exports_without_serials(statement: Path) -> list[str]:
    """ICBC's tables of a day, one an account: no column tells entries apart."""
    rows: dict[str, list[str]] = {}
    for row in table(statement):
        (account,) = row.text("account")
        cells = (
            *("", account, *row.text("counterparty_account"), f"{row.line['booking_date']} 09:00"),
            *("贷" if row.is_credit else "借", *row.columns, "", "转账"),
            *(*row.text("remittance", "counterparty_name"), row.balance, ""),
        )
        rows.setdefault(account, []).append(",".join(cells) + "\n")
    return [ICBC_HEADINGS + "".join(one) for one in rows.values()]


class Month:
    """The files of a simulated institution: registers, and its bank's statements day by day."""

    def __init__(self, folder: Path) -> None:
        city = folder / "city"
        simulate(1, 1, 1, date(2024, 3, 1), city, load_calendar(), lambda _: None)
        self.statements = sorted(city.rglob("camt053*.xml"))
        self.registers = sorted(
            path for path in city.rglob("*") if path.suffix in {".csv", ".ndjson"}
        )
        for path in self.statements:
            # The table has no column for it; all three ways have to say the same.
            text = re.sub(r"<ValDt>.*?</ValDt>", "", path.read_text("utf-8"))
            path.write_text(text, encoding="utf-8")

    def alike(self) -> set[str]:
        """What the entries of a day are called of which some are alike in every word."""
        words = ("account", "booking_date", "direction", "amount_fen")
        more = ("counterparty_name", "counterparty_account", "remittance")
        rows = [row for path in self.statements for row in table(path)]
        counts = Counter(tuple(row.text(*words, *more)) for row in rows)
        return {
            "pairing/entries:" + "/".join(said[: len(words)])
            for said, count in counts.items()
            if count > 1
        }


class Place:
    """A store of its own, with archive and drop folder."""

    def __init__(self, root: Path, registers: Iterable[Path]) -> None:
        root.mkdir()
        self.root = root
        self.archive = root / "archive"
        self.drop = root / "drop"
        self.drop.mkdir()
        self.engine: Engine = open_store(f"sqlite:///{root / 'escrow.db'}")
        ingest(registers, self.engine, law(), Archive(self.archive), today=TODAY)

    def dropped(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Take files in by the drop folder."""
        for name, data in files:
            (self.drop / name).write_bytes(data)
        take_in(self.engine, self.archive, self.drop, today=TODAY)

    def posted(self, feed: str, files: Iterable[tuple[str, bytes]]) -> None:
        """Take files in by the API."""
        with served(self.engine, self.archive) as base:
            client = Client(base, let_deliver(self.engine, feed))
            places = [client.post(data, name=name).json()["status"] for name, data in files]
            take_in(self.engine, self.archive, today=TODAY)
            assert {"accepted"} == {client.get(one).json()["state"] for one in places}
            client.http.close()

    def findings(self) -> list[bytes]:
        """What stands, line by line."""
        return lines(self.engine)

    def told(self, *kinds: str) -> set[tuple[str, bytes]]:
        """Every content of these kinds."""
        query = select(JOURNAL.c.fact_id, JOURNAL.c.content_hash).where(JOURNAL.c.kind.in_(kinds))
        with reading(self.engine) as connection:
            return {(row[0], row[1]) for row in connection.execute(query)}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """The simulated month, once for all tests."""
    return Month(tmp_path_factory.mktemp("month"))


@pytest.fixture
def once(month: Month, tmp_path: Path) -> Place:
    """The month by the drop folder alone."""
    place = Place(tmp_path / "once", month.registers)
    place.dropped((path.name, path.read_bytes()) for path in month.statements)
    return place


@pytest.mark.parametrize("with_references", [True, False], ids=["all-keys", "no-key-in-054"])
def test_three_ways_are_one(
    month: Month, once: Place, tmp_path: Path, *, with_references: bool
) -> None:
    """Drop folder, API and table: the same entries, balances and findings, none counted twice.

    Also where the notifications carry no reference of the bank: they are then shown and count for
    nothing.
    """
    thrice = Place(tmp_path / "thrice", month.registers)
    notified = [
        (
            f"054-{path.stem}.xml",
            notification(path.read_text("utf-8"), with_references=with_references).encode(),
        )
        for path in month.statements
        if "<Ntry>" in path.read_text("utf-8")
    ]
    exports = [(f"ccb_{path.stem}.csv", export(path)) for path in month.statements]
    thrice.posted("push", notified)
    thrice.dropped((path.name, path.read_bytes()) for path in month.statements)
    thrice.posted("table", [(name, text.encode("gb18030")) for name, text in exports if text])

    kinds = ("EntryBooked", "BalanceReported")
    assert once.findings()
    assert once.told(*kinds) == thrice.told(*kinds)
    assert once.findings() == thrice.findings()
    assert bool(with_references) == (
        not thrice.told("EntryAnnounced") - once.told("EntryAnnounced")
    )
    assert [] == verify(thrice.engine, law())


def test_booked_feeds_without_references_count_once(
    month: Month, once: Place, tmp_path: Path
) -> None:
    """A statement without references and a table without serials add nothing to what counts.

    Whichever comes first: what counted alone gives way to the entry with the bank's reference. Only
    of what is alike in every word nobody can say which is which; it is shown.
    """
    place = Place(tmp_path / "several", month.registers)
    bare = [
        (f"bare-{path.name}", _REFERENCE.sub("", path.read_text("utf-8")).encode())
        for path in month.statements
    ]
    tables = [
        (f"icbc-{number}-{path.stem}.csv", text.encode("gb18030"))
        for path in month.statements
        for number, text in enumerate(exports_without_serials(path))
    ]
    tables += [
        (f"ccb-{path.stem}.csv", export(path, with_serials=False).encode("gb18030"))
        for path in month.statements
        if export(path)
    ]
    place.posted("bare", bare)
    alone = len(place.told("EntryBooked"))
    assert alone == len(once.told("EntryBooked"))
    place.dropped((path.name, path.read_bytes()) for path in month.statements)
    place.posted("table", tables)

    assert 4 * alone == len(place.told("EntryBooked"))
    assert once.told("BalanceReported") == place.told("BalanceReported")
    held = [line for line in place.findings() if b'"subject":"pairing/' in line]
    assert month.alike() == {json.loads(line)["subject"] for line in held} != set()
    assert once.findings() == [line for line in place.findings() if line not in held]
    assert [] == verify(place.engine, law())
