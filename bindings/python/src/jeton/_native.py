"""ctypes over libjeton: loading, prototypes, and its one error convention turned into exceptions."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

from .errors import JetonError, error_of

ABI_VERSION = 1

_TEXT = (c_char_p, c_size_t)
_OUT = POINTER(c_void_p)
_ERROR = (_OUT,)

#: Functions that return a code and end in an error, by what stands before it.
_FALLIBLE: dict[str, tuple[Any, ...]] = {
    "jeton_random_id": (_OUT,),
    "jeton_json_canonical": (*_TEXT, _OUT),
    "jeton_body_canonical": (*_TEXT, _OUT),
    "jeton_args_digest": (*_TEXT, *_TEXT, _OUT),
    "jeton_keys_read": (*_TEXT, _OUT),
    "jeton_token_read_unverified": (*_TEXT, _OUT),
    "jeton_token_verify": (*_TEXT, c_void_p, *_TEXT, *_TEXT, *_TEXT, *_TEXT, POINTER(c_int64), _OUT),
    "jeton_key_generate": (_OUT,),
    "jeton_key_jwk": (c_void_p, _OUT),
    "jeton_key_sign": (c_void_p, *_TEXT, _OUT),
    "jeton_socket_candidates": (*_TEXT, _OUT),
    "jeton_client_connect": (*_TEXT, c_uint32, _OUT),
    "jeton_client_status": (c_void_p, _OUT),
    "jeton_client_jwks": (c_void_p, _OUT),
    "jeton_client_post": (c_void_p, *_TEXT, *_TEXT, _OUT),
    "jeton_request_encode": (*_TEXT, *_TEXT, *_TEXT, _OUT),
    "jeton_decoder_new": (_OUT,),
    "jeton_decoder_feed": (c_void_p, *_TEXT, POINTER(c_int)),
    "jeton_decoder_answer": (c_void_p, _OUT),
}
#: The others: result, then parameters.
_PLAIN: dict[str, tuple[Any, ...]] = {
    "jeton_abi_version": (c_uint32,),
    "jeton_version": (c_char_p,),
    "jeton_code_name": (c_char_p, c_int32),
    "jeton_code_sentence": (c_char_p, c_int32),
    "jeton_error_message": (c_void_p, c_void_p, POINTER(c_size_t)),
    "jeton_error_txn": (c_void_p, c_void_p, POINTER(c_size_t)),
    "jeton_error_pointer": (c_void_p, c_void_p, POINTER(c_size_t)),
    "jeton_error_log_index": (c_int, c_void_p, POINTER(c_uint64)),
    "jeton_error_free": (None, c_void_p),
    "jeton_buffer_data": (c_void_p, c_void_p, POINTER(c_size_t)),
    "jeton_buffer_free": (None, c_void_p),
    "jeton_keys_has": (c_int, c_void_p, *_TEXT),
    "jeton_keys_free": (None, c_void_p),
    "jeton_key_free": (None, c_void_p),
    "jeton_client_issuer": (c_void_p, c_void_p, POINTER(c_size_t)),
    "jeton_client_socket": (c_void_p, c_void_p, POINTER(c_size_t)),
    "jeton_client_free": (None, c_void_p),
    "jeton_decoder_reusable": (c_int, c_void_p),
    "jeton_decoder_free": (None, c_void_p),
}


def _load() -> ctypes.CDLL:
    # CDLL lets go of the GIL for the time of a call, so a thread that waits for the sidecar holds nobody up.
    chosen = os.environ.get("JETON_LIBRARY")
    path = Path(chosen) if chosen else Path(__file__).with_name("libjeton.so")
    try:
        lib = ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(
            f"cannot load {path}: {error}; reinstall jeton, or name the library in $JETON_LIBRARY"
        ) from None
    lib.jeton_abi_version.restype = c_uint32
    found = lib.jeton_abi_version()
    if found != ABI_VERSION:
        raise ImportError(f"{path} speaks ABI {found}, this package {ABI_VERSION}; install matching versions")
    for name, before in _FALLIBLE.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = c_int32, (*before, *_ERROR)
    for name, (result, *parameters) in _PLAIN.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, tuple(parameters)
    return lib


_lib = _load()
_NOTHING = c_void_p()


def _text(function: Callable[..., Any], handle: Any) -> str | None:
    size = c_size_t()
    pointer = function(handle, byref(size))
    return None if pointer is None else ctypes.string_at(pointer, size.value).decode("utf-8", "replace")


def _raise(code: int, error: c_void_p) -> None:
    name = _lib.jeton_code_name(code)
    try:
        index = c_uint64()
        raise error_of(
            name.decode() if name else "internal",
            _text(_lib.jeton_error_message, error) or "",
            txn=_text(_lib.jeton_error_txn, error),
            log_index=index.value if _lib.jeton_error_log_index(error, byref(index)) else None,
            pointer=_text(_lib.jeton_error_pointer, error),
        )
    finally:
        _lib.jeton_error_free(error)


def _call(function: Callable[..., int], *arguments: Any) -> None:
    error = c_void_p()
    code = function(*arguments, byref(error))
    if code:
        _raise(code, error)


def _bytes(function: Callable[..., int], *arguments: Any) -> bytes:
    """What a function put in a buffer; the buffer is wiped and freed."""
    buffer = c_void_p()
    _call(function, *arguments, byref(buffer))
    try:
        size = c_size_t()
        return ctypes.string_at(_lib.jeton_buffer_data(buffer, byref(size)), size.value)
    finally:
        _lib.jeton_buffer_free(buffer)


class _Handle:
    """A handle of the library, freed with the last reference to it."""

    __slots__ = ("_free", "pointer")

    def __init__(self, free: Callable[[Any], None], make: Callable[..., int], *arguments: Any) -> None:
        self.pointer = c_void_p()
        self._free = free
        _call(make, *arguments, byref(self.pointer))

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            self._free(self.pointer)
            self.pointer = _NOTHING


def _encode(text: str) -> bytes:
    # A lone surrogate has no UTF-8; as these bytes the library refuses it, as it refuses every text that is not clean.
    return text.encode("utf-8", "surrogatepass")


def random_id() -> str:
    return _bytes(_lib.jeton_random_id).decode()


def canonical_json(text: bytes) -> bytes:
    """The RFC 8785 form of one JSON text."""
    return _bytes(_lib.jeton_json_canonical, text, len(text))


def canonical_body(text: bytes) -> bytes:
    """The same of a request's body, read as strictly as the local door does; for who stands in for a sidecar."""
    return _bytes(_lib.jeton_body_canonical, text, len(text))


def code_sentences() -> dict[str, str]:
    """code → one sentence about it."""
    sentences: dict[str, str] = {}
    while (name := _lib.jeton_code_name(len(sentences) + 1)) is not None:
        sentences[name.decode()] = _lib.jeton_code_sentence(len(sentences) + 1).decode()
    return sentences


def args_digest(tool: str, arguments: bytes) -> str:
    """What binds a token to this tool and these arguments, a JSON text."""
    name = _encode(tool)
    return _bytes(_lib.jeton_args_digest, name, len(name), arguments, len(arguments)).decode()


def socket_candidates(socket: str | None) -> bytes:
    """The sockets that would be tried, as a JSON array."""
    path = None if socket is None else os.fsencode(socket)
    return _bytes(_lib.jeton_socket_candidates, path, len(path or b""))


class Keys(_Handle):
    """The public keys of an issuer, from a JWK Set."""

    __slots__ = ()

    def __init__(self, jwks: bytes) -> None:
        super().__init__(_lib.jeton_keys_free, _lib.jeton_keys_read, jwks, len(jwks))

    def has(self, kid: str) -> bool:
        name = _encode(kid)
        return bool(_lib.jeton_keys_has(self.pointer, name, len(name)))


def token_content(token: str) -> bytes:
    """{"kid", "claims"} as JSON, unproved: for a look-up, never for a decision."""
    compact = _encode(token)
    return _bytes(_lib.jeton_token_read_unverified, compact, len(compact))


def token_verify(
    token: str, keys: Keys, *, issuer: str, server: str, tool: str, arguments: bytes, now: int | None
) -> bytes:
    """The claims as JSON; without `now` the time is not judged. Says nothing about whether it is spent."""
    texts = [part for item in (issuer, server, tool) for part in (_encode(item), len(_encode(item)))]
    compact = _encode(token)
    clock = None if now is None else byref(c_int64(now))
    return _bytes(
        _lib.jeton_token_verify, compact, len(compact), keys.pointer, *texts, arguments, len(arguments), clock
    )


class SigningKey(_Handle):
    """A fresh key in guarded memory, for who stands in for a sidecar in a test."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_lib.jeton_key_free, _lib.jeton_key_generate)

    def jwk(self) -> bytes:
        """The public half."""
        return _bytes(_lib.jeton_key_jwk, self.pointer)

    def sign(self, claims: bytes) -> str:
        """The compact token of these claims, a JSON text."""
        return _bytes(_lib.jeton_key_sign, self.pointer, claims, len(claims)).decode()


class Client(_Handle):
    """A blocking connection to the sidecar. Thread-safe; a child after fork uses connections of its own."""

    __slots__ = ()

    def __init__(self, socket: str | None, deadline_ms: int) -> None:
        path = None if socket is None else os.fsencode(socket)
        super().__init__(_lib.jeton_client_free, _lib.jeton_client_connect, path, len(path or b""), deadline_ms)

    @property
    def issuer(self) -> str:
        return _text(_lib.jeton_client_issuer, self.pointer) or ""

    @property
    def socket(self) -> str:
        return _text(_lib.jeton_client_socket, self.pointer) or ""

    def status(self) -> bytes:
        return _bytes(_lib.jeton_client_status, self.pointer)

    def jwks(self) -> bytes:
        return _bytes(_lib.jeton_client_jwks, self.pointer)

    def post(self, path: str, body: bytes) -> bytes:
        target = _encode(path)
        return _bytes(_lib.jeton_client_post, self.pointer, target, len(target), body, len(body))


def encode_request(method: str, path: str, body: bytes) -> bytes:
    """One HTTP request of the local door."""
    verb, target = _encode(method), _encode(path)
    return _bytes(_lib.jeton_request_encode, verb, len(verb), target, len(target), body, len(body))


class Decoder(_Handle):
    """Reads one HTTP answer from bytes as they come."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_lib.jeton_decoder_free, _lib.jeton_decoder_new)

    def feed(self, data: bytes) -> bool:
        """Whether the answer is whole now. Unavailable when it is not HTTP or beyond a bound."""
        done = c_int()
        _call(_lib.jeton_decoder_feed, self.pointer, data, len(data), byref(done))
        return bool(done.value)

    def reusable(self) -> bool:
        return bool(_lib.jeton_decoder_reusable(self.pointer))

    def answer(self) -> bytes:
        """The JSON of a 2xx, once; the sidecar's refusal is raised."""
        return _bytes(_lib.jeton_decoder_answer, self.pointer)


__all__ = ["ABI_VERSION", "Client", "Decoder", "JetonError", "Keys", "SigningKey"]
