"""One scheme on each request, on no other host, and never in anything that is printed."""

from __future__ import annotations

import asyncio
import json
import logging

import httpx
import pytest
import raw_server
from fake_api import BASE, BEARER, CALLS, KEY, NEW, Call, FakeApi, ok, problem, scripted, shown, swallow, voice
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import run_virtually

from reconciler.errors import ApiError, CredentialsError
from reconciler.palabra.client import PalabraClient
from reconciler.palabra.credentials import Credentials, read_credentials
from reconciler.palabra.http import new_http_client
from reconciler.palabra.limiter import Limiter

PAIR = {"PALABRA_CLIENT_ID": "an-id", "PALABRA_CLIENT_SECRET": "a-very-secret-secret"}
SCHEMES = {"authorization", "clientid", "clientsecret"}


def test_a_key_becomes_a_bearer_token() -> None:
    assert read_credentials({"PALABRA_API_KEY": f" {KEY}\n"}).headers == {"Authorization": f"Bearer {KEY}"}


def test_a_pair_becomes_two_headers() -> None:
    assert read_credentials(PAIR).headers == {"ClientId": "an-id", "ClientSecret": "a-very-secret-secret"}


def test_with_a_key_and_a_pair_only_the_key_is_sent() -> None:
    assert set(read_credentials({**PAIR, "PALABRA_API_KEY": KEY}).headers) == {"Authorization"}


def test_a_named_variable_is_never_stood_in_for() -> None:
    environ = {**PAIR, "PALABRA_API_KEY": KEY, "STAGING_KEY": "plbr_staging"}
    assert read_credentials(environ, api_key_env="STAGING_KEY").headers == {"Authorization": "Bearer plbr_staging"}
    with pytest.raises(CredentialsError, match="OTHER_KEY is not set") as refused:
        read_credentials(environ, api_key_env="OTHER_KEY")
    assert refused.value.fix == "set OTHER_KEY"


@pytest.mark.parametrize(("left", "missing"), [(0, "PALABRA_CLIENT_SECRET"), (1, "PALABRA_CLIENT_ID")])
def test_half_a_pair_names_the_other_half_and_shows_nothing(left: int, missing: str) -> None:
    name, value = list(PAIR.items())[left]
    with pytest.raises(CredentialsError, match=f"{missing} is not set") as refused:
        read_credentials({name: value})
    assert value not in shown(refused.value)


@given(st.text(min_size=1))
def test_a_key_is_a_header_or_an_error_that_does_not_show_it(key: str) -> None:
    secret = f"k3y{key}k3y"
    try:
        headers = read_credentials({"PALABRA_API_KEY": secret}).headers
    except CredentialsError as error:
        refused = shown(error)
    else:
        refused = ""
    assert secret not in refused
    if refused:
        return
    request = httpx.Request("GET", BASE, headers=dict(headers))
    assert request.headers["Authorization"] == f"Bearer {secret}"
    assert not set(secret) & set("\r\n\0")


def test_credentials_cannot_be_printed() -> None:
    assert KEY not in f"{BEARER} {BEARER!r} {[BEARER]}"


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("credentials", [BEARER, read_credentials(PAIR)], ids=["key", "pair"])
def test_each_request_carries_exactly_one_scheme(call: Call, credentials: Credentials) -> None:
    api = scripted([problem(404)])
    client = api.client(credentials=credentials)
    run_virtually(swallow(call(client)))

    for request in api.requests:
        assert SCHEMES & {name.lower() for name in request.headers} == {name.lower() for name in credentials.headers}


@pytest.mark.parametrize("credentials", [BEARER, read_credentials(PAIR)], ids=["key", "pair"])
def test_a_name_and_password_in_the_address_are_not_a_second_scheme(credentials: Credentials) -> None:
    api = scripted([ok(voice())])
    client = api.client(base="https://user:passw0rd@api.test", credentials=credentials)
    run_virtually(swallow(client.get_voice("v1")))

    for request in api.requests:
        sent = {name: value for name, value in request.headers.items() if name in SCHEMES}
        assert sent == {name.lower(): value for name, value in credentials.headers.items()}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["https://elsewhere.test/", "/saas/voice/m/v2", f"{BASE}:8443/x"])
def test_redirects_are_not_followed_and_so_take_no_credentials_along(call: Call, status: int, target: str) -> None:
    api = scripted([httpx.Response(status, headers={"Location": target})])
    run_virtually(swallow(call(api.client())))

    assert len(api.requests) == 1
    assert {request.url.host for request in api.requests} == {"api.test"}


FAILURES = {
    "connect": httpx.ConnectError("refused"),
    "read": httpx.ReadError("reset"),
    "garbage": httpx.Response(200, content=b"<html>"),
    "401": problem(401, "Wrong key"),
    "422": problem(422, "data.name: too short"),
    "500": httpx.Response(500, content=b"oops"),
    "302": httpx.Response(302, headers={"Location": "https://elsewhere.test/"}),
    "echo": problem(401, f"Invalid token {KEY}"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_no_error_and_no_log_line_shows_the_key(
    call: Call, failure: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = scripted([failure]).client()

    error = run_virtually(swallow(call(client)))

    assert KEY not in shown(error)
    assert KEY not in caplog.text
    assert not any(KEY in repr(record.__dict__) for record in caplog.records)


FORM = {"x-amz-signature": "authorizes-by-itself", "policy": "authorizes-too", "key": "k"}


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("length", [None, 250], ids=["whole", "cut off"])
def test_no_error_quotes_an_upload_form(status: int, length: int | None) -> None:
    """A create that was carried out may be answered by half of its body, or by an error with the form in it."""
    body = json.dumps({"ok": False, "data": {"samples": [{"form_data": FORM, "item_id": "0" * 300}]}})
    api = scripted([httpx.Response(status, content=body[:length].encode())])

    error = run_virtually(swallow(api.client().create(NEW)))

    assert error is not None
    assert "authorizes" not in shown(error)
    assert "upload form" in error.why


def test_a_password_in_the_address_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = scripted([problem(401)]).client(base="https://user:passw0rd@api.test")

    error = run_virtually(swallow(client.get_voice("v1")))

    assert "passw0rd" not in shown(error)
    assert "passw0rd" not in caplog.text


def test_what_is_shown_of_an_error_would_betray_the_key() -> None:
    """The check above is worth something."""
    error = ApiError("what", request="GET", why=KEY)
    assert KEY in shown(error)
    chained = ValueError("outer")
    chained.__context__ = error
    assert KEY in shown(chained)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_only_voices_are_spoken_of(call: Call) -> None:
    """DELETE /saas/voice deletes everything; no method leads there."""
    api = FakeApi(lambda _: problem(404))
    run_virtually(swallow(call(api.client())))
    assert ("DELETE", "/saas/voice") not in api.calls
    assert all(path.startswith("/saas/voice") for _, path in api.calls)


def test_the_client_of_a_run_follows_no_redirect_to_another_server() -> None:
    """Real sockets, and the real HTTP client with its own settings."""
    lured: list[str] = []

    async def trap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lured.append((await raw_server.read_request(reader))[0])
        await raw_server.answer(writer, "200 OK", b'{"voice_id": "v1"}')

    async def run() -> None:
        async with raw_server.raw_server(trap) as elsewhere:

            async def lure(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await raw_server.read_request(reader)
                await raw_server.answer(writer, "307 Temporary Redirect", Location=elsewhere)

            async with raw_server.raw_server(lure) as base, new_http_client(5, connections=2) as http:
                client = PalabraClient(http, base, BEARER, Limiter(2), read_timeout=5)
                assert await swallow(client.get_voice("v1")) is not None

    asyncio.run(run())
    assert not lured
