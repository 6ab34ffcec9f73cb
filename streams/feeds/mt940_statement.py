"""One MT940 statement over all its pages, or one MT942 report: its entries, balances and proofs."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import msgspec

from models.facts import EntryAnnounced, EntryBooked
from models.money import format_yuan
from streams.feeds.camt_entry import bounded, fingerprint, told_reference
from streams.feeds.camt_pages import ALL_PAGES
from streams.feeds.mt940_details import Details, read_details, read_non_swift
from streams.feeds.mt940_fields import Balance, Field, Line, read_line
from streams.feeds.records import (
    Check,
    Closing,
    Declared,
    End,
    Entry,
    FeedRefused,
    Opening,
    Record,
    Serials,
    sequence_of,
)
from streams.feeds.text import end_of_day, shanghai_day

_NOT_TOLD = {"", "NONREF", "NOTPROVIDED", "NREF", "KREF+", "EREF+"}
_BANK_AND_NUMBER = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?/(.+)", re.ASCII)
_NUMBER = re.compile(r"(\d+)(?:/(\d+))?", re.ASCII)
_UNKNOWN_TAG = re.compile(rb"[\r\n](:\d\d[A-Z]?:)")
_DAY = timedelta(days=1)


class Message(msgspec.Struct):
    """The fields in front of a message's balance or first entry, and where its `:20:` stands."""

    at: int
    reference: str
    account: str = ""
    number: str = ""
    floor_currency: str = ""
    created: str = ""
    passed_over: list[str] = []


class Statement:
    """What is known of a statement while it is read. A report (MT942) has no balances."""

    def __init__(
        self, message: Message, currency: str, place: str, codec: str, *, is_statement: bool
    ) -> None:
        self.message = message
        self.currency = currency
        self.is_statement = is_statement
        self.is_open = True
        self.waits_for_page = False
        self._place = place
        self._codec = codec
        self._account = account_of(message, currency, place)
        self._number, self._page = _numbered(message.number)
        self._id = f"{self._number or message.reference} {message.reference}".strip() or "report"
        self._opening: Balance | None = None
        self._closing_day: date | None = None
        self._net_fen = 0
        self._entries = 0
        self._days: set[date] = set()
        self._serials = Serials()
        self._faults: list[tuple[str, str, int]] = []
        self._clamped: list[str] = []
        self._declared: list[Declared] = []
        self._passed_over: Counter[str] = Counter()

    @property
    def has_opening(self) -> bool:
        """Whether a balance stands before the entries."""
        return self._opening is not None

    @property
    def has_declared(self) -> bool:
        """Whether a `:90C:` or `:90D:` was read."""
        return bool(self._declared)

    def open(self, balance: Balance, at: int, *, is_page: bool) -> Opening:
        """The balance before the first entry; on a page that is not the first it is interim."""
        self._opening = balance
        self._id = f"{self._number or self.message.reference} {balance.day.isoformat()}"
        if is_page:
            self._await_page("before")
        return Opening(
            account=self._account,
            statement=self._id,
            currency=self.currency,
            balance_fen=balance.balance_fen,
            day=balance.day,
            position=f"balance 1 at byte {at}",
            interim=is_page,
        )

    def goes_on(self, message: Message, balance: Balance, *, is_page: bool) -> bool:
        """Whether a message is the next page of this statement."""
        number, _ = _numbered(message.number)
        return (
            self.waits_for_page
            and is_page
            and number == self._number
            and balance.currency == self.currency
            and account_of(message, self.currency, self._place) == self._account
        )

    def next_page(self, message: Message, balance: Balance) -> None:
        """Go on with a page; its opening must be what the page before closed with."""
        assert self._opening is not None, "only a page with an opening waits for the next"
        self._passed_over.update(self.message.passed_over)
        _, page = _numbered(message.number)
        expected_fen = self._opening.balance_fen + self._net_fen
        if balance.balance_fen != expected_fen:
            self._page_fault("opens with", balance.balance_fen, expected_fen)
        # StarMoney gives every page the same number.
        if page is not None and self._page is not None and page not in (self._page, self._page + 1):
            self._faults.append(("pages", f"page {page} follows page {self._page}", 0))
        self._page = page
        self.message = message
        self.waits_for_page, self.is_open = False, True

    def close(self, balance: Balance, at: int, *, is_page: bool) -> Iterator[Closing]:
        """The closing of the statement, or of a page, which is only compared."""
        assert self._opening is not None, "the reader refuses a closing without an opening"
        self.is_open = False
        self._closing_day = balance.day
        if not balance.currency:
            self._passed_over["closing without currency, read as that of the opening"] += 1
        if is_page:
            self.waits_for_page = True
            expected_fen = self._opening.balance_fen + self._net_fen
            if balance.balance_fen != expected_fen:
                self._page_fault("closes with", balance.balance_fen, expected_fen)
            return
        yield Closing(
            account=self._account,
            statement=self._id,
            currency=balance.currency or self.currency,
            balance_fen=balance.balance_fen,
            day=balance.day,
            position=f"balance 2 at byte {at}",
        )

    def _page_fault(self, what: str, found_fen: int, expected_fen: int) -> None:
        shown = f"page {self._page or ''} {what} {format_yuan(found_fen)}".replace("  ", " ")
        detail = f"{shown}, by its entries {format_yuan(expected_fen)}"
        self._faults.append(("pages", detail, abs(found_fen - expected_fen)))

    def _await_page(self, where: str) -> None:
        detail = f"the page {where} page {self._page or ''}".rstrip()
        self._faults.append(("pages", f"{detail} is awaited: {ALL_PAGES}", 0))

    def note_behind(self, at: int) -> None:
        """An entry stands behind the closing: it is shown, and no balance can prove it."""
        self._faults.append(("closing", f"an entry stands behind it at byte {at}", 0))

    def entry(self, field: Field, further: Sequence[Field]) -> Entry:
        """The entry of a `:61:` with the `:86:` and `:NS:` behind it."""
        line, end = read_line(field.body, field.body_at)
        self._entries += 1
        position = f"entry {self._entries} at byte {field.at}"
        days, direction, amount_fen = line.days, line.direction, line.amount_fen
        self._note(line, field, position)
        details = self._details(field, end, further)
        customer = line.customer_reference.decode(self._codec)
        base = _told_serial(
            line.bank_reference.decode(self._codec), customer, details, direction, amount_fen
        ) or fingerprint(
            *(direction, amount_fen, self.currency),
            *(details.account, details.name, details.remittance),
        )
        serial = self._serials.unique(self._account, days.booking, base)
        self._days.add(days.booking)
        if line.expected or not self.is_statement:
            announced = EntryAnnounced(
                account=self._account,
                booking_date=days.booking,
                serial=serial,
                status="PENDING",
                amount_fen=amount_fen,
                direction=direction,
                currency=self.currency,
                counterparty_name=details.name,
                remittance=details.remittance,
            )
            return Entry(announced, position)
        self._net_fen += amount_fen if direction == "C" else -amount_fen
        booked = EntryBooked(
            account=self._account,
            booking_date=days.booking,
            serial=serial,
            amount_fen=amount_fen,
            direction=direction,
            currency=self.currency,
            counterparty_name=details.name,
            counterparty_account=details.account,
            remittance=details.remittance,
            reversal=line.reversal,
            reverses=told_reference(details.remittance) if line.reversal else "",
            end_to_end_id=details.end_to_end_id,
            value_date=days.value,
            counterparty_bank=details.bank,
            code=f"{line.kind.decode()} {details.code}".rstrip(),
        )
        has_reference = line.bank_reference.decode(self._codec).upper() not in _NOT_TOLD
        return Entry(booked, position, has_reference=has_reference)

    def _note(self, line: Line, field: Field, position: str) -> None:
        """Remember what was read otherwise than it is written."""
        if line.days.clamped:
            self._clamped.append(position)
        if line.lacks_comma:
            if not self.is_statement:
                reason = "the amount has no comma, and no balance proves it"
                raise FeedRefused(reason, f"byte {field.body_at}")
            self._passed_over["amount without a comma, read as whole"] += 1

    def _details(self, field: Field, end: int, further: Sequence[Field]) -> Details:
        supplement = field.body[end:].strip()
        if supplement:
            unknown = _UNKNOWN_TAG.search(field.body, end)
            if unknown:
                reason = f"the tag {unknown.group(1).decode()} is unknown"
                raise FeedRefused(reason, f"byte {field.body_at + unknown.start(1)}")
        if len(further) == 1 and further[0].tag == b"86":
            details = read_details(further[0].body, self._codec)
        else:
            bodies = [one.body for one in further if one.tag == b"86"]
            details = read_details(b"\n".join(bodies), self._codec)
            told = read_non_swift((one.body for one in further if one.tag == b"NS"), self._codec)
            remittance = f"{details.remittance} {told.remittance}".strip()
            details = details._replace(
                name=details.name or told.name,
                account=details.account or told.account,
                bank=details.bank or told.bank,
                remittance=remittance,
            )
        if supplement:
            text = " ".join(supplement.decode(self._codec).split())
            if text not in details.remittance:
                remittance = f"{details.remittance} {text}".strip()
                details = details._replace(remittance=remittance)
        return details

    def declare(self, *, is_credit: bool, count: int, currency: str, amount_fen: int) -> None:
        """The count and sum of a `:90C:` or `:90D:`."""
        self._declared.append(
            Declared(
                account=self._account,
                statement=self._id,
                currency=currency,
                credits=count if is_credit else None,
                debits=None if is_credit else count,
                credit_fen=amount_fen if is_credit else None,
                debit_fen=None if is_credit else amount_fen,
            )
        )

    def pass_over(self, tag: bytes) -> None:
        """Count a field that was read and is not used, such as an available balance."""
        self._passed_over[f":{tag.decode()}:"] += 1

    def end(self) -> Iterator[Record]:
        """What stands behind the entries: declared figures, checks and the end."""
        yield from self._declared
        self._passed_over.update(self.message.passed_over)
        begins, ends = self._period()
        if self.waits_for_page:
            self._await_page("after")
        for name, detail, gap_fen in self._faults:
            yield self._check(name, detail, gap_fen=gap_fen, ok=False)
        if self._clamped:
            first, count = self._clamped[0], len(self._clamped)
            detail = f"{count} × a day after the end of February, read as its last day: {first}"
            yield self._check("value-date", detail)
        if self._passed_over:
            counted = ", ".join(f"{count} × {tag}" for tag, count in self._passed_over.items())
            yield self._check("not-used", counted)
        if self._codec == "iso-8859-1":
            detail = "texts are neither UTF-8 nor GB18030, shown as ISO 8859-1; figures are sure"
            yield self._check("encoding", detail)
        yield End(
            account=self._account,
            statement=self._id,
            currency=self.currency,
            created=self.message.created or end_of_day(ends),
            begins=begins,
            ends=ends,
            position=self._place,
            is_statement=self.is_statement,
            period_declared=False,
            sequence=sequence_of(self._number),
        )

    def _check(self, name: str, detail: str, gap_fen: int = 0, *, ok: bool = True) -> Check:
        return Check(self._account, self._id, self.currency, name, ok, detail, gap_fen)

    def _period(self) -> tuple[date, date]:
        opening, ends = self._opening, self._closing_day
        if opening is None or ends is None:
            days = set(self._days)
            if self.message.created:
                days.add(shanghai_day(self.message.created))
            if not days:
                raise FeedRefused("the report has no date at all", self._place)
            return min(days), max(days)
        begins = opening.day
        if ends < begins:
            detail = f"the closing of {ends} is older than the opening of {begins}"
            self._faults.append(("balance-days", detail, 0))
            return ends, begins
        if begins < ends and begins not in self._days:
            # The opening is dated like the closing before it. If it is the first day after all,
            # nothing was booked on it, and its end is as good as its begin.
            begins += _DAY
        return begins, ends


def account_of(message: Message, currency: str, place: str) -> str:
    """The account number without a bank's BIC or slash before it and the currency behind it."""
    match = _BANK_AND_NUMBER.fullmatch(message.account)
    number = (match.group(1) if match else message.account).lstrip("/")
    if not number:
        raise FeedRefused("the statement names no account", place)
    if currency and number.endswith(currency):
        bare = number.removesuffix(currency).rstrip()
        if bare[-1:].isdigit() or bare[-1:] == "/":
            number = bare.removesuffix("/") or number
    return number


def _numbered(text: str) -> tuple[str, int | None]:
    """Statement number and page of a `:28C:`; of another text itself and no page."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text, None
    return match.group(1), int(match.group(2)) if match.group(2) else None


def _told_serial(
    bank: str, customer: str, details: Details, direction: str, amount_fen: int
) -> str:
    """Tier 1, the bank's own reference; tier 2, the payment's; empty where neither is told."""
    if bank.upper() not in _NOT_TOLD:
        return bounded(bank)
    payment = details.end_to_end_id
    if not payment and customer.upper() not in _NOT_TOLD:
        payment = customer
    return bounded(f"{direction}:{amount_fen}:{payment}") if payment else ""
