"""The room that decides does nothing else: no disk, no network, no clock, no chance."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler.plan

FILES = sorted(Path(reconciler.plan.__file__).parent.glob("*.py"))
STANDARD = {
    *(
        "__future__",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "fnmatch",
        "fractions",
        "hashlib",
        "json",
        "re",
        "typing",
        "unicodedata",
    ),
}
"""Modules of the standard library that compute and do nothing else."""
OURS = ("reconciler.plan", "reconciler.errors", "reconciler.state.document", "reconciler.desired")
OTHERS = {"deepdiff", "msgspec"}
ASKS_THE_WORLD = {
    "open",
    "input",
    "print",
    "exec",
    "eval",
    "__import__",
    "now",
    "today",
    "utcnow",
    "read_text",
    "write_text",
}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_imports_only_what_computes(file: Path) -> None:
    for name in imports(ast.parse(file.read_text())):
        top = name.partition(".")[0]
        allowed = (
            name.startswith((*OURS, "reconciler.__version__")) if top == "reconciler" else top in STANDARD | OTHERS
        )
        assert allowed, f"{file.name} imports {name}"
        assert top in sys.stdlib_module_names | OTHERS | {"reconciler"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_calls_nothing_that_asks_the_world(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            assert name not in ASKS_THE_WORLD, f"{file.name}:{node.lineno} calls {name}"


def test_it_has_files() -> None:
    assert len(FILES) > 10
