"""Many at once: nobody gets another's call, token or refusal."""

from __future__ import annotations

import asyncio
import threading

from conftest import SERVER, Daemon

import jeton

CROWD = 50


def test_fifty_threads_do_not_mix_their_calls(daemon: Daemon):
    jeton.configure(socket=daemon.socket, deadline=20)
    verifier = jeton.Verifier(SERVER, deadline=20)
    redeemed: dict[int, jeton.VerifiedCall] = {}
    failures: list[BaseException] = []
    together = threading.Barrier(CROWD)

    def one(number: int) -> None:
        try:
            together.wait(20)
            with jeton.call(f"tool_{number}", {"number": number}, server=SERVER) as scope:
                assert jeton.current_call() is scope
                token = scope.mint(SERVER)
                redeemed[number] = verifier.redeem(token.reveal(), f"tool_{number}", {"number": number})
                assert redeemed[number].txn == scope.txn
                assert jeton.current_call() is scope
            assert jeton.current_call() is None
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len({call.txn for call in redeemed.values()}) == CROWD
    assert [redeemed[number].arguments["number"] for number in range(CROWD)] == list(range(CROWD))
    assert {call["outcome"] for call in daemon.calls()} == {"ok"}


def test_fifty_tasks_do_not_mix_their_calls(daemon: Daemon):
    jeton.configure(socket=daemon.socket, deadline=20)
    verifier = jeton.Verifier(SERVER, deadline=20)

    async def one(number: int) -> jeton.VerifiedCall:
        async with jeton.call(f"tool_{number}", {"number": number}) as scope:
            assert jeton.current_call() is scope
            token = await scope.amint(SERVER)
            call = await verifier.aredeem(token.reveal(), f"tool_{number}", {"number": number})
            assert call.txn == scope.txn and jeton.current_call() is scope
            return call

    async def main() -> list[jeton.VerifiedCall]:
        return await asyncio.gather(*map(one, range(CROWD)))

    calls = asyncio.run(main())
    assert [call.arguments["number"] for call in calls] == list(range(CROWD))
    assert len({call.txn for call in calls}) == CROWD
    assert {call["outcome"] for call in daemon.calls()} == {"ok"}


def test_threads_that_mint_from_one_scope_each_get_a_token_of_their_own(daemon: Daemon):
    jeton.configure(socket=daemon.socket, deadline=20)
    tokens: list[jeton.SecretToken] = []
    with jeton.call("refund", server=SERVER) as scope:
        threads = [threading.Thread(target=lambda: tokens.append(scope.mint(SERVER))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(token.attempt for token in tokens) == list(range(1, 9))
        assert len({token.jti for token in tokens}) == 8
        assert scope.attempts == 8
