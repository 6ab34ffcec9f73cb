"""One invented camt message for each way in which banks write, and what stands in it.

The forms are those of public samples and of the schemas' versions; names and figures are made up.
"""

import re

from tests.feeds.made import balance, camt, day_of_entries, entry, statement

PLAIN = day_of_entries(entry())
_NAMESPACE = 'xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"'
_CREATED = "<CreDtTm>2024-03-06T06:00:00</CreDtTm><FrToDt>"
_BOOKED = "<BookgDt><Dt>2024-03-05</Dt></BookgDt>"
_STATUS = "<Sts><Cd>BOOK</Cd></Sts>"
_ACCOUNT = "<Othr><Id>36050152015000000001</Id></Othr>"
_SUMMARY = "<NbOfNtries>1</NbOfNtries><Sum>100</Sum>{}"
_NET = "<TtlNetNtryAmt>100</TtlNetNtryAmt><CdtDbtInd>CRDT</CdtDbtInd>"


def changed(*pairs: str) -> str:
    """The plain message with texts replaced, one after the other."""
    text = PLAIN
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new)
    return text


def _prefixed(text: str, prefix: str) -> str:
    head, document = text.split("\n", 1)
    tags = re.sub(r"<(/?)", rf"<\1{prefix}:", document)
    return f"{head}\n{tags.replace('xmlns=', f'xmlns:{prefix}=')}"


def _summed(net: str) -> str:
    total = f"<TxsSummry><TtlNtries>{_SUMMARY.format(net)}</TtlNtries></TxsSummry>"
    return changed("<Ntry>", f"{total}<Ntry>")


DIALECTS: dict[str, str | bytes] = {
    "plain": PLAIN,
    **{
        f"version {version:02d}": changed("camt.053.001.08", f"camt.053.001.{version:02d}")
        for version in range(1, 15)
    },
    "no namespace": changed(f" {_NAMESPACE}", ""),
    "namespace of the bank": changed(_NAMESPACE, 'xmlns="urn:example:bank"'),
    "prefix": _prefixed(PLAIN, "ns2"),
    "schema location": changed(
        _NAMESPACE,
        f'{_NAMESPACE} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="false"',
    ),
    "old name of the message": changed("BkToCstmrStmt>", "BkToCstmrStmtV02>"),
    "header around it": changed("<Document", "<m><AppHdr/><Document", "ument>", "ument></m>"),
    "no declaration": PLAIN.split("\n", 1)[1],
    "declaration in quotes": changed('version="1.0" encoding="UTF-8"', "version='1.1'"),
    "lines before the declaration": f"\n\n{PLAIN}",
    "byte order mark": f"\ufeff{PLAIN}",
    "carriage returns": changed("><", ">\r<"),
    "carriage returns and line feeds": changed("><", ">\r\n    <"),
    "next line sign": changed("</Ntry>", "</Ntry>\x85\u2028"),
    "ISO 8859-1 as declared": changed("UTF-8", "ISO-8859-1", "R1", "Ré").encode("latin-1"),
    "Latin-1 by another name": changed("UTF-8", "ISO8859-1", "R1", "Ré").encode("latin-1"),
    "comments": changed("<Ntry>", "<!-- <Ntry> <Bal> --><Ntry>"),
    "CDATA": changed("R1", "<![CDATA[R1<Ntry>]]>"),
    "instruction": changed("<Ntry>", "<?page <Ntry> ?><Ntry>"),
    "blanks around values": changed("BOOK", "\n BOOK\t", ">100.00<", ">\n 100.00 <"),
    "attribute in single quotes": changed('Ccy="CNY"', "Ccy = 'CNY' "),
    "status as text": changed(_STATUS, "<Sts>BOOK</Sts>"),
    "status of the bank": changed(_STATUS, "<Sts><Prtry>BOOK</Prtry></Sts>"),
    "no status": changed(_STATUS, ""),
    "empty status": changed(_STATUS, "<Sts/>"),
    "empty reversal indicator": changed("<Sts>", "<RvslInd/><Sts>"),
    "currency of the account alone": changed(' Ccy="CNY"', ""),
    "currency of the amounts alone": changed("<Ccy>CNY</Ccy>", ""),
    "blank for a currency": changed('Ccy="CNY"', 'Ccy=" "'),
    "no decimals": changed(">100.00<", ">100<", "1000.00", "1000", "1100.00", "1100"),
    "many zeros": changed(">100.00<", ">000100.000000000000<"),
    "nothing behind the point": changed(">100.00<", ">100.<"),
    "plus sign": changed(">100.00<", ">+100.00<"),
    "IBAN": changed(_ACCOUNT, "<IBAN>DE89370400440532013000</IBAN>"),
    "BBAN": changed(_ACCOUNT, "<BBAN>370400440532013000</BBAN>"),
    "account of the bank": changed(_ACCOUNT, "<PrtryAcct><Id>0012</Id></PrtryAcct>"),
    "balances without a direction": changed("</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt>", "</Amt><Dt>"),
    "balances without a day": changed("<Dt><Dt>2024-03-05</Dt></Dt></Bal>", "</Bal>"),
    "closing of the day before": changed("OPBD", "PRCD"),
    "balances behind the entries": camt(
        statement(entry(), balance("OPBD", "1000.00"), balance("CLBD", "1100.00"))
    ),
    "interim balances": changed("</FrToDt>", "</FrToDt>" + balance("ITBD", "1050.00")),
    "available balance of five decimals": changed(
        "</Acct>", "</Acct>" + balance("CLAV", "1.23456")
    ),
    "no moment": changed(_CREATED, "<FrToDt>"),
    "no moment at all": changed("<CreDtTm>2024-03-06T06:00:00</CreDtTm>", ""),
    "day instead of a moment": changed("2024-03-06T06:00:00", "2024-03-06"),
    "moment in nanoseconds": changed("T06:00:00<", "T06:00:00.123456789+01:00<"),
    "moment without seconds": changed("T06:00:00<", "T06:00Z<"),
    "no period": re.sub("<FrToDt>.*?</FrToDt>", "", PLAIN),
    "period to 24:00": changed("T23:59:59", "T24:00:00"),
    "period to midnight": changed("2024-03-05T23:59:59", "2024-03-06T00:00:00"),
    "period of days": changed(
        "FrDtTm>", "FrDt>", "ToDtTm>", "ToDt>", "T00:00:00", "", "T23:59:59", ""
    ),
    "value date alone": changed(_BOOKED, "<ValDt><Dt>2024-03-05</Dt></ValDt>"),
    "neither date": changed(_BOOKED, ""),
    "booked at a moment": changed(_BOOKED, "<BookgDt><DtTm>2024-03-05T10:00:00</DtTm></BookgDt>"),
    "booked on a day of a zone": changed("05</Dt></BookgDt>", "05+01:00</Dt></BookgDt>"),
    "summary with a net amount": _summed(_NET),
    "summary with a net element": _summed(
        "<TtlNetNtry><Amt>100</Amt><CdtDbtInd>CRDT</CdtDbtInd></TtlNetNtry>"
    ),
    "summary of blanks": changed(
        "<Ntry>", "<TxsSummry><TtlNtries><NbOfNtries> </NbOfNtries></TtlNtries></TxsSummry><Ntry>"
    ),
    "data of the bank": changed(
        "</Stmt>", "<SplmtryData><Envlp><Ntry>x</Ntry><Bal/></Envlp></SplmtryData></Stmt>"
    ),
}
"""All tell one statement of 2024-03-05: 1,000.00 and one credit of 100.00."""

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "amount with a comma": (changed(">100.00<", ">100,00<"), "no amount"),
    "point without digits": (changed(">100.00<", ">.<"), "no amount"),
    "element in the amount": (changed(">100.00<", ">1<x/>00.00<"), "inside of the amount"),
    "no currency anywhere": (changed(' Ccy="CNY"', "", "<Ccy>CNY</Ccy>", ""), "no currency"),
    "currency in small letters": (changed('Ccy="CNY"', 'Ccy="cny"'), "'cny' is no code"),
    "currency in words": (changed("<Ccy>CNY<", "<Ccy>Renminbi<"), "'Renminbi' is no code"),
    "status of an unknown word": (changed(">BOOK<", ">Posted<"), "'Posted' is none of"),
    "direction in small letters": (changed("CRDT</CdtDbtInd><Sts", "Crdt</CdtDbtInd><Sts"), "CRDT"),
    "reversal indicator in capitals": (
        changed("<Sts>", "<RvslInd>TRUE</RvslInd><Sts>"),
        "neither true",
    ),
    "no id": (changed("<Id>S1</Id>", ""), "no Id"),
    "UTF-16": (changed("UTF-8", "UTF-16").encode("utf-16"), "UTF-16"),
    "ISO 8859-1 declared as UTF-8": (
        changed("R1", "Ré").encode("latin-1"),
        "not utf-8 as declared",
    ),
    "text behind": (f"{PLAIN}\nEND", "not well-formed"),
    "NUL behind": (f"{PLAIN}\0", "not well-formed"),
    "moment that is none": (changed("T06:00:00", "T6:00"), "no time"),
    "moment behind all days": (changed("2024-03-06T06:00:00", "9999-12-31T23:59-14:00"), "no time"),
    "moment before all days": (changed("2024-03-06T06:00:00", "0001-01-01T00:00"), "no time"),
    "moment past 24:00": (changed("T23:59:59", "T24:00:01"), "no time"),
}
"""What leaves a doubt, with a part of the reason."""
