"""The pace of Python's garbage collector in a process that keeps nearly all that it builds."""

import gc

# Facts and ledgers stay; looking through them again and again took half of the time. New objects
# are looked through once in rounds so small that they still lie in the processor's cache (a third
# of the time of rounds of 100,000), and a second time after a thousand such rounds. An institution
# that is let go is no cycle and needs no collector; what libraries leave for good is found after
# three of these, if a quarter of all objects is new.
RARELY = (3_000, 1_000, 3)


def collect_rarely() -> None:
    """Collect cyclic garbage rarely from now on.

    For good: going back to the usual pace would first look through everything that was built.
    """
    gc.set_threshold(*RARELY)
