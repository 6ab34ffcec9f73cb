"""Mutants tried in children of this process, and what killed them."""

import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mutmut.mutation import trampoline

CHILDREN = 2
KILLED, LEFT, TIMEOUT = 1, 0, 36
"""As mutmut numbers them."""
WORD = 8
LEFT_NAMES = Path("mutants", "left")
"""The file of the mutants that no story kills."""
_killers = mmap.mmap(-1, WORD * CHILDREN)


def outcomes(
    mutants: Sequence[str], try_on: Callable[[str], int | None]
) -> Iterator[tuple[str, int, int]]:
    """Each mutant with what became of it, and the place of its killer where it has one.

    `try_on` says in a child which one kills the mutant, None when none does.
    """
    running: dict[int, tuple[str, int]] = {}
    free = list(range(CHILDREN))
    for mutant in mutants:
        if not free:
            yield _ended(running, free)
        slot = free.pop()
        child = os.fork()
        if not child:
            _child(mutant, slot, try_on)
        running[child] = (mutant, slot)
    while running:
        yield _ended(running, free)


def _child(mutant: str, slot: int, try_on: Callable[[str], int | None]) -> None:
    trampoline.get_mutant_under_test = lambda: mutant
    killer = try_on(mutant)
    if killer is None:
        os._exit(LEFT)
    _killers[WORD * slot : WORD * (slot + 1)] = killer.to_bytes(WORD, "big")
    os._exit(KILLED)


def _ended(running: dict[int, tuple[str, int]], free: list[int]) -> tuple[str, int, int]:
    child, status = os.wait()
    mutant, slot = running.pop(child)
    free.append(slot)
    code = TIMEOUT if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return mutant, code, int.from_bytes(_killers[WORD * slot : WORD * (slot + 1)], "big")
