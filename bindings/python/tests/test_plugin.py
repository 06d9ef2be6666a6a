"""The pytest fixtures, in a pytest of their own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from conftest import binary, run_python

pytest_plugins = ["pytester"]

SUITE = """
import os
import pytest
import jeton

SERVER = "https://crm.example/mcp"
seen = {}

def agent():
    with jeton.call("refund", {"amount": 40}, server=SERVER) as scope:
        jeton.Verifier(SERVER).redeem(scope.mint(SERVER).reveal(), "refund", {"amount": 40})

def test_outside_there_is_no_sidecar():
    assert "JETON_SOCKET" not in os.environ

def test_real(jetond):
    agent()
    assert jetond.redeemed("refund") == 1
    seen["real"] = jetond.socket

def test_real_again(jetond):
    assert jetond.socket != seen["real"] and jetond.redeemed() == 0

def test_fake(fake_jetond):
    agent()
    assert fake_jetond.redeemed("refund") == 1

def test_afterwards_there_is_none_again():
    assert "JETON_SOCKET" not in os.environ
    with pytest.raises(jeton.Unavailable):
        agent()

def test_session(jetond_session):
    agent()
    seen["session"] = jetond_session

def test_session_again(jetond_session):
    agent()
    assert jetond_session is seen["session"] and jetond_session.redeemed() == 2

def test_one_of_its_own_in_between(jetond, jetond_session):
    agent()
    assert (jetond.redeemed(), jetond_session.redeemed()) == (1, 2)

def test_the_sessions_is_the_default_again(jetond_session):
    agent()
    assert jetond_session.redeemed() == 3
"""

CONFIG = f"""
trust_domain = "acme.example"
[[agent]]
name = "billing"
match = ["unix:uid:{os.getuid()}"]
[[server]]
url = "https://crm.example/mcp"
"""


@pytest.fixture(autouse=True)
def only_what_the_suite_itself_starts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JETON_JETOND", binary("jetond"))
    monkeypatch.delenv("JETON_SOCKET", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")


def test_each_fixture_is_the_default_while_it_is_wanted(pytester: pytest.Pytester):
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("-p", "jeton.testing.plugin", "-W", "error")
    result.assert_outcomes(passed=9)


def test_the_configuration_is_the_fixture_jetond_config(pytester: pytest.Pytester):
    pytester.makeconftest(
        f"import pytest\n@pytest.fixture(scope='session')\ndef jetond_config(): return '''{CONFIG}'''"
    )
    pytester.makepyfile(
        """
        import jeton
        import pytest

        def test_it_grants_nothing(jetond):
            with pytest.raises(jeton.Denied, match="no_grant"):
                jeton.call("refund", {}).__enter__()
            assert jetond.events[-1]["agent"] == "spiffe://acme.example/agent/billing"
        """
    )
    pytester.runpytest_subprocess("-p", "jeton.testing.plugin").assert_outcomes(passed=1)


def test_failing_tests_leave_nothing_behind(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        pytester.makepyfile(
            """
            import os

            def test_fails(jetond, fake_jetond):
                print("pid", jetond.pid)
                raise ValueError

            def test_is_interrupted(jetond, fake_jetond):
                print("pid", jetond.pid)
                raise KeyboardInterrupt
            """
        )
        result = pytester.runpytest_subprocess("-p", "jeton.testing.plugin", "-s", "-p", "no:cacheprovider")
        pids = [line.split()[-1] for line in result.outlines if "pid " in line]

        assert len(pids) == 2
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        assert list(Path(folder).glob("jeton-*")) == []


def test_the_plugin_imports_nothing_heavy():
    source = """
import sys
import pytest
before = set(sys.modules)
import jeton.testing.plugin
print(*sorted(name for name in set(sys.modules) - before if not name.startswith("jeton")))
assert not {"jeton._native", "jeton.client", "jeton.testing.fake", "jeton.testing.jetond"} & set(sys.modules)
"""
    done = run_python(source)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
