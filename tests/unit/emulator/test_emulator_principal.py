from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from reconciler.emulator.principal import user_id
from reconciler.emulator.problems import ProblemError

BEARER = {"Authorization": "Bearer key"}
PAIR = {"ClientId": "id", "ClientSecret": "secret"}


def test_the_account_depends_on_the_principal_alone() -> None:
    other_spelling = {"ClientID": "id", "ClientSecret": "other"}

    assert user_id(Headers(BEARER), None) == user_id(Headers({"authorization": "bearer key"}), None)
    assert user_id(Headers(PAIR), None) == user_id(Headers(other_spelling), None)
    assert user_id(Headers(PAIR), None) != user_id(Headers(BEARER), None)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic a2V5"}, {"ClientId": "id"}, {"ClientSecret": "s"}, BEARER | PAIR],
)  # fmt: skip
def test_without_exactly_one_whole_scheme_it_is_a_401(headers: dict[str, str]) -> None:
    with pytest.raises(ProblemError) as refused:
        user_id(Headers(headers), None)

    assert refused.value.status == 401


@pytest.mark.parametrize(("api_key", "good", "bad"), [("key", BEARER, PAIR), ("id:secret", PAIR, BEARER)])
def test_a_set_key_lets_nobody_else_in(api_key: str, good: dict[str, str], bad: dict[str, str]) -> None:
    assert user_id(Headers(good), api_key)
    with pytest.raises(ProblemError):
        user_id(Headers(bad), api_key)
