"""PyJWT, joserfc and Authlib verify our tokens by our key set, and refuse what is altered or not for them."""

import base64
import json

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6750.errors import InvalidTokenError
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from cryptography.hazmat.primitives import serialization
from joserfc import jwt as joserfc_jwt
from joserfc.errors import BadSignatureError, InvalidClaimError
from joserfc.jwk import KeySet, OKPKey

from house import AGENT, CRM, FEDERATION_ALGS, ISSUER, STS, TOKEN_ALGS

OTHER = "https://mail.example/mcp"
of_each_algorithm = pytest.mark.parametrize(("alg", "server"), [entry[:2] for entry in TOKEN_ALGS])


def metadata(house):
    return requests.get(house.url + "/.well-known/oauth-authorization-server", timeout=10).json()


def altered(token):
    """For another subject, with the signature as it was."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["sub"] = "mallory"
    other = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return ".".join([header, other, signature])


@of_each_algorithm
def test_pyjwt(house, alg, server):
    token = house.token(server)
    keys = jwt.PyJWKClient(house.url + "/oauth2/jwks")

    def decode(text, audience=server):
        key = keys.get_signing_key_from_jwt(text)
        return jwt.decode(text, key, algorithms=[alg], audience=audience, issuer=ISSUER,
                          options={"require": ["iss", "aud", "sub", "iat", "exp", "jti"]})

    assert decode(token)["client_id"] == AGENT
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    with pytest.raises(jwt.InvalidAudienceError):
        decode(token, OTHER)
    with pytest.raises(jwt.InvalidSignatureError):
        decode(altered(token))


@of_each_algorithm
def test_joserfc(house, alg, server):
    keys = KeySet.import_key_set(requests.get(house.url + "/oauth2/jwks", timeout=10).json())
    rules = joserfc_jwt.JWTClaimsRegistry(iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": server})
    token = house.token(server)
    decoded = joserfc_jwt.decode(token, keys, algorithms=[alg])
    rules.validate(decoded.claims)
    assert decoded.header["typ"] == "at+jwt"
    with pytest.raises(InvalidClaimError):
        joserfc_jwt.JWTClaimsRegistry(aud={"essential": True, "value": OTHER}).validate(decoded.claims)
    with pytest.raises(BadSignatureError):
        joserfc_jwt.decode(altered(token), keys, algorithms=[alg])


@of_each_algorithm
def test_the_chain_in_a_key_is_minded_by_nobody(house, alg, server):
    """RFC 7517 section 4: members of a key that are not understood must be ignored; ours is `jeton_chain`."""
    jwks = house.certify()
    assert all(len(key["jeton_chain"]) == 2 for key in jwks["keys"])
    token = house.token(server)
    key = jwt.PyJWKClient(house.url + "/oauth2/jwks").get_signing_key_from_jwt(token)
    assert jwt.decode(token, key, algorithms=[alg], audience=server, issuer=ISSUER)["client_id"] == AGENT
    assert key.key_id in {one["kid"] for one in jwks["keys"]}
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(altered(token), key, algorithms=[alg], audience=server, issuer=ISSUER)
    assert joserfc_jwt.decode(token, KeySet.import_key_set(jwks), algorithms=[alg]).claims["client_id"] == AGENT


# Authlib takes EdDSA for a thing of the past (RFC 9864) and gives no way to ask for it here; alg of a [[server]] is for that.
@pytest.mark.parametrize(("alg", "server"), [entry[:2] for entry in TOKEN_ALGS if entry[0] != "EdDSA"])
def test_authlib(house, alg, server):
    """As a client that signs for itself, and as RFC 9068's resource server."""
    about = metadata(house)
    house.assertion(AGENT)  # waits until one is taken
    pem = house.keys[AGENT].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption())
    key = OKPKey.import_key(pem, {"kid": "billing"})
    session = OAuth2Session(AGENT, key, token_endpoint_auth_method=PrivateKeyJWT(about["token_endpoint"], alg="EdDSA"))
    detail = {"type": "jeton_tool_call", "actions": ["tools/call"], "identifier": "refund", "arguments": {}}
    token = session.fetch_token(house.url + "/oauth2/token", grant_type="client_credentials", resource=server,
                                authorization_details=json.dumps([detail]))
    assert token["expires_in"] == 30

    class Validator(JWTBearerTokenValidator):
        def get_jwks(self):
            return requests.get(house.url + "/oauth2/jwks", timeout=10).json()

    def check(text, audience=server):
        validator = Validator(issuer=ISSUER, resource_server=audience)
        claims = validator.authenticate_token(text)
        validator.validate_token(claims, [], None)
        return claims

    assert check(token["access_token"])["client_id"] == AGENT
    with pytest.raises(InvalidTokenError):
        check(token["access_token"], OTHER)
    with pytest.raises(InvalidTokenError):
        check(altered(token["access_token"]))


@pytest.mark.parametrize("alg", FEDERATION_ALGS)
def test_pyjwt_takes_a_federation_token_by_its_own_keys_alone(house, alg):
    """As a cloud does that was told the issuer: discovery, keys, audience; and never by the keys of call tokens."""
    token = house.federation_token(alg)
    issuer = ISSUER + "/federation"
    about = requests.get(house.url + "/federation/.well-known/openid-configuration", timeout=10).json()
    assert (about["issuer"], about["jwks_uri"]) == (issuer, issuer + "/jwks")
    assert alg in about["id_token_signing_alg_values_supported"]
    keys = jwt.PyJWKClient(house.url + "/federation/jwks")

    def decode(text, **more):
        rules = {"audience": STS, "issuer": issuer, "algorithms": [alg]} | more
        return jwt.decode(text, keys.get_signing_key_from_jwt(text), options={"require": ["iss", "aud", "sub", "exp"]}, **rules)

    claims = decode(token)
    assert claims["sub"] == AGENT
    assert claims["exp"] - claims["iat"] == 300
    assert jwt.get_unverified_header(token)["typ"] == "JWT"
    with pytest.raises(jwt.InvalidAudienceError):
        decode(token, audience=CRM)
    with pytest.raises(jwt.InvalidIssuerError):
        decode(token, issuer=ISSUER)
    with pytest.raises(jwt.InvalidSignatureError):
        decode(altered(token))
    with pytest.raises(jwt.PyJWKClientError):
        jwt.PyJWKClient(house.url + "/oauth2/jwks").get_signing_key_from_jwt(token)
    with pytest.raises(jwt.PyJWKClientError):
        keys.get_signing_key_from_jwt(house.token())
