"""The programs of the documents get tokens, and the SDK of MCP for Python reads our metadata."""

import json

import httpx2
import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from joserfc.jwk import OKPKey
from mcp.shared.auth import OAuthMetadata
from oauthlib.oauth2.rfc6749.errors import InvalidClientError

import client_authlib
import client_mcp
import client_pyjwt
import client_requests_oauthlib
from house import AGENT, CRM, ISSUER

ARGUMENTS = {"order": "A-17", "amount": 40}


@pytest.fixture
def issuer(house, monkeypatch):
    """The issuer's name, and what requests sends to it arrives at the daemon."""
    house.assertion(AGENT)  # waits until one is taken
    send = requests.Session.send

    def routed(session, request, **more):
        request.url = request.url.replace(ISSUER, house.url, 1)
        return send(session, request, **more)

    monkeypatch.setattr(requests.Session, "send", routed)
    return ISSUER


def assertion(house, client=AGENT):
    return client_pyjwt.assertion_of(ISSUER, client, house.keys[client], alg="EdDSA")


def joserfc_key(house, client):
    return OKPKey.import_key(house.keys[client].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                              serialization.NoEncryption()))


def test_the_programs_for_pyjwt_and_requests_oauthlib(house, issuer):
    answer = client_requests_oauthlib.token_for(issuer, AGENT, assertion(house), CRM, "refund", ARGUMENTS)
    keys = jwt.PyJWKClient(house.url + "/oauth2/jwks")
    assert client_pyjwt.claims_of(keys, issuer, CRM, answer["access_token"])["txn"] == answer["txn"]
    with pytest.raises(jwt.InvalidAudienceError):
        client_pyjwt.claims_of(keys, issuer, "https://mail.example/mcp", answer["access_token"])
    used = assertion(house)
    client_requests_oauthlib.token_for(issuer, AGENT, used, CRM, "refund", ARGUMENTS)
    with pytest.raises(InvalidClientError):
        client_requests_oauthlib.token_for(issuer, AGENT, used, CRM, "refund", ARGUMENTS)


def test_the_program_for_authlib(house, issuer):
    agent, server = (client_authlib.session_of(issuer, who, joserfc_key(house, who), alg="EdDSA") for who in (AGENT, CRM))
    for _ in range(2):
        token = client_authlib.token_for(agent, issuer, CRM, "refund", ARGUMENTS)["access_token"]
        assert client_authlib.introspect(server, issuer, token)["active"]
        assert client_authlib.introspect(agent, issuer, token) == {"active": False}
        assert client_authlib.revoke(agent, issuer, token).status_code == 200
        assert client_authlib.introspect(server, issuer, token) == {"active": False}


def test_the_program_for_mcp(house, issuer):
    def token_for(tool, arguments):
        return client_requests_oauthlib.token_for(issuer, AGENT, assertion(house), CRM, tool, arguments)["access_token"]

    seen = []

    def answer(request):
        seen.append(request.headers.get("Authorization"))
        return httpx2.Response(200, json={})

    call = {"method": "tools/call", "params": {"name": "refund", "arguments": ARGUMENTS}}
    with httpx2.Client(auth=client_mcp.CallToken(token_for), transport=httpx2.MockTransport(answer)) as client:
        for message in ({"method": "tools/list"}, call, call):
            client.post(CRM, json=message)
        client.get(CRM)
    assert seen[0] is None and seen[3] is None
    tokens = [header.removeprefix("Bearer ") for header in seen[1:3]]
    assert len({jwt.decode(token, options={"verify_signature": False})["txn"] for token in tokens}) == 2


@pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
def test_the_sdk_of_mcp_takes_our_metadata(house, name):
    document = requests.get(house.url + "/.well-known/" + name, timeout=10).json()
    read = OAuthMetadata.model_validate(document)
    assert str(read.token_endpoint) == ISSUER + "/oauth2/token"
    assert json.loads(read.model_dump_json())["authorization_endpoint"] == ISSUER + "/oauth2/authorize"
