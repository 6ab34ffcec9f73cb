"""One month of an account by several feeds, of which one has no references: once, held, settled."""

import json
import re
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from models.findings import CANNOT_DECIDE, Finding
from models.store import unpaired
from models.store.decisions import CannotSettle
from models.store.engine import open_store, reading, writing
from models.store.tables import JOURNAL
from streams.cli import app
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.replay import standing_findings, supervision_of, verify
from streams.ways import Decided
from tests.streams.deliveries import ndjson, statement, write
from tests.streams.told import account, law

TODAY = date(2024, 3, 20)
DAY = date(2024, 3, 5)
AT = "2024-03-20T08:00:00Z"
REGISTER = ndjson([account("62-A", "JG-1")], "2024-01-01T00:00:00Z")
ENTRIES = (*[("C", 300_000, "学费")] * 5, ("C", 120_000, "HT-1"), ("D", 300_000, "HT-2"))
WITH = statement("62-A", DAY, 0, *ENTRIES)
WITHOUT = re.sub(r"<AcctSvcrRef>.*?</AcctSvcrRef>", "", WITH)
SUBJECT = "pairing/entries:62-A/2024-03-05/C/300000"


class Office:
    """A store with its archive, to which files are delivered in some order."""

    def __init__(self, root: Path, *files: tuple[str, str]) -> None:
        self.root = root
        self.url = f"sqlite:///{root / 'escrow.db'}"
        self.engine = open_store(self.url)
        self.archive = Archive(root / "archive")
        for name, text in (("register.ndjson", REGISTER), *files):
            path = write(root / "in" / name, text)
            ingest([path], self.engine, law(), self.archive, today=TODAY)

    def counted_fen(self) -> list[int]:
        """The amounts of the entries that count, with their signs."""
        ledger = supervision_of(self.engine, law(), "JG-1").all_facts
        facts = [entry.fact for entry in ledger.entries.values()]
        return sorted(one.amount_fen * (1 if one.direction == "C" else -1) for one in facts)

    def entries(self) -> int:
        """How many entries were ever told."""
        query = select(JOURNAL.c.fact_id).where(JOURNAL.c.kind == "EntryBooked")
        with reading(self.engine) as connection:
            return len(connection.execute(query).all())

    def pairing(self) -> list[Finding]:
        """What stands about pairs."""
        found = [one for one in standing_findings(self.engine) if one.rule == CANNOT_DECIDE]
        return [one for one in found if one.subject.startswith("pairing/")]

    def held(self) -> list[unpaired.HeldEntry]:
        """The entries that are held."""
        with reading(self.engine) as connection:
            return unpaired.held(connection)

    def take_in(self) -> None:
        """What a runner does at its next look."""
        decided = Decided(self.engine, self.archive)
        done = ingest(decided.arrivals(), self.engine, law(), self.archive, today=TODAY)
        decided.settle(done)

    def run(self, *words: str) -> Result:
        """A command about this store."""
        return CliRunner().invoke(app, [*words, "--db", self.url])


ONCE = sorted([*[300_000] * 5, 120_000, -300_000])
FEEDS = [("with.xml", WITH), ("without.xml", WITHOUT)]


@pytest.mark.parametrize("files", list(permutations(FEEDS)), ids=["with-first", "without-first"])
def test_five_ambiguous_pairs_count_once_and_are_held(
    files: tuple[tuple[str, str], ...], tmp_path: Path
) -> None:
    """What is alike in every word is held beside those that count; the rest is paired."""
    office = Office(tmp_path, *files)

    assert 14 == office.entries()
    assert ONCE == office.counted_fen()
    (found,) = office.pairing()
    assert SUBJECT == found.subject
    assert 10 == len(found.evidence)
    assert 5 == len(office.held())
    assert [] == verify(office.engine, law())


def test_a_feed_without_references_alone_counts_whole(tmp_path: Path) -> None:
    """Five equal payments of one statement are five, also when its file comes again."""
    office = Office(tmp_path, ("without.xml", WITHOUT), ("again.xml", WITHOUT + "\n"))

    assert ONCE == office.counted_fen()
    assert [] == office.pairing()


def test_the_list_shows_file_position_reason_and_since_when(tmp_path: Path) -> None:
    """Each held entry is a line of `escrow held list`, and can be looked at."""
    office = Office(tmp_path, *FEEDS)
    rows = [json.loads(line) for line in office.run("held", "list", "--json").stdout.splitlines()]

    assert 5 == len(rows)
    assert {"without.xml"} == {row["file"] for row in rows}
    assert {"62-A"} == {row["account"] for row in rows}
    assert all(row["position"].startswith("entry ") for row in rows)
    assert all("may be one of 5 that count" in row["reason"] for row in rows)
    assert all(row["first_seen"] and row["tries"] == 1 for row in rows)
    shown = office.run("held", "show", rows[0]["id"]).stdout
    assert "without.xml" in shown
    assert 5 == shown.count("/R20240305")


def test_officers_settle_one_after_the_other(tmp_path: Path) -> None:
    """Each is superseded by one that counts; the last follows, and nothing counts anew."""
    office = Office(tmp_path, *FEEDS)
    for left in (5, 4, 3, 2):
        held = office.held()
        assert left == len(held)
        done = office.run("held", "settle", held[0].held_as, "supersede", "--reason", "same slip")
        assert 0 == done.exit_code, done.output

    assert [] == office.held()
    assert ONCE == office.counted_fen()
    assert [] == verify(office.engine, law())


def test_an_officer_says_that_one_is_an_entry_of_its_own(tmp_path: Path) -> None:
    """Accepted, it counts beside the others; who said so and why stands in the archive."""
    office = Office(tmp_path, *FEEDS)
    one = office.held()[0]
    done = office.run(
        *("held", "settle", one.held_as, "accept"), "--reason", "a sixth slip", "--who", "王主任"
    )

    assert 0 == done.exit_code, done.output
    assert sorted([*ONCE, 300_000]) == office.counted_fen()
    assert 4 == len(office.held())
    with reading(office.engine) as connection:
        query = select(JOURNAL.c.body).where(JOURNAL.c.kind == "EntryPaired")
        body = json.loads(connection.execute(query).scalar_one())
    assert ("王主任: a sixth slip", one.entry) == (body["reason"], body["entry"])
    assert [] == verify(office.engine, law())


def test_what_cannot_be_said_of_an_entry(tmp_path: Path) -> None:
    """An unknown serial or name, no reason, and resubmitting are refused; nothing is kept."""
    office = Office(tmp_path, *FEEDS)
    name = office.held()[0].held_as
    for how, more in (
        ("supersede", ("--reason", "x", "--by", "NOWHERE")),
        ("supersede", ("--reason", " ")),
        ("resubmit", ("--reason", "x")),
    ):
        assert 0 != office.run("held", "settle", name, how, *more).exit_code
    assert 0 != office.run("held", "settle", "E000000000000", "accept", "--reason", "x").exit_code
    assert 5 == len(office.held())


def test_a_second_officer_waits_for_the_first(tmp_path: Path) -> None:
    """What was said of an entry and not yet taken in is shown, and not said again."""
    office = Office(tmp_path, *FEEDS)
    one = office.held()[0]
    said = {"reason": "same slip", "who": "王主任", "at": AT}
    with writing(office.engine) as connection:
        unpaired.settle(connection, one, "supersede", by="", **said)
    again = next(each for each in office.held() if each.entry == one.entry)
    assert again.is_pending
    with writing(office.engine) as connection, pytest.raises(CannotSettle):
        unpaired.settle(connection, again, "accept", by="", **said)
    office.take_in()

    assert 4 == len(office.held())
    assert ONCE == office.counted_fen()
