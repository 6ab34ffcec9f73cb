"""Replies of bank-direct links, changed at any place; all formats are enabled here."""

from pathlib import Path
from unittest.mock import patch

from streams.feeds import direct_switches
from streams.feeds.direct_switches import Switch
from tests.feeds import direct_made
from tests.feeds.test_direct import INCOMPLETE, WHOLE
from tests.fuzz.bank_file import read_any

TOKENS = (
    *(b"<rd>", b"</rd>", b"<out>", b"</out>", b"<NextTag></NextTag>", b"<TotalNum>2</TotalNum>"),
    *(
        b"<DETAILINFO>",
        b"</DETAILINFO>",
        b"<PAGE>1</PAGE>",
        b"<TOTAL_PAGE>2</TOTAL_PAGE>",
        b"</TX>",
    ),
    *(b"<b2e0035-rs>", b"</b2e0035-rs>", b"B001", b"B002", b"<NTQTSINFZ>", b"</NTQTSINFZ>"),
    *(b"<RETCOD>1</RETCOD>", b"<INFO>", b"</INFO>", b"<?xml version='1.0' encoding='GBK'?>"),
    *(
        b'{"',
        b'"}',
        b'":"',
        b"[]",
        b"{}",
        b"null",
        b"1e3",
        b"NaN",
        b"\\u0000",
        b"\\ud800",
        b",",
        b"[",
    ),
    *(b"-1.00", b"0.001", b"99999999999999999999", b"0", b"\xef\xbc\x91", b"\x80", b"\0", b"\n"),
    *(
        b"20240230",
        b"2024/03/05",
        b"000000",
        b"245959",
        b"<!DOCTYPE x>",
        b"&x;",
        b"<![CDATA[",
        b"]]>",
    ),
    *(b"<Drcrf>2</Drcrf>", b"<FLAG1>0</FLAG1>", b"<direction>1</direction>", b"DebitAmount"),
)
_ENABLED = {
    name: Switch(status="unverified", enabled=True) for name in direct_switches.load_switches()
}


def seeds() -> list[bytes]:
    """Every sample, a whole query of each bank, and one of which a page is missing."""
    samples = sorted((Path(direct_made.__file__).parent / "direct").glob("*"))
    kept = [path.read_bytes() for path in samples if path.suffix != ".jsonl"]
    return [*kept, *WHOLE.values(), *INCOMPLETE.values()]


def read(data: bytes) -> str:
    """Examine one reply."""
    with patch.object(direct_switches, "load_switches", lambda: _ENABLED):
        return read_any(data)
