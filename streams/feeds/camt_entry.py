"""One `Ntry` of a camt message as an entry; elements are matched by local name in all versions."""

import re
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Literal

from models.facts import EntryAnnounced, EntryBooked
from streams.feeds.camt_frame import Frame, compare_batch, refuse_twice
from streams.feeds.camt_xml import (
    DIRECTIONS,
    LOCAL,
    Element,
    account_of,
    amount_of,
    children,
    currency_of,
    day_of,
    find,
    text_of,
    words,
)
from streams.feeds.records import SERIAL_LENGTH_MAX, Entry, FeedRefused

_STATUSES = {"BOOK": "BOOKED", "PDNG": "PENDING", "FUTR": "PENDING", "INFO": "INFO"}
_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}
_NOT_TOLD = {"", "NOTPROVIDED", "NONREF"}
_REFERENCE = re.compile(
    r"(?:原(?:交易|记录)?(?:流水|编号|标识)号?|reversal of|reverses)"
    r"[^0-9A-Za-z]{0,4}((?=[A-Za-z./_-]*[0-9])[0-9A-Za-z][0-9A-Za-z./_-]+)",
    re.IGNORECASE,
)
_ORIGINAL = re.compile("orig|rev|原", re.IGNORECASE)


def told_reference(text: str) -> str:
    """The reference of the original that a reversal's text names, empty where it names none."""
    match = _REFERENCE.search(text)
    return match.group(1) if match else ""


def bounded(serial: str) -> str:
    """The serial, or its hash where it is longer than a key may be."""
    if len(serial) <= SERIAL_LENGTH_MAX:
        return serial
    return "sha256-" + sha256(serial.encode()).hexdigest()


def fingerprint(*parts: object) -> str:
    """A serial from content, for what carries no reference at all (tier 3)."""
    return "fp-" + sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:24]


def read_entry(ntry: Element, frame: Frame, position: str) -> Entry:
    """One posting. A batch is one posting too; its children never touch the balance."""
    parts = children(ntry)
    if len(parts) != len(ntry):
        refuse_twice(ntry, position)
    transactions = list(_transactions(ntry))
    amount_fen, currency, direction, reversal = _posting(parts, transactions, frame, position)
    compare_batch(ntry, transactions, frame, position, (amount_fen, currency, direction))
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
    return Entry(booked, position, has_reference=bool(reference))


def _posting(
    parts: dict[str, Element], transactions: list[Element], frame: Frame, position: str
) -> tuple[int, str, Literal["C", "D"], bool]:
    """Amount in hundredths, currency, direction and whether it is a reversal; nothing guessed."""
    amount = parts.get("Amt")
    amount_fen = amount_of(amount, "Amt", position)
    currency = currency_of(amount, frame.currency, position)
    if not currency:
        raise FeedRefused("the entry has no currency", position)
    mark = text_of(parts.get("CdtDbtInd"))
    if "CdtDbtInd" not in parts:
        # Left out by some banks; its transactions then tell it, if they all tell the same.
        marks = {words(one, "CdtDbtInd") for one in transactions}
        mark = marks.pop() if len(marks) == 1 else ""
        frame.note("CdtDbtInd left out, read from the transactions", position)
    direction = DIRECTIONS.get(mark)
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
