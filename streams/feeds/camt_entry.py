"""One `Ntry` of a camt message as an entry; elements are matched by local name in all versions."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from typing import Literal

from lxml.etree import _Element as Element

from models.facts import EntryAnnounced, EntryBooked
from models.money import MoneyError, parse_fen
from streams.feeds.records import AMOUNT_FEN_MAX, TEXT_LENGTH_MAX, Entry, FeedRefused, Serials
from streams.feeds.text import parse_day, parse_moment

_STATUSES = {"BOOK": "BOOKED", "PDNG": "PENDING", "FUTR": "PENDING", "INFO": "INFO"}
_DIRECTIONS: dict[str, Literal["C", "D"]] = {"CRDT": "C", "DBIT": "D"}
_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}
_NOT_TOLD = {"", "NOTPROVIDED", "NONREF"}
_ZONE = re.compile(r"Z|[+-]\d{2}:\d{2}", re.ASCII)
_REFERENCE = re.compile(
    r"(?:原(?:交易|记录)?(?:流水|编号|标识)号?|reversal of|reverses)"
    r"[^0-9A-Za-z]{0,4}((?=[A-Za-z./_-]*[0-9])[0-9A-Za-z][0-9A-Za-z./_-]+)",
    re.IGNORECASE,
)
_ORIGINAL = re.compile("orig|rev|原", re.IGNORECASE)


class _LocalNames(dict[str, str]):
    """Qualified to local names; a message uses a hundred of them a million times."""

    def __missing__(self, tag: str) -> str:
        name = self[tag] = tag.rpartition("}")[2]
        return name


LOCAL = _LocalNames()


class Frame:
    """What an entry needs to know of the statement around it."""

    def __init__(self, message: str, created_day: date) -> None:
        self.message = message
        self.created_day = created_day
        self.account = ""
        self.statement = ""
        self.currency = ""
        self.begins: date | None = None
        self.ends: date | None = None
        self.serials = Serials()

    @property
    def is_statement(self) -> bool:
        """Whether this is camt.053: only that is complete for its period."""
        return self.message == "053"


def children(element: Element) -> dict[str, Element]:
    """The children by local name; of several the last."""
    return {LOCAL[child.tag]: child for child in element}


def find(element: Element | None, *names: str) -> Element | None:
    """The first descendant along these local names."""
    for name in names:
        if element is None:
            return None
        for child in element:
            if LOCAL[child.tag] == name:
                element = child
                break
        else:
            return None
    return element


def text_of(element: Element | None) -> str:
    """The text of an element without blanks around it, empty where there is none."""
    return (element.text or "").strip() if element is not None else ""


def words(element: Element | None, *names: str) -> str:
    """The text of the first descendant along these names, empty where there is none."""
    return text_of(find(element, *names))


def amount_of(element: Element | None, what: str, position: str) -> int:
    """A non-negative amount in hundredths; refused when missing, signed or too precise."""
    text = text_of(element)
    try:
        amount_fen = parse_fen(text)
    except MoneyError as error:
        raise FeedRefused(f"{what}: {error}", position) from error
    if not 0 <= amount_fen <= AMOUNT_FEN_MAX:
        raise FeedRefused(f"{what} {text!r} is negative or too large", position)
    return amount_fen


def day_of(element: Element | None, position: str) -> date | None:
    """The day in Shanghai of a `Dt`/`DtTm` choice, None where neither is told."""
    if element is None:
        return None
    text = words(element, "Dt") or words(element, "DtTm")
    return day_of_text(text, position) if text else None


def day_of_text(text: str, position: str) -> date:
    """The day of a date (its zone says nothing) or of a moment, in Shanghai."""
    try:
        if "T" in text:
            return parse_moment(text).date()
        if len(text) > len("2024-01-01") and _ZONE.fullmatch(text[10:]):
            text = text[:10]
        return parse_day(text)
    except ValueError as error:
        raise FeedRefused(str(error), position) from error


def account_of(element: Element | None) -> str:
    """The number of an `Acct`: IBAN, else the other id of its version."""
    identity = find(element, "Id")
    if identity is None:
        return ""
    return (
        words(identity, "IBAN")
        or words(identity, "Othr", "Id")
        or words(identity, "BBAN")
        or words(identity, "UPIC")
        or words(identity, "PrtryAcct", "Id")
    )


def told_reference(text: str) -> str:
    """The reference of the original that a reversal's text names, empty where it names none."""
    match = _REFERENCE.search(text)
    return match.group(1) if match else ""


def bounded(serial: str) -> str:
    """The serial, or its hash where it is longer than a key may be."""
    if len(serial) <= TEXT_LENGTH_MAX - len("#9999"):
        return serial
    return "sha256-" + sha256(serial.encode()).hexdigest()


def fingerprint(*parts: object) -> str:
    """A serial from content, for what carries no reference at all (tier 3)."""
    return "fp-" + sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:24]


def read_entry(ntry: Element, frame: Frame, position: str) -> Entry:
    """One posting. A batch is one posting too; its children never touch the balance."""
    parts = children(ntry)
    amount_fen, currency, direction, reversal = _posting(parts, frame, position)
    transactions = list(_transactions(ntry))
    single = transactions[0] if len(transactions) == 1 else None
    refs = _references(single)
    remittance = _remittance(transactions, parts)
    party = _Parties(single, frame.account, is_credit=direction == "C", reversal=reversal)
    status, day = _status_and_day(parts, frame, refs, position)
    reference = _own_reference(parts, refs)
    base = _told_serial(reference, refs, direction, amount_fen) or fingerprint(
        direction, amount_fen, currency, party.account, party.name, remittance
    )
    serial = frame.serials.unique(frame.account, day, base)
    if status != "BOOKED":
        announced = EntryAnnounced(
            account=frame.account,
            booking_date=day,
            serial=serial,
            status="PENDING" if status == "PENDING" else "INFO",
            amount_fen=amount_fen,
            direction=direction,
            currency=currency,
            counterparty_name=party.name,
            remittance=remittance,
        )
        return Entry(announced, position)
    booked = EntryBooked(
        account=frame.account,
        booking_date=day,
        serial=serial,
        amount_fen=amount_fen,
        direction=direction,
        currency=currency,
        counterparty_name=party.name,
        counterparty_account=party.account,
        remittance=remittance,
        reversal=reversal,
        reverses=_reversed(refs, reference, single, remittance) if reversal else "",
        sub_account=party.sub_account,
        end_to_end_id=refs.get("EndToEndId", ""),
        value_date=day_of(parts.get("ValDt"), position),
        counterparty_bank=party.bank,
        code=_code(parts.get("BkTxCd")),
    )
    return Entry(booked, position)


def _posting(
    parts: dict[str, Element], frame: Frame, position: str
) -> tuple[int, str, Literal["C", "D"], bool]:
    """Amount in hundredths, currency, direction and whether it is a reversal; nothing guessed."""
    amount = parts.get("Amt")
    amount_fen = amount_of(amount, "Amt", position)
    currency = (amount.get("Ccy") if amount is not None else "") or frame.currency
    if not currency:
        raise FeedRefused("the entry has no currency", position)
    direction = _DIRECTIONS.get(text_of(parts.get("CdtDbtInd")))
    if direction is None:
        raise FeedRefused("CdtDbtInd is neither CRDT nor DBIT", position)
    reversal = _FLAGS.get(text_of(parts.get("RvslInd")))
    if reversal is None:
        raise FeedRefused("RvslInd is neither true nor false", position)
    return amount_fen, currency, direction, reversal


def _told_serial(reference: str, refs: dict[str, str], direction: str, amount_fen: int) -> str:
    """Tier 1, the bank's own reference; tier 2, the payment's; empty where neither is told."""
    if reference:
        return bounded(reference)
    payment = refs.get("UETR") or refs.get("EndToEndId", "")
    told = [text for text in (payment, refs.get("TxId", "")) if text]
    return bounded(":".join([direction, str(amount_fen), *told])) if told else ""


def _transactions(ntry: Element) -> Iterator[Element]:
    for child in ntry:
        name = LOCAL[child.tag]
        if name == "NtryDtls":
            yield from (inner for inner in child if LOCAL[inner.tag] == "TxDtls")
        elif name == "TxDtls":  # .01 has no NtryDtls around them
            yield child


def _references(single: Element | None) -> dict[str, str]:
    refs = find(single, "Refs")
    if refs is None:
        return {}
    told = {LOCAL[ref.tag]: (ref.text or "").strip() for ref in refs}
    told = {name: text for name, text in told.items() if text.upper() not in _NOT_TOLD}
    original = find(refs, "Prtry")
    if original is not None and _ORIGINAL.search(words(original, "Tp")):
        told["Original"] = words(original, "Ref")
    return told


def _own_reference(parts: dict[str, Element], refs: dict[str, str]) -> str:
    text = text_of(parts.get("AcctSvcrRef"))
    return text if text.upper() not in _NOT_TOLD else refs.get("AcctSvcrRef", "")


def _status_and_day(
    parts: dict[str, Element], frame: Frame, refs: dict[str, str], position: str
) -> tuple[str, date]:
    element = parts.get("Sts")
    code = ""
    if element is not None:
        code = text_of(element) or words(element, "Cd") or words(element, "Prtry")
    status = _STATUSES.get(code or ("BOOK" if frame.is_statement else "INFO"))
    if status is None:
        raise FeedRefused(f"status {code!r} is none of BOOK, PDNG, FUTR, INFO", position)
    day = day_of(parts.get("BookgDt"), position)
    if not frame.is_statement:
        # What the day's statement will bring again needs the bank's own key and day to be known
        # as the same; without them it is shown and counts for nothing.
        if status == "BOOKED" and not (day and _own_reference(parts, refs)):
            status = "INFO"
        return status, day or day_of(parts.get("ValDt"), position) or frame.created_day
    if day is None and frame.begins is not None and frame.begins == frame.ends:
        day = frame.begins
    day = day or day_of(parts.get("ValDt"), position)
    if day is None:
        raise FeedRefused("the entry has no booking date", position)
    return status, day


def _remittance(transactions: list[Element], parts: dict[str, Element]) -> str:
    texts: list[str] = []
    for transaction in transactions:
        for element in transaction:
            name = LOCAL[element.tag]
            if name == "RmtInf":
                texts.extend(_remittance_texts(element))
            elif name == "AddtlTxInf":
                texts.append((element.text or "").strip())
    if "AddtlNtryInf" in parts:
        texts.append((parts["AddtlNtryInf"].text or "").strip())
    return " ".join(dict.fromkeys(filter(None, texts)))


def _remittance_texts(element: Element) -> Iterator[str]:
    for line in element:
        if LOCAL[line.tag] == "Ustrd":
            yield (line.text or "").strip()
        elif LOCAL[line.tag] == "Strd":
            yield words(line, "CdtrRefInf", "Ref")
            for further in line:
                if LOCAL[further.tag] == "AddtlRmtInf":
                    yield (further.text or "").strip()


class _Parties:
    """Who stands on the other side, and on which account of ours it was booked.

    On a reversal the roles stay those of the original payment, so they swap back.
    """

    def __init__(
        self, single: Element | None, own: str, *, is_credit: bool, reversal: bool
    ) -> None:
        self.name = self.account = self.bank = self.sub_account = ""
        related = find(single, "RltdPties")
        agents = find(single, "RltdAgts")
        parties = children(related) if related is not None else {}
        other, mine = ("Dbtr", "Cdtr") if is_credit != reversal else ("Cdtr", "Dbtr")
        accounts = {role: account_of(parties.get(f"{role}Acct")) for role in (other, mine)}
        if accounts[other] == own and accounts[mine] not in ("", own):
            other, mine = mine, other
        self.account = accounts[other]
        self.name = _party_name(parties.get(other)) or _party_name(parties.get(f"Ultmt{other}"))
        self.bank = _agent(find(agents, f"{other}Agt", "FinInstnId"))
        if accounts[mine] != own:
            self.sub_account = accounts[mine]


def _party_name(party: Element | None) -> str:
    if party is None:
        return ""
    return (
        words(party, "Nm")
        or words(party, "Pty", "Nm")
        or words(party, "Agt", "FinInstnId", "Nm")
        or words(party, "FinInstnId", "Nm")
    )


def _agent(institution: Element | None) -> str:
    if institution is None:
        return ""
    return (
        words(institution, "ClrSysMmbId", "MmbId")
        or words(institution, "BICFI")
        or words(institution, "BIC")
    )


def _reversed(refs: dict[str, str], own: str, single: Element | None, remittance: str) -> str:
    """The reference of the original where a reversal tells it; its end-to-end id is kept apart.

    A guess would hide the original: nothing else is tried for an entry that names one.
    """
    theirs = refs.get("AcctSvcrRef", "")
    if theirs and theirs != own:
        return theirs
    returned = " ".join(
        (line.text or "").strip()
        for line in (find(single, "RtrInf") if single is not None else None) or ()
        if LOCAL[line.tag] == "AddtlInf"
    )
    return refs.get("Original") or told_reference(returned) or told_reference(remittance)


def _code(element: Element | None) -> str:
    if element is None:
        return ""
    family = find(element, "Domn", "Fmly")
    domain = (words(element, "Domn", "Cd"), words(family, "Cd"), words(family, "SubFmlyCd"))
    return "-".join(filter(None, domain)) or words(element, "Prtry", "Cd")


def period_end(begins: date, text: str, used: set[date], position: str) -> date:
    """The last day of a period that ends at a moment: midnight closes the day before it.

    Some banks write a plain date as midnight; then something is dated on that very day.
    """
    day = day_of_text(text, position)
    is_midnight = "T00:00:00" in text
    if is_midnight and day > begins and day not in used:
        return day - timedelta(days=1)
    return day
