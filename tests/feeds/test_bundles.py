"""Bills in archives: members by their content, and nothing that harms the reader."""

import gzip
import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from models.facts import MerchantTransactionBilled
from streams.feeds.archive import Archive
from streams.feeds.intake import ProvedFile, told
from streams.simulator.bills import Form, alipay, alipay_summary, wechat, zipped
from tests.feeds.billed import ALIPAY_MERCHANT, DAY, DAYS, SALES, WECHAT_MERCHANT
from tests.feeds.made import ccb, ccb_row, day_of_entries, entry, proved

BILL = alipay(ALIPAY_MERCHANT, DAYS, SALES)
SUMMARY = alipay_summary(ALIPAY_MERCHANT, DAYS, SALES)
WECHAT = wechat(WECHAT_MERCHANT, SALES)
WHOLE = zipped(("账务明细.csv", BILL), ("汇总.csv", SUMMARY))


def rows(file: ProvedFile) -> list[MerchantTransactionBilled]:
    """The rows of a bill, which are all that it tells."""
    facts = [one.fact for one in told(file)]
    found = [fact for fact in facts if isinstance(fact, MerchantTransactionBilled)]
    assert len(facts) == len(found)
    return found


@pytest.mark.parametrize(
    "members",
    [
        (("a.csv", BILL), ("b.csv", SUMMARY)),
        (("b.csv", SUMMARY), ("a.csv", BILL)),
        (("汇总.csv", BILL), ("明细.csv", SUMMARY)),
        (("folder/", b""), ("folder/statement.xlsx", BILL), ("x", SUMMARY)),
        (("only", BILL),),
    ],
)
def test_members_are_taken_by_content(members: tuple[tuple[str, bytes], ...]) -> None:
    """Neither order nor name says which is the bill; the summary may be missing."""
    file = proved(zipped(*members))

    assert "accepted" == file.receipt().outcome
    assert rows(proved(BILL)) == rows(file)
    assert "alipay-trade" == file.format


def test_a_position_names_the_member_and_leads_back_to_its_bytes(tmp_path: Path) -> None:
    """As the ZIP lists them, counted from 1."""
    data = zipped(("b", SUMMARY), ("a", BILL))
    archive = Archive(tmp_path)
    sha256 = archive.put(data)
    second = list(told(proved(data)))[1]

    assert "row 7 of member 2" == second.position
    assert archive.original(sha256, second.position).startswith("4200000002\t,HT-2")
    assert "" == archive.original(sha256, "row 7 of member 3")


def test_gzip_is_read_through(tmp_path: Path) -> None:
    """WeChat Pay packs so on request; what proves it are its own totals."""
    data = gzip.compress(WECHAT, mtime=0)
    archive = Archive(tmp_path)
    sha256 = archive.put(data)
    file = proved(data)

    assert rows(proved(WECHAT)) == rows(file)
    assert "`4200000002,`HT-2" in archive.original(sha256, "row 3")


SUMMARIES = {
    "net": (alipay_summary(ALIPAY_MERCHANT, DAYS, SALES, Form(misstated_fen=1)), "summary-net"),
    "counts": (alipay_summary(ALIPAY_MERCHANT, DAYS, SALES[1:]), "declared-counts"),
}


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_summary_that_differs_holds_every_row(name: str) -> None:
    """Its net proves the signs of the fees, its counts that no row is missing."""
    summary, check = SUMMARIES[name]
    file = proved(zipped(("a", BILL), ("b", summary)))

    assert [] == rows(file)
    assert len(SALES) == len(file.held)
    assert check in file.statements[0].failed


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "another account": (
        zipped(("a", BILL), ("b", alipay_summary("2088000000000001", DAYS, SALES))),
        "of another account or period",
        "row 1 of member 2",
    ),
    "summary is cut": (
        zipped(("a", SUMMARY.rsplit(b"\r\n", 3)[0]), ("b", BILL)),
        "it is cut",
        "of member 1",
    ),
    "bill is cut": (
        zipped(("a", SUMMARY), ("b", BILL.rsplit(b"\r\n", 4)[0])),
        "it is cut",
        "of member 2",
    ),
    "a faulty row": (
        zipped(("a", BILL.replace(b"-500.00\t,-500.00", b"-500.00\t,500.00"))),
        "sign of the other",
        "row 9 of member 1",
    ),
    "no bill": (zipped(("a", SUMMARY)), "holds no bill", "byte 0"),
    "two bills": (zipped(("a", BILL), ("b", BILL)), "two bills", "row 1 of member 2"),
    "two summaries": (
        zipped(("a", BILL), ("b", SUMMARY), ("c", SUMMARY)),
        "two summaries",
        "row 1 of member 3",
    ),
    "something else": (
        zipped(("a", BILL), ("readme.txt", b"hello\n")),
        "member 2 is neither a bill",
        "row 1 of member 2",
    ),
    "a bank's table": (
        zipped(("a", ccb(ccb_row("1-1", "", "10.00", "10.00")))),
        "neither a bill",
        "row 1 of member 1",
    ),
    "camt": (zipped(("a", day_of_entries(entry()).encode())), "neither a bill", "of member 1"),
    "no text": (zipped(("a", b"\xff\xff\xff\n")), "neither UTF-8", "of member 1"),
    "nothing": (zipped(("a", b"")), "neither a bill", "of member 1"),
    "cut": (WHOLE[: len(WHOLE) // 2], "cut or damaged", "byte 0"),
    "one byte changed": (
        WHOLE[:60] + bytes([WHOLE[60] ^ 1]) + WHOLE[61:],
        "cut or damaged",
        "byte 0",
    ),
    "gzip of something else": (gzip.compress(b"a,b\n1,2\n"), "a gzip file; unpack it", "byte 0"),
    "gzip of a summary": (gzip.compress(SUMMARY), "a gzip file; unpack it", "byte 0"),
    "gzip is cut": (gzip.compress(WECHAT)[:-9], "is cut", "byte 0"),
    "gzip with a tail": (gzip.compress(WECHAT) + b"x", "stands behind it", "byte 0"),
    "gzip twice": (gzip.compress(WECHAT) + gzip.compress(b"x"), "stands behind it", "byte 0"),
    "gzip is damaged": (b"\x1f\x8b\x08\x00" + WECHAT, "is damaged", "byte 0"),
    "gzip of gzip": (gzip.compress(gzip.compress(WECHAT)), "unpack it", "byte 0"),
    "gzip of a ZIP": (gzip.compress(WHOLE), "unpack it", "byte 0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_a_bill_and_its_summary_is_refused(name: str) -> None:
    """With the member; nothing of it is told."""
    data, reason, place = REFUSED[name]
    file = proved(data)

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert place in file.refusal.position
    assert [] == rows(file)


def made(change: Callable[[zipfile.ZipFile], None]) -> bytes:
    """A ZIP that somebody made by hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        change(package)
    return out.getvalue()


def _named(name: str) -> bytes:
    return made(lambda package: package.writestr(name, BILL))


def _folders(count: int) -> Callable[[zipfile.ZipFile], None]:
    def write(package: zipfile.ZipFile) -> None:
        for number in range(count):
            package.writestr(f"{number}/", b"")

    return write


def _same_name(package: zipfile.ZipFile) -> None:
    package.writestr("a", BILL)
    package.filelist.append(package.filelist[0])


def _link(package: zipfile.ZipFile) -> None:
    member = zipfile.ZipInfo("a")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    package.writestr(member, b"/etc/passwd")


def _packed_otherwise(package: zipfile.ZipFile) -> None:
    package.writestr("a", BILL, zipfile.ZIP_LZMA)


def _encrypted() -> bytes:
    """A ZIP whose directory says that its member wants a password."""
    data = bytearray(_named("a"))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _stated(size: int) -> bytes:
    """A ZIP whose directory states another size than its member has."""
    data = bytearray(_named("a"))
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = size.to_bytes(4, "little")
    return bytes(data)


ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "many members": (lambda: made(_folders(201)), "has 201 members, more than 200"),
    "ratio": (lambda: zipped(("a", BILL + b"\n" * 50_000_000)), "more than 100 times its size"),
    "states 400 MB": (lambda: _stated(400_000_000), "more than 300,000,000 bytes"),
    "states too little": (lambda: _stated(100), "cut or damaged"),
    "encrypted": (_encrypted, "is encrypted"),
    "nested ZIP": (lambda: zipped(("a", WHOLE)), "an archive inside the archive"),
    "nested gzip": (lambda: zipped(("a", gzip.compress(BILL))), "an archive inside the archive"),
    "two of one name": (lambda: made(_same_name), "have one name"),
    "upwards": (lambda: _named("../a.csv"), "leads out of the ZIP"),
    "upwards, with backslashes": (lambda: _named("x\\..\\..\\a.csv"), "leads out of the ZIP"),
    "from the root": (lambda: _named("/etc/cron.d/a"), "leads out of the ZIP"),
    "of a drive": (lambda: _named("C:\\a.csv"), "leads out of the ZIP"),
    "a link": (lambda: made(_link), "is a link"),
    "another packing": (lambda: made(_packed_otherwise), "packed in a way that is not read"),
    "gzip bomb": (lambda: gzip.compress(b"\n" * 200_000_000), "more than 100 times its size"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_archive_that_would_harm_is_refused(name: str) -> None:
    """Before more is unpacked than the limits allow."""
    make, reason = ATTACKS[name]
    file = proved(make())

    assert file.refusal is not None
    assert reason in file.refusal.reason
    assert [] == rows(file)


def test_two_hundred_members_are_not_too_many() -> None:
    """One fewer than is refused: the reason is another."""
    refusal = proved(made(_folders(200))).refusal

    assert refusal is not None
    assert "holds no bill" in refusal.reason


def test_every_row_of_a_large_member_is_told() -> None:
    """Beyond a megabyte it lies in a file of its own."""
    text = wechat(WECHAT_MERCHANT, SALES[:3]).decode()
    lines = text.split("\r\n")
    row = lines[3]
    many = [row.replace("`4200000003", f"`43{n:08}") for n in range(20_000)]
    totals = lines[5].replace("`3,", "`20002,", 1).replace("4280.06", "4480.05")
    whole = "\r\n".join([*lines[:3], *many, lines[4], totals.replace("`4280.06", "`4480.05")])
    file = proved(zipped(("a", whole.encode())))

    assert file.refusal is None
    assert 20_002 == len(rows(file))
    assert {DAY} == {one.booking_date for one in rows(file)}
