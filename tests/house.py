"""The house rules as functions over one source file; test_house.py applies them to every file.

Each checker takes a Source and returns sentences, one for each fault: where, what, and the remedy.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("streams", "models", "alerts", "config", "bench", "tests")

# Who may import what. The longest prefix that fits a module is its layer; an entry covers what is
# under it in the same layer: "models" does not cover "models.store", which is a layer of its own.
BELOW_STREAMS = ("alerts", "alerts.rules", "models", "models.store", "config")
ORACLE_READS = (
    *("tests.oracle", "tests.oracle_history", "tests.oracle_identity", "tests.oracle_open"),
    *("tests.oracle_pairing", "tests.oracle_schedule"),
    "config",
    *("models.facts", "models.money", "models.policy", "models.working_days"),
)
ARROWS: dict[str, tuple[str, ...]] = {
    "models": ("models",),
    "models.store": ("models", "models.store"),
    "config": ("config", "models"),
    "alerts.rules": ("alerts.rules", "models"),
    "alerts": BELOW_STREAMS,
    "streams": ("streams", "streams.simulator", *BELOW_STREAMS),
    # A city that knew the rules would be their mirror, not a trial of them.
    "streams.simulator": (
        "streams.simulator",
        *("models.facts", "models.money", "models.identity", "models.working_days"),
    ),
    "bench": ("bench", "streams", "streams.simulator", *BELOW_STREAMS),
    "tests": (
        "tests",
        "tests.oracle",
        "tests.oracle_history",
        "tests.oracle_identity",
        "tests.oracle_pairing",
        "tests.oracle_open",
        "tests.oracle_schedule",
        "bench",
        "streams",
        "streams.simulator",
        *BELOW_STREAMS,
    ),
    # The oracle works the findings out a second time: it shares the words and no reasoning.
    "tests.oracle": ORACLE_READS,
    "tests.oracle_history": ORACLE_READS,
    "tests.oracle_identity": ORACLE_READS,
    "tests.oracle_pairing": ORACLE_READS,
    "tests.oracle_open": ORACLE_READS,
    "tests.oracle_schedule": ORACLE_READS,
}

# The domain and the rules stand on the standard library and msgspec, without its doors outward.
# The decorator of mypy_extensions only tells the compiler something.
PURE_LAYERS = ("models", "alerts.rules")
PURE_PACKAGES = sys.stdlib_module_names | {"msgspec", "mypy_extensions"}
OUTWARD = {
    *("asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets"),
    *("shutil", "socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib"),
}

BANNED_CALLS = {
    "now": "take the day as an argument",
    "utcnow": "take the day as an argument",
    "today": "take the day as an argument",
    "time": "take the moment as an argument",
    "monotonic": "measure in bench or streams",
    "perf_counter": "measure in bench or streams",
    "random": "take the choice as an argument",
    "uuid4": "make ids from content (models.identity)",
    "float": "use integer fen and named rounding (models.money)",
    "print": "return a value; streams.cli prints",
    "open": "take the text as an argument; config.load and streams.feeds read files",
    "read_text": "take the text as an argument; config.load and streams.feeds read files",
    "read_bytes": "take the bytes as an argument; config.load and streams.feeds read files",
}

# The only files that may catch every exception, each with its reason.
EDGES = {
    "alerts/evaluation.py": "a rule that raises becomes cannot-decide, the other rules go on",
    "streams/worker.py": "Faust would acknowledge a message whose handling raised",
    "streams/inbound.py": "as in streams/worker.py",
    "streams/monitor.py": "an institution whose ledger raises is parked, the others go on",
}

# The only files that know Faust, each with its reason.
KNOW_FAUST = {
    "streams/worker.py": "its agent takes the messages of the worker's partitions",
    "streams/inbound.py": "its agent takes the single facts of third parties",
    "bench/plain_faust.py": "plain Faust is what ours is measured against",
}

FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 50
COLUMNS_MAX = 100

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IGNORE_WITHOUT_CODE = re.compile(r"#\s*type:\s*ignore(?!\[)")


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The dotted name under which the file is imported."""
        parts = PurePosixPath(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def at(self, node: ast.AST, fault: str) -> str:
        """A fault as a sentence that an editor can jump to."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {fault}"


def source(path: str, text: str) -> Source:
    """Read a text as the file at that path."""
    return Source(path, text, ast.parse(text, path))


def sources(*packages: str) -> list[Source]:
    """Every Python file of these packages, in order of its path."""
    return [
        source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
        for package in packages
        for file in sorted((ROOT / package).rglob("*.py"))
    ]


def layer_of(module: str) -> str | None:
    """The layer with the longest prefix that fits, or None for what is not of the house."""
    layers = [layer for layer in ARROWS if _lies_in(module, layer)]
    return max(layers, key=len, default=None)


def arrow_faults(src: Source) -> list[str]:
    """Imports that ARROWS does not allow, also those inside functions."""
    own = layer_of(src.module)
    allowed = ARROWS[own] if own else ()
    faults = []
    for node, target in _imports(src):
        layer = layer_of(target)
        if layer is None:
            continue
        if not any(layer_of(entry) == layer and _lies_in(target, entry) for entry in allowed):
            faults.append(src.at(node, f"{own} must not import {target} (ARROWS in house.py)"))
    return faults


def purity_faults(src: Source) -> list[str]:
    """Packages that the domain and the rules must not import."""
    faults = []
    for node, target in _imports(src):
        top = target.partition(".")[0]
        if top in OUTWARD:
            faults.append(src.at(node, f"{top} reaches outward; take its result as an argument"))
        elif top not in PURE_PACKAGES and layer_of(target) is None:
            faults.append(src.at(node, f"{top} is neither standard library nor msgspec"))
    return faults


def faust_faults(src: Source) -> list[str]:
    """Imports of Faust anywhere but in KNOW_FAUST."""
    if src.path in KNOW_FAUST:
        return []
    return [
        src.at(node, f"only {', '.join(KNOW_FAUST)} know Faust")
        for node, target in _imports(src)
        if _lies_in(target, "faust")
    ]


def length_faults(src: Source) -> list[str]:
    """Files, functions and lines that are too long."""
    lines = src.text.splitlines()
    lines_max = TEST_FILE_LINES_MAX if _lies_in(src.module, "tests") else FILE_LINES_MAX
    faults = []
    if len(lines) > lines_max:
        faults.append(f"{src.path}: {len(lines)} lines, at most {lines_max}: divide the file")
    for node in ast.walk(src.tree):
        if isinstance(node, _FUNCTIONS):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                fault = f"{node.name} has {length} lines, at most {FUNCTION_LINES_MAX}: divide it"
                faults.append(src.at(node, fault))
    for number, line in enumerate(lines, start=1):
        if len(line) > COLUMNS_MAX:
            fault = f"{len(line)} columns, at most {COLUMNS_MAX}: break the line"
            faults.append(f"{src.path}:{number}: {fault}")
    return faults


def banned_call_faults(src: Source) -> list[str]:
    """Calls by which a pure function would read a clock, a file, chance or a float."""
    faults = []
    for node in ast.walk(src.tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if (
                name in BANNED_CALLS
            ):
                faults.append(src.at(node, f"{name}( is banned here: {BANNED_CALLS[name]}"))
            case ast.Constant(value=float()):
                faults.append(src.at(node, "a float is banned here: write an integer or a ratio"))
            case ast.BinOp(op=ast.Div()):
                faults.append(src.at(node, "/ is banned here: cross-multiply or name the rounding"))
    return faults


def edge_faults(src: Source) -> list[str]:
    """Handlers of every exception outside of EDGES, and `type: ignore` without a code."""
    faults = [
        src.at(node, "catches everything: name the exception, or list the file in EDGES")
        for node in ast.walk(src.tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node) and src.path not in EDGES
    ]
    faults.extend(
        f"{src.path}:{token.start[0]}: type: ignore needs its code in brackets"
        for token in tokenize.generate_tokens(io.StringIO(src.text).readline)
        if token.type == tokenize.COMMENT and _IGNORE_WITHOUT_CODE.search(token.string)
    )
    return faults


def docstring_faults(src: Source) -> list[str]:
    """A module, a public function of the pure layers or a test that does not say what it is."""
    faults = [] if ast.get_docstring(src.tree) else [f"{src.path}: the module has no docstring"]
    is_pure = layer_of(src.module) in PURE_LAYERS
    is_test = _lies_in(src.module, "tests")
    for node in _public_functions(src.tree):
        wanted = is_pure or (is_test and node.name.startswith("test_"))
        if wanted and not ast.get_docstring(node):
            faults.append(src.at(node, f"{node.name} has no docstring"))
    return faults


def _lies_in(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


def _imports(src: Source) -> Iterator[tuple[ast.AST, str]]:
    """Each imported name in full; `from a import b` is `a.b`, whether b is a module or not."""
    for node in ast.walk(src.tree):
        match node:
            case ast.Import(names=names):
                yield from ((node, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = ".".join(filter(None, [_package(src, level), module]))
                yield from ((node, f"{base}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node, name


def _package(src: Source, level: int) -> str:
    """The package that a relative import of that level starts from; empty for an absolute one."""
    return ".".join(PurePosixPath(src.path).parts[:-level]) if level else ""


def _is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})
        for kind in caught
    )


def _public_functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions of the module and methods of its classes, without those that begin with `_`."""
    bodies = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for body in bodies:
        for node in body:
            if isinstance(node, _FUNCTIONS) and not node.name.startswith("_"):
                yield node
