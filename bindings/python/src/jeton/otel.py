"""OpenTelemetry where the process uses it: the current span goes into the log, and the call into the span."""

from __future__ import annotations

import hashlib
import sys
from typing import Any


def _current_span() -> Any | None:
    # Nobody can have made a span without importing this module, so there is nothing to import for those who have not.
    trace = sys.modules.get("opentelemetry.trace")
    current = getattr(trace, "get_current_span", None)
    return None if current is None else current()


def traceparent() -> str | None:
    """W3C Trace Context of the current span; None outside any."""
    span = _current_span()
    if span is None:
        return None
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def annotate(*, txn: str | None = None, jti: str | None = None, outcome: str | None = None) -> None:
    """Writes what is given on the current span; the jti only as the beginning of its hash."""
    span = _current_span()
    if span is None or not span.is_recording():
        return
    if txn is not None:
        span.set_attribute("jeton.txn", txn)
    if jti is not None:
        span.set_attribute("jeton.jti_hash", hashlib.sha256(jti.encode()).hexdigest()[:16])
    if outcome is not None:
        span.set_attribute("jeton.outcome", outcome)
