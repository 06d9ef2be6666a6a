"""Scopes of one task that overlap leave none behind that is over."""

from __future__ import annotations

import pytest

import jeton
from jeton.testing import FakeSidecar


@pytest.mark.parametrize("order", ["abc", "acb", "bac", "bca", "cab", "cba"])
def test_scopes_may_be_left_in_any_order(order: str) -> None:
    with FakeSidecar() as fake, fake.as_default():
        scopes = {name: jeton.call(name) for name in "abc"}
        for scope in scopes.values():
            scope.__enter__()
        still = list("abc")
        for name in order:
            scopes[name].__exit__(None, None, None)
            still.remove(name)
            current = jeton.current_call()
            assert (current and current.tool) == (still[-1] if still else None)
