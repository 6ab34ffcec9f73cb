"""Translate the core to C: `python -m streams.compiling FOLDER` (`make compiled`).

A copy of the program goes into FOLDER, and beside its rules and its models what mypyc and the C
compiler make of them. The answers are the same, and they come nearly twice as fast. The source
itself stays untouched: a compiled module beside it would go on answering after a change.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("alerts", "config", "models", "streams")
CORE: Final = ("models/*.py", "alerts/rules/*.py", "alerts/evaluation.py")
INTERPRETED: Final = {
    *("models/__init__.py", "models/facts.py", "models/register_facts.py", "models/findings.py"),
}
"""Records of msgspec, which are C already."""
DIRECT_CALLS: Final = ("-fno-plt", "-fno-semantic-interposition")
"""Nothing outside replaces a function of the core, so that these need not ask at each call."""
IN_PLACE: Final = "--in-place"


def main(arguments: list[str]) -> int:
    """Copy the program into the folder that the arguments name, and compile its core there."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder = Path(arguments[0]).absolute()
    for package in PACKAGES:
        shutil.rmtree(folder / package, ignore_errors=True)
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.so")
        )
    # In a process of its own: mypyc wants to start in the folder, and must not find the source.
    command = [sys.executable, "-P", __file__, IN_PLACE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        sys.stderr.write("It needs a C compiler and Python's headers: Debian's gcc, python3-dev.\n")
    return done.returncode


def compile_in_place() -> None:
    """Compile the core that stands in the working directory."""
    from mypyc.build import mypycify  # noqa: PLC0415 -- only who compiles needs it
    from setuptools import setup  # noqa: PLC0415

    here = Path()
    files = sorted(str(path) for pattern in CORE for path in here.glob(pattern))
    options = ["--config-file=", "--explicit-package-bases", "--follow-imports=silent"]
    options += ["--ignore-missing-imports"]  # the checks are those of `make check`
    modules = mypycify(
        [*options, *(name for name in files if name not in INTERPRETED)],
        opt_level="3",
        debug_level="0",
        # In one piece, so that calls from module to module are no calls either.
        multi_file=False,
    )
    os.environ["CFLAGS"] = " ".join((os.environ.get("CFLAGS", ""), *DIRECT_CALLS))
    setup(
        name="escrow-monitor-core",
        packages=[],
        ext_modules=modules,
        script_args=["--quiet", "build_ext", "--inplace"],
    )
    shutil.rmtree("build")


if __name__ == "__main__":
    if sys.argv[1:] == [IN_PLACE]:
        compile_in_place()
    else:
        raise SystemExit(main(sys.argv[1:]))
