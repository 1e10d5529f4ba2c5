"""The client's conversation with the API: what it sends, and what it makes of the answers."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

import httpx
import pytest
from fake_api import BASE, NEW, FakeApi, ok, problem, reserved, scripted, voice
from hypothesis import example, given
from hypothesis import strategies as st
from virtual_time import run_virtually, virtual_now

from reconciler.errors import ApiError, ApiRefusedError, ApiUnknownError
from reconciler.palabra.client import PAGE_SIZE
from reconciler.palabra.wire import Limits, WireError, read_voice

IDS = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=12) | st.text("./?#%\\ a", max_size=6)


def paged(pages: dict[str | None, tuple[list[str], str | None]]) -> FakeApi:
    """Serve pages by token."""

    def handler(request: httpx.Request) -> httpx.Response:
        ids, following = pages[request.url.params.get("token")]
        return ok({"items": [voice(i) for i in ids], "count": len(ids), "next": following})

    return FakeApi(handler)


def test_a_list_is_read_to_its_last_page() -> None:
    """An empty page in between is legal: a server may filter after it has cut the pages."""
    api = paged({None: (["a", "b"], "2"), "2": ([], "3"), "3": (["c"], None)})

    assert list(run_virtually(api.client().list_voices())) == ["a", "b", "c"]


def test_a_token_goes_alone() -> None:
    api = paged({None: (["a"], "t&k=1"), "t&k=1": (["b"], None)})
    run_virtually(api.client().list_voices())

    assert [dict(request.url.params) for request in api.requests] == [
        {"page_size": str(PAGE_SIZE), "sort": "asc"},
        {"token": "t&k=1"},
    ]


def test_a_list_that_goes_in_circles_ends() -> None:
    api = paged({None: (["a"], "2"), "2": (["b"], "3"), "3": (["c"], "2")})

    with pytest.raises(ApiError, match="never ends"):
        run_virtually(api.client().list_voices())
    assert len(api.calls) <= 4


def test_a_list_that_repeats_itself_under_new_tokens_ends() -> None:
    """Tokens may be encrypted with a nonce, so the same place can have many names."""
    tokens = iter(range(1000))
    api = FakeApi(lambda _: ok({"items": [voice("a")], "next": f"t{next(tokens)}"}))

    with pytest.raises(ApiError, match="never ends"):
        run_virtually(api.client().list_voices())


def test_a_list_that_moves_on_while_it_is_read_is_no_circle() -> None:
    """Voices made meanwhile push the others from page to page, so that whole pages may come again."""
    api = paged({None: (["c", "b"], "2"), "2": (["c", "b"], "4"), "4": (["b", "c"], "6"), "6": (["a"], None)})

    assert set(run_virtually(api.client().list_voices())) == {"a", "b", "c"}


def test_empty_pages_without_end_end() -> None:
    tokens = iter(range(1000))
    api = FakeApi(lambda _: ok({"items": [], "next": f"t{next(tokens)}"}))

    with pytest.raises(ApiError, match="never ends"):
        run_virtually(api.client().list_voices())


def test_a_voice_that_a_list_shows_without_its_status_is_asked_for() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/saas/voice":
            return ok({"items": [{k: v for k, v in voice("v1").items() if k != "processing_status"}]})
        return ok(voice("v1"))

    voices = run_virtually(FakeApi(handler).client().list_voices())

    assert voices["v1"].status == "ready"


def test_voices_that_a_list_shows_in_part_are_asked_for_one_by_one() -> None:
    """A description that a list leaves out could hold our mark."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/saas/voice":
            return ok({"items": [{"voice_id": "thin"}, {"voice_id": "gone"}, voice("whole")]})
        return ok(voice("thin", description="calm")) if request.url.path.endswith("thin") else problem(404)

    api = FakeApi(handler)
    voices = run_virtually(api.client().list_voices())

    assert voices["thin"].description == "calm"
    assert sorted(path for _, path in api.calls[1:]) == ["/saas/voice/m/gone", "/saas/voice/m/thin"]
    assert set(voices) == {"thin", "whole"}


def test_an_empty_account_has_no_voices() -> None:
    assert run_virtually(paged({None: ([], None)}).client().list_voices()) == {}


@pytest.mark.parametrize("status", [404, 410])
def test_a_voice_that_is_gone_is_none_and_its_delete_a_success(status: int) -> None:
    api = scripted([problem(status)])

    assert run_virtually(api.client().get_voice("v1")) is None
    run_virtually(api.client().delete("v1"))
    assert api.calls == [("GET", "/saas/voice/m/v1"), ("DELETE", "/saas/voice/m/v1")]


def test_a_voice_that_cannot_be_read_is_not_taken_for_gone() -> None:
    with pytest.raises(ApiRefusedError):
        run_virtually(scripted([problem(403)]).client().get_voice("v1"))
    with pytest.raises(ApiRefusedError):
        run_virtually(scripted([problem(403)]).client().delete("v1"))


@pytest.mark.parametrize("answer", [httpx.Response(204), ok({}), httpx.Response(200), httpx.Response(202, json=None)])
def test_every_good_answer_to_a_delete_is_good(answer: httpx.Response) -> None:
    api = scripted([answer])
    run_virtually(api.client().delete("v1"))

    assert api.calls == [("DELETE", "/saas/voice/m/v1")]


@given(IDS)
@example("")
@example("..")
@example("\ud800")
@example("../../voice")
def test_a_delete_names_exactly_one_voice_or_is_not_sent(voice_id: str) -> None:
    api = scripted([ok({})])
    try:
        run_virtually(api.client().delete(voice_id))
    except ValueError:
        assert not api.requests
        return

    (request,) = api.requests
    prefix, _, segment = request.url.raw_path.decode("ascii").rpartition("/")
    assert prefix == "/saas/voice/m"
    assert segment
    assert segment not in (".", "..")
    assert unquote(segment) == voice_id


@given(IDS)
@example("\ud800")
def test_an_id_that_was_read_from_an_answer_can_be_asked_for(voice_id: str) -> None:
    """Otherwise a voice would be known and could not even be deleted."""
    try:
        known = read_voice(voice(voice_id))
    except WireError:
        return
    api = FakeApi(lambda _: ok(voice(voice_id)))

    assert run_virtually(api.client().get_voice(known.voice_id)) == known


@pytest.mark.parametrize(
    ("answer", "limits"),
    [
        (ok({"limit": 50, "total": 3, "remaining": 47}), Limits(50, 47)),
        (problem(404), None),
        (problem(405), None),
        (problem(403), None),
        (ok({}), None),
    ],
)
def test_the_quota_of_a_server_that_tells_it_and_of_one_that_does_not(
    answer: httpx.Response, limits: Limits | None
) -> None:
    assert run_virtually(scripted([answer]).client().limits()) == limits


def test_wrong_credentials_are_not_taken_for_a_missing_quota() -> None:
    with pytest.raises(ApiRefusedError, match="401"):
        run_virtually(scripted([problem(401)]).client().limits())


def test_a_create_sends_the_documented_fields_wrapped() -> None:
    api = scripted([ok(reserved(form={"b": "1", "a": "2"}), Date="Thu, 19 Jun 2025 10:52:53 GMT")])

    answer = run_virtually(api.client().create(NEW))

    assert api.calls == [("POST", "/saas/voice/clone")]
    assert api.bodies == [
        {
            "data": {
                "name": "Anna",
                "description": "calm",
                "labels": {"gender": "female"},
                "samples": [
                    {"filename": "anna.mp3", "mime_type": "audio/mpeg", "lang_code": "en", "denoise": False}
                ],
            }
        }
    ]  # fmt: skip
    assert api.requests[0].headers["Content-Type"] == "application/json"
    assert api.requests[0].headers["Accept"] == "application/json"
    assert (answer.voice.voice_id, answer.voice.status) == ("v1", "created")
    assert list(answer.form.fields.items()) == [("b", "1"), ("a", "2")]
    assert answer.date == "Thu, 19 Jun 2025 10:52:53 GMT"


def test_a_create_is_understood_from_a_bare_answer() -> None:
    assert run_virtually(scripted([httpx.Response(200, json=reserved())]).client().create(NEW)).voice.voice_id == "v1"


@pytest.mark.parametrize("body", ["null", "{}", "[]", '{"data": {}}', '{"voice_id": "v"}', '"voice"', "1"])
def test_a_create_whose_answer_makes_no_sense_is_unknown(body: str) -> None:
    """The voice may exist: only a look at the server can tell."""
    api = scripted([httpx.Response(200, content=body)])
    with pytest.raises(ApiUnknownError):
        run_virtually(api.client().create(NEW))
    assert len(api.calls) == 1


def test_an_update_sends_only_what_it_is_given() -> None:
    api = scripted([ok(voice(description="x"))])

    changed = run_virtually(api.client().update("v1", {"description": "x"}))

    assert (api.calls, api.bodies) == ([("POST", "/saas/voice/m/v1")], [{"data": {"description": "x"}}])
    assert changed is not None
    assert changed.description == "x"


@pytest.mark.parametrize("answer", [httpx.Response(204), ok({}), httpx.Response(200, json=[])])
def test_an_update_without_a_voice_in_its_answer_is_good(answer: httpx.Response) -> None:
    assert run_virtually(scripted([answer]).client().update("v1", {"name": "Eva"})) is None


@pytest.mark.parametrize("voice_id", [7, "a/b", ["v1"]])
def test_an_update_answered_with_an_odd_id_does_not_say_what_the_voice_is_now(voice_id: object) -> None:
    assert run_virtually(scripted([ok({"voice_id": voice_id})]).client().update("v1", {"name": "Eva"})) is None


def only(method: str, *, seconds: float = 0.0) -> FakeApi:
    """Serve updates by one method alone."""

    async def handler(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(seconds)
        return ok(voice()) if request.method == method else problem(405)

    return FakeApi(handler)


@pytest.mark.parametrize(("method", "tried"), [("PATCH", ["POST", "PATCH"]), ("PUT", ["POST", "PATCH", "PUT"])])
def test_the_method_of_updates_is_found_once_and_remembered(method: str, tried: list[str]) -> None:
    api = only(method)

    async def twice() -> None:
        client = api.client()
        await client.update("v1", {"name": "Eva"})
        await client.update("v2", {"name": "Ida"})

    run_virtually(twice())
    assert [called for called, _ in api.calls] == [*tried, method]


def test_a_server_that_knows_no_method_says_so() -> None:
    api = only("none")
    with pytest.raises(ApiRefusedError):
        run_virtually(api.client().update("v1", {"name": "Eva"}))
    assert [method for method, _ in api.calls] == ["POST", "PATCH", "PUT"]


def test_updates_at_the_same_time_find_the_same_method() -> None:
    api = only("PATCH", seconds=1)

    async def together() -> None:
        client = api.client()
        await asyncio.gather(*(client.update(f"v{n}", {"name": "Eva"}) for n in range(4)))
        await client.update("v9", {"name": "Ida"})

    run_virtually(together())
    assert "PUT" not in {method for method, _ in api.calls}


def bare_server(*, seconds: float = 0.0) -> FakeApi:
    """Want bare bodies, as the guide shows them."""

    async def handler(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(seconds)
        if b'"data"' in request.content:
            return httpx.Response(422, json={"detail": [{"loc": ["body", "data"], "msg": "Extra field"}]})
        return httpx.Response(200, json=reserved())

    return FakeApi(handler)


def test_a_server_that_wants_bare_bodies_gets_them_from_the_second_try_on() -> None:
    api = bare_server()

    async def twice() -> None:
        client = api.client()
        await client.create(NEW)
        await client.create(NEW)

    run_virtually(twice())
    assert ["data" in body for body in api.bodies] == [True, False, False]


def test_creates_at_the_same_time_all_learn_that_bodies_are_bare() -> None:
    api = bare_server(seconds=1)

    async def together() -> list[str]:
        client = api.client()
        return [answer.voice.voice_id for answer in await asyncio.gather(*(client.create(NEW) for _ in range(4)))]

    assert run_virtually(together()) == ["v1"] * 4


@pytest.mark.parametrize("second", [problem(422, "name is too short"), problem(500), httpx.ReadError("lost")])
def test_bodies_stay_wrapped_where_bare_ones_did_not_help(second: httpx.Response | Exception) -> None:
    api = scripted([problem(422, "there is something about data"), second, ok(reserved())])

    async def twice() -> None:
        client = api.client()
        with pytest.raises(ApiError):
            await client.create(NEW)
        await client.create(NEW)

    run_virtually(twice())
    assert ["data" in body for body in api.bodies] == [True, False, True]


def test_a_refusal_of_both_kinds_of_body_shows_the_first_reason() -> None:
    api = scripted([problem(422, "data.name: too short"), problem(422, "Field required: data")])
    with pytest.raises(ApiRefusedError) as refused:
        run_virtually(api.client().create(NEW))
    assert "too short" in refused.value.why


def test_another_422_is_not_resent() -> None:
    api = scripted([problem(422, "name: too short")])
    with pytest.raises(ApiRefusedError):
        run_virtually(api.client().create(NEW))
    assert len(api.calls) == 1


@pytest.mark.parametrize("base", [BASE, f"{BASE}/", f"{BASE}//", f"{BASE}/v2/"])
def test_the_base_address_may_end_in_slashes_and_have_a_path(base: str) -> None:
    api = scripted([ok(voice())])
    run_virtually(api.client(base=base).get_voice("v1"))
    assert str(api.requests[0].url) == f"{base.rstrip('/')}/saas/voice/m/v1"


def test_a_server_that_never_answers_is_given_up_within_the_bound() -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    api = FakeApi(never)

    async def timed() -> float:
        with pytest.raises(ApiUnknownError, match="in time"):
            await api.client(read_timeout=5).create(NEW)
        return virtual_now()

    assert run_virtually(timed()) == pytest.approx(10)  # connecting has 5 seconds of its own
