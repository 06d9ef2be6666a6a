"""No token is in what a client or a server logs, answers, raises or shows."""

from __future__ import annotations

import io
import logging
import re

import pytest
from shop import KINDS, REVISIONS, SERVER, build, connect

import jeton

REFUND = {"order": "o-1", "amount": 5}
TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+")


def everything_logged(filtered: bool) -> tuple[logging.Handler, io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    if filtered:
        handler.addFilter(jeton.RedactTokens())
    return handler, stream


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("revision", REVISIONS)
async def test_debug_logs_results_and_exceptions_show_no_token(daemon, kind, revision) -> None:
    root = logging.getLogger()
    level = root.level
    clean, clean_text = everything_logged(filtered=True)
    bare, bare_text = everything_logged(filtered=False)
    root.addHandler(bare)
    root.addHandler(clean)
    root.setLevel(logging.DEBUG)
    answers = []
    try:
        async with connect(build(kind), "http", revision) as link:
            jeton.enroll(link.session, SERVER)
            for tool, arguments in (("refund", REFUND), ("fails", {"order": "o"}), ("refund", {"order": "o"})):
                async with jeton.call(tool, arguments) as scope:
                    answers.append(await link.call(tool, arguments))
                    answers.append(scope)
    finally:
        root.setLevel(level)
        root.removeHandler(clean)
        root.removeHandler(bare)
    assert not TOKEN.search(clean_text.getvalue())
    assert not TOKEN.search(repr(answers))
    assert "dev.jeton/token" in bare_text.getvalue(), "the watch must have seen what the filter is for"
    assert "[token]" in clean_text.getvalue()
