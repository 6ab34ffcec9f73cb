"""The core that mypyc translates to C answers as its source does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from streams.compiling import main
from tests.house import ROOT

TOLD_TO_IT = ("tests/stories", "tests/models", "tests/test_properties.py")
LEAST = 3_000


@pytest.mark.compiler
def test_the_compiled_core_answers_as_the_interpreted_one(tmp_path: Path) -> None:
    """Stories, units and properties hold of it; a module that was not compiled would be seen."""
    assert 0 == main([str(tmp_path)])
    told = "from alerts import evaluation, rules; from models import book, policy"
    asked = "print(*(one.__file__ for one in (evaluation, rules, book, policy)))"
    found = _python("-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {told}; {asked}")
    assert 4 == found.count(f"{tmp_path}/") == found.count(".so")

    options = ("-q", "-x", "-p", "no:cacheprovider", "-o", f"pythonpath={tmp_path} .")
    ended = _python("-m", "pytest", *options, *TOLD_TO_IT)

    passed = re.search(r"(\d+) passed", ended)
    assert passed is not None, ended[-3_000:]
    assert int(passed[1]) > LEAST


def test_without_a_folder_it_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a folder nor two is a call to compile."""
    assert 2 == main([])
    assert "python -m streams.compiling FOLDER" in capsys.readouterr().err


def _python(*arguments: str) -> str:
    command = [sys.executable, "-P", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, (done.stdout + done.stderr)[-3_000:]
    return done.stdout
