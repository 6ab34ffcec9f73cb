"""The pace of Python's garbage collector in a process that keeps nearly all that it builds."""

import gc

# Facts and ledgers stay; looking through them again every 700 new objects took half of the time.
# An institution that is let go is no cycle and needs no collector; what else is left by libraries
# is looked for after every hundred rounds of the youngest, if a quarter of all objects is new.
RARELY = (100_000, 10, 10)


def collect_rarely() -> None:
    """Collect cyclic garbage rarely from now on.

    For good: going back to the usual pace would first look through everything that was built.
    """
    gc.set_threshold(*RARELY)
