import json

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT


def session_of(issuer, client_id, key, alg="ES256"):
    """An agent's session, or a tool server's; `key` is an object of joserfc, as from ECKey.import_key(pem)."""
    proof = PrivateKeyJWT(issuer + "/oauth2/token", alg=alg)
    return OAuth2Session(client_id, key, token_endpoint_auth_method=proof, revocation_endpoint_auth_method=proof)


def token_for(session, issuer, server, tool, arguments):
    call = {"type": "jeton_tool_call", "actions": ["tools/call"], "identifier": tool, "arguments": arguments}
    return session.fetch_token(issuer + "/oauth2/token", grant_type="client_credentials", resource=server,
                               authorization_details=json.dumps([call]))


def revoke(session, issuer, token):
    return session.revoke_token(issuer + "/oauth2/revoke", token=token)


def introspect(session, issuer, token):
    return session.introspect_token(issuer + "/oauth2/introspect", token=token).json()
