"""Tell the stories to every mutant: `python -m tests.mutation [NAME…]`.

mutmut starts pytest anew for each mutant, which takes a second. Here stories are told in a child of
this process, which takes some hundredths, and most mutants are killed by them. What is killed is
written where mutmut keeps its results, and the names of the others into `mutants/left`: these are
for `tests.mutation.testing` to try on the other tests.
A NAME is that of a mutant, `*` stands for any letters: `alerts.rules.refund.*`.
"""

import fnmatch
import gc
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import structlog
from mutmut.__main__ import CatchOutput, create_mutants
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.utils.file_utils import (
    copy_also_copy_files,
    copy_src_dir,
    setup_source_paths,
    walk_mutatable_files,
)

from tests.mutation.forks import CHILDREN, KILLED, LEFT, LEFT_NAMES, TIMEOUT

SAVED_EVERY = 50
OUTCOMES = {LEFT: "left", KILLED: "killed", TIMEOUT: "timeout"}
"""What is left is written as not yet tried."""


def main(names: Sequence[str]) -> int:
    """Make the mutants, tell the stories to those of these names that were not killed before."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    _make_mutants()
    # The rules that are imported from here on are those of mutants/.
    from tests.mutation.telling import Telling  # noqa: PLC0415

    telling = Telling()
    sys.stdout.write(f"{len(telling.trials)} tellings of stories, all as they should be\n")
    gc.freeze()
    left: list[str] = []
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        asked = [name for name in data.exit_code_by_key if _is_asked(name, names)]
        todo = [name for name in asked if data.exit_code_by_key[name] not in {KILLED, TIMEOUT}]
        for place, (mutant, code) in enumerate(telling.outcomes(todo), start=1):
            data.exit_code_by_key[mutant] = code or None
            if place % SAVED_EVERY == 0 or place == len(todo):
                data.save()
        left += [name for name in asked if data.exit_code_by_key[name] is None]
        told = Counter(OUTCOMES[data.exit_code_by_key[name] or 0] for name in asked)
        sys.stdout.write(f"{path}: {len(asked)} mutants, {dict(told)}\n")
        sys.stdout.flush()
    LEFT_NAMES.write_text("".join(f"{name}\n" for name in left), encoding="utf-8")
    return 0


def _make_mutants() -> None:
    """Write the mutants into mutants/, as `mutmut run` does."""
    Path("mutants").mkdir(exist_ok=True)
    set_mutant_under_test("mutant_generation")
    with CatchOutput():
        copy_src_dir()
        copy_also_copy_files()
        setup_source_paths()
        create_mutants(CHILDREN)


def _is_asked(mutant: str, names: Sequence[str]) -> bool:
    return not names or any(fnmatch.fnmatch(mutant, name) for name in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
