"""JSON as commands print it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from actions_runner import commands_in
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.json_text import json_text

HOSTILE = "##[set-output name=errors]0"


@pytest.mark.parametrize("indent", [None, 2])
def test_no_text_in_it_commands_githubs_runner_and_whoever_parses_it_gets_it_as_it_is(indent: int | None) -> None:
    value = {HOSTILE: [HOSTILE, f"#{HOSTILE}", "#["]}

    text = json_text(value, indent=indent)

    assert commands_in(json.dumps(value)) != []
    assert (commands_in(text), json.loads(text)) == ([], value)


@given(st.recursive(st.text("#[\\u05bé"), lambda inner: st.lists(inner) | st.dictionaries(st.text("#["), inner)))
def test_it_is_the_same_value_always(value: Any) -> None:
    assert json.loads(json_text(value)) == value
    assert "##[" not in json_text(value, indent=2)
