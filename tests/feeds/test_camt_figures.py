"""camt messages: batches, pages, balances, what is left out; each figure is compared or refused."""

import time

import pytest

from models.facts import EntryBooked
from streams.feeds.intake import ProvedFile, told
from tests.feeds.made import balance, camt, day_of_entries, entry, proved, statement


def transaction(amount: str, mark: str = "", currency: str = "CNY") -> str:
    """A transaction of a batch; without a mark it has the batch's."""
    sign = f"<CdtDbtInd>{mark}</CdtDbtInd>" if mark else ""
    return f'<TxDtls><Amt Ccy="{currency}">{amount}</Amt>{sign}</TxDtls>'


def batch(count: str, *transactions: str) -> str:
    """A batch that declares its count."""
    return f"<Btch><NbOfTxs>{count}</NbOfTxs></Btch>" + "".join(transactions)


def in_details(details: str) -> ProvedFile:
    """A statement whose one entry of 100.00 has these details."""
    return proved(day_of_entries(entry(details=details)))


@pytest.mark.parametrize(
    "details",
    [
        batch("2", transaction("40.00"), transaction("60.00")),
        batch("3", transaction("140.00"), transaction("40.00", "DBIT"), transaction("0")),
        batch("2", transaction("40.00"), transaction("60.00", currency="USD")),
        batch("2", transaction("40.00"), "<TxDtls/>"),
        "<TxDtls><AmtDtls><TxAmt><Amt>30</Amt></TxAmt></AmtDtls></TxDtls>" + transaction("70"),
        batch("2"),
    ],
)
def test_batch_that_agrees_is_one_entry(details: str) -> None:
    """Transactions sum up with their own direction; where one tells no amount, only the count."""
    file = in_details(details)

    assert [()] == [one.failed for one in file.statements]
    assert [10_000] == [x.fact.amount_fen for x in told(file) if isinstance(x.fact, EntryBooked)]


@pytest.mark.parametrize(
    ("details", "gap_fen"),
    [
        (batch("2", transaction("40.00"), transaction("60.01")), 1),
        (batch("2", transaction("140.00"), transaction("40.01", "DBIT")), 1),
        (batch("3", transaction("40.00"), transaction("60.00")), 0),
        (batch("3", transaction("40.00"), transaction("59.99")), 1),
    ],
)
def test_batch_that_disagrees_holds_its_statement(details: str, gap_fen: int) -> None:
    """Sum and count of the transactions must be those of the entry, to the fen."""
    file = in_details(details)

    assert [("batch",)] == [one.failed for one in file.statements]
    assert gap_fen == file.statements[0].gap_fen
    assert "entry 1 at byte" in file.held[0].reason


def test_count_that_is_no_number_is_refused() -> None:
    """A batch of `many` proves nothing."""
    file = in_details(batch("many", transaction("100.00")))

    assert file.refusal is not None
    assert "NbOfTxs 'many'" in file.refusal.reason


@pytest.mark.parametrize(
    ("shape", "number", "is_last", "failed"),
    [
        ("MsgPgntn", "1", "true", ()),
        ("MsgPgntn", "00001", "1", ()),
        ("MsgPgntn", "1", "false", ("pages",)),
        ("MsgPgntn", "2", "true", ("pages",)),
        ("StmtPgntn", "1", "true", ()),
        ("StmtPgntn", "2", "true", ("pages",)),
        ("StmtPgntn", "1", "", ("pages",)),
    ],
)
def test_page_of_several_waits(
    shape: str, number: str, is_last: str, failed: tuple[str, ...]
) -> None:
    """Nothing of a page is told: what stands on the others is not known."""
    page = f"<{shape}><PgNb>{number}</PgNb><LastPgInd>{is_last}</LastPgInd></{shape}>"
    content = day_of_entries(entry())
    place = "</GrpHdr>" if shape == "MsgPgntn" else "<CreDtTm>2024-03-06T06:00:00</CreDtTm><FrToDt>"
    file = proved(content.replace(place, page + place))

    assert [failed] == [one.failed for one in file.statements]
    assert bool(failed) == bool(file.held)


@pytest.mark.parametrize(
    ("marks", "is_read"), [(("CRDT", "CRDT"), True), (("CRDT", "DBIT"), False), (("",), False)]
)
def test_direction_left_out_is_read_from_its_transactions(
    marks: tuple[str, ...], is_read: bool
) -> None:
    """Where all transactions tell one direction it is the entry's, else the file is refused."""
    details = "".join(transaction("50.00", mark) for mark in marks)
    content = day_of_entries(entry(details=details)).replace(
        "</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "</Amt><Sts>"
    )
    file = proved(content)

    assert is_read == (file.refusal is None)
    assert is_read == (file.statements != [] and file.statements[0].consistent)


@pytest.mark.parametrize(
    "more",
    [
        '<Amt Ccy="CNY">1.00</Amt>',
        "<CdtDbtInd>DBIT</CdtDbtInd>",
        "<RvslInd>true</RvslInd><RvslInd>false</RvslInd>",
        "<Sts>PDNG</Sts>",
    ],
)
def test_field_that_decides_stands_once(more: str) -> None:
    """Of two amounts none is taken."""
    file = proved(day_of_entries(entry(more=more)))

    assert file.refusal is not None
    assert "more than once" in file.refusal.reason
    assert file.refusal.position.startswith("entry 1 at byte")


def test_closings_of_one_day_that_differ_fail() -> None:
    """Which of them is right is open."""
    closings = balance("CLBD", "1100.01") + balance("CLBD", "1100.00")
    file = proved(camt(statement(balance("OPBD", "1000.00"), closings, entry())))

    assert ("balances",) == file.statements[0].failed
    assert 1 == file.statements[0].gap_fen


def test_balances_of_several_days_open_with_the_first_and_close_with_the_last() -> None:
    """In whatever order they stand."""
    balances = (
        balance("OPBD", "1100.00", day="2024-03-06"),
        balance("OPBD", "1000.00", day="2024-03-05"),
        balance("CLBD", "1200.00", day="2024-03-06"),
        balance("CLBD", "1100.00", day="2024-03-05"),
    )
    content = camt(statement(*balances, entry(), entry("R2", day="2024-03-06")))
    file = proved(content.replace("2024-03-05T23:59:59", "2024-03-06T23:59:59"))

    assert [()] == [one.failed for one in file.statements]


def test_entry_in_a_currency_without_balances_fails() -> None:
    """No balance proves it, so the statement does not prove."""
    foreign = entry("R2").replace('Ccy="CNY"', 'Ccy="USD"')
    file = proved(day_of_entries(entry(), foreign))

    assert ("currency",) == file.statements[0].failed
    assert "entries in USD" in file.statements[0].reason


@pytest.mark.parametrize("version", range(1, 15))
@pytest.mark.parametrize("message", ["052", "053", "054"])
def test_every_version_is_read_alike(message: str, version: int) -> None:
    """The namespace names the version; elements are known by their local names."""
    roots = {
        "052": ("BkToCstmrAcctRpt", "Rpt"),
        "053": ("BkToCstmrStmt", "Stmt"),
        "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }
    root, name = roots[message]
    if version == 1:
        root += "V01"
    content = day_of_entries(entry()).replace("camt.053.001.08", f"camt.{message}.001.{version:02}")
    content = content.replace("BkToCstmrStmt", root)
    content = content.replace("<Stmt>", f"<{name}>").replace("</Stmt>", f"</{name}>")
    file = proved(content)

    assert f"camt.{message}.001.{version:02}" == file.format
    assert 1 == file.counts["EntryBooked"]
    assert (message == "053") == (file.counts["StatementReceived"] == 1)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("ISO-8859-1", "Müller"),
        ("iso-8859-15", "Müller €"),
        ("ISO-8859-2", "Łódź"),
        ("windows-1250", "Łódź"),
        ("windows-1251", "Школа"),
        ("windows-1252", "Müller €"),
    ],
)
def test_single_byte_encodings_are_read_as_declared(encoding: str, text: str) -> None:
    """The declared encoding decides, to the letter."""
    details = f"<TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    content = day_of_entries(entry(details=details)).replace("UTF-8", encoding)
    facts = [one.fact for one in told(proved(content.encode(encoding)))]

    assert [text] == [one.remittance for one in facts if isinstance(one, EntryBooked)]


DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
GOOD = day_of_entries(entry(details="<TxDtls><RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls>"))
LAUGHS = '<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 12)
)
ATTACKS = {
    "billion laughs": (f"<!DOCTYPE x [{LAUGHS}]>", "&a11;"),
    "quadratic blow-up": (f'<!DOCTYPE x [<!ENTITY a "{"x" * 50_000}">]>', "&a;" * 20_000),
    "local file": ('<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
    "remote file": ('<!DOCTYPE x [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>', "&x;"),
    "external DTD": ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "x"),
    "parameter entity": ('<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>', "x"),
    "small letters": ('<!doctype x [<!entity x "y">]>', "&x;"),
    "text of 60 MB": ("", "x" * 60_000_000),
    "200,000 deep": ("", "<a>" * 200_000 + "</a>" * 200_000),
    "many attributes": ("", "<a " + " ".join(f'a{n}="1"' for n in range(100_000)) + "<"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_soon(name: str) -> None:
    """Nothing is expanded, fetched or told, and it takes no time."""
    head, text = ATTACKS[name]
    content = GOOD.replace(DECLARATION, DECLARATION + head).replace("{}", text)
    began = time.process_time()
    file = proved(content)

    assert time.process_time() - began < 5
    assert file.refusal is not None
    assert file.refusal.position
    assert [] == list(told(file))


def test_gbk_that_is_none_is_refused_at_its_byte() -> None:
    """0x80 is the euro of CP936 and nothing in GB18030: not a letter of it is guessed."""
    content = GOOD.replace("UTF-8", "GBK").encode().replace(b"{}", b"\x80")
    file = proved(content)

    assert file.refusal is not None
    assert "not gb18030 as declared" in file.refusal.reason
    assert content.index(b"\x80") == int(file.refusal.position.removeprefix("byte "))


@pytest.mark.parametrize(
    ("net", "failed"),
    [
        ("<TtlNetNtryAmt>40</TtlNetNtryAmt><CdtDbtInd>CRDT</CdtDbtInd>", ()),
        ("<TtlNetNtry><Amt>40.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></TtlNetNtry>", ()),
        ("<TtlNetNtryAmt>40.01</TtlNetNtryAmt><CdtDbtInd>CRDT</CdtDbtInd>", ("declared-sums",)),
        (
            "<TtlNetNtry><Amt>40</Amt><CdtDbtInd>DBIT</CdtDbtInd></TtlNetNtry>",
            ("declared-sums",),
        ),
        ("<TtlNetNtryAmt>41</TtlNetNtryAmt>", ()),
        ("<TtlNetNtryAmt>-41</TtlNetNtryAmt><CdtDbtInd>CRDT</CdtDbtInd>", ()),
    ],
)
@pytest.mark.parametrize("is_report", [False, True])
def test_net_of_the_entries_is_compared(
    net: str, failed: tuple[str, ...], *, is_report: bool
) -> None:
    """Credits less debits, also of what is only announced; without its sign it says nothing."""
    summary = f"<TxsSummry><TtlNtries>{net}</TtlNtries></TxsSummry>"
    text = day_of_entries(summary, entry(), entry("R2", "60.00", "DBIT"), closing="1040.00")
    if is_report:
        text = text.replace("Stmt>", "Rpt>").replace("BkToCstmrRpt", "BkToCstmrAcctRpt")
        text = text.replace("camt.053", "camt.052").replace("BOOK", "PDNG")

    assert [failed] == [one.failed for one in proved(text).statements]
