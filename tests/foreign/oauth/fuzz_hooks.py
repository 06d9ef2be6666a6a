"""What schemathesis does not know by itself: who sends a request, and tokens that were really minted."""

import atexit
import collections
import itertools
import json
import os
import time
import uuid

import jwt
import schemathesis
from cryptography.hazmat.primitives import serialization

WHO = json.loads(os.environ["JETON_FUZZ_CLIENTS"])  # by path: client_id, kid, pem; nothing: nobody
ISSUER = os.environ["JETON_FUZZ_ISSUER"]
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

turns = itertools.count()
tokens = []
seen = collections.Counter()


@atexit.register
def tell():
    with open(os.environ["JETON_FUZZ_SEEN"], "w") as file:
        json.dump(seen, file)


def assertion(client):
    now = int(time.time())
    claims = {"iss": client["client_id"], "sub": client["client_id"], "aud": ISSUER, "iat": now, "exp": now + 60,
              "jti": str(uuid.uuid4())}
    key = serialization.load_pem_private_key(client["pem"].encode(), None)
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": client["kid"]})


@schemathesis.hook
def before_call(context, case, kwargs):
    if not isinstance(case.body, dict):
        return
    turn = next(turns)
    if tokens and "token" in case.body and turn % 2:
        case.body["token"] = tokens[-1 - turn % len(tokens)]
    client = WHO.get(case.operation.path) or WHO.get("*")
    # One in eight proves nothing, so that this is tried with everything else too.
    if client and turn % 8:
        case.body["client_assertion_type"] = BEARER
        case.body["client_assertion"] = assertion(client)


@schemathesis.hook
def after_call(context, case, response):
    seen[f"{case.operation.path} {response.status_code}"] += 1
    if response.status_code == 200 and "json" in response.headers.get("content-type", [""])[0]:
        body = response.json()
        tokens.extend(filter(None, (body.get("access_token"), body.get("token"))))
        del tokens[:-32]
