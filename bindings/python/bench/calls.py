"""What a call costs a Python program: mints with and without a loop, the tool server's check, the import. One JSON.

    python bindings/python/bench/calls.py --socket PATH [--server URL] [--calls N]

The sidecar at PATH must let this account open `bench` on that server, and redeem there, as --dev does.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time

from options import options_of

import jeton

ARGUMENTS = {"order": "A-17", "amount": 40, "note": "x" * 64}
WARM_UP = 20
IMPORTS = 15


class Times:
    """One time for each call that came through. A disk that stalls is the machine's affair, but not for every call."""

    def __init__(self, calls: int) -> None:
        self._wanted = calls + WARM_UP
        self._unavailable = 0
        self._ns: list[int] = []

    def want_more(self) -> bool:
        return len(self._ns) < self._wanted

    def add(self, ns: int) -> None:
        self._ns.append(ns)

    def missed(self, error: jeton.Unavailable) -> None:
        self._unavailable += 1
        if self._unavailable > self._wanted // 4:
            raise error
        print(f"bench: a call is not counted: {error.code}: {error.message}", file=sys.stderr)

    def p50_us(self) -> float:
        """Without the first ones, which pay for connections and caches."""
        return round(statistics.median(self._ns[WARM_UP:]) / 1000, 1)


def scope_of(client: jeton.Client, server: str) -> jeton.CallScope:
    """Entered with its server: the permit and the first token come in one round trip."""
    return jeton.call("bench", ARGUMENTS, server=server, client=client)


def mint_blocking(client: jeton.Client, server: str, calls: int) -> float:
    """From nothing to a token."""
    times = Times(calls)
    while times.want_more():
        scope = scope_of(client, server)
        began = time.perf_counter_ns()
        try:
            with scope:
                scope.mint(server)
                times.add(time.perf_counter_ns() - began)
        except jeton.Unavailable as error:
            times.missed(error)
    return times.p50_us()


async def mint_on_a_loop(client: jeton.Client, server: str, calls: int) -> float:
    """The same for coroutines, one after the other."""
    times = Times(calls)
    while times.want_more():
        scope = scope_of(client, server)
        began = time.perf_counter_ns()
        try:
            async with scope:
                await scope.amint(server)
                times.add(time.perf_counter_ns() - began)
        except jeton.Unavailable as error:
            times.missed(error)
    return times.p50_us()


def check_at_the_server(client: jeton.Client, server: str, calls: int) -> float:
    """Verifying a token against what arrived and redeeming it."""
    verifier = jeton.Verifier(server, client=client)
    times = Times(calls)
    while times.want_more():
        try:
            with scope_of(client, server) as scope:
                token = scope.mint(server).reveal()
                began = time.perf_counter_ns()
                verifier.redeem(token, "bench", ARGUMENTS)
                times.add(time.perf_counter_ns() - began)
        except jeton.Unavailable as error:
            times.missed(error)
    return times.p50_us()


def fresh_interpreter_ms(source: str) -> float:
    began = time.perf_counter_ns()
    subprocess.run([sys.executable, "-c", source], check=True)
    return (time.perf_counter_ns() - began) / 1e6


def import_ms(source: str) -> float:
    """Fresh interpreters, less what bare ones take; in turns, so that both meet the same machine."""
    bare, loaded = [], []
    for _ in range(IMPORTS):
        bare.append(fresh_interpreter_ms("pass"))
        loaded.append(fresh_interpreter_ms(source))
    return round(statistics.median(loaded) - statistics.median(bare), 1)


def main() -> None:
    options = options_of(__doc__)
    client = jeton.Client(options.socket, deadline=5)
    measured = {
        "py_sync_p50_us": mint_blocking(client, options.server, options.calls),
        "py_async_p50_us": asyncio.run(mint_on_a_loop(client, options.server, options.calls)),
        "server_check_us": check_at_the_server(client, options.server, options.calls),
        "py_import_ms": import_ms("import jeton"),
        # The package is loaded as its names are used; this is all of what a scope needs.
        "py_import_scope_ms": import_ms("import jeton; jeton.call; from jeton import _native"),
    }
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
