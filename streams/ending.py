"""How a process is told to end: the first signal asks it to, the second does not wait."""

import signal
import sys
from threading import Event
from types import FrameType


def when_told() -> Event:
    """An event that SIGINT, SIGTERM or SIGHUP sets; what is in hand is finished first.

    A second signal raises KeyboardInterrupt wherever the process stands.
    """
    told = Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if told.is_set():
            raise KeyboardInterrupt
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handle)
    return told


def end_before_begun() -> None:
    """Let SIGTERM end the process with 0 until something with work to finish takes it over."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
