"""Where a token could show up unasked: every DEBUG log record and every span of the process."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

_JWS = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_exporter = InMemorySpanExporter()


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{self.format(record)} {vars(record)!r}")


class Watch:
    """What was logged and exported while it watched."""

    def __init__(self) -> None:
        self._records = _Records()

    @property
    def logs(self) -> list[str]:
        return self._records.texts

    @property
    def spans(self) -> list[str]:
        return [span.to_json() for span in _exporter.get_finished_spans()]

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """The root logger at DEBUG with a handler that keeps all, and a tracer provider that exports to memory."""
        if not isinstance(trace.get_tracer_provider(), TracerProvider):
            provider = TracerProvider()
            provider.add_span_processor(SimpleSpanProcessor(_exporter))
            trace.set_tracer_provider(provider)
        _exporter.clear()
        root = logging.getLogger()
        level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(self._records)
        try:
            yield self
        finally:
            root.removeHandler(self._records)
            root.setLevel(level)


def tokens_in(texts: Iterable[str], known: Iterable[str]) -> list[str]:
    """The texts that hold one of the known tokens, its signature, or anything that has the form of a token."""
    parts = [part for token in known for part in (token, token.rpartition(".")[2])]
    return [text for text in texts if _JWS.search(text) or any(part in text for part in parts)]
