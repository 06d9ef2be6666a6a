"""Which servers are enrolled, and whether a transport leads to one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

Where: TypeAlias = "str | Sequence[str]"
"""A URL, or a command with its arguments."""

Endpoint: TypeAlias = "tuple[str, ...]"
"""A place in one spelling: ("url", scheme, host, port, path) or ("command", program, argument, …)."""

_STDIO = re.compile(r"mcp:stdio:[!-~]+")
_PLAIN_URL = re.compile(r"[!-\[\]-~]+")
_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}

_enrolled: dict[Endpoint, str] = {}


def add(servers: Iterable[str | tuple[str, Where]] | Mapping[str, Where | None]) -> None:
    """Enrolls servers. ValueError for what names no place, or a place that another server was named for."""
    if isinstance(servers, (str, bytes)):
        raise TypeError("servers is a list of names; put the one name in brackets")
    named = servers.items() if isinstance(servers, Mapping) else (_pair(item) for item in servers)
    fresh: dict[Endpoint, str] = {}
    for server, where in list(named):
        check_name(server)
        endpoint = _endpoint(server, where)
        known = {**_enrolled, **fresh}.get(endpoint, server)
        if known != server:
            raise ValueError(f"{server} and {known} are at the same place; enroll one of them")
        fresh[endpoint] = server
    _enrolled.update(fresh)


def clear() -> None:
    _enrolled.clear()


def server_at(endpoint: Endpoint) -> str | None:
    """The enrolled server that is there."""
    return _enrolled.get(endpoint)


def check_name(server: str) -> None:
    """ValueError for what can be no server's name."""
    if not _STDIO.fullmatch(server) and of_url(server) is None:
        raise ValueError(f"{server!a} is no server; give the URL of its resource, or mcp:stdio:<name>")


def of_url(url: str) -> Endpoint | None:
    """None for a URL that two parsers could read differently: with a user, a backslash, a blank, without a host."""
    if not _PLAIN_URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return ("url", scheme, parts.hostname.lower(), str(port or _PORTS[scheme]), parts.path or "/")


def of_command(command: str, arguments: Sequence[str]) -> Endpoint:
    return ("command", command, *arguments)


def _pair(item: str | tuple[str, Where]) -> tuple[str, Where | None]:
    if isinstance(item, str):
        return item, None
    server, where = item
    return server, where


def _endpoint(server: str, where: Where | None) -> Endpoint:
    if where is None and _STDIO.fullmatch(server):
        raise ValueError(f'{server} needs its command: ("{server}", ["program", "argument"])')
    place = server if where is None else where
    if isinstance(place, str):
        endpoint = of_url(place)
        if endpoint is None:
            raise ValueError(f"{place!a} is no URL with a host, or one with a user in it")
        return endpoint
    if not place:
        raise ValueError(f"the command of {server} is empty")
    return of_command(place[0], place[1:])
