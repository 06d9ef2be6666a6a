"""A token shows itself to reveal() and to nobody else; logs are cleaned of what others write."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Iterator

import pytest

import jeton
from jeton.secret import LEAKING_LOGGERS, redact

COMPACT = "eyJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJ4In0.c2lnbmF0dXJl_-A"
JTI = "irVOsoEYieU3NXjUTAyjBA"


@pytest.fixture
def token() -> jeton.SecretToken:
    return jeton.SecretToken(COMPACT, jti=JTI, attempt=2, expires_at=1795304769, previous="unredeemed", log_index=4)


def test_only_reveal_gives_the_text(token: jeton.SecretToken):
    assert token.reveal() == COMPACT
    assert (token.jti, token.attempt, token.expires_at) == (JTI, 2, 1795304769)
    assert (token.previous, token.log_index) == ("unredeemed", 4)


@pytest.mark.parametrize(
    "shown",
    [
        repr,
        str,
        ascii,
        pprint.pformat,
        lambda t: f"{t}",
        lambda t: f"{t!r:>60}",
        lambda t: "%s %r" % (t, t),
        lambda t: "{:s}".format(t),
        lambda t: str([t, {"token": t}]),
        lambda t: str(copy.copy(t)),
        lambda t: str(copy.deepcopy({"a": [t]})),
        lambda t: str([getattr(t, name) for name in type(t).__slots__ if name != "__weakref__"]),
        lambda t: "".join(traceback.format_exception(ValueError(t))),
        lambda t: json.dumps({"t": t}, default=str),
        lambda t: str(dataclasses.asdict(dataclasses.make_dataclass("D", ["t"])(t))),
    ],
)
def test_every_way_of_printing_shows_the_jti_and_no_text(token: jeton.SecretToken, shown):
    text = shown(token)

    assert JTI in text
    assert "eyJ" not in text


@pytest.mark.parametrize(
    "serialise",
    [
        bytes,
        json.dumps,
        pickle.dumps,
        lambda t: pickle.dumps(t, protocol=0),
        lambda t: pickle.dumps({"t": [t]}),
        vars,
        dict,
        list,
        lambda t: t + "",
        lambda t: "".join(["Bearer ", t]),
    ],
)
def test_what_would_serialise_it_raises(token: jeton.SecretToken, serialise):
    with pytest.raises((TypeError, AttributeError)) as raised:
        serialise(token)
    assert "eyJ" not in str(raised.value)


def test_it_does_not_change(token: jeton.SecretToken):
    with pytest.raises(AttributeError):
        token.jti = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del token.jti


def test_equality_is_of_the_text_and_hash_of_the_jti(token: jeton.SecretToken):
    same = jeton.SecretToken(COMPACT, jti=JTI, attempt=2, expires_at=0)
    other = jeton.SecretToken(COMPACT + "x", jti=JTI, attempt=2, expires_at=0)

    assert token == same and hash(token) == hash(same) == hash(JTI)
    assert token != other
    assert token != COMPACT


@pytest.fixture
def written() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(jeton.RedactTokens())
    log = logging.getLogger("somebody.else")
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    yield log, stream
    log.removeHandler(handler)


class Message:
    """Like a pydantic model: its text appears only when it is formatted."""

    def __str__(self) -> str:
        return f"meta={{'dev.jeton/token': '{COMPACT}'}}"


@pytest.mark.parametrize(
    "write",
    [
        lambda log: log.debug("Bearer " + COMPACT),
        lambda log: log.debug("Bearer %s", COMPACT),
        lambda log: log.debug("sending %s", {"headers": [COMPACT]}),
        lambda log: log.debug("sending %(t)s", {"t": COMPACT}),
        lambda log: log.debug("sending %s", Message()),
        lambda log: log.debug(Message()),
        lambda log: log.debug("x", extra={"sent": COMPACT}),
        lambda log: log.debug(COMPACT, stack_info=True),
    ],
)
def test_the_filter_takes_tokens_out_of_messages_and_arguments(written, write):
    log, stream = written
    write(log)

    assert stream.getvalue()
    assert "eyJ0" not in stream.getvalue()


def test_the_filter_takes_tokens_out_of_tracebacks(written):
    log, stream = written
    try:
        raise ValueError(COMPACT)
    except ValueError:
        log.exception("it failed")

    assert "ValueError: [token]" in stream.getvalue()
    assert "eyJ0" not in stream.getvalue()


def test_the_filter_leaves_everything_else_as_it_is(written):
    log, stream = written
    log.debug("%d of %s at %.1f eyJ not a token", 3, "four", 5.0)

    assert stream.getvalue() == "3 of four at 5.0 eyJ not a token\n"


def test_a_malformed_record_does_not_leak_through_the_report_about_it(capsys: pytest.CaptureFixture[str], written):
    log, stream = written
    log.debug("%d", COMPACT)

    assert "eyJ0" not in stream.getvalue() + capsys.readouterr().err


def test_installing_covers_the_known_loggers_once():
    first = jeton.install_log_filter("my.carrier")
    jeton.install_log_filter("my.carrier")
    try:
        for name in (*LEAKING_LOGGERS, "my.carrier"):
            assert len([f for f in logging.getLogger(name).filters if isinstance(f, jeton.RedactTokens)]) == 1
        assert any(isinstance(f, jeton.RedactTokens) for h in logging.getLogger().handlers for f in h.filters)
    finally:
        for owner in [*map(logging.getLogger, (*LEAKING_LOGGERS, "my.carrier")), *logging.getLogger().handlers]:
            owner.removeFilter(first)


def test_redact_finds_a_token_anywhere():
    assert redact(f"a {COMPACT}, b") == "a [token], b"
    assert redact("nothing") == "nothing"
