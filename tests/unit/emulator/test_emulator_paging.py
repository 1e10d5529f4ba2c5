from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.paging import PageQuery, read_page_query
from reconciler.emulator.problems import ProblemError


@given(st.booleans(), st.integers(1, 50), st.integers(0, 2**60), st.text())
def test_a_token_carries_sort_size_and_place(ascending: bool, size: int, at: int, voice_id: str) -> None:
    token = PageQuery(ascending=ascending, size=size).token_after(at, voice_id)

    assert read_page_query({"token": token}) == PageQuery(ascending=ascending, size=size, after=(at, voice_id))


@given(st.text())
def test_no_other_token_is_anything_but_a_422(token: str) -> None:
    with pytest.raises(ProblemError) as refused:
        read_page_query({"token": token})

    assert refused.value.status == 422
