"""Only a method's `self` is left out of what is bound."""

from __future__ import annotations

import pytest

import jeton
from jeton.errors import JetonError
from jeton.servers.decorator import Refused, RequireCallToken
from jeton.testing import FakeSidecar, Grant


def test_a_parameter_called_cls_of_a_function_in_a_function_is_bound() -> None:
    ran: list[str] = []

    @RequireCallToken("https://crm.example/tools")
    def book(cls: str, seats: int) -> None:
        ran.append(cls)

    with FakeSidecar() as fake, fake.as_default():
        with jeton.call("book", {"seats": 1}) as scope:
            with pytest.raises(Refused):
                book("first", 1, call_token=scope.mint("https://crm.example/tools"))
    assert ran == []


def test_protect_shows_it_to_policy() -> None:
    ran: list[str] = []

    @jeton.protect
    def book(cls: str) -> None:
        ran.append(cls)

    with (
        FakeSidecar([Grant("book", when=lambda arguments: arguments.get("cls") == "second")]) as fake,
        fake.as_default(),
    ):
        with pytest.raises(JetonError):
            book("first")
        book("second")
    assert ran == ["second"]
