"""What a `:86:` tells of a payment: subfields `?20`, words `/REMI/`, or plain text."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_SUBFIELDS = re.compile(rb"(\d{3})([?>~^*])(?=\d\d)")
_SPLITS = {sign: re.compile(rf"[{re.escape(sign)}](\d\d)") for sign in "?>~^*"}
_TEXT_CODES = frozenset(
    [f"{code:02d}" for code in range(20, 30)] + [f"{code:02d}" for code in range(60, 64)]
)
_SUBFIELD_LENGTH = 27
# What German banks write inside the subfields, and what others write between slashes.
_SEPA = re.compile(
    r"\b(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|MDAT|RTRN)\+"
)
_WORDS = re.compile(
    r"/(EREF|KREF|PREF|MARF|MREF|CSID|CNTP|REMI|PURP|ULTC|ULTD|TRTP|NAME|IBAN|BIC|ORDP|BENM|ACCW"
    r"|ISDT|RTRN|TRCD|ADDR|OCMT|CHGS|EXCH|FDAS|RREF)/"
)
_REMITTED = re.compile(r"^(?:USTD|STRD)/(?:CUR)?/?")
_NOT_TOLD = {"", "NOTPROVIDED", "NONREF"}
_NON_SWIFT_TEXTS = {f"{code:02d}" for code in range(1, 15)}


class Details(NamedTuple):
    """Who stood on the other side and what was written; empty where it is not told."""

    name: str = ""
    account: str = ""
    bank: str = ""
    remittance: str = ""
    end_to_end_id: str = ""
    code: str = ""


def read_details(body: bytes, codec: str) -> Details:
    """The details of one `:86:`, whose lines may be wrapped at any byte."""
    start = body.lstrip()
    subfields = _SUBFIELDS.match(start)
    if subfields:
        sign = subfields.group(2).decode()
        text = _unwrapped(start).decode(codec)
        return _of_subfields(subfields.group(1).decode(), _SPLITS[sign].split(text))
    if start.startswith(b"/"):
        text = _unwrapped(start).decode(codec)
        parts = _WORDS.split(text)
        if len(parts) > 1:
            return _of_words(text, parts)
    return Details(remittance=_plain(body, codec))


def read_non_swift(bodies: Iterable[bytes], codec: str) -> Details:
    """The details of `:NS:` fields: lines that begin with two digits which say what they are."""
    texts: list[str] = []
    told = {"name": "", "33": "", "34": ""}
    for body in bodies:
        for line in body.decode(codec).splitlines():
            code, text = line[:2], line[2:].strip()
            if code in _NON_SWIFT_TEXTS:
                texts.append(text)
            elif code in ("15", "16"):
                told["name"] += text
            elif code in ("33", "34"):
                told[code] = text
    remittance = " ".join(filter(None, texts))
    return Details(told["name"], told["34"], told["33"], remittance)


def _unwrapped(body: bytes) -> bytes:
    return body.replace(b"\r", b"").replace(b"\n", b"")


def _plain(body: bytes, codec: str) -> str:
    return " ".join(filter(None, (line.strip() for line in body.decode(codec).splitlines())))


def _of_subfields(code: str, parts: list[str]) -> Details:
    name = account = bank = text = ""
    for subfield, part in zip(parts[1::2], parts[2::2], strict=True):
        if subfield in _TEXT_CODES:
            # A full subfield goes on in the next one, in the middle of a word if need be.
            text += part if len(part) >= _SUBFIELD_LENGTH else f"{part} "
        elif subfield in {"32", "33"}:
            name += part
        elif subfield == "31":
            account = part.strip()
        elif subfield == "30":
            bank = part.strip()
        elif subfield == "38" and not account:
            account = part.strip()
    end_to_end_id, remittance = "", text.strip()
    if "+" in text:
        words = _SEPA.split(text)
        told = dict(zip(words[1::2], words[2::2], strict=True))
        end_to_end_id = _reference(told.get("EREF", ""))
        remittance = told.get("SVWZ", "").strip() or remittance
    return Details(name.strip(), account, bank, remittance, end_to_end_id, code)


def _of_words(text: str, parts: list[str]) -> Details:
    told: dict[str, str] = {}
    for word, part in zip(parts[1::2], parts[2::2], strict=True):
        # An empty account of a counterparty leaves its slash: the name would take its place.
        told.setdefault(word, part if word == "CNTP" else part.strip("/ "))
    account, bank, name = told.get("IBAN", ""), told.get("BIC", ""), told.get("NAME", "")
    if "CNTP" in told:
        account, bank, name = (*told["CNTP"].split("/"), "", "", "")[:3]
    remittance = _REMITTED.sub("", told.get("REMI", "")).strip("/ ") or text.strip()
    end_to_end_id = _reference(told.get("EREF", ""))
    name = name or told.get("ORDP", "") or told.get("BENM", "")
    return Details(name.strip(), account.strip(), bank.strip(), remittance, end_to_end_id)


def _reference(text: str) -> str:
    text = text.strip()
    return "" if text.upper() in _NOT_TOLD else text
