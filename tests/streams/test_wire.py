"""Messages: what is read of them, what is held, and how much goes into one."""

from datetime import date

import pytest

from models import facts as f
from streams import wire

LESSON = f.LessonDelivered(
    institution="JG-1",
    number="KC-1",
    day=date(2024, 3, 5),
    present=(),
    hours_hundredths=100,
    confirmed="parent",
)
TOLD = f.Told(LESSON, "2024-03-05T12:00:00Z", "0" * 64, "row 1")


def test_facts_and_closes_come_back_as_they_went() -> None:
    """A message of facts and one of a close decode to the batch that they were."""
    batch = wire.decode(wire.encode(TOLD) * 2, 7, "events[1]", "T")
    close = wire.decode(wire.encode_close(date(2024, 3, 5)), 8, "events[1]", "T")

    assert (7, [TOLD, TOLD], None, ()) == (batch.offset, batch.told, batch.close, batch.held)
    assert ([], date(2024, 3, 5), ()) == (close.told, close.close, close.held)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("stated_at", "2024-03-05T12:00:00Z", "yesterday"),
        ("stated_at", "2024-03-05T12:00:00Z", "2024-03-05T12:00:00+08:00"),
        ("file", "0" * 64, "0" * 65),
        ("position", "位" * 200, "位" * 201),
    ],
)
def test_what_a_database_could_not_keep_is_held(field: str, good: str, bad: str) -> None:
    """A sighting whose fields are no key of a table is held, at its line."""
    for value, held in ((good, 0), (bad, 1)):
        told = {"stated_at": TOLD.stated_at, "file": TOLD.file, "position": TOLD.position}
        told[field] = value
        line = wire.encode(f.Told(LESSON, **told))
        batch = wire.decode(wire.encode(TOLD) + line, 0, "events[1]", "T")

        assert (2 - held, held) == (len(batch.told), len(batch.held))
        assert all(one.position == "events[1] offset 0 line 2" for _, one in batch.held)


def test_messages_are_full_and_no_fuller() -> None:
    """500 facts or half a megabyte go into a message; a line that is larger goes alone."""
    small, large = b"x" * 99 + b"\n", b"y" * wire.BYTES_MAX + b"\n"

    assert [500, 500, 1] == [v.count(b"\n") for v in wire.pack([small] * 1001)]
    packed = list(wire.pack([small, large, small]))
    assert [small, large, small] == packed
    half = b"z" * (wire.BYTES_MAX // 2 - 1) + b"\n"
    assert [2, 1] == [v.count(b"\n") for v in wire.pack([half] * 3)]


def test_the_same_nonsense_elsewhere_is_another_row() -> None:
    """A line that cannot be read is a file of its own by its place, so that none hides another."""
    one, other = (wire.decode(b"{", offset, "events[1]", "T").held[0] for offset in (1, 2))

    assert one[0].sha256 != other[0].sha256
    assert ("{", "events[1] offset 1 line 1") == (one[1].body, one[1].position)
