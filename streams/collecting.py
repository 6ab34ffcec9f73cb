"""The pace of Python's garbage collector in a process that keeps nearly all that it builds."""

import gc

# Facts and ledgers stay; looking through them again every 700 new objects took half of the time.
# An institution that is let go is a cycle, and old by then: the oldest are looked through after
# every hundred rounds of the youngest, and then only if a quarter of them is new.
RARELY = (100_000, 10, 10)


def collect_rarely() -> None:
    """Collect cyclic garbage rarely from now on.

    For good: going back to the usual pace would first look through everything that was built.
    """
    gc.set_threshold(*RARELY)
