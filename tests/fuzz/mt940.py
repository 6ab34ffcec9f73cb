"""MT940 and MT942, changed at any place."""

from streams.feeds import mt940
from streams.feeds.integrity import checked
from streams.feeds.records import FeedRefused
from tests.feeds import mt940_made
from tests.feeds.mt940_dialects import DIALECTS
from tests.feeds.test_samples import SAMPLES
from tests.fuzz.bank_file import examine

TOKENS = (
    *(b"\r\n", b"\n", b"\r", b"\n-\n", b"-}", b"{4:", b"{1:F01}", b"{2:I942", b"$", b"\x01", b"\0"),
    *(b"\n:20:", b"\n:25:", b"\n:28C:", b"\n:60F:", b"\n:60M:", b"\n:61:", b"\n:62F:", b"\n:62M:"),
    *(
        b"\n:64:",
        b"\n:86:",
        b"\n:90C:",
        b"\n:90D:",
        b"\n:NS:",
        b"\n:34F:EUR0,",
        b"\n:13D:2403051200",
    ),
    *(b"RC", b"RD", b"EC", b"ED", b",", b".", b"C000000", b"240230", b"99991231", b"-1,00", b"//"),
    *(b"99999999999999999999,", b"?20", b"?32", b"/REMI/", b"\x81", b"\xef\xbc\x91", b":940:\n"),
)


def seeds() -> list[bytes]:
    """Every dialect, a report, and real files where they lie beside the checkout."""
    made = [*DIALECTS.values(), mt940_made.report()]
    real = [path.read_bytes() for path in sorted((SAMPLES / "mt940").glob("*"))]
    return [*(text.encode() for text in made), *real]


def read(data: bytes) -> str:
    """Examine one file."""
    try:
        records = list(checked(mt940.read(data)))
    except FeedRefused:
        records = None
    return examine(data, records)
