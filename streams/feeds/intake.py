"""From delivered bytes to facts in two passes: the first proves the file, the second tells it.

Nothing is told of a file before its last byte was read: a cut file would else leave half of itself.
"""

import hashlib
import mmap
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from models.facts import (
    BalanceReported,
    EntriesListed,
    EntryAnnounced,
    EntryBooked,
    MerchantTransactionBilled,
    StatementReceived,
    Told,
)
from models.feed import HOME_CURRENCY
from models.keys import encode, own_day, source_of
from streams.feeds import bill, ndjson, reading, registers
from streams.feeds.direct_switches import refuse_disabled
from streams.feeds.integrity import checked
from streams.feeds.listing import Look, with_listings
from streams.feeds.mapped import chunks
from streams.feeds.notifying import as_declared
from streams.feeds.receipts import Receipt, Refusal, StatementProof
from streams.feeds.records import (
    Billed,
    Check,
    Closing,
    Data,
    End,
    Entry,
    FeedRefused,
    Held,
    Listed,
    Opening,
    Record,
)
from streams.feeds.registers import Row
from streams.feeds.sniff import Sniffed, sniff
from streams.feeds.text import EPOCH, shanghai_day

KEPT_BYTES_MAX = 4_000_000
MAPPED_BYTES_MIN = 1_000_000


class ProvedFile:
    """A file after the first pass: what it is, what of it will be told, what waits, or why not.

    `day` is the day it is played on: the latest statement end, of a register its `stated_at`, and
    None for what is played first. `is_bank`: registers are played before bank files of a day.
    `is_objected`: this delivery is refused; the same bytes may have come rightly another time.
    `is_again`: it is told anew though it was told like this before.
    """

    def __init__(self, source: Path | bytes, name: str, today: date) -> None:
        self.source = source
        self.name = name
        self.today = today
        self.sha256 = ""
        self.size_bytes = 0
        self.format = "unknown"
        self.is_bank = False
        self.day: date | None = None
        self.stated_at = EPOCH
        self.statements: list[StatementProof] = []
        self.counts: Counter[str] = Counter()
        self.held: list[Held] = []
        self.refusal: Refusal | None = None
        self.kept: list[Told] | None = None
        self.is_objected = False
        self.is_again = False

    @property
    def facts(self) -> int:
        """How many facts the second pass tells."""
        return self.counts.total()

    @property
    def is_held(self) -> bool:
        """Whether anything of it waits: a row, an entry, a balance, or a whole statement."""
        return bool(self.held) or not all(one.consistent for one in self.statements)

    @property
    def accepted_until(self) -> date | None:
        """The latest end of a statement that proves: up to here days may be closed."""
        return max((one.ends for one in self.statements if one.closes), default=None)

    def refuse(self, reason: str, position: str) -> None:
        """Take nothing of the file, whatever was read of it."""
        self.refusal = Refusal(reason, position)
        self.statements, self.held, self.day = [], [], None
        self.counts.clear()
        self.kept = None

    def receipt(self) -> Receipt:
        """What the deliverer is told."""
        return Receipt.of(self)


def prove(
    source: Path | bytes, today: date, name: str = "", *, keep_bytes_max: int = KEPT_BYTES_MAX
) -> ProvedFile:
    """Read a file to its end and check its figures; never raises for what stands in it.

    `name` is the delivered name where `source` is the archived copy. Facts of files up to
    `keep_bytes_max` are kept for the second pass; of larger ones the bytes are read again.
    """
    if not name and isinstance(source, Path):
        name = source.name
    proved = ProvedFile(source, name, today)
    data = _open(source)
    try:
        proved.sha256 = _sha256(data)
        proved.size_bytes = len(data)
        sniffed = sniff(data)
        proved.format = sniffed.name
        proved.is_bank = sniffed.format in ("camt", "mt940", "direct", "table", "bill")
        if sniffed.format == "direct":
            refuse_disabled(sniffed.name)
        is_kept = len(data) <= keep_bytes_max
        if sniffed.format == "bill":
            _prove_bill(proved, sniffed, is_kept=is_kept)
        elif proved.is_bank:
            _prove_statements(proved, data, sniffed, is_kept=is_kept)
        else:
            proved.stated_at = registers.stated_at_of(sniffed.text, name)
            if proved.stated_at != EPOCH:
                proved.day = shanghai_day(proved.stated_at)
            _sort_out(proved, _tell_rows(proved, _rows(proved, sniffed)), is_kept=is_kept)
    except FeedRefused as error:
        proved.refuse(error.reason, error.position)
    finally:
        if isinstance(data, mmap.mmap):
            data.close()
    return proved


def told(proved: ProvedFile) -> Iterator[Told]:
    """The second pass: every fact of a proved file, in the order in which it stands there."""
    if proved.refusal is not None:
        return
    if proved.kept is not None:
        yield from proved.kept
        return
    data = _open(proved.source)
    try:
        if _sha256(data) != proved.sha256:
            raise FeedRefused("the file changed after it was proved; prove it again", "byte 0")
        yield from (one for one in _second_pass(proved, data) if isinstance(one, Told))
    finally:
        if isinstance(data, mmap.mmap):
            data.close()


def batches(proved: ProvedFile, size: int = 500) -> Iterator[list[Told]]:
    """The facts of a proved file in lists of at most `size`."""
    facts = told(proved)
    while batch := list(islice(facts, size)):
        yield batch


def _open(source: Path | bytes) -> Data:
    if isinstance(source, bytes):
        return source
    if source.stat().st_size < MAPPED_BYTES_MIN:
        return source.read_bytes()
    with source.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _sha256(data: Data) -> str:
    digest = hashlib.sha256()
    for chunk in chunks(data):
        digest.update(chunk)
    return digest.hexdigest()


def _records(data: Data, sniffed: Sniffed) -> Iterator[Record]:
    return as_declared(reading.records(data, sniffed), sniffed.name)


def _prove_bill(proved: ProvedFile, sniffed: Sniffed, *, is_kept: bool) -> None:
    checks: list[Check] = []
    counts: Counter[str] = Counter()
    fen: Counter[tuple[str, str]] = Counter()
    for record in bill.read_sniffed(sniffed):
        if isinstance(record, Billed):
            counts[type(record.fact).__name__] += 1
            fen[HOME_CURRENCY, f"{record.fact.what}s"] += record.fact.amount_fen
        elif isinstance(record, Check):
            checks.append(record)
        elif isinstance(record, End):
            _add_statement(proved, record, checks, counts, dict(fen))
    _date(proved)
    _sort_out(proved, _tell_statements(proved, bill.read_sniffed(sniffed)), is_kept=is_kept)


def _date(proved: ProvedFile) -> None:
    proved.day = max((one.ends for one in proved.statements), default=None)
    proved.stated_at = max((one.created for one in proved.statements), default=EPOCH)


def _prove_statements(proved: ProvedFile, data: Data, sniffed: Sniffed, *, is_kept: bool) -> None:
    kept: list[Record] = []
    checks: list[Check] = []
    counts: Counter[str] = Counter()
    fen: Counter[tuple[str, str]] = Counter()
    look = Look()
    last_day = date.min
    for record in checked(_records(data, sniffed)):
        if is_kept:
            kept.append(record)
        if isinstance(record, Entry):
            fact = record.fact
            counts[type(fact).__name__] += 1
            last_day = max(last_day, fact.booking_date)
            if isinstance(fact, EntryBooked):
                look.add(fact.booking_date, has_reference=record.has_reference)
                fen[fact.currency, fact.direction] += fact.amount_fen
        elif isinstance(record, Opening | Closing):
            counts["BalanceReported"] += _is_reported(record)
        elif isinstance(record, Check):
            checks.append(record)
        elif isinstance(record, End):
            _add_statement(proved, record, checks, counts, dict(fen))
            proved.statements[-1] = replace(proved.statements[-1], listed=look.listed)
            checks, look = [], Look()
            counts.clear()
            fen.clear()
    _date(proved)
    all_told = last_day <= proved.today and not any(one.reason for one in proved.statements)
    if is_kept:
        _sort_out(proved, _tell_statements(proved, iter(kept)), is_kept=True)
    elif not all_told or any(one.failed or one.listed != "no" for one in proved.statements):
        # Of a large file only what waits or is listed is worth another reading: the counts are
        # known otherwise.
        _sort_out(proved, _tell_statements(proved, _records(data, sniffed)), is_kept=False)


def _add_statement(
    proved: ProvedFile,
    end: End,
    checks: list[Check],
    counts: Counter[str],
    fen: dict[tuple[str, str], int],
) -> None:
    entries = counts["EntryBooked"] + counts["MerchantTransactionBilled"]
    proved.statements.append(StatementProof.of(end, checks, entries, fen, proved.today))
    if end.is_statement:
        counts["StatementReceived"] += 1
    else:
        del counts["BalanceReported"]
    proved.counts.update(counts)


def _sort_out(proved: ProvedFile, found: Iterable[Told | Held], *, is_kept: bool) -> None:
    proved.counts.clear()
    kept: list[Told] = []
    for one in found:
        if isinstance(one, Held):
            proved.held.append(one)
            continue
        proved.counts[type(one.fact).__name__] += 1
        if is_kept:
            kept.append(one)
    proved.kept = kept if is_kept else None


def _second_pass(proved: ProvedFile, data: Data) -> Iterator[Told | Held]:
    sniffed = sniff(data)
    if proved.is_bank:
        return _tell_statements(proved, _records(data, sniffed))
    return _tell_rows(proved, _rows(proved, sniffed))


def _rows(proved: ProvedFile, sniffed: Sniffed) -> Iterator[tuple[str, str, Row]]:
    if sniffed.format == "register":
        return registers.read(sniffed.text, sniffed.profile, proved.stated_at)
    return ndjson.read(sniffed.text, proved.stated_at)


def _tell_statements(proved: ProvedFile, records: Iterator[Record]) -> Iterator[Told | Held]:
    sha256, today = proved.sha256, proved.today
    statements = iter(proved.statements)
    proof = next(statements, None)
    for record in with_listings(records, proved.statements):
        assert proof is not None, "both passes read the same bytes"
        if isinstance(record, Entry | Billed):
            reason = _entry_reason(record.fact.booking_date, proof, today)
            if reason:
                yield _held(record.position, reason, record.fact, proof)
            else:
                yield Told(record.fact, proof.created, sha256, record.position)
        elif isinstance(record, Opening | Closing):
            balance = _balance(record, proof)
            if balance is not None:
                yield _whole(record.position, balance, proof, sha256)
        elif isinstance(record, Listed):
            yield _whole(record.position, record.fact, proof, sha256)
        elif isinstance(record, Held):
            yield record
        elif isinstance(record, End):
            received = _received(record, proof)
            if received is not None:
                yield Told(received, proof.created, sha256, record.position)
            proof = next(statements, None)


def _whole(
    position: str, fact: BalanceReported | EntriesListed, proof: StatementProof, sha256: str
) -> Told | Held:
    """What is told or held with its statement."""
    if proof.reason:
        return _held(position, proof.reason, fact, proof)
    return Told(fact, proof.created, sha256, position)


def _entry_reason(day: date, proof: StatementProof, today: date) -> str:
    """Why an entry of that day is held, empty when it is told."""
    if proof.reason:
        return proof.reason
    if day > today:
        return f"booked on {day}, after today {today}"
    if not proof.begins <= day <= proof.ends:
        return f"booked on {day}, outside of its period {proof.begins} to {proof.ends}"
    return ""


def _is_reported(record: Opening | Closing) -> bool:
    # The figures between the pages of a statement are no day's balance.
    return not record.interim


def _balance(record: Opening | Closing, proof: StatementProof) -> BalanceReported | None:
    if not _is_reported(record) or not proof.is_statement:
        return None
    is_opening = isinstance(record, Opening)
    return BalanceReported(
        account=record.account,
        day=proof.begins if is_opening else proof.ends,
        what="opening" if is_opening else "closing",
        balance_fen=record.balance_fen,
        currency=record.currency,
    )


def _received(end: End, proof: StatementProof) -> StatementReceived | None:
    if not proof.is_statement or proof.is_early:
        return None
    return StatementReceived(
        account=end.account,
        statement=end.statement,
        begins=end.begins,
        ends=end.ends,
        consistent=proof.consistent,
        gap_fen=proof.gap_fen,
        currency=end.currency,
        entries=proof.entries,
        sequence=end.sequence,
    )


def _held(
    position: str,
    reason: str,
    fact: EntryBooked
    | EntryAnnounced
    | EntriesListed
    | MerchantTransactionBilled
    | BalanceReported,
    proof: StatementProof,
) -> Held:
    body = encode(fact).decode()
    return Held(position, reason, body, proof.account, proof.statement, proof.created)


def _tell_rows(proved: ProvedFile, rows: Iterator[tuple[str, str, Row]]) -> Iterator[Told | Held]:
    sha256, today = proved.sha256, proved.today
    for position, stated_at, fact in rows:
        if isinstance(fact, Held):
            yield fact
            continue
        day = own_day(fact) if source_of(fact) == "bank" else None
        if day is not None and day > today:
            body = encode(fact).decode()
            reason = f"dated {day}, after today {today}"
            yield Held(position, reason, body, stated_at=stated_at)
        else:
            yield Told(fact, stated_at, sha256, position)
