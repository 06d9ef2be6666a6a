"""httpx, httpx2 and requests send a token for the current call, to its server alone, a fresh one for each request."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest

import jeton
from jeton import Denied, Verifier
from jeton.http import CallAuth, RequestsAuth

SERVER = "https://crm.example/tools"
REFUND = {"order": "o-1", "amount": 5}
CLIENTS = [name for name in ("httpx", "httpx2") if find_spec(name)]
needs_requests = pytest.mark.skipif(find_spec("requests") is None, reason="requests is not installed")
with_each = pytest.mark.parametrize("library", CLIENTS or [pytest.param("", marks=pytest.mark.skip("no httpx"))])


class Site:
    """A loopback server that verifies what it gets, and does what `script` says first."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.arrived: list[Any] = []
        self.script: list[tuple[int, dict[str, str]]] = []


@pytest.fixture
def sites() -> Iterator[Any]:
    """Two sites, at two origins."""
    servers, made = [], []
    for _ in range(2):

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                site = self.server.site  # type: ignore[attr-defined]
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                site.arrived.append((self.path, self.headers.get("authorization"), body))
                status, headers = site.script.pop(0) if site.script else (200, {})
                self.send_response(status)
                for name, value in {"content-length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: Any) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.site = Site(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        made.append(server.site)  # type: ignore[attr-defined]
    yield made
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def loopback(make_daemon, sites) -> Iterator[Any]:
    """A daemon whose one server is the first site."""
    server = f"{sites[0].url}/tools"
    from pathlib import Path

    from asgi_kit import SERVER as named

    config = (Path(__file__).with_name("conftest.py")).read_text().split('CONFIG = """')[1].split('"""')[0]
    started = make_daemon(config.replace(named, server))
    jeton.configure(socket=started.socket, deadline=5)
    yield SimpleNamespace(daemon=started, server=server, here=sites[0], elsewhere=sites[1])
    jeton.configure()


def token_of(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    assert scheme == "Bearer"
    return token


@with_each
def test_each_request_of_a_call_carries_a_fresh_token_for_what_the_call_says(loopback, library) -> None:
    client = import_module(library).Client(auth=CallAuth(loopback.server))
    loopback.here.script = [(200, {"jeton-receipt": json.dumps({"jti": "j", "redeemed_at": 1, "log_index": 2})})]
    with client, jeton.call("refund", REFUND) as scope:
        client.post(f"{loopback.server}/refund", json={"not": "the arguments"})
        assert scope._receipt == {"jti": "j", "redeemed_at": 1, "log_index": 2}
        client.post(f"{loopback.server}/refund", json={})
        tokens = [token_of(authorization) for _, authorization, _ in loopback.here.arrived]
        assert len(set(tokens)) == 2
        assert Verifier(loopback.server, deadline=5).redeem(tokens[1], "refund", REFUND).txn == scope.txn


@with_each
async def test_the_same_on_an_event_loop(loopback, library) -> None:
    async with import_module(library).AsyncClient(auth=CallAuth(loopback.server)) as client:
        async with jeton.call("refund", REFUND) as scope:
            await client.post(f"{loopback.server}/refund", json=REFUND)
            token = token_of(loopback.here.arrived[0][1])
            assert (await Verifier(loopback.server, deadline=5).aredeem(token, "refund", REFUND)).txn == scope.txn


@with_each
def test_a_token_goes_to_its_server_and_nowhere_else(loopback, library) -> None:
    auth = CallAuth(loopback.server)
    with import_module(library).Client(auth=auth) as client, jeton.call("refund", REFUND) as scope:
        for url in (f"{loopback.elsewhere.url}/tools/refund", f"{loopback.here.url}/other", f"{loopback.server}ish"):
            with pytest.raises(Denied, match="unknown_server"):
                client.post(url, json=REFUND)
    assert (loopback.here.arrived, loopback.elsewhere.arrived, scope.attempts) == ([], [], 0)


@with_each
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_takes_no_token_along(loopback, library, status) -> None:
    loopback.here.script = [(status, {"location": f"{loopback.elsewhere.url}/tools/refund"})]
    client = import_module(library).Client(auth=CallAuth(loopback.server), follow_redirects=True)
    with client, jeton.call("refund", REFUND):
        client.post(f"{loopback.server}/refund", json=REFUND)
    assert loopback.here.arrived[0][1] is not None
    assert [authorization for _, authorization, _ in loopback.elsewhere.arrived] == [None]


@with_each
def test_outside_a_call_a_request_is_refused_unless_configure_lets_it_pass(loopback, library) -> None:
    with import_module(library).Client(auth=CallAuth(loopback.server)) as client:
        with pytest.raises(Denied):
            client.post(f"{loopback.server}/refund", json=REFUND)
        jeton.configure(socket=loopback.daemon.socket, deadline=5, unscoped="pass")
        client.post(f"{loopback.server}/refund", json=REFUND)
    assert [authorization for _, authorization, _ in loopback.here.arrived] == [None]


@with_each
def test_a_server_that_does_not_know_the_key_gets_one_more_token(loopback, library) -> None:
    unknown = (401, {"jeton-refusal": "unknown_key"})
    with import_module(library).Client(auth=CallAuth(loopback.server)) as client:
        loopback.here.script = [unknown]
        with jeton.call("refund", REFUND) as scope:
            assert client.post(f"{loopback.server}/refund", json=REFUND).status_code == 200
        assert scope.attempts == 2
        loopback.here.script = [unknown, unknown, unknown]
        with jeton.call("refund", REFUND) as scope:
            assert client.post(f"{loopback.server}/refund", json=REFUND).status_code == 401
        assert scope.attempts == 2
    assert len({authorization for _, authorization, _ in loopback.here.arrived}) == 4
    assert all(json.loads(body) == REFUND for _, _, body in loopback.here.arrived)


@with_each
def test_a_body_that_streams_is_not_sent_twice(loopback, library) -> None:
    loopback.here.script = [(401, {"jeton-refusal": "unknown_key"})]
    with import_module(library).Client(auth=CallAuth(loopback.server)) as client, jeton.call("refund", REFUND) as scope:
        assert client.post(f"{loopback.server}/refund", content=iter([b"{}"])).status_code == 401
    assert scope.attempts == 1


@needs_requests
def test_requests_sends_a_token_for_the_call_and_keeps_the_receipt(loopback) -> None:
    import requests

    loopback.here.script = [(200, {"jeton-receipt": json.dumps({"jti": "j", "redeemed_at": 1, "log_index": 2})})]
    with jeton.call("refund", REFUND) as scope:
        requests.post(f"{loopback.server}/refund", json=REFUND, auth=RequestsAuth(loopback.server), timeout=10)
        token = token_of(loopback.here.arrived[0][1])
        assert Verifier(loopback.server, deadline=5).redeem(token, "refund", REFUND).txn == scope.txn
    assert scope._receipt == {"jti": "j", "redeemed_at": 1, "log_index": 2}


@needs_requests
@pytest.mark.parametrize("where", ["elsewhere", "here"])
def test_requests_follows_no_redirect_with_a_token(loopback, where) -> None:
    import requests

    loopback.here.script = [(307, {"location": f"{getattr(loopback, where).url}/tools/other"})]
    with jeton.call("refund", REFUND), pytest.raises(Denied, match="unknown_server"):
        requests.post(f"{loopback.server}/refund", json=REFUND, auth=RequestsAuth(loopback.server), timeout=10)
    assert len(loopback.here.arrived) == 1 and loopback.elsewhere.arrived == []


@pytest.mark.parametrize("server", ["mcp:stdio:x", "", "ftp://a/", "https:///"])
def test_an_auth_needs_a_url(server) -> None:
    for auth in (CallAuth, RequestsAuth):
        with pytest.raises(ValueError):
            auth(server)


def test_an_auth_shows_no_token_and_a_dotted_path_is_not_under_the_server() -> None:
    auth = CallAuth(SERVER)
    assert repr(auth) == f"CallAuth({SERVER!r})"
    for url in (f"{SERVER}/../admin", f"{SERVER}/./x", "https://crm.example/toolsX", "http://crm.example/tools"):
        with pytest.raises(Denied):
            auth.scope_for(url)
