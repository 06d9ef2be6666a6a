"""The house's rules for Python files, checked."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("tests/**/*.py")])
LINES_MAX = 400


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_begins_with_its_sentence_and_stays_short(file: Path):
    text = file.read_text(encoding="utf-8")

    assert (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]
    assert text.count("\n") <= LINES_MAX


def test_no_folder_has_a_name_that_says_nothing():
    for file in FILES:
        assert not re.search(r"/(utils?|common|helpers|misc)/", file.as_posix())


def test_the_core_imports_no_framework():
    """Adapters and carriers import theirs inside functions; the core needs none at all."""
    for file in ROOT.glob("src/jeton/*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] not in {"mcp", "httpx", "requests", "opentelemetry"} or file.name == "http.py"
