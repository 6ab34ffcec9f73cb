"""One invented MT940 file for each dialect that banks write, and what stands in it.

Names, accounts and figures are made up; the forms are those of public samples of such banks.
"""

PLAIN = """:20:REF1
:25:360501520150
:28C:65/1
:60F:C240304EUR100,00
:61:2403050305C50,00NTRFNONREF//B1
:86:Tuition HT-1
:62F:C240305EUR150,00
-
"""
BLOCKS = "{1:F01TESTNL2AXXXX0000000000}{2:I940TESTNL2AXXXXN}{4:\n"


def changed(*pairs: str) -> str:
    """The plain statement with texts replaced, one after the other."""
    text = PLAIN
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new)
    return text


DIALECTS: dict[str, str] = {
    "plain": PLAIN,
    "carriage returns": PLAIN.replace("\n", "\r"),
    "doubled carriage returns": PLAIN.replace("\n", "\r\r\n"),
    "byte order mark": "\ufeff" + PLAIN,
    "blank lines": PLAIN.replace("\n", "\n\n"),
    "blanks at the ends": PLAIN.replace("\n", "  \n"),
    "no end mark": changed("-\n", ""),
    "no line end": changed("\n-\n", ""),
    "blocks": BLOCKS + changed("-\n", "-}"),
    "blocks on lines": BLOCKS.replace("}{", "}\n{") + changed("-\n", "-}\n"),
    "blocks with trailer": BLOCKS + changed("-\n", "-}{5:{CHK:123456789ABC}{TNG:}}{S:{COP:P}}\n"),
    "blocks with user header": BLOCKS.replace("{4:", "{3:{108:X1}}{4:") + changed("-\n", "-}"),
    "blocks of an archive": "\x01" + BLOCKS + changed("-\n", "-}\x03$"),
    "blocks that end in the text": BLOCKS
    + changed("150,00\n-\n", "150,00\n:86:Cards that wait: 5,00\n EUR  -}\n"),
    "control character in the reference": changed("REF1", "RE\x12F1"),
    "no reference": changed(":20:REF1\n", ""),
    "number before account": changed(
        ":25:360501520150\n:28C:65/1\n", ":28C:65\n:25:360501520150\n"
    ),
    "no number": changed(":28C:65/1\n", ""),
    "28 for 28C": changed(":28C:65/1", ":28:00000/00"),
    "number of letters": changed(":28C:65/1", ":28C: /1"),
    "long number": changed(":28C:65/1", ":28C:104744/1"),
    "related reference": changed(":25:", ":21:NONREF\n:25:"),
    "currency behind the account": changed("360501520150", "NL02TEST0123456789 EUR"),
    "bank before the account": changed("360501520150", "TESTPLPK/320000546101"),
    "account with its bank's code": changed(":25:360501520150", ":25P:360501520150\nTESTDEFF"),
    "unknown tag": changed(":28C", ":11:940\n:28C"),
    "unknown tags behind": changed("-\n", ":99Z:x\n:26F:y\n-\n"),
    "remarks before the entries": changed(":61:", ":86:For your information\n:86:TESTDKKK\n:61:"),
    "several remarks": changed("HT-1\n", "HT-1\n:86:from Anna Example\n:86:second line\n"),
    "remark behind the closing": changed("-\n", ":86:D000000C000001D0,00C50,00\n-XXX\n"),
    "remark with the words of a report": changed("Tuition HT-1", "/EREF/E-1//REMI/USTD//HT-1/"),
    "name without an account": changed(
        "Tuition HT-1", "/CNTP///Anna Example/city/REMI/USTD//HT-1/"
    ),
    "empty remark": changed(":86:Tuition HT-1", ":86:"),
    "no remark": changed(":86:Tuition HT-1\n", ""),
    "long lines": changed("Tuition", "T" * 300),
    "line of a dash": changed("HT-1\n", "HT-1 -\n-\n"),
    "line that begins with a colon": changed("HT-1\n", "HT-1 of 2024-03-05T13\n:12:11\n"),
    "subfields": changed("Tuition HT-1", "166?00GUTSCHRIFT?100599?20EREF+E-1?21SVWZ+HT-1?32ANNA"),
    "subfields of greater signs": changed("Tuition HT-1", "000>1009\n>20HT-1>21MORE>310390"),
    "fields of NS": changed(":86:Tuition HT-1", ":NS:01Tuition HT-1\n15Anna Example"),
    "NS before the opening": changed(":60F", ":NS:22Example School\n23Account\n:60F"),
    "available balances": changed("-\n", ":64:C240305EUR90,00\n:65:C240306EUR90,00\n:86:x\n-\n"),
    "declared sums": changed("-\n", ":90D:0EUR0,\n:90C:1EUR50,\n-\n"),
    "no entry date": changed("2403050305C", "240305C"),
    "blanks for the entry date": changed("2403050305C", "240305    C"),
    "long dates": changed("2403050305C", "20240305C", "C240304", "C20240304"),
    "value date of 30 February": changed("2403050305C", "2402300305C"),
    "value date of another year": changed("2403050305C", "2312310305C"),
    "funds code": changed("C50,00", "CR50,00"),
    "indented line": changed(":61:", "\t :61:"),
    "blank before the amount": changed("C50,00N", "C 50,00N"),
    "blanks behind the tags": changed(":61:", ":61: ", "F:C240304", "F: C240304"),
    "blanks in a balance": changed("C240305EUR150,00", "C 240305 EUR 150,00"),
    "blank behind the amount": changed("C50,00N", "C50,00 N"),
    "text before": f"This is an example\n\nIt begins below.\n{'- ' * 60}\n\n{PLAIN}",
    "end mark before": f"-\n{PLAIN}",
    "small letters": changed("C50,00N", "c50,00N"),
    "no decimals": changed("50,00", "50,", "100,00", "100,"),
    "one decimal": changed("50,00", "50,0"),
    "no whole": changed("C50,00", "C,50", "150,00", "100,50"),
    "leading zeros": changed("C50,00", "C000000000050,00", "100,00", "000000000100,00"),
    "further zeros": changed("50,00", "50,00000"),
    "points": changed("50,00", "50.00", "100,00", "100.00"),
    "points between thousands": changed("C50,00", "C1.050,00", "R150,00", "R1.150,00"),
    "no comma": changed("C50,00", "C50"),
    "no type": changed("NTRFNONREF//B1", "//B1"),
    "type of digits": changed("NTRFNONREF", "N0050000000000000123122D123"),
    "type of two letters": changed("NTRF", "NOV "),
    "long references": changed("NONREF//B1", "A" * 40 + "//" + "B" * 60),
    "supplement": changed("//B1\n", "//B1\n/OCMT/EUR50,00/\n"),
    "closing without currency": changed("C240305EUR150,00", "C240305150,00"),
    "ABN": f"TESTNL2A\n940\nTESTNL2A\n{PLAIN}",
    "ING": "0000 01TESTNL2AXXXX00001\n0000 01TESTNL2AXXXX00001\n940 00\n"
    + changed("-\n", "-XXX\n"),
    "Rabobank": ":940:\n" + changed("-\n", ""),
}
"""All tell one statement: 100.00 and one credit, which makes the closing."""

UNREAD_ELSEWHERE = {
    "carriage returns",
    "blanks in a balance",
    "indented line",
    "number of letters",
    "long number",
    "long dates",
    "points between thousands",
}
"""What the second reader (mt-940 with all its options) refuses or misreads."""
