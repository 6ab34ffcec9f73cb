"""The pace of Python's garbage collector in a process that keeps nearly all that it builds."""

import gc

# Facts and ledgers stay; looking through them again every 700 new objects took half of the time.
RARELY = (500_000, 50, 1_000)


def collect_rarely() -> None:
    """Collect cyclic garbage rarely from now on.

    For good: going back to the usual pace would first look through everything that was built.
    """
    gc.set_threshold(*RARELY)
