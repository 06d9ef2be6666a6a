import time
import uuid

import jwt


def assertion_of(issuer, client_id, key, alg="ES256", kid=None):
    """Proves once that its sender is `client_id`; `key` is the private key, in PEM or as an object of cryptography."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm=alg, headers={"kid": kid} if kid else None)


def claims_of(keys, issuer, server, token, alg="EdDSA"):
    """What a token for `server` says, or an exception; `keys` is jwt.PyJWKClient(issuer + "/oauth2/jwks"), made once."""
    key = keys.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=[alg], audience=server, issuer=issuer,
                      options={"require": ["iss", "aud", "sub", "iat", "exp", "jti"]})
