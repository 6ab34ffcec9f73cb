"""camt messages, changed at any place."""

from streams.feeds import camt
from streams.feeds.integrity import checked
from streams.feeds.records import FeedRefused
from tests.feeds.made import balance, day_of_entries, entry, statement
from tests.feeds.made import camt as message
from tests.feeds.test_samples import SAMPLES
from tests.fuzz.bank_file import examine

TOKENS = (
    *(b"<Ntry>", b"</Ntry>", b"<TxDtls>", b"</TxDtls>", b"<Bal>", b"</Bal>", b"<Stmt>", b"</Stmt>"),
    *(b"CRDT", b"DBIT", b"OPBD", b"CLBD", b"PRCD", b"INTM", b"BOOK", b"PDNG", b"INFO", b"true"),
    *(b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x ?>", b"&amp;", b"&x;", b"&#0;", b"<!DOCTYPE x>"),
    *(b"-1.00", b"1e3", b"0.001", b"99999999999999999999.00", b"\xef\xbc\x91", b"\x80", b"\0"),
    *(b"2024-02-30", b"0000-00-00", b"9999-12-31T23:59:59-14:00", b"encoding='GBK'", b" "),
    *(b"<RvslInd>true</RvslInd>", b"<MsgPgntn><PgNb>1</PgNb></MsgPgntn>", b"xmlns='x'", b"x:"),
)


def seeds() -> list[bytes]:
    """Made messages, and real ones where they lie beside the checkout."""
    details = (
        "<TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><RmtInf><Ustrd>HT-1</Ustrd></RmtInf>"
        "<RltdPties><Dbtr><Nm>甲</Nm></Dbtr></RltdPties></TxDtls>"
    )
    made = [
        day_of_entries(entry()),
        day_of_entries(entry(details=details * 2), entry("", "50.00", "DBIT"), closing="1050.00"),
        message(
            statement(balance("OPBD", "0.00"), balance("CLBD", "100.00"), entry()),
            statement(balance("PRCD", "1.00", "DBIT"), balance("CLBD", "1.00", ""), number="S2"),
        ),
    ]
    real = [path.read_bytes() for path in sorted((SAMPLES / "camt").glob("*"))]
    return [*(text.encode() for text in made), *real]


def read(data: bytes) -> str:
    """Examine one message."""
    try:
        records = list(checked(camt.read(data)))
    except FeedRefused:
        records = None
    return examine(data, records)
