"""Exceptions: their table, what a model may read of them, and their way through pickle."""

from __future__ import annotations

import copy
import pickle

import pytest

import jeton
from jeton import _native
from jeton.errors import CLASSES, error_of

ALL = dict.fromkeys(CLASSES)


def test_the_table_holds_exactly_the_codes_of_the_library():
    names = []
    while name := _native._lib.jeton_code_name(len(names) + 1):
        names.append(name.decode())

    assert sorted(names) == sorted(CLASSES)


@pytest.mark.parametrize("code", CLASSES)
def test_what_a_model_reads_says_nothing_of_grants_paths_and_servers(code: str):
    error = error_of(code, "grant g on https://crm.example at /run/jeton/agent.sock", tool="refund", txn="t" * 22)

    for text in (str(error), error.model_message, repr(error)):
        assert code in text
        for secret in ("grant g", "https:", "/run", "t" * 22):
            assert secret not in text


def test_a_denial_reads_as_agreed():
    assert str(jeton.Denied("no_grant", "x", tool="refund")) == "the call of refund was not authorised (no_grant)"
    assert str(jeton.Denied("no_grant")) == "the call was not authorised (no_grant)"


def test_bad_arguments_name_the_member_and_keep_its_name_printable():
    assert "/a/0" in str(jeton.BadArguments("bad_arguments", "x", pointer="/a/0", tool="refund"))
    assert str(jeton.BadArguments("bad_arguments", "x", pointer="/é\n")).isascii()
    assert len(str(jeton.BadArguments("bad_arguments", "x", pointer="/" + "a" * 5000))) < 400


@pytest.mark.parametrize("code", CLASSES)
@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_an_error_comes_back_whole_from_pickle(code: str, through):
    error = error_of(code, "why", txn="t", log_index=7, tool="refund", pointer="/a")

    back = through(error)

    assert type(back) is type(error)
    assert vars(back) == vars(error)
    assert str(back) == str(error)


def test_unknown_means_unavailable_and_no_means_denied():
    assert {code for code, kind in CLASSES.items() if kind is jeton.Unavailable} == {
        "internal",
        "overloaded",
        "log_unavailable",
        "sidecar_unavailable",
    }
    assert CLASSES["no_grant"] is jeton.Denied
    assert CLASSES["already_redeemed"] is jeton.BadToken
    assert CLASSES["bad_arguments"] is jeton.BadArguments
