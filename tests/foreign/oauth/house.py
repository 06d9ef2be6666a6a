"""A jetond on loopback with an agent and a tool server that sign for themselves, for the tests in Python."""

import json
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from pathlib import Path

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ISSUER = "https://jeton.acme.example"
AGENT = "spiffe://acme.example/agent/billing"
CRM = "https://crm.example/mcp"
STS = "https://sts.example/"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

#: Algorithms that the daemon signs tokens with, and a tool server that gets such ones.
TOKEN_ALGS = [
    ("EdDSA", CRM),
    ("ES256", "https://es256.example/mcp", 'alg = "ES256"'),
    ("RS256", "https://rs256.example/mcp", 'alg = "RS256"'),
]

#: Algorithms of federation tokens, each of a relying party of its own.
FEDERATION_ALGS = ["ES256", "RS256"]

CONFIG = """
trust_domain = "acme.example"
issuer = "{issuer}"
listen = "127.0.0.1:0"
durability = "normal"
[limits]
connections_per_address = 256
[[agent]]
name = "billing"
match = ["unix:uid:{uid}"]
keys = "{folder}/billing.jwks"
"""

OF_PARTY = """
[[relying_party]]
name = "{alg}-bucket"
audience = "{audience}"
agents = ["billing"]
alg = "{alg}"
"""

OF_SERVER = """
[[server]]
url = "{url}"
match = ["unix:uid:{uid}"]
keys = "{folder}/crm.jwks"
{more}
[[grant]]
name = "refunds-{index}"
agent = "billing"
server = "{url}"
tools = ["*"]
"""


class House:
    """Runs from its making until `close`."""

    def __init__(self, binaries):
        self.binaries = Path(binaries)
        self.folder = Path(tempfile.mkdtemp(prefix="jeton-oauth-", dir="/dev/shm" if Path("/dev/shm").exists() else None))
        self.keys = {AGENT: self._key("billing"), CRM: self._key("crm")}
        uid = self.folder.stat().st_uid
        text = CONFIG.format(issuer=ISSUER, folder=self.folder, uid=uid)
        for index, (_, url, *more) in enumerate(TOKEN_ALGS):
            text += OF_SERVER.format(url=url, folder=self.folder, uid=uid, index=index, more="\n".join(more))
        for alg in FEDERATION_ALGS:
            text += OF_PARTY.format(alg=alg, audience=STS)
        (self.folder / "jeton.toml").write_text(text)
        (self.folder / "state").mkdir(mode=0o700)
        self.socket = self.folder / "socket"
        self.errors = (self.folder / "stderr").open("w+")
        command = [self.binaries / "jetond", "--config", self.folder / "jeton.toml", "--state", self.folder / "state",
                   "--socket", self.socket]
        self.daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        ready = re.search(r"listen=(\S+)", self.daemon.stdout.readline())
        assert ready, self.said()
        self.url = "http://" + ready[1]
        # What a client signed before a daemon's start, or in the five seconds after, could have been used before.
        self.good_from = time.monotonic() + 6.5

    def _key(self, name):
        key = Ed25519PrivateKey.generate()
        jwk = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key())) | {"kid": name, "use": "sig"}
        (self.folder / f"{name}.jwks").write_text(json.dumps({"keys": [jwk]}))
        return key

    def assertion(self, client):
        time.sleep(max(0, self.good_from - time.monotonic()))
        now = int(time.time())
        claims = {"iss": client, "sub": client, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": str(uuid.uuid4())}
        kid = "billing" if client == AGENT else "crm"
        return jwt.encode(claims, self.keys[client], algorithm="EdDSA", headers={"kid": kid})

    def token(self, server=CRM):
        detail = {"type": "jeton_tool_call", "actions": ["tools/call"], "identifier": "refund", "arguments": {}}
        form = {"grant_type": "client_credentials", "resource": server, "authorization_details": json.dumps([detail]),
                "client_assertion_type": BEARER, "client_assertion": self.assertion(AGENT)}
        answer = requests.post(self.url + "/oauth2/token", data=form, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def federation_token(self, alg):
        """As the account of the agent, on the socket."""
        near = SocketOverTcp(self.socket)
        try:
            for _ in range(100):
                answer = requests.post(near.url + "/v1/federation", json={"relying_party": alg + "-bucket"}, timeout=10)
                if answer.status_code != 503:
                    break
                time.sleep(0.1)  # the RSA key is being made
        finally:
            near.close()
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]

    def _jeton(self, *words):
        ran = subprocess.run([self.binaries / "jeton", *words], capture_output=True, text=True, timeout=30)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def certify(self):
        """The root of a domain vouches for the daemon: from now on each key that it shows carries its chain. The key set."""
        root, state = self.folder / "root", self.folder / "state"
        if not root.exists():
            self._jeton("domain", "init", "--trust-domain", "acme.example", "--out", root)
            certificate = self._jeton("domain", "sign", "--key", root, self._jeton("domain", "request", "--state", state).strip())
            self._jeton("domain", "install", certificate.strip(), "--state", state)
        deadline = time.monotonic() + 20
        while True:
            jwks = requests.get(self.url + "/oauth2/jwks", timeout=10).json()
            if all("jeton_chain" in key for key in jwks["keys"]):
                return jwks
            assert time.monotonic() < deadline, jwks
            time.sleep(0.1)

    def said(self):
        self.errors.seek(0)
        return self.errors.read() + f"\nexit status: {self.daemon.poll()}"

    def alive(self):
        return self.daemon.poll() is None

    def close(self):
        self.daemon.terminate()
        status = self.daemon.wait(timeout=30)
        self.errors.close()
        shutil.rmtree(self.folder)
        return status


class SocketOverTcp:
    """Gives the Unix socket a port, so that programs which know only TCP are this account on it."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self.path))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    @staticmethod
    def _copy(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
