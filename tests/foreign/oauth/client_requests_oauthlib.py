import json

from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session


def token_for(issuer, client_id, assertion, server, tool, arguments):
    """`assertion` is a new one each time, as from assertion_of."""
    call = {"type": "jeton_tool_call", "actions": ["tools/call"], "identifier": tool, "arguments": arguments}
    session = OAuth2Session(client=BackendApplicationClient(client_id))
    return session.fetch_token(issuer + "/oauth2/token", include_client_id=True, resource=server,
                               authorization_details=json.dumps([call]), client_assertion=assertion,
                               client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
