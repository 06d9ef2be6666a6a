import json

import httpx2


class CallToken(httpx2.Auth):
    """Each tools/call goes out with a token of its own; `token_for(tool, arguments)` asks for one."""

    requires_request_body = True

    def __init__(self, token_for):
        self.token_for = token_for

    def auth_flow(self, request):
        message = json.loads(request.content) if request.content else {}
        if message.get("method") == "tools/call":
            called = message["params"]
            token = self.token_for(called["name"], called.get("arguments") or {})
            request.headers["Authorization"] = "Bearer " + token
        yield request
