"""Excel files, new and old: bytes of the file are changed, or XML inside of it.

The child that opens each is forked instead of started, for speed; it sets itself the same limits,
above the addresses that this process has already.
"""

import faulthandler
import io
import os
import random
import zipfile
from pathlib import Path
from typing import IO
from unittest.mock import patch

from streams.feeds import sheet, sheet_child
from tests.feeds.books import xls, xlsx
from tests.feeds.exported import LAYOUTS, exported
from tests.fuzz.bank_file import read_any
from tests.fuzz.mutation import mutated

TOKENS = (
    *(b"<row>", b"</row>", b"<c>", b"</c>", b"<v>", b"</v>", b'<c r="A1" t="s"><v>', b"<is><t>"),
    *(b't="s"', b't="str"', b't="b"', b't="e"', b't="d"', b't="n"', b't="inlineStr"', b's="1"'),
    *(b'r="A1"', b'r="XFD1048576"', b'r="1048576"', b'r="-1"', b'r="A0"', b'r="ZZZZ9"', b'r=""'),
    *(b"-1", b"1e400", b"NaN", b"99999999999", b"0.1", b"6.217E+18", b"45356", b"TRUE", b"#REF!"),
    *(
        b"<!DOCTYPE x>",
        b"<!ENTITY a 'b'>",
        b"&a;",
        b"&#0;",
        b"<![CDATA[",
        b"<!--",
        b"]]>",
        b"\xff\xfe",
    ),
    *(b"<mergeCell ref='A1:C9'/>", b"<f>1/0</f>", b"<sheet name='x' sheetId='9' r:id='rId9'/>"),
    *(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x08\x00"),
)
_STORED = 0.3
_Package = dict[str, bytes]


def seeds() -> list[bytes]:
    """Every layout as both kinds of file, and one that holds numbers, days and nothing."""
    mixed = [["a", 1, 2.5, None, True], [1e15, -3, "2024-03-05", 45356, ""]]
    both = [exported(layout, how) for layout in LAYOUTS for how in ("xls", "xlsx")]
    return [*both, xls(mixed), xlsx(mixed)]


def changed(chance: random.Random, given: list[bytes]) -> bytes:
    """A file with changed bytes, or a package of which one to three members are changed."""
    packages = [one for one in given if one.startswith(b"PK")]
    if chance.random() < 1 / 3:
        return mutated(chance, given, TOKENS)
    with zipfile.ZipFile(io.BytesIO(chance.choice(packages))) as package:
        members = {name: package.read(name) for name in package.namelist()}
    for name in chance.sample(sorted(members), chance.randint(1, 3)):
        members[name] = mutated(chance, [members[name], *_sheets(members)], TOKENS)
    out = io.BytesIO()
    way = zipfile.ZIP_STORED if chance.random() < _STORED else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(out, "w", way) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return out.getvalue()


def _sheets(members: _Package) -> list[bytes]:
    return [content for name, content in members.items() if "sheet" in name or "string" in name]


def read(data: bytes) -> str:
    """Examine one file."""
    with patch.object(sheet, "_run", _forked):
        return read_any(data)


def _forked(path: str, out: IO[bytes]) -> None:
    """What the started child does, by a copy of this process; its end by a signal counts too."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            status = _child(path, out.fileno(), writing)
        finally:
            # Nothing of this copy may run on: it would be a second fuzzer.
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        reason = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sheet.refuse_by(status, reason)


def _child(path: str, out_number: int, reasons_number: int) -> int:
    faulthandler.disable()
    mapped_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    with open(out_number, "wb", closefd=False) as out, open(reasons_number, "wb") as reasons:
        spared_bytes = mapped_pages * os.sysconf("SC_PAGESIZE")
        status, reason = sheet_child.convert(path, out, spared_bytes)
        reasons.write(reason.encode())
    return status
