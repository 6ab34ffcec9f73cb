"""The core that mypyc translates to C answers as its source does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from streams.compiling import main
from tests.house import ROOT

TOLD_TO_IT = ("tests/stories", "tests/models", "tests/test_properties.py")
LEAST = 3_000


SEED, INSTITUTIONS, MONTHS = "5", "3", "3"
COMMAND = "from streams.cli import app; app()"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with its core in C, in a folder of its own."""
    folder = tmp_path_factory.mktemp("compiled")
    assert 0 == main([str(folder)])
    return folder


@pytest.mark.compiler
def test_the_compiled_core_answers_as_the_interpreted_one(compiled: Path) -> None:
    """Stories, units and properties hold of it; a module that was not compiled would be seen."""
    told = "from alerts import evaluation, rules; from models import book, policy"
    asked = "print(*(one.__file__ for one in (evaluation, rules, book, policy)))"
    found = _python("-c", f"import sys; sys.path.insert(0, {str(compiled)!r}); {told}; {asked}")
    assert 4 == found.count(f"{compiled}/") == found.count(".so")

    options = ("-q", "-x", "-p", "no:cacheprovider", "-o", f"pythonpath={compiled} .")
    ended = _python("-m", "pytest", *options, *TOLD_TO_IT)

    passed = re.search(r"(\d+) passed", ended)
    assert passed is not None, ended[-3_000:]
    assert int(passed[1]) > LEAST


@pytest.mark.compiler
def test_the_program_with_the_compiled_core_finds_the_same(compiled: Path, tmp_path: Path) -> None:
    """As the image has it, nothing but that folder: files in, findings out, recomputed, equal."""
    city = str(tmp_path / "city")
    size = ("--seed", SEED, "--institutions", INSTITUTIONS, "--months", MONTHS)
    _python("-c", COMMAND, "simulate", *size, "--out", city)
    found = []
    for name, folder in (("interpreted", ROOT), ("compiled", compiled)):
        url = f"sqlite:///{tmp_path / name}.db"
        _python("-c", COMMAND, "ingest", city, "--db", url, path=folder)
        _python("-c", COMMAND, "verify", "--db", url, path=folder)
        found.append(_python("-c", COMMAND, "findings", "--db", url, "--json", path=folder))

    assert found[0].strip()
    assert found[0] == found[1]


def test_without_a_folder_it_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a folder nor two is a call to compile."""
    assert 2 == main([])
    assert "python -m streams.compiling FOLDER" in capsys.readouterr().err


def _python(*arguments: str, path: Path = ROOT) -> str:
    command = [sys.executable, "-P", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, (done.stdout + done.stderr)[-3_000:]
    return done.stdout
