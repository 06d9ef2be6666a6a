"""A path that leaves the server's once somebody decodes it gets no token."""

from __future__ import annotations

import pytest

import jeton

httpx = pytest.importorskip("httpx")


@pytest.mark.parametrize("path", ["%2e%2e/admin", "..%2fadmin", "%2E%2E%2Fadmin", "%252e%252e/admin", "..%5cadmin"])
def test_encoded_dots_are_dots(path: str) -> None:
    auth = jeton.CallAuth("https://crm.example/tools")
    with pytest.raises(jeton.Denied, match="unknown_server"):
        auth.scope_for(f"https://crm.example/tools/{path}")
