"""Which failures are a definite no, which certainly changed nothing, and which leave everything open."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fake_api import CALLS, NEW, Call, FakeApi, ok, problem, reserved, scripted, swallow, voice
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import run_virtually

from reconciler.errors import ApiError, ApiRefusedError, ApiUnknownError, ApiUnreachableError, VoicectlError
from reconciler.palabra.retry import ATTEMPTS, THROTTLED_ATTEMPTS

UNREACHABLE = {
    "connect refused": httpx.ConnectError("refused"),
    "connect time-out": httpx.ConnectTimeout("slow"),
}
UNKNOWN = {
    "read time-out": httpx.ReadTimeout("slow"),
    "write time-out": httpx.WriteTimeout("slow"),
    "write error": httpx.WriteError("broken pipe"),
    "reset": httpx.ReadError("reset"),
    "closed": httpx.RemoteProtocolError("closed without a response"),
    "truncated": httpx.RemoteProtocolError("peer closed without sending complete message body"),
    "garbage encoding": httpx.DecodingError("not gzip"),
    "garbage 200": httpx.Response(200, content=b"<html>welcome to the hotel</html>"),
    "half a 200": httpx.Response(200, content=b'{"data": {"voice'),
    "200 not ok": httpx.Response(200, json={"ok": False, "errors": [{"detail": "Something broke"}]}),
    "500": problem(500),
    "502": httpx.Response(502, content=b"<html>bad gateway</html>"),
    "503": problem(503),
    "504": problem(504),
    "408": problem(408),
}
REFUSED = {str(status): problem(status) for status in (400, 401, 402, 403, 404, 405, 409, 413, 422)} | {
    str(status): httpx.Response(status, headers={"Location": "https://elsewhere.test/"}) for status in (301, 302, 307)
}
PASSING = UNREACHABLE | UNKNOWN
REPEATABLE = {name: call for name, call in CALLS.items() if name not in ("create", "limits")}


def by_name(failures: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("failure", failures.values(), ids=failures)


@by_name(UNKNOWN)
def test_a_create_of_unknown_outcome_is_sent_once(failure: Any) -> None:
    api = scripted([failure, ok(reserved())])
    with pytest.raises(ApiUnknownError):
        run_virtually(api.client().create(NEW))
    assert len(api.calls) == 1


@by_name(REFUSED)
def test_a_refused_create_is_sent_once(failure: Any) -> None:
    api = scripted([failure, ok(reserved())])
    with pytest.raises(ApiRefusedError):
        run_virtually(api.client().create(NEW))
    assert len(api.calls) == 1


@by_name(UNREACHABLE | {"429": problem(429)})
def test_a_create_that_certainly_did_not_happen_is_sent_again(failure: Any) -> None:
    api = scripted([failure, failure, ok(reserved())])
    assert run_virtually(api.client().create(NEW)).voice.voice_id == "v1"
    assert len(api.calls) == 3


def test_a_create_that_became_unknown_after_safe_failures_is_not_sent_again() -> None:
    api = scripted([httpx.ConnectError("refused"), problem(429), problem(500), ok(reserved())])
    with pytest.raises(ApiUnknownError):
        run_virtually(api.client().create(NEW))
    assert len(api.calls) == 3


@pytest.mark.parametrize("call", REPEATABLE.values(), ids=REPEATABLE)
@by_name(PASSING | {"429": problem(429)})
def test_everything_else_is_sent_again_until_it_works(call: Call, failure: Any) -> None:
    api = scripted([failure, failure, ok(voice() | {"items": []})])

    assert run_virtually(swallow(call(api.client()))) is None
    assert len(api.calls) == 3
    assert len(set(api.calls)) == 1


@pytest.mark.parametrize("call", REPEATABLE.values(), ids=REPEATABLE)
@by_name({name: failure for name, failure in REFUSED.items() if name not in ("404", "405")})
def test_a_definite_no_is_not_asked_again(call: Call, failure: Any) -> None:
    api = scripted([failure, ok(voice())])

    assert isinstance(run_virtually(swallow(call(api.client()))), ApiRefusedError)
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    ("failure", "kind", "sent"),
    [
        (httpx.ConnectError("refused"), ApiUnreachableError, ATTEMPTS),
        (problem(500), ApiUnknownError, ATTEMPTS),
        (problem(429), ApiRefusedError, THROTTLED_ATTEMPTS),
    ],
)
def test_patience_ends(failure: Any, kind: type[ApiError], sent: int) -> None:
    api = scripted([failure])
    error = run_virtually(swallow(api.client().get_voice("v1")))

    assert type(error) is kind
    assert len(api.calls) == sent


def test_an_error_says_what_was_asked_why_it_failed_and_its_id() -> None:
    api = scripted([problem(403, "Insufficient balance", x_request_id="req-7")])
    error = run_virtually(swallow(api.client().create(NEW)))

    assert error is not None
    assert (error.status, error.where) == (403, "POST https://api.test/saas/voice/clone (request id req-7)")
    assert "Insufficient balance" in error.why
    assert error.fix


@pytest.mark.parametrize("status", [200, 302, 400, 500])
@pytest.mark.parametrize(
    "body",
    [b"\x1b[2J<p>" * 900, b'{"ok": false, "errors": [{"detail": "\\u001b[2J\\u202e"}]}'],
    ids=["html", "problem"],
)
def test_nothing_that_the_server_says_can_move_the_cursor_or_fill_the_screen(status: int, body: bytes) -> None:
    answer = httpx.Response(status, content=body, headers={"Location": "\x1b[2J", "X-Request-Id": "\x1b[2J"})
    error = run_virtually(swallow(scripted([answer]).client().create(NEW)))

    assert error is not None
    for text in (error.what, error.where, error.why, error.fix):
        assert len(text) <= 500
        assert text.isprintable()


@pytest.mark.parametrize("base", ["https://api.test:abc", "https://api.test:99999999", "http://[::1", "https://"])
def test_an_address_that_is_none_is_an_error_for_people(base: str) -> None:
    async def get() -> None:
        await scripted([httpx.UnsupportedProtocol("no")]).client(base=base).get_voice("v1")

    with pytest.raises(VoicectlError):
        run_virtually(get())


BODIES = (
    st.binary(max_size=60)
    | st.sampled_from([b"NaN", b"\xff\xfe{}", b'"\\ud800"', b"1e999", b"null", b'{"ok": false}'])
    | st.sampled_from([b'{"detail": "\\ud800"}', b'{"errors": [{"detail": "\\u001b[2J"}]}'])
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": st.sampled_from(["text/html", "", "a/b; charset=latin-1", "a/b; charset=?"]),
        "Retry-After": st.sampled_from(["", "0", "-1", "nan", "99", "soon", "Mon, 1 Jan 1 00:00:00 -0000"]),
        "Date": st.sampled_from(["", "now", "Sun Nov  6 08:49:37 1994"]),
        "Location": st.sampled_from(["", "http://[", "//", "\t"]),
    },
)


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("body", [b"[" * 9000, b'{"a":' * 9000, b"[" * 9000 + b"]" * 9000, b"9" * 9000], ids=len)
def test_garbage_json_is_an_api_error(status: int, body: bytes) -> None:
    client = scripted([httpx.Response(status, content=body)]).client()
    assert isinstance(run_virtually(swallow(client.create(NEW))), ApiError)


@pytest.mark.parametrize("charset", ["hex", "rot13", "idna", "undefined", "utf-7", "no-such"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_garbage_in_any_charset_is_an_api_error(status: int, charset: str) -> None:
    answer = httpx.Response(status, headers={"Content-Type": f"text/html; charset={charset}"}, content=b"<p>xyz")
    assert isinstance(run_virtually(swallow(scripted([answer]).client().create(NEW))), ApiError)


@given(status=st.integers(200, 599), headers=HEADERS, body=BODIES, name=st.sampled_from(sorted(CALLS)))
def test_no_answer_raises_anything_but_an_api_error(
    status: int, headers: dict[str, str], body: bytes, name: str
) -> None:
    api = FakeApi(lambda _: httpx.Response(status, headers=headers, content=body))

    error = run_virtually(swallow(CALLS[name](api.client())))

    assert error is None or error.what
    assert name != "create" or isinstance(error, ApiError)
