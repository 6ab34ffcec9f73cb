"""A drop folder: what stands still is delivered, and moved beside its receipt, whatever happens."""

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from models.store.engine import open_store, reading
from models.store.journal import read
from streams.dropping import DropFolder, DropFolderTaken
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.feeds.folder import Delivered
from streams.reception import Summary
from streams.simulator.bills import wechat
from streams.watching import Watch
from tests.feeds.billed import SALES, WECHAT_MERCHANT
from tests.streams.crashing import run_dying
from tests.streams.deliveries import statement, write
from tests.streams.told import law

TODAY = date(2024, 3, 20)
DAY = date(2024, 3, 5)
GOOD = statement("62-A", DAY, 0, ("C", 600_000, "HT-1"))
BROKEN = statement("62-B", DAY, 0, ("C", 600_000, "HT-2"), closing_fen=1)


class Place:
    """A drop folder beside a store, with its watch."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self.folder = root / "in"
        self.engine = engine
        archive = Archive(root / "archive")
        self.drop = DropFolder(self.folder, engine, archive)

        def deliver(some: list[Delivered]) -> Summary:
            return ingest(some, engine, law(), archive, today=TODAY)

        self.watch = Watch([self.drop], deliver, ())

    def look(self, times: int = 2) -> None:
        """Look so often."""
        for _ in range(times):
            self.watch.look()

    def there(self) -> list[str]:
        """Every file but the receipts and the lock, by its path."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        paths = sorted(str(path.relative_to(self.folder)) for path in found)
        return [path for path in paths if not path.endswith((".receipt.json", ".escrow-watch"))]

    def receipt(self, path: str) -> dict[str, object]:
        """The receipt beside a moved file."""
        text = (self.folder / f"{path}.receipt.json").read_text(encoding="utf-8")
        told: dict[str, object] = json.loads(text)
        return told

    def facts(self) -> int:
        """How many contents the journal has of both accounts."""
        with reading(self.engine) as connection:
            return len(list(read(connection, {"a:62-A", "a:62-B"})))


@pytest.fixture
def place(tmp_path: Path, engine: Engine) -> Place:
    """Nothing was dropped yet."""
    return Place(tmp_path, engine)


def test_file_is_moved_by_what_became_of_it(place: Place) -> None:
    """Good goes to accepted/, a broken statement to held/, what nobody reads to refused/."""
    write(place.folder / "good.xml", GOOD)
    write(place.folder / "broken.xml", BROKEN)
    write(place.folder / "letter.txt", "Dear Sirs")
    place.look()

    assert ["accepted/good.xml", "held/broken.xml", "refused/letter.txt"] == place.there()
    receipt = place.receipt("accepted/good.xml")
    assert ("accepted", 1, {"CNY C": 600_000}) == (
        receipt["outcome"],
        receipt["entries"],
        receipt["sums_fen"],
    )
    assert hashlib.sha256(GOOD.encode()).hexdigest() == receipt["sha256"]
    assert place.receipt("held/broken.xml")["reasons"]
    assert place.receipt("refused/letter.txt")["reasons"]


@pytest.mark.parametrize("name", ["a.xml.part", "a.xml.tmp", "a.XML.TMP", ".a.xml", "a.filepart"])
def test_unfinished_names_wait(place: Place, name: str) -> None:
    """What is still being sent under another name stays until it has its own."""
    write(place.folder / name, GOOD)
    place.look(3)
    assert [name] == place.there()

    (place.folder / name).rename(place.folder / "a.xml")
    place.look()
    assert ["accepted/a.xml"] == place.there()


def test_growing_file_waits(place: Place) -> None:
    """A file that grows from look to look is taken once it is whole."""
    half = len(GOOD) // 2
    write(place.folder / "a.xml", GOOD[:half])
    place.look(1)
    write(place.folder / "a.xml", GOOD)
    place.look(1)
    assert ["a.xml"] == place.there()

    place.look(1)
    assert ["accepted/a.xml"] == place.there()


def test_file_written_while_it_is_delivered_is_not_moved(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed since it was read is read again, and only then moved."""
    write(place.folder / "a.xml", GOOD)
    settle = place.drop.settle

    def written_meanwhile(done: Summary) -> None:
        monkeypatch.undo()
        write(place.folder / "a.xml", BROKEN)
        settle(done)

    place.look(1)
    monkeypatch.setattr(place.drop, "settle", written_meanwhile)
    place.look(1)
    assert ["a.xml"] == place.there()

    place.look()
    assert ["held/a.xml"] == place.there()


def test_nothing_is_overwritten(place: Place) -> None:
    """Files of one name stand beside each other, each with its own receipt; also the same bytes."""
    other = statement("62-A", date(2024, 3, 6), 600_000, ("C", 1, "x"))
    for text in (GOOD, other, GOOD):
        write(place.folder / "day.xml", text)
        place.look(3)

    assert ["accepted/day-2.xml", "accepted/day-3.xml", "accepted/day.xml"] == place.there()
    kept = [
        (place.folder / f"accepted/{n}.xml").read_text("utf-8") for n in ("day", "day-2", "day-3")
    ]
    assert [GOOD, other, GOOD] == kept
    hashes = [place.receipt(f"accepted/{name}.xml")["sha256"] for name in ("day", "day-2", "day-3")]
    assert [hashlib.sha256(text.encode()).hexdigest() for text in kept] == hashes


def test_checksum_is_compared(place: Place) -> None:
    """A checksum beside a file goes with it; another one refuses the delivery, not the bytes."""
    right = hashlib.sha256(GOOD.encode()).hexdigest()
    write(place.folder / "a.xml.sha256", f"{'0' * 64}  a.xml\n")
    write(place.folder / "a.xml", GOOD)
    place.look()
    assert ["refused/a.xml", "refused/a.xml.sha256"] == place.there()
    assert right in str(place.receipt("refused/a.xml")["reasons"])
    assert 0 == place.facts()

    write(place.folder / "a.xml.sha256", f"{right.upper()} *a.xml\n")
    write(place.folder / "a.xml", GOOD)
    place.look()
    assert ["accepted/a.xml", "accepted/a.xml.sha256"] == place.there()[:2]
    told = place.facts()
    assert told

    write(place.folder / "a.xml.sha256", "lost")
    write(place.folder / "a.xml", GOOD)
    place.look()
    assert "refused/a-2.xml" in place.there()
    assert told == place.facts()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_hash_that_wechat_pay_states_is_compared(
    place: Place, pack: Callable[[bytes], bytes]
) -> None:
    """Of the plain bytes, also where the bill is packed; beside the checksum of the file itself."""
    bill = wechat(WECHAT_MERCHANT, SALES)
    stated = hashlib.sha1(bill, usedforsecurity=False).hexdigest()
    for name, said in (("wrong", "0" * 40), ("none", "hash"), ("right", stated.upper())):
        write(place.folder / f"{name}.csv.sha1", said)
        (place.folder / f"{name}.csv").write_bytes(pack(bill))
    place.look()

    assert {"accepted/right.csv", "accepted/right.csv.sha1"} < set(place.there())
    assert {"refused/wrong.csv", "refused/wrong.csv.sha1", "refused/none.csv"} < set(place.there())
    assert stated in str(place.receipt("refused/wrong.csv")["reasons"])
    assert "holds no SHA-1" in str(place.receipt("refused/none.csv")["reasons"])


def test_a_packed_file_that_cannot_be_unpacked_is_refused(place: Place) -> None:
    """Its hash cannot be compared."""
    write(place.folder / "cut.csv.sha1", "0" * 40)
    (place.folder / "cut.csv").write_bytes(gzip.compress(b"x" * 100)[:-8])
    place.look()

    assert "is cut" in str(place.receipt("refused/cut.csv")["reasons"])


def test_link_is_not_followed(place: Place, tmp_path: Path) -> None:
    """Who may drop files cannot have others read through a link."""
    secret = write(tmp_path / "secret.xml", GOOD)
    (place.folder / "a.xml").symlink_to(secret)
    place.look(3)

    assert 0 == place.facts()
    assert (place.folder / "a.xml").is_symlink()


def test_folder_has_one_watch(place: Place) -> None:
    """A second process is kept off the folder."""
    with place.drop.held_alone(), pytest.raises(DropFolderTaken), place.drop.held_alone():
        pass


def _look_twice(root: str) -> None:
    place = Place(Path(root), open_store(f"sqlite:///{Path(root) / 'escrow.db'}"))
    place.look()


@pytest.mark.slow
def test_killed_before_each_statement(tmp_path: Path) -> None:
    """Wherever the process dies, the next one ends with each file once in its place."""
    number, died = 0, 1
    while died:
        number += 1
        root = tmp_path / str(number)
        open_store(f"sqlite:///{root / 'escrow.db'}").dispose()
        write(root / "in/good.xml", GOOD)
        write(root / "in/broken.xml", BROKEN)
        died = run_dying(_look_twice, str(root), before=number)
        _look_twice(str(root))
        place = Place(root, open_store(f"sqlite:///{root / 'escrow.db'}"))
        assert ["accepted/good.xml", "held/broken.xml"] == place.there(), number
        assert 4 + 1 == place.facts(), number
        place.engine.dispose()
    assert number > 10


@pytest.mark.parametrize("step", ["_write", "rename"])
def test_killed_between_archive_and_move(tmp_path: Path, step: str) -> None:
    """Kill -9 before the receipt, or between receipt and move, leaves one file and one receipt."""
    url = f"sqlite:///{tmp_path / 'escrow.db'}"
    place = Place(tmp_path, open_store(url))
    write(place.folder / "good.xml", GOOD)
    code = (
        "import os, signal, pathlib\n"
        "from pathlib import Path\n"
        "import streams.dropping as d\n"
        "from tests.streams.test_dropping import _look_twice\n"
        "def die(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        + ("d._write = die\n" if step == "_write" else "pathlib.Path.rename = die\n")
        + f"_look_twice({str(tmp_path)!r})\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert -signal.SIGKILL == ended.returncode
    assert ["good.xml"] == place.there()

    place.look()
    assert ["accepted/good.xml"] == place.there()
    receipts = [path.name for path in place.folder.rglob("*.receipt.json")]
    assert ["good.xml.receipt.json"] == receipts


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Path]:
    """A real `escrow watch` on a folder."""
    folder = tmp_path / "in"
    escrow = str(Path(sys.executable).with_name("escrow"))
    command = [escrow, "watch", str(folder), "--every", "0.2"]
    environment = os.environ | {"ESCROW_DATABASE_URL": f"sqlite:///{tmp_path / 'escrow.db'}"}
    with subprocess.Popen(command, env=environment) as process:
        yield folder
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=30)


def test_command_watches_until_it_is_told_to_end(watching: Path) -> None:
    """`escrow watch` takes a dropped file in, and ends with 0 when it is told to."""
    waited = Event()
    for _ in range(300):
        if watching.is_dir():
            break
        waited.wait(0.1)
    write(watching / "day.xml.part", GOOD).rename(watching / "day.xml")
    receipt = watching / "accepted/day.xml.receipt.json"
    for _ in range(300):
        if (watching / "accepted/day.xml").is_file():
            break
        waited.wait(0.1)

    assert "accepted" == json.loads(receipt.read_text("utf-8"))["outcome"]
