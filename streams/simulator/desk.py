"""Where the delivered files are written: by day and name, buffered, so that memory stays flat."""

from pathlib import Path

_BUFFER_CHARACTERS_MAX = 32_000_000


class Desk:
    """Collects pieces of text files; a file is its head, its pieces in order, and its tail."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._pieces: dict[tuple[str, str], list[str]] = {}
        self._frames: dict[tuple[str, str], tuple[str, str, str]] = {}
        self._begun: set[tuple[str, str]] = set()
        self._size = 0

    def add(
        self,
        place: tuple[str, str],
        text: str,
        frame: tuple[str, str] = ("", ""),
        encoding: str = "utf-8",
    ) -> None:
        """Add a piece to the file at (day, name); `frame` is its head and its tail."""
        key = place
        pieces = self._pieces.get(key)
        if pieces is None:
            pieces = self._pieces[key] = []
            self._frames.setdefault(key, (*frame, encoding))
        pieces.append(text)
        self._size += len(text)
        if self._size > _BUFFER_CHARACTERS_MAX:
            self._flush()

    def close(self) -> None:
        """Write what is left and the tails."""
        self._flush()
        for day, name in sorted(self._begun):
            _, tail, encoding = self._frames[day, name]
            if tail:
                self._append(day, name, tail, encoding)

    def _flush(self) -> None:
        for (day, name), pieces in sorted(self._pieces.items()):
            head, _, encoding = self._frames[day, name]
            if (day, name) not in self._begun:
                self._begun.add((day, name))
                (self._out / day).mkdir(parents=True, exist_ok=True)
                pieces.insert(0, head)
            self._append(day, name, "".join(pieces), encoding)
        self._pieces.clear()
        self._size = 0

    def _append(self, day: str, name: str, text: str, encoding: str) -> None:
        with (self._out / day / name).open("a", encoding=encoding, newline="") as file:
            file.write(text)
