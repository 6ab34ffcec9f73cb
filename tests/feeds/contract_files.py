"""One file of every format and way of writing, with the figures that it was made from."""

from dataclasses import dataclass
from datetime import date

from streams.simulator.swift import Form as SwiftForm
from streams.simulator.swift import Posting, report
from streams.simulator.swift import statement as swift_statement
from tests.feeds.direct_replies import CALLS, WITHOUT_BALANCES, postings_of, replied
from tests.feeds.exported import DAYS, LAYOUTS, OPENING_FEN, POSTINGS, WRITERS, exported
from tests.feeds.made import balance, camt, entry, statement

_ROOTS = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
    "camt.053": ("BkToCstmrStmt", "Stmt"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
_DECLARING = {"icbc-corporate-marked", "icbc-corporate-unmarked", "abc-corporate", "cmb-corporate"}
_DECLARING |= {"boc-corporate"}


# One with totals and one without: the kinds of files differ in how they are turned into rows.
_IN_EVERY_KIND = {"ccb-corporate", "boc-corporate"}


@dataclass(frozen=True, slots=True)
class File:
    """The bytes, the postings in them, and what can be proved.

    `balances`: opening and closing where the format tells any. `shows_cuts`: whatever is cut off,
    something in the rest says so; a table without totals that ends with a row is a shorter one.
    `is_slow`: it is read by a child process. `values` are those of one entry, each of which counts.
    """

    data: bytes
    postings: tuple[Posting, ...]
    balances: tuple[int, ...] = ()
    is_statement: bool = True
    shows_cuts: bool = True
    is_slow: bool = False
    values: tuple[bytes, ...] = ()


def _closing_fen(postings: tuple[Posting, ...]) -> int:
    return OPENING_FEN + sum(one.effect_fen for one in postings)


def _camt_entry(one: Posting) -> str:
    """An `Ntry` of a posting, with the parties on their sides."""
    other, mine = ("Dbtr", "Cdtr") if (one.direction == "C") != one.reversal else ("Cdtr", "Dbtr")
    account = f"<Id><Othr><Id>{one.other_account}</Id></Othr></Id>"
    party = f"<{other}><Pty><Nm>{one.name}</Nm></Pty></{other}><{other}Acct>{account}</{other}Acct>"
    remitted = f"<RmtInf><Ustrd>{one.text}</Ustrd></RmtInf>"
    return entry(
        one.reference,
        f"{one.amount_fen // 100}.{one.amount_fen % 100:02d}",
        "CRDT" if one.direction == "C" else "DBIT",
        one.booked.isoformat(),
        more="<RvslInd>true</RvslInd>" if one.reversal else "",
        details=f"<TxDtls><RltdPties>{party}<{mine}/></RltdPties>{remitted}</TxDtls>",
    )


def _camt(message: str) -> bytes:
    ends = (OPENING_FEN, _closing_fen(POSTINGS))
    told = [
        balance(kind, f"{fen // 100}.{fen % 100:02d}", day=day.isoformat())
        for kind, fen, day in zip(("OPBD", "CLBD"), ends, DAYS, strict=True)
    ]
    content = camt(statement(*told, *map(_camt_entry, POSTINGS)))
    content = content.replace("2024-03-05T00:00:00", "2024-03-01T00:00:00")
    content = content.replace("2024-03-05T23:59:59", "2024-03-31T23:59:59")
    content = content.replace("2024-03-06T06:00:00", "2024-04-01T06:00:00")
    root, name = _ROOTS[message]
    content = content.replace("BkToCstmrStmt", root).replace("camt.053", message)
    return content.replace("<Stmt>", f"<{name}>").replace("</Stmt>", f"</{name}>").encode()


def _swift(style: str, pages: int) -> bytes:
    form = SwiftForm(style="words" if style == "words" else "subfields", entries_a_page=pages)
    return swift_statement("36050152", "65", DAYS, OPENING_FEN, POSTINGS, form).encode()


def _first_values(call: str) -> tuple[bytes, ...]:
    first = postings_of(call)[0]
    told = (first.reference, first.name, first.other_account, first.text)
    encoding = "utf-8" if call.startswith("boc") or call.endswith("json") else "gb18030"
    return tuple(text.encode(encoding) for text in told)


_BALANCES = (OPENING_FEN, _closing_fen(POSTINGS))
_TOLD = tuple(
    text.encode()
    for text in (POSTINGS[0].reference, POSTINGS[0].name, POSTINGS[0].other_account, "3000.05")
)
FILES: dict[str, File] = {
    **{
        message: File(
            _camt(message),
            POSTINGS,
            _BALANCES,
            is_statement=message == "camt.053",
            values=(*_TOLD, b"CRDT</CdtDbtInd><Sts", b"BOOK", b"2024-03-05</Dt></BookgDt"),
        )
        for message in _ROOTS
    },
    "MT940": File(_swift("subfields", 0), POSTINGS, _BALANCES),
    "MT940 of three pages": File(_swift("words", 3), POSTINGS, _BALANCES),
    "MT942": File(
        report("36050152", "65", "2403131800", POSTINGS, SwiftForm()).encode(),
        POSTINGS,
        is_statement=False,
    ),
    **{
        f"{layout} as {how}": File(
            exported(layout, how),
            POSTINGS,
            _BALANCES,
            shows_cuts=layout in _DECLARING or how not in {"csv", "tab"},
            is_slow=how in {"xls", "xlsx"},
        )
        for layout in LAYOUTS
        for how in (WRITERS if layout in _IN_EVERY_KIND else ("csv",))
    },
    **{
        call: File(
            replied(call),
            postings_of(call),
            () if call in WITHOUT_BALANCES else (OPENING_FEN, _closing_fen(postings_of(call))),
            is_statement=not CALLS[call][1],
            values=_first_values(call),
        )
        for call in CALLS
    },
}
"""By what they are. All of them tell the postings from the oldest on."""

TODAY = date(2024, 4, 30)
