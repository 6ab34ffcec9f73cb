"""The house holds: arrows, lengths, banned calls, docstrings, lists in docs/, lock and texts."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from tests.house import (
    BANNED_CALLS,
    EDGES,
    FILE_LINES_MAX,
    FUNCTION_LINES_MAX,
    PACKAGES,
    PURE_LAYERS,
    ROOT,
    Source,
    arrow_faults,
    banned_call_faults,
    docstring_faults,
    edge_faults,
    faust_faults,
    layer_of,
    length_faults,
    purity_faults,
    source,
    sources,
)

type_ignore = "# type: " + "ignore"  # in two parts, so that this line is none
Checker = Callable[[Source], list[str]]

TEXT_SUFFIXES = {
    *(".py", ".md", ".toml", ".lock", ".yaml", ".yml", ".json", ".csv", ".txt"),
    *(".html", ".css", ".js", ".po", ".mako", ".ini", ".cfg"),
}
TEXT_PLACES = (*PACKAGES, "docs", ".ci")
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home|Users|work|workspace|builds)/\w")
REGISTRY = re.compile(r"https?:|--(?:extra-)?index-url|--find-links|--trusted-host|\s@\s")


# --- every file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize(
    "checker", [arrow_faults, faust_faults, length_faults, edge_faults, docstring_faults]
)
def test_every_file_keeps_the_house_rules(package: str, checker: Checker) -> None:
    """No file of the package breaks the rule; the message says where and what to do."""
    files = sources(package)

    assert files, f"{package}/ holds no Python file"
    assert [] == [fault for file in files for fault in checker(file)]


@pytest.mark.parametrize("layer", PURE_LAYERS)
@pytest.mark.parametrize("checker", [banned_call_faults, purity_faults])
def test_domain_and_rules_are_pure(layer: str, checker: Checker) -> None:
    """The domain and the rules read no clock, no file, no chance, and calculate in integers."""
    files = [file for file in sources(*PACKAGES) if layer_of(file.module) == layer]

    assert files, f"the layer {layer} holds no Python file"
    assert [] == [fault for file in files for fault in checker(file)]


def test_every_edge_is_still_one() -> None:
    """A file listed in EDGES exists and needs its place in the list."""
    broad = "try:\n    pass\nexcept Exception:\n    pass\n"

    for path, reason in EDGES.items():
        assert reason
        assert "except Exception" in (ROOT / path).read_text(encoding="utf-8"), path
        assert [] == edge_faults(source(path, broad))


# --- every checker can fail -----------------------------------------------------------------------

LONG_FUNCTION = "def long():\n" + "    pass\n" * FUNCTION_LINES_MAX
NESTED = "def outer():\n" + "".join(f"    {line}\n" for line in LONG_FUNCTION.splitlines())

BAD = [
    (arrow_faults, "models/ledger.py", "from models.store import journal", "models.store.journal"),
    (arrow_faults, "models/ledger.py", "from models import store", "models.store"),
    (arrow_faults, "models/ledger.py", "from .store import journal", "models.store.journal"),
    (arrow_faults, "models/ledger.py", "import config.load", "config.load"),
    (arrow_faults, "models/store/journal.py", "from config.load import area", "config.load"),
    (arrow_faults, "config/load.py", "from models.store import journal", "models.store"),
    (arrow_faults, "config/load.py", "import alerts", "alerts"),
    (arrow_faults, "alerts/rules/charging.py", "import config.load", "config.load"),
    (arrow_faults, "alerts/rules/charging.py", "from alerts import cases", "alerts.cases"),
    (arrow_faults, "alerts/rules/charging.py", "from ..cases import open_case", "alerts.cases"),
    (arrow_faults, "alerts/cases.py", "def f():\n    import streams.monitor", "streams.monitor"),
    (arrow_faults, "alerts/cases.py", "import_module('streams.monitor')", "streams.monitor"),
    (arrow_faults, "streams/simulator/city.py", "from models import policy", "models.policy"),
    (arrow_faults, "streams/simulator/city.py", "from alerts.rules import RULES", "alerts.rules"),
    (arrow_faults, "streams/simulator/city.py", "import streams.monitor", "streams.monitor"),
    (arrow_faults, "streams/cli.py", "import bench.core", "bench.core"),
    (arrow_faults, "bench/core.py", "import tests.house", "tests.house"),
    (arrow_faults, "tests/oracle.py", "from models.ledger import Ledger", "models.ledger"),
    (faust_faults, "streams/gateway.py", "from faust import App", "only streams/worker.py"),
    (purity_faults, "models/facts.py", "import pydantic", "pydantic is neither"),
    (purity_faults, "models/facts.py", "from os import environ", "os reaches outward"),
    (purity_faults, "alerts/rules/refund.py", "import sqlalchemy.orm", "sqlalchemy is neither"),
    (length_faults, "models/facts.py", "\n" * (FILE_LINES_MAX + 1), "401 lines, at most 400"),
    (length_faults, "tests/test_x.py", "\n" * 601, "601 lines, at most 600"),
    (length_faults, "models/facts.py", LONG_FUNCTION, "long has 51 lines, at most 50"),
    (length_faults, "models/facts.py", NESTED, "long has 51 lines, at most 50"),
    (length_faults, "models/facts.py", "#" * 101, "101 columns, at most 100"),
    (banned_call_faults, "models/money.py", "def f():\n    return 1.5", "write an integer"),
    (banned_call_faults, "models/money.py", "ratio = paid / due", "cross-multiply"),
    (edge_faults, "alerts/cases.py", "try: f()\nexcept Exception: pass", "EDGES"),
    (edge_faults, "alerts/cases.py", "try: f()\nexcept (OSError, BaseException): pass", "EDGES"),
    (edge_faults, "alerts/cases.py", "try: f()\nexcept: pass", "EDGES"),
    (edge_faults, "alerts/cases.py", f"f()  {type_ignore}", "needs its code"),
    (docstring_faults, "config/load.py", "x = 1", "the module has no docstring"),
    (docstring_faults, "models/money.py", '"""M."""\ndef parse(): ...', "parse has no"),
    (docstring_faults, "models/money.py", '"""M."""\nclass A:\n    def b(self): ...', "b has no"),
    (docstring_faults, "tests/test_x.py", '"""M."""\ndef test_x(): ...', "test_x has no"),
]


@pytest.mark.parametrize(("checker", "path", "text", "expected"), BAD)
def test_checker_finds_the_fault(checker: Checker, path: str, text: str, expected: str) -> None:
    """The checker names the fault and the file."""
    faults = checker(source(path, text))

    assert any(fault.startswith(path) and expected in fault for fault in faults), faults


@pytest.mark.parametrize("name", BANNED_CALLS)
@pytest.mark.parametrize("form", ["{}()", "module.{}()", "f = lambda: x.y.{}(1)"])
def test_banned_call_is_found_in_every_form(name: str, form: str) -> None:
    """A banned call is found with and without its module, and the message names what to use."""
    faults = banned_call_faults(source("models/x.py", form.format(name)))

    assert [f"models/x.py:1: {name}( is banned here: {BANNED_CALLS[name]}"] == faults


GOOD = [
    (arrow_faults, "models/store/journal.py", "from models.facts import EntryBooked"),
    (arrow_faults, "alerts/rules/charging.py", "from models import ledger, policy"),
    (arrow_faults, "alerts/cases.py", "from models.store import journal\nimport config.load"),
    (arrow_faults, "streams/simulator/city.py", "from models.facts import EntryBooked\nimport csv"),
    (arrow_faults, "streams/cli.py", "from streams.simulator import city"),
    (arrow_faults, "tests/oracle.py", "from models.facts import EntryBooked"),
    (faust_faults, "streams/worker.py", "import faust"),
    (purity_faults, "models/facts.py", "import msgspec\nfrom datetime import date"),
    (length_faults, "models/facts.py", "\n" * FILE_LINES_MAX),
    (length_faults, "models/facts.py", LONG_FUNCTION.removesuffix("    pass\n")),
    (length_faults, "models/facts.py", "#" * 100),
    (banned_call_faults, "models/money.py", "whole = fen // 100\nknown = 3"),
    (edge_faults, "alerts/cases.py", f"try: f()  {type_ignore}[attr-defined]\nexcept OSError: ..."),
    (docstring_faults, "models/money.py", '"""M."""\ndef _cell(): ...'),
    (docstring_faults, "config/load.py", '"""M."""\ndef area(): ...'),
]


@pytest.mark.parametrize(("checker", "path", "text"), GOOD)
def test_checker_passes_what_is_allowed(checker: Checker, path: str, text: str) -> None:
    """A checker says nothing about what stands inside its limit."""
    assert [] == checker(source(path, text))


# --- the packages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["streams", "models", "alerts", "config"])
def test_package_resolves_inside_the_project(package: str, tmp_path: Path) -> None:
    """From any folder, as the command sees it, the name means our package and no other."""
    code = f"import {package}; print({package}.__file__)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )

    assert str(ROOT / package / "__init__.py") == done.stdout.strip()


# --- the lists in docs/ ---------------------------------------------------------------------------


def test_every_rule_is_documented() -> None:
    """docs/rules.md holds every rule id of alerts.rules.RULES."""
    rules = [rule.id for rule in importlib.import_module("alerts.rules").RULES]

    assert rules
    assert [] == _missing(rules, "docs/rules.md")


def test_every_metric_is_documented() -> None:
    """docs/metrics.md holds every metric that a file of metrics names, and no other."""
    metric = re.compile(r"\bescrow_[a-z_]+\b")
    files = ("alerts/metrics.py", "alerts/worker_metrics.py", "alerts/gateway_metrics.py")
    named = {name for file in files for name in metric.findall(_text(file))}

    assert named
    assert named == set(metric.findall(_text("docs/metrics.md")))


def test_every_setting_is_documented() -> None:
    """docs/settings.md holds every setting with its variable, and no other."""
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", _text("docs/settings.md"), re.MULTILINE)

    assert [(name, f"ESCROW_{name.upper()}") for name in Settings.model_fields] == rows


def test_every_default_of_a_setting_is_documented() -> None:
    """docs/settings.md shows the default that the code uses."""
    rows = re.findall(
        r"^\| `(\w+)` \| `\w+` \| `(\S+)` \|", _text("docs/settings.md"), re.MULTILINE
    )
    defaults = {name: field.default for name, field in Settings.model_fields.items()}

    assert dict(rows) == {name: str(value) for name, value in defaults.items() if value is not None}


def test_every_command_is_documented() -> None:
    """docs/commands.md has a heading for every command, and for no other."""
    headings = re.findall(r"^#+ `?(escrow [a-z -]+?)`?$", _text("docs/commands.md"), re.MULTILINE)

    assert sorted(_commands()) == sorted(headings)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_readme_names_what_exists(readme: str) -> None:
    """Both READMEs give the two commands to start with, and every command they show exists."""
    text = _text(readme)

    assert re.search(r"^make demo\b", text, re.MULTILINE)
    assert re.search(r"^make test\b", text, re.MULTILINE)
    shown = set(re.findall(r"^(?:\.venv/bin/)?(escrow [a-z]+)", text, re.MULTILINE))
    assert shown
    assert set() == shown - set(_commands())


PAGES = [
    page.relative_to(ROOT).as_posix()
    for glob in ("*.md", "docs/**/*.md")
    for page in ROOT.glob(glob)
]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_link_leads_somewhere(page: str) -> None:
    """A link or picture to a file of the repository points at one that exists."""
    targets = re.findall(r"\]\(([^)#\s]+)", _text(page))
    inside = [target for target in targets if not target.startswith(("http:", "https:", "mailto:"))]

    assert [] == [target for target in inside if not (ROOT / page).parent.joinpath(target).exists()]


# --- lock and texts -------------------------------------------------------------------------------


LOCKS = [
    "requirements.lock",
    "requirements-run.lock",
    "requirements-compiler.lock",
    "requirements-servers.lock",
    "requirements-mutation.lock",
]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_hashes_and_no_addresses(lock: str) -> None:
    """Every requirement is pinned with its hashes; where to fetch it from is the user's matter."""
    assert [] == _lock_faults(_text(lock))


def test_the_image_runs_what_was_tested() -> None:
    """What the image is made of is part of the lock that the tests ran with, version by version."""
    pinned = re.compile(r"^[\w.-]+(?:\[[\w,-]+\])?==\S+", re.MULTILINE)
    tested, run, compiler = (set(pinned.findall(_text(lock))) for lock in LOCKS[:3])

    assert run
    assert compiler
    assert set() == (run | compiler) - tested


@pytest.mark.parametrize(
    ("lock", "fault"),
    [
        ("msgspec==0.19\n", "msgspec==0.19: no hash"),
        ("msgspec>=0.19 \\\n    --hash=sha256:00\n", "msgspec>=0.19: not pinned"),
        ("--index-url https://x.example\n", "--index-url https://x.example: an address"),
        ("x @ https://x.example/x.whl \\\n    --hash=sha256:00\n", "x @ https://x.example/x.whl"),
    ],
)
def test_bad_lock_is_found(lock: str, fault: str) -> None:
    """A line without hash, without pin or with an address is named."""
    assert any(found.startswith(fault) for found in _lock_faults(lock))


def test_texts_name_no_path_of_a_machine() -> None:
    """No text of the repository speaks of somebody's home or working folder."""
    assert [] == [
        f"{file.relative_to(ROOT)}:{number}"
        for file in _texts()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]


def test_path_of_a_machine_is_found() -> None:
    """An absolute path is found in prose, code and quotes; a route or an address is not."""
    home = "/ho" + "me/ann/escrow"

    assert all(MACHINE_PATH.search(text) for text in (home, f"see {home}", f"'{home}'"))
    assert not any(MACHINE_PATH.search(text) for text in ("https://x.example" + home, "a" + home))


def _text(path: str) -> str:
    file = ROOT / path
    assert file.exists(), f"{path} does not exist"
    return file.read_text(encoding="utf-8")


def _texts() -> Iterator[Path]:
    yield from (file for file in ROOT.iterdir() if file.suffix in TEXT_SUFFIXES)
    for place in TEXT_PLACES:
        for file in (ROOT / place).rglob("*"):
            if file.is_file() and file.suffix in TEXT_SUFFIXES | {""}:
                yield file


def _missing(names: list[str], path: str) -> list[str]:
    text = _text(path)
    return [name for name in names if not re.search(rf"(?<![\w-]){name}(?![\w-])", text)]


def _commands() -> list[str]:
    """Every command of the program in full, sub-commands included."""
    typer_main = importlib.import_module("typer.main")
    root = typer_main.get_command(importlib.import_module("streams.cli").app)
    waiting, found = [("escrow", root)], []
    while waiting:
        name, command = waiting.pop()
        inner = getattr(command, "commands", None)
        if inner is None:
            found.append(name)
        else:
            waiting += [(f"{name} {word}", inner[word]) for word in inner]
    return found


def _lock_faults(lock: str) -> list[str]:
    faults = []
    for entry in re.sub(r" *\\\n *", " ", lock).splitlines():
        requirement = entry.partition(" --hash=")[0]
        if not requirement or requirement.startswith("#"):
            continue
        if REGISTRY.search(entry):
            faults.append(f"{requirement}: an address")
        elif "==" not in requirement:
            faults.append(f"{requirement}: not pinned")
        elif " --hash=" not in entry:
            faults.append(f"{requirement}: no hash")
    return faults
