"""The presigned POST: exact bytes, streamed, tried again while the form lives, and its secrets kept."""

from __future__ import annotations

import asyncio
import logging
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import raw_server
from fake_api import BEARER, shown
from fake_upload_host import (
    FIELDS,
    NOW,
    POLICY,
    SECRET,
    FakeHost,
    encoded,
    form,
    host,
    s3_error,
    sample,
)
from virtual_time import run_virtually, virtual_now

from reconciler.errors import UploadError
from reconciler.palabra.client import PalabraClient
from reconciler.palabra.http import new_http_client
from reconciler.palabra.limiter import Limiter
from reconciler.palabra.retry import ATTEMPTS, THROTTLED_ATTEMPTS
from reconciler.palabra.upload import Sample, Uploader
from reconciler.palabra.wire import UploadForm


def test_the_body_is_the_fields_in_their_order_and_the_file_last(tmp_path: Path) -> None:
    upload_host = FakeHost()
    run_virtually(upload_host.take(form(), sample(tmp_path)))

    (request,), (body,) = upload_host.requests, upload_host.bodies
    kind, _, boundary = request.headers["Content-Type"].partition("; boundary=")
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in FIELDS.items()
    )
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="anna 1.mp3"\r\n'
        f"Content-Type: audio/mpeg\r\n\r\nan mp3 of a voice\r\n--{boundary}--\r\n"
    )
    assert (request.method, str(request.url), kind) == ("POST", form().url, "multipart/form-data")
    assert body.decode() == fields + file


def test_the_length_is_told_so_nothing_is_chunked(tmp_path: Path) -> None:
    upload_host = FakeHost()
    run_virtually(upload_host.take(form(), sample(tmp_path)))

    (request,), (body,) = upload_host.requests, upload_host.bodies
    assert request.headers["Content-Length"] == str(len(body))
    assert "Transfer-Encoding" not in request.headers


def test_30_megabytes_are_never_held_in_memory(tmp_path: Path) -> None:
    size = 30_000_000
    path = tmp_path / "anna.mp3"
    with path.open("wb") as file:
        file.truncate(size)
    told: list[int] = []
    upload_host = FakeHost(keep=False)
    big = Sample(path, "anna.mp3", "audio/mpeg", size)
    limits = encoded({"conditions": [["content-length-range", 1, size]]})

    tracemalloc.start()
    try:
        run_virtually(upload_host.take(form(policy=limits), big, progress=told.append))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3_000_000
    assert told == sorted(told)
    assert (told[-1], len(set(told)) > 20) == (size, True)


def test_a_second_try_sends_the_same_bytes_from_the_start(tmp_path: Path) -> None:
    upload_host = host(s3_error(500, "InternalError"), httpx.Response(204))
    told: list[int] = []
    run_virtually(upload_host.take(form(), sample(tmp_path), progress=told.append))

    first, second = (
        body.replace(request.headers["Content-Type"].partition("boundary=")[2].encode(), b"edge")
        for body, request in zip(upload_host.bodies, upload_host.requests, strict=True)
    )
    assert first == second
    assert told == [17, 17]


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_2xx_is_a_success(status: int, tmp_path: Path) -> None:
    run_virtually(host(httpx.Response(status, content=b"<html>")).take(form(), sample(tmp_path)))


@pytest.mark.parametrize(
    "passing",
    [
        s3_error(500, "InternalError"),
        s3_error(503, "SlowDown"),
        httpx.Response(502, content=b"<html>bad gateway"),
        httpx.Response(408),
        httpx.Response(429),
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.WriteError("broken pipe"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("closed"),
    ],
    ids=repr,
)
def test_what_may_pass_is_tried_again(passing: Any, tmp_path: Path) -> None:
    upload_host = host(passing, passing, httpx.Response(204))
    run_virtually(upload_host.take(form(), sample(tmp_path)))
    assert len(upload_host.requests) == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (s3_error(400, "EntityTooSmall"), "EntityTooSmall"),
        (s3_error(403, "SignatureDoesNotMatch"), "SignatureDoesNotMatch"),
        (s3_error(411, "MissingContentLength"), "MissingContentLength"),
        (httpx.Response(403, content=b"<html>go away"), "403"),
        (httpx.Response(400, content=b"\xff\xfe<Code>\x00"), "400"),
        (httpx.Response(404), "404"),
        (httpx.Response(403, headers={"Content-Type": "a/b; charset=hex"}, content=b"<Code>Odd</Code>"), "403"),
        (httpx.Response(403, content=b"<Code>A\n  B</Code>" + b"<Message>" * 9999), "A B"),
    ],
)
def test_a_refusal_is_final_and_named_whatever_its_body_is(answer: httpx.Response, code: str, tmp_path: Path) -> None:
    upload_host = host(answer)
    with pytest.raises(UploadError) as refused:
        run_virtually(upload_host.take(form(), sample(tmp_path)))

    assert code in refused.value.what
    assert (refused.value.status, refused.value.retryable, refused.value.expired) == (answer.status_code, False, False)
    assert len(upload_host.requests) == 1


def test_what_s3_says_is_read_as_xml_writes_it(tmp_path: Path) -> None:
    with pytest.raises(UploadError) as refused:
        run_virtually(host(s3_error(400, "EntityTooSmall", "131 &lt; 10485")).take(form(), sample(tmp_path)))

    assert refused.value.why == "131 < 10485"


def test_s3_says_that_the_form_has_expired(tmp_path: Path) -> None:
    answer = s3_error(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
    with pytest.raises(UploadError) as refused:
        run_virtually(host(answer).take(form(), sample(tmp_path)))

    assert refused.value.expired
    assert "Policy expired" in refused.value.why


@pytest.mark.parametrize(("status", "tries"), [(500, ATTEMPTS), (429, THROTTLED_ATTEMPTS)])
def test_patience_with_an_upload_host_ends(status: int, tries: int, tmp_path: Path) -> None:
    upload_host = host(httpx.Response(status))
    with pytest.raises(UploadError):
        run_virtually(upload_host.take(form(), sample(tmp_path)))
    assert len(upload_host.requests) == tries


@pytest.mark.parametrize("status", [429, 503])
def test_an_upload_host_that_says_when_is_obeyed_by_all(status: int, tmp_path: Path) -> None:
    limiter = Limiter(4)
    answer = s3_error(status, "SlowDown", headers={"Retry-After": "20"})

    async def upload() -> float:
        uploader = host(answer, httpx.Response(204)).uploader(limiter=limiter)
        await uploader.upload(form(), sample(tmp_path), now=lambda: NOW, progress=lambda _: None)
        return virtual_now()

    assert run_virtually(upload()) == pytest.approx(20)
    assert limiter.window == 2


def test_a_steady_upload_may_take_longer_than_the_time_out(tmp_path: Path) -> None:
    async def slow(piece: bytes) -> None:
        await asyncio.sleep(4 * len(piece) / 65536)

    big = sample(tmp_path, b"x" * 1_000_000)

    async def upload() -> float:
        await FakeHost(between=slow).take(UploadForm(form().url, {"key": "k"}), big, seconds=5)
        return virtual_now()

    assert run_virtually(upload()) > 60


def test_an_upload_that_stands_still_ends(tmp_path: Path) -> None:
    async def stuck(_: bytes) -> None:
        await asyncio.Event().wait()

    upload_host = FakeHost(between=stuck)
    with pytest.raises(UploadError) as lost:
        run_virtually(upload_host.take(form(), sample(tmp_path), seconds=5))
    assert lost.value.retryable
    assert lost.value.why


def test_a_sample_that_went_away_is_named(tmp_path: Path) -> None:
    gone = sample(tmp_path)
    gone.path.unlink()
    with pytest.raises(UploadError, match=r"anna\.mp3"):
        run_virtually(FakeHost().take(form(), gone))


@pytest.mark.parametrize("url", ["", "ftp://u.test/", "u.test", "http://", "http://u.test:port/", "file:///etc"])
def test_a_form_without_a_usable_url_is_an_upload_error(url: str, tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="no usable URL"):
        run_virtually(FakeHost().take(form(url), sample(tmp_path)))


FAILURES = {
    "refused": s3_error(403, "SignatureDoesNotMatch"),
    "redirect": httpx.Response(307, headers={"Location": f"http://elsewhere.test/?sig={SECRET}"}),
    "reset": httpx.ReadError("reset"),
    "expired": None,
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_no_error_and_no_log_line_of_ours_shows_the_form(
    failure: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    to = form(f"https://user:{SECRET}@bucket.upload.test/?signature={SECRET}")
    now = NOW if failure else NOW + timedelta(days=1)
    with pytest.raises(UploadError) as refused:
        run_virtually(host(failure).take(to, sample(tmp_path), now=lambda: now))

    printed = shown(refused.value) + "".join(
        record.getMessage() + repr(record.args) for record in caplog.records if record.name.startswith("voicectl")
    )
    for secret in (SECRET, POLICY, FIELDS["x-amz-credential"]):
        assert secret not in printed


def test_the_upload_host_never_sees_credentials_or_cookies(tmp_path: Path) -> None:
    """Real servers: the same client that carries the key has been given cookies by the API."""
    seen: list[dict[str, str]] = []

    async def api(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await raw_server.read_request(reader)
            cookies = {"Set_Cookie": "session=1; Path=/", "set_cookie": "other=2; Domain=127.0.0.1"}
            await raw_server.answer(writer, "200 OK", b'{"voice_id": "v1"}', **cookies)

    async def storage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, headers, _ = await raw_server.read_request(reader)
        seen.append(headers)
        await raw_server.answer(writer, "204 No Content")

    async def run() -> None:
        async with (
            raw_server.raw_server(api) as base,
            raw_server.raw_server(storage) as there,
            new_http_client(5, connections=4) as http,
        ):
            limiter = Limiter(4)
            client = PalabraClient(http, base, BEARER, limiter, read_timeout=5)
            await client.get_voice("v1")
            to = form(there.replace("://", "://user:password@") + "/")
            uploader = Uploader(http, limiter, seconds=5)
            await uploader.upload(to, sample(tmp_path), now=lambda: NOW, progress=lambda _: None)
            await client.get_voice("v1")

    asyncio.run(run())
    (headers,) = seen
    assert set(headers) == {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "user-agent",
        "content-length",
        "content-type",
    }
