"""In which order delivered files are played, each archived before anything is read from it."""

from collections.abc import Iterable
from datetime import date

from streams.feeds.archive import Archive
from streams.feeds.folder import Arrival, Delivered, arrivals
from streams.feeds.intake import KEPT_BYTES_MAX, MAPPED_BYTES_MIN, ProvedFile, prove

KEPT_BYTES_ALL = 64_000_000


def plan(
    delivered: Iterable[Delivered], today: date, archive: Archive | None = None
) -> list[tuple[date | None, list[ProvedFile]]]:
    """Files and folders as groups in the order in which they are played.

    By day, what has no day first; in a day registers before bank files, then by name. With an
    archive each file is kept there first and read from there.
    """
    proved = []
    kept_bytes = 0
    for arrival in arrivals(delivered):
        left = min(KEPT_BYTES_MAX, max(0, KEPT_BYTES_ALL - kept_bytes))
        one = _prove(arrival, today, archive, left)
        if one.size_bytes <= left:
            kept_bytes += one.size_bytes
        proved.append((one, str(arrival.path)))
    if archive:
        archive.make_lasting()
    proved.sort(key=lambda pair: (_order(pair[0]), pair[1]))
    groups: list[tuple[date | None, list[ProvedFile]]] = []
    for one, _ in proved:
        if not groups or groups[-1][0] != one.day:
            groups.append((one.day, []))
        groups[-1][1].append(one)
    return groups


def _prove(
    arrival: Arrival, today: date, archive: Archive | None, keep_bytes_max: int
) -> ProvedFile:
    path = arrival.path
    # What fits into memory is read once; what is too large is proved from its archived copy.
    source = path.read_bytes() if path.stat().st_size < MAPPED_BYTES_MIN else path
    is_copied = archive is not None and not arrival.is_archived
    kept_at = archive.path(archive.put(source)) if archive and is_copied else path
    if not isinstance(source, bytes):
        source = kept_at
    proved = prove(source, today, arrival.name, keep_bytes_max=keep_bytes_max)
    proved.source = kept_at
    objection = arrival.objection or (arrival.rights.objection(proved) if arrival.rights else "")
    if objection:
        proved.refuse(objection, "")
        proved.is_objected = True
    proved.is_again = arrival.again
    return proved


def _order(proved: ProvedFile) -> tuple[date, bool, str]:
    return proved.day or date.min, proved.is_bank, proved.name
