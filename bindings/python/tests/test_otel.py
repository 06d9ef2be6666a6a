"""OpenTelemetry: the span goes into the log, the call into the span, and no token anywhere."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Iterator

import pytest
from conftest import SERVER, Daemon, run_python

import jeton
from jeton import otel

sdk = pytest.importorskip("opentelemetry.sdk.trace")
from opentelemetry import trace  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402


@pytest.fixture
def spans() -> Iterator[tuple[trace.Tracer, InMemorySpanExporter]]:
    exporter = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider.get_tracer("test"), exporter
    provider.shutdown()


@pytest.mark.parametrize("how", ["with", "async with"])
def test_a_call_in_a_span_has_its_traceparent_and_the_span_has_the_call(daemon: Daemon, spans, how: str):
    tracer, exporter = spans

    async def on_loop() -> tuple[jeton.CallScope, jeton.SecretToken]:
        async with jeton.call("refund") as scope:
            return scope, await scope.amint(SERVER)

    with tracer.start_as_current_span("tool") as span:
        context = span.get_span_context()
        if how == "with":
            with jeton.call("refund") as scope:
                token = scope.mint(SERVER)
        else:
            scope, token = asyncio.run(on_loop())

    opened = daemon.events(scope.txn)[0]
    assert opened["traceparent"] == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    (finished,) = exporter.get_finished_spans()
    assert finished.attributes["jeton.txn"] == scope.txn
    assert finished.attributes["jeton.jti_hash"] == hashlib.sha256(token.jti.encode()).hexdigest()[:16]
    assert finished.attributes["jeton.outcome"] == "ok"
    assert "eyJ" not in finished.to_json() and token.jti not in finished.to_json()


def test_outside_a_span_there_is_none(daemon: Daemon):
    with jeton.call("refund") as scope:
        assert otel.traceparent() is None
    assert "traceparent" not in daemon.events(scope.txn)[0]


def test_a_process_without_it_pays_nothing_for_it(daemon: Daemon):
    source = """
import sys, jeton
jeton.configure(socket=sys.argv[1], deadline=5)
with jeton.call("refund"): pass
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""
    done = run_python(source, daemon.socket)
    assert done.returncode == 0, done.stderr
    assert "opentelemetry.trace" in sys.modules
