"""What only the fake can do: turn its clock, change its grants while it runs, live in this process."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import SERVER

import jeton
from jeton.testing import FakeSidecar, Grant

ARGUMENTS = {"order": "A-17", "amount": 40}


def token_of(fake: FakeSidecar, tool: str = "refund") -> str:
    with jeton.call(tool, ARGUMENTS, server=SERVER, client=fake.client()) as scope:
        return scope.mint(SERVER).reveal()


def redeem(fake: FakeSidecar, token: str, id: str | None = None) -> jeton.VerifiedCall:
    return jeton.Verifier(SERVER, client=fake.client()).redeem(token, "refund", ARGUMENTS, redemption_id=id)


def test_a_token_expires_when_its_clock_says_so(fake_jetond: FakeSidecar):
    in_time, late = token_of(fake_jetond), token_of(fake_jetond)

    fake_jetond.clock.advance(29)
    assert redeem(fake_jetond, in_time).repeated is False

    fake_jetond.clock.advance(1.5)
    with pytest.raises(jeton.BadToken, match="expired"):
        redeem(fake_jetond, late)


def test_ten_minutes_after_it_expired_not_even_its_redeemer_is_answered_again(fake_jetond: FakeSidecar):
    token = token_of(fake_jetond)
    first = redeem(fake_jetond, token, "id")
    fake_jetond.clock.advance(30 + 595)
    assert redeem(fake_jetond, token, "id").log_index == first.log_index

    fake_jetond.clock.advance(10)
    with pytest.raises(jeton.BadToken, match="already_redeemed"):
        redeem(fake_jetond, token, "id")


def test_a_minute_makes_room_under_a_rate(fake_jetond: FakeSidecar):
    fake_jetond.grants = [Grant("refund", rate_per_min=1)]
    token_of(fake_jetond)
    with pytest.raises(jeton.Denied, match="rate_limited"):
        token_of(fake_jetond)

    fake_jetond.clock.advance(60)
    token_of(fake_jetond)


def test_counted_refusals_are_told_when_their_minute_is_over(fake_jetond: FakeSidecar):
    fake_jetond.grants = []
    for _ in range(25):
        with pytest.raises(jeton.Denied, match="no_grant"):
            token_of(fake_jetond)
    assert len(fake_jetond.happened("request.refused")) == 20

    fake_jetond.clock.advance(60)
    fake_jetond.client().status()
    (told,) = fake_jetond.happened("refusals.suppressed", code="no_grant")
    assert told["count"] == 5


def test_keys_rotate_by_the_hour_and_verify_for_another(fake_jetond: FakeSidecar):
    fake_jetond.grants = [Grant("refund", ttl_s=120)]
    client = fake_jetond.client()
    upcoming, current = (key["kid"] for key in client.jwks()["keys"])
    fake_jetond.clock.advance(3599)
    token = token_of(fake_jetond)
    fake_jetond.clock.advance(2)

    kids = [key["kid"] for key in client.jwks()["keys"]]

    assert kids[1:] == [upcoming, current] and len(fake_jetond.happened("key.rotated")) == 1
    assert redeem(fake_jetond, token).attempt == 1


def test_time_does_not_go_back(fake_jetond: FakeSidecar):
    for seconds in (-1, float("nan")):
        with pytest.raises(ValueError, match="forward"):
            fake_jetond.clock.advance(seconds)


def test_grants_change_while_it_runs(fake_jetond: FakeSidecar):
    fake_jetond.grants = [Grant("look_*", server=SERVER), Grant("refund", server="https://other.example")]
    with pytest.raises(jeton.Denied, match="no_grant") as refused:
        token_of(fake_jetond)
    assert 'grant "look_*" covers look_*' in refused.value.message

    fake_jetond.grants.append(Grant("ref?nd"))
    assert token_of(fake_jetond)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("refund", "refund", True),
        ("refund", "Refund", False),
        ("lookup_*", "lookup_", True),
        ("lookup_*", "my_lookup_x", False),
        ("*", "any\nthing", True),
        ("?", "é", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("*a*b", "xxaybzb", True),
    ],
)
def test_a_glob_covers_whole_names(fake_jetond: FakeSidecar, pattern: str, text: str, matches: bool):
    fake_jetond.grants = [Grant(pattern, name="g")]
    if matches:
        token_of(fake_jetond, text)
    else:
        with pytest.raises(jeton.Denied):
            token_of(fake_jetond, text)


@pytest.mark.parametrize(
    ("tools", "limits"),
    [
        ((), {}),
        (("x",), {"ttl_s": 121}),
        (("x",), {"ttl_s": 0}),
        (("x",), {"max_redemptions": 9}),
        (("x",), {"max_attempts": 1001}),
        (("x",), {"rate_per_min": 0}),
        (("a b",), {}),
    ],
)
def test_a_grant_that_no_configuration_could_hold_is_a_value_error(tools: tuple[str, ...], limits: dict[str, Any]):
    with pytest.raises(ValueError):
        Grant(*tools, **limits)


def test_a_rule_that_fails_for_a_missing_member_does_not_cover(fake_jetond: FakeSidecar):
    fake_jetond.grants = [Grant("refund", when=lambda arguments: arguments["nothing"] > 1)]
    with pytest.raises(jeton.Denied, match="no_grant"):
        token_of(fake_jetond)


def test_a_mistake_in_a_rule_grants_nothing_and_is_logged(fake_jetond: FakeSidecar, caplog: pytest.LogCaptureFixture):
    fake_jetond.grants = [Grant("refund", when=lambda arguments: 1 / 0 > 1)]
    with caplog.at_level(logging.ERROR), pytest.raises(jeton.Unavailable, match="internal"):
        token_of(fake_jetond)
    assert "ZeroDivisionError" in caplog.text
    assert not fake_jetond.happened("token.minted")


def test_it_serves_coroutines_of_the_very_thread_that_made_it(fake_jetond: FakeSidecar):
    async def main() -> None:
        async with jeton.call("refund", ARGUMENTS) as scope:
            token = (await scope.amint(SERVER)).reveal()
            await jeton.Verifier(SERVER).aredeem(token, "refund", ARGUMENTS)

    asyncio.run(main())
    assert fake_jetond.redeemed("refund") == 1


def test_it_serves_other_processes(fake_jetond: FakeSidecar):
    from conftest import run_python

    done = run_python("import jeton\nwith jeton.call('refund', {}): pass")

    assert done.returncode == 0, done.stderr
    (opened,) = fake_jetond.happened("call.opened")
    assert opened["pid"] != os.getpid()


def test_two_fakes_know_nothing_of_each_other():
    with FakeSidecar() as one, FakeSidecar() as other:
        token = token_of(one)
        with pytest.raises(jeton.BadToken, match="unknown_key"):
            redeem(other, token)
        assert (one.redeemed(), other.redeemed()) == (0, 0)


def test_it_leaves_no_file_and_no_thread():
    import threading

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), FakeSidecar() as fake:
        raise KeyboardInterrupt
    assert not Path(fake.socket).parent.exists()
    assert threading.active_count() == before
    assert "sidecar.stopped" in [event["event"] for event in fake.events]
    fake.stop()
    for use in (fake.kill, fake.restart, fake.open_door):
        with pytest.raises(RuntimeError, match="make a new one"):
            use()


def test_it_is_the_default_for_as_long_as_it_was_asked_to_be(monkeypatch: pytest.MonkeyPatch):
    from jeton.client import settings

    monkeypatch.delenv("JETON_SOCKET", raising=False)
    jeton.configure(socket="/somewhere", deadline=7, unscoped="deny")
    before = settings()
    with FakeSidecar() as fake:
        with fake.as_default():
            assert os.environ["JETON_SOCKET"] == fake.socket
            assert settings() == (fake.socket, 7, "deny")
            with jeton.call("refund", ARGUMENTS):
                pass
        assert "JETON_SOCKET" not in os.environ and settings() == before
    assert len(fake.happened("call.outcome")) == 1
