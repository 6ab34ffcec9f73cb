"""Run a function in a child process that dies before the n-th thing it says to the database."""

import os
from collections.abc import Callable
from multiprocessing import get_context

from sqlalchemy import Engine, event

DIED = 77
_PRELOADED = ["streams.embedded", "tests.streams.told"]


def run_dying(target: Callable[..., None], *args: object, before: int | None = None) -> int:
    """The exit code of a child that runs target(*args): DIED, or 0 when it came to its end.

    It dies, without any clean-up, before the statement or commit of that number, counted from 1.
    A fork server makes the children: quick like a fork, and no thread of the test is copied.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    child = context.Process(target=_run, args=(target, args, before))
    child.start()
    child.join()
    assert child.exitcode in {0, DIED}, f"the child failed with {child.exitcode}"
    return child.exitcode


def _run(target: Callable[..., None], args: tuple[object, ...], before: int | None) -> None:
    said = 0

    def count(*_: object) -> None:
        nonlocal said
        said += 1
        if said == before:
            os._exit(DIED)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    target(*args)
