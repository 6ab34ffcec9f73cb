"""One contract of all readers: what they yield, in which order, and what no damage can do."""

import mmap
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.facts import EntryAnnounced, EntryBooked, StatementReceived, Told
from models.keys import fact_id
from streams.feeds import direct_switches, intake, reading
from streams.feeds.archive import Archive
from streams.feeds.integrity import checked
from streams.feeds.records import (
    Billed,
    Check,
    Closing,
    Data,
    Declared,
    End,
    Entry,
    FeedRefused,
    Opening,
    Record,
)
from streams.feeds.sniff import sniff
from tests.feeds.contract_files import FILES, TODAY, File

ORDER = (Opening, Entry, Closing, Declared, Check, End)
POSITION = re.compile(r"(?:entry \d+ at byte|row) (\d+)(?:, [a-z-]+ is unverified)?")
FLIPS = 100
FLIPS_SLOW = 3
CUTS = 300
CUTS_SLOW = 5


def records(data: Data) -> list[Record]:
    """Everything that a file tells, with its checks."""
    return list(checked(reading.records(data, sniff(data))))


def entries_of(facts: list[Told]) -> set[EntryBooked | EntryAnnounced]:
    """The entries among facts."""
    return {one.fact for one in facts if isinstance(one.fact, EntryBooked | EntryAnnounced)}


def places(file: File) -> list[int]:
    """Where a file is cut: around every line end, and evenly between."""
    count = CUTS_SLOW if file.is_slow else CUTS
    found = {len(file.data) * share // count for share in range(count)}
    if not file.is_slow:
        ends = [one.end() for one in re.finditer(rb"[\r\n]", file.data)]
        found |= {place for end in ends for place in (end - 1, end, end + 1)}
    return sorted(place for place in found if place < len(file.data))


@pytest.fixture(autouse=True)
def _enabled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    switches = tmp_path / "direct.yaml"
    text = direct_switches.SWITCHES.read_text(encoding="utf-8")
    switches.write_text(text.replace("enabled: false", "enabled: true"), encoding="utf-8")
    monkeypatch.setattr(direct_switches, "SWITCHES", switches)


@pytest.mark.parametrize("name", FILES)
class TestReader:
    """What each reader promises; a new format joins by a file in contract_files."""

    def test_order_is_that_of_the_contract(self, name: str) -> None:
        """Opening, entries, closing, declared, checks, end; all name one account and statement."""
        found = records(FILES[name].data)
        ranks = [ORDER.index(type(one)) for one in found]

        assert sorted(ranks) == ranks
        assert isinstance(found[-1], End)
        assert 1 == ranks.count(ORDER.index(End))
        told = [one for one in found if not isinstance(one, Entry | Billed)]
        assert 1 == len({(one.account, one.statement) for one in told})
        assert {found[-1].account} == {one.fact.account for one in found if isinstance(one, Entry)}

    def test_figures_are_those_it_was_made_from(self, name: str) -> None:
        """Each entry to the fen with direction, day and name; the balances; no check fails."""
        file = FILES[name]
        found = records(file.data)

        assert [] == [one for one in found if isinstance(one, Check) and not one.ok]
        assert [(one.amount_fen, one.direction, one.booked, one.name) for one in file.postings] == [
            (one.amount_fen, one.direction, one.booking_date, one.counterparty_name)
            for one in (record.fact for record in found if isinstance(record, Entry))
        ]
        told = [one.balance_fen for one in found if isinstance(one, Opening | Closing)]
        assert list(file.balances) == told
        assert [file.is_statement] == [one.is_statement for one in found if isinstance(one, End)]

    def test_each_entry_says_where_it_stands(self, name: str, tmp_path: Path) -> None:
        """Positions ascend, and the archive shows at each of them the entry's own text."""
        file = FILES[name]
        archive = Archive(tmp_path / "archive")
        sha256 = archive.put(file.data)
        found = [one for one in records(file.data) if isinstance(one, Entry)]
        matches = [POSITION.fullmatch(one.position) for one in found]

        assert None not in matches
        numbers = [int(match.group(1)) for match in matches if match]
        assert sorted(set(numbers)) == numbers
        for one, posting in zip(found, file.postings, strict=True):
            if not name.endswith(".json"):
                shown = "".join(archive.original(sha256, one.position).split())
                assert (posting.reference in shown) or (str(posting.amount_fen // 100) in shown)

    def test_reading_twice_gives_the_same(self, name: str, tmp_path: Path) -> None:
        """Equal records, facts and keys: again, by a second pass, and from a map of the file."""
        data = FILES[name].data
        path = tmp_path / "file"
        path.write_bytes(data)
        kept = intake.prove(data, TODAY)
        again = intake.prove(path, TODAY, keep_bytes_max=0)
        with (
            path.open("rb") as opened,
            mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped,
        ):
            assert records(data) == records(mapped)

        assert list(intake.told(kept)) == list(intake.told(again))
        assert kept.counts == again.counts
        facts = [one.fact for one in intake.told(kept)]
        assert len(facts) == len({fact_id(one) for one in facts})
        assert len(FILES[name].postings) == len(entries_of(list(intake.told(kept))))

    def test_cut_anywhere_it_tells_nothing_less_in_silence(self, name: str) -> None:
        """Refused with the place, or held; else every entry is there, or its days are fewer too."""
        file = FILES[name]
        whole = entries_of(list(intake.told(intake.prove(file.data, TODAY))))
        for place in places(file):
            cut = intake.prove(file.data[:place], TODAY)
            if cut.refusal is not None:
                assert cut.refusal.position, place
                continue
            facts = list(intake.told(cut))
            told = entries_of(facts)
            if cut.is_held:
                assert all(one.position and one.reason for one in cut.held)
                assert cut.held or not cut.statements[0].consistent
                assert not told, place
            elif len(told) < len(whole):
                assert not file.shows_cuts, place
                assert told <= whole, place
                _stops_with_its_entries(facts)

    def test_no_changed_byte_ends_the_reader(self, name: str) -> None:
        """Whatever stands there: refused with its place, held, or balances that sum up anew."""
        file = FILES[name]
        for changed in _flipped(name, file):
            proved = intake.prove(changed, TODAY)
            if proved.refusal is not None:
                assert proved.refusal.reason
                assert proved.refusal.position
                continue
            facts = list(intake.told(proved))
            if file.balances and file.is_statement and not proved.is_held:
                _sums_up(changed, facts)

    def test_no_value_of_an_entry_is_without_effect(self, name: str) -> None:
        """Each value of the first entry that is changed changes what is read, or refuses it."""
        file = FILES[name]
        before = records(file.data)
        for value in file.values:
            place = file.data.index(value)
            other = bytes([file.data[place] ^ 1])
            changed = file.data[:place] + other + file.data[place + 1 :]
            try:
                after = records(changed)
            except FeedRefused:
                continue
            assert before != after, value


def _stops_with_its_entries(facts: list[Told]) -> None:
    """A shorter table claims no day behind its last entry: the next statement shows the gap."""
    days = [one.booking_date for one in entries_of(facts)]
    ends = [one.fact.ends for one in facts if isinstance(one.fact, StatementReceived)]

    assert days
    assert [max(days)] == ends


def _flipped(name: str, file: File) -> Iterator[bytes]:
    chance = random.Random(name)  # noqa: S311 -- changes want a seed, not secrecy
    for _ in range(FLIPS_SLOW if file.is_slow else FLIPS):
        place = chance.randrange(len(file.data))
        changed = bytes([file.data[place] ^ chance.randrange(1, 256)])
        yield file.data[:place] + changed + file.data[place + 1 :]


def _sums_up(data: bytes, facts: list[Told]) -> None:
    """What is told of a statement without a failed check follows from its own balances."""
    if not entries_of(facts):
        return
    sums: Counter[tuple[str, str]] = Counter()
    ends: dict[tuple[type[Record], str, str], int] = {}
    for one in records(data):
        if isinstance(one, Entry) and isinstance(one.fact, EntryBooked):
            fact = one.fact
            effect_fen = fact.amount_fen if fact.direction == "C" else -fact.amount_fen
            sums[fact.account, fact.currency] += effect_fen
        elif isinstance(one, Opening | Closing):
            ends[type(one), one.account, one.currency] = one.balance_fen
    for of, effect_fen in sums.items():
        if {(Opening, *of), (Closing, *of)} <= ends.keys():
            assert ends[Opening, *of] + effect_fen == ends[Closing, *of]
