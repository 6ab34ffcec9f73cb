"""camt messages: every field that a fact needs, and the keys that make reading twice harmless."""

from datetime import date

import pytest

from models.facts import BalanceReported, EntryAnnounced, EntryBooked, StatementReceived
from streams.feeds.intake import told
from tests.feeds.made import ACCOUNT, balance, camt, day_of_entries, entry, proved, statement

PARTIES = (
    "<RltdPties><Dbtr>{debtor}</Dbtr><DbtrAcct><Id><Othr><Id>D-1</Id></Othr></Id></DbtrAcct>"
    "<Cdtr><Nm>学校</Nm></Cdtr><CdtrAcct><Id><Othr><Id>{creditor}</Id></Othr></Id></CdtrAcct>"
    "</RltdPties>"
)


def booked(content: str) -> list[EntryBooked]:
    """The booked entries that a message tells."""
    file = proved(content)
    assert file.refusal is None, file.refusal
    return [one.fact for one in told(file) if isinstance(one.fact, EntryBooked)]


def details(body: str) -> str:
    """One transaction."""
    return f"<TxDtls>{body}</TxDtls>"


def parties(name: str = "<Nm>张三</Nm>", creditor: str = ACCOUNT) -> str:
    """Who paid whom."""
    return PARTIES.format(debtor=name, creditor=creditor)


def test_statement_becomes_balances_entries_and_its_receipt() -> None:
    """Opening stands on the first day, closing on the last, and the statement says it proves."""
    file = proved(day_of_entries(entry()))
    facts = [one.fact for one in told(file)]

    day = date(2024, 3, 5)
    assert facts == [
        BalanceReported(account=ACCOUNT, day=day, what="opening", balance_fen=100_000),
        EntryBooked(
            account=ACCOUNT, booking_date=day, serial="R1", amount_fen=10_000, direction="C"
        ),
        BalanceReported(account=ACCOUNT, day=day, what="closing", balance_fen=110_000),
        StatementReceived(
            account=ACCOUNT, statement="S1", begins=day, ends=day, consistent=True, entries=1
        ),
    ]
    assert {"2024-03-05T22:00:00Z"} == {one.stated_at for one in told(file)}


@pytest.mark.parametrize("name", ["<Nm>张三</Nm>", "<Pty><Nm>张三</Nm></Pty>"])
def test_payer_of_a_credit_is_its_debtor(name: str) -> None:
    """The name is found where old and new versions put it."""
    (fact,) = booked(day_of_entries(entry(details=details(parties(name)))))

    assert ("张三", "D-1", "") == (
        fact.counterparty_name,
        fact.counterparty_account,
        fact.sub_account,
    )


def test_own_side_account_is_the_sub_account() -> None:
    """A creditor account that is not the statement's is the sub-account that was paid into."""
    (fact,) = booked(day_of_entries(entry(details=details(parties(creditor="SUB-7")))))

    assert "SUB-7" == fact.sub_account


def test_reversal_keeps_its_own_direction_and_the_other_party() -> None:
    """RvslInd flips no direction; the debtor of a reversed credit is still the other side."""
    original = "<Refs><AcctSvcrRef>R1</AcctSvcrRef><EndToEndId>E1</EndToEndId></Refs>"
    reversal = entry(
        "R2",
        sign="DBIT",
        more="<RvslInd>true</RvslInd>",
        details=details(original + parties()),
    )
    first, second = booked(day_of_entries(entry("R1"), reversal, closing="1000.00"))

    assert not first.reversal
    assert (True, "D", "张三", "R1", "E1") == (
        second.reversal,
        second.direction,
        second.counterparty_name,
        second.reverses,
        second.end_to_end_id,
    )


def test_batch_is_one_posting() -> None:
    """Children carry texts and touch neither balance nor counterparty."""
    child = details(
        '<Amt Ccy="CNY">50.00</Amt>' + parties() + "<RmtInf><Ustrd>HT-{}</Ustrd></RmtInf>"
    )
    (fact,) = booked(day_of_entries(entry(details=child.format(1) + child.format(2))))

    assert (10_000, "", "HT-1 HT-2") == (fact.amount_fen, fact.counterparty_name, fact.remittance)


@pytest.mark.parametrize(
    ("refs", "serial"),
    [
        ("<Refs><UETR>u-1</UETR><EndToEndId>E1</EndToEndId></Refs>", "C:10000:u-1"),
        ("<Refs><EndToEndId>E1</EndToEndId><TxId>T1</TxId></Refs>", "C:10000:E1:T1"),
        ("<Refs><AcctSvcrRef>B1</AcctSvcrRef></Refs>", "B1"),
    ],
)
def test_serial_without_the_entrys_own_reference(refs: str, serial: str) -> None:
    """The references of its one transaction make the key."""
    (fact,) = booked(day_of_entries(entry("", details=details(refs))))

    assert serial == fact.serial


def test_equal_entries_without_references_stay_two() -> None:
    """NOTPROVIDED is no reference; equals are told apart by their ordinal, and equal twice over."""
    one = entry("", details=details("<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"))
    content = day_of_entries(one, one, closing="1200.00")
    first, second = booked(content)

    assert first.serial.startswith("fp-")
    assert f"{first.serial}#2" == second.serial
    assert [first, second] == booked(content)


@pytest.mark.parametrize(("status", "kind"), [("PDNG", "PENDING"), ("INFO", "INFO")])
@pytest.mark.parametrize("shape", ["<Sts>{}</Sts>", "<Sts><Cd>{}</Cd></Sts>"])
def test_what_is_not_booked_is_announced_and_counts_nowhere(
    status: str, kind: str, shape: str
) -> None:
    """The closing proves without a pending entry."""
    pending = entry().replace("<Sts><Cd>BOOK</Cd></Sts>", shape.format(status))
    file = proved(day_of_entries(pending, closing="1000.00"))

    assert [kind] == [one.fact.status for one in told(file) if isinstance(one.fact, EntryAnnounced)]
    assert file.statements[0].consistent


def test_status_left_out_means_booked_only_in_a_statement() -> None:
    """camt.053 is about bookings; a notification that does not say so only announces."""
    silent = entry().replace("<Sts><Cd>BOOK</Cd></Sts>", "")
    assert 1 == len(booked(day_of_entries(silent)))

    notification = (
        day_of_entries(silent)
        .replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn")
        .replace("<Stmt>", "<Ntfctn>")
        .replace("</Stmt>", "</Ntfctn>")
    )
    assert [] == booked(notification)


def test_notification_closes_nothing() -> None:
    """camt.054 tells entries with the bank's key, and neither balances nor a statement."""
    content = (
        day_of_entries(entry(), entry(""))
        .replace("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn")
        .replace("<Stmt>", "<Ntfctn>")
        .replace("</Stmt>", "</Ntfctn>")
        .replace("1100.00", "1200.00")
    )
    file = proved(content)

    assert {"EntryBooked": 1, "EntryAnnounced": 1} == file.counts
    assert file.accepted_until is None


def test_balance_without_a_sign_is_a_credit_and_noted() -> None:
    """A missing CdtDbtInd of a balance is read as CRDT; a check says so."""
    content = camt(statement(balance("OPBD", "1000.00", ""), balance("CLBD", "1100.00"), entry()))

    assert proved(content).statements[0].consistent


def test_overdrawn_balance_is_negative() -> None:
    """DBIT balances are below zero."""
    content = camt(statement(balance("OPBD", "100.00", "DBIT"), balance("CLBD", "0.00"), entry()))

    assert [-10_000, 0] == [
        one.fact.balance_fen
        for one in told(proved(content))
        if isinstance(one.fact, BalanceReported)
    ]


def test_moment_is_booked_on_its_day_in_shanghai() -> None:
    """17:00 in UTC is the next day here."""
    moment = entry().replace("<Dt>2024-03-05</Dt>", "<DtTm>2024-03-04T17:00:00Z</DtTm>")
    (fact,) = booked(day_of_entries(moment))

    assert date(2024, 3, 5) == fact.booking_date


@pytest.mark.parametrize("encoding", ["GBK", "GB2312", "GB18030"])
def test_character_that_only_gb18030_has_is_read_under_any_of_its_names(encoding: str) -> None:
    """𠮷 and 镕 come through in a file that is declared GBK or GB2312."""
    content = day_of_entries(entry(details=details(parties("<Nm>𠮷镕€</Nm>"))))
    file = proved(content.replace('encoding="UTF-8"', f'encoding="{encoding}"').encode("gb18030"))

    assert ["𠮷镕€"] == [
        one.fact.counterparty_name for one in told(file) if isinstance(one.fact, EntryBooked)
    ]


def test_envelope_around_the_document_is_accepted() -> None:
    """Banks wrap the document together with an application header."""
    head, document = day_of_entries(entry()).split("\n", 1)
    wrapped = f'{head}\n<message xmlns="urn:x"><AppHdr><Fr/></AppHdr>{document}</message>'

    assert 1 == len(booked(wrapped))


def test_period_that_ends_at_midnight_ends_the_day_before() -> None:
    """Unless something is dated on that very day: then the bank writes a date as midnight."""
    content = day_of_entries(entry())
    file = proved(content.replace("2024-03-05T23:59:59", "2024-03-06T00:00:00"))

    assert date(2024, 3, 5) == file.day


def test_large_file_is_read_again_and_tells_the_same() -> None:
    """What is too large to keep is read twice; the facts and their counts do not differ."""
    entries = [entry(f"R{number}") for number in range(50)]
    content = day_of_entries(*entries, closing="6000.00").encode()
    kept = proved(content)
    file = proved(content)
    file.kept = None

    assert list(told(kept)) == list(told(file))
    assert kept.facts == len(list(told(file)))
