"""schemathesis sends what the description allows and what it does not, from its seed on, and believes every answer it describes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import requests
from cryptography.hazmat.primitives import serialization

from house import AGENT, CRM, ISSUER, SocketOverTcp

CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
          "unsupported_method")
EXAMPLES = os.environ.get("JETON_FUZZ_EXAMPLES", "12")


def described(house, door, folder):
    """The description as the daemon hands it out, with the paths of this door alone."""
    document = requests.get(house.url + "/openapi.json", timeout=10).json()
    for path in list(document["paths"]):
        operations = document["paths"][path]
        for method in list(operations):
            if door not in operations[method]["x-jeton-doors"]:
                del operations[method]
        if not operations:
            del document["paths"][path]
    file = folder / f"{door}.json"
    file.write_text(json.dumps(document))
    return file


def client(house, name, kid):
    pem = house.keys[name].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption())
    return {"client_id": name, "kid": kid, "pem": pem.decode()}


def fuzz(house, folder, door, url, clients):
    """How often each path answered with each status."""
    command = [Path(sys.executable).parent / "st", "run", described(house, door, folder), "--url", url, "--seed", "20261130",
               "--checks", CHECKS, "--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing",
               "--suppress-health-check", "all", "--warnings", "off", "--no-color", "--no-shrink"]
    env = os.environ | {"SCHEMATHESIS_HOOKS": "fuzz_hooks", "PYTHONPATH": os.path.dirname(os.path.abspath(__file__)),
                        "JETON_FUZZ_CLIENTS": json.dumps(clients), "JETON_FUZZ_ISSUER": ISSUER,
                        "JETON_FUZZ_SEEN": str(folder / "seen.json")}
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=180)
    assert house.alive(), house.said()
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads((folder / "seen.json").read_text())


POSTED_OVER_TCP = ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/v1/redeem"]


def test_over_tcp_by_nobody(house, tmp_path):
    seen = fuzz(house, tmp_path, "tcp", house.url, {})
    for path in POSTED_OVER_TCP:
        assert seen.get(path + " 401") and not seen.get(path + " 200"), seen


def test_over_tcp_by_clients(house, tmp_path):
    house.assertion(AGENT)  # waits until one is taken
    agent = client(house, AGENT, "billing")
    clients = {"/oauth2/token": agent, "/oauth2/revoke": agent, "*": client(house, CRM, "crm")}
    seen = fuzz(house, tmp_path, "tcp", house.url, clients)
    for path in POSTED_OVER_TCP:
        assert seen.get(path + " 401") and (seen.get(path + " 200") or path == "/v1/redeem"), seen


def test_on_the_socket(house, tmp_path):
    port = SocketOverTcp(house.socket)
    try:
        seen = fuzz(house, tmp_path, "socket", port.url, {})
    finally:
        port.close()
    for path in ["/oauth2/token", "/v1/calls", "/v1/revoke", "/v1/status", "/metrics"]:
        assert seen.get(path + " 200"), seen
