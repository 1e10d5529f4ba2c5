"""S3 may send an upload to a regional host. The body follows to where it is safe, and nowhere else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fake_upload_host import FakeHost, form, sample
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import run_virtually

from reconciler.errors import UploadError


def redirecting(status: int, location: str | None, *, times: int = 1) -> FakeHost:
    left = [times]

    def handler(_: httpx.Request) -> httpx.Response:
        left[0] -= 1
        if left[0] < 0:
            return httpx.Response(204)
        return httpx.Response(status, headers={} if location is None else {"Location": location})

    return FakeHost(handler)


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("https://b.s3.test/", "https://b.s3.eu.test/", "https://b.s3.eu.test/"),
        ("https://b.s3.test/", "/other", "https://b.s3.test/other"),
        ("http://b.s3.test/", "https://b.s3.test/", "https://b.s3.test/"),
        ("http://127.0.0.1:8080/up", "http://127.0.0.1:9090/up", "http://127.0.0.1:9090/up"),
        ("https://b.s3.test/", "//c.s3.test/x", "https://c.s3.test/x"),
        ("https://b.s3.test/", "https://user:password@c.s3.test/", "https://c.s3.test/"),
    ],
)
def test_the_same_body_follows_to_https_or_within_the_host(
    status: int, url: str, location: str, target: str, tmp_path: Path
) -> None:
    host = redirecting(status, location)
    run_virtually(host.take(form(url), sample(tmp_path)))

    assert [str(request.url) for request in host.requests] == [url, target]
    assert [request.method for request in host.requests] == ["POST", "POST"]
    assert all(body.count(b"an mp3 of a voice") == 1 for body in host.bodies)
    assert all("Authorization" not in request.headers for request in host.requests)


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://b.s3.test/", "http://b.s3.test/"),
        ("http://b.s3.test/", "http://c.s3.test/"),
        ("https://b.s3.test/", "ftp://b.s3.test/"),
        ("https://b.s3.test/", "file:///etc/passwd"),
        ("https://b.s3.test/", "http://["),
    ],
)
def test_nothing_follows_anywhere_else(status: int, url: str, location: str, tmp_path: Path) -> None:
    host = redirecting(status, location)
    with pytest.raises(UploadError) as refused:
        run_virtually(host.take(form(url), sample(tmp_path)))

    assert len(host.requests) == 1
    assert not refused.value.retryable


@pytest.mark.parametrize("location", ["https://c.s3.test:port/", "A:0"])
def test_a_location_that_is_no_address_is_an_upload_error(location: str, tmp_path: Path) -> None:
    host = redirecting(307, location, times=1000)
    with pytest.raises(UploadError):
        run_virtually(host.take(form(), sample(tmp_path)))
    assert {str(request.url) for request in host.requests} == {form().url}


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304])
def test_redirects_that_would_lose_the_body_are_refused(status: int, tmp_path: Path) -> None:
    host = redirecting(status, "https://b.s3.eu.test/")
    with pytest.raises(UploadError, match=str(status)):
        run_virtually(host.take(form(), sample(tmp_path)))
    assert len(host.requests) == 1


@pytest.mark.parametrize("location", ["https://b.s3.test/", None])
def test_circles_end(location: str | None, tmp_path: Path) -> None:
    host = redirecting(307, location, times=1000)
    with pytest.raises(UploadError):
        run_virtually(host.take(form(), sample(tmp_path)))
    assert len(host.requests) <= 5


LOCATIONS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)


@given(LOCATIONS | LOCATIONS.map("https://".__add__) | LOCATIONS.map("//".__add__))
def test_any_location_ends_in_a_safe_place_or_in_an_upload_error(
    tmp_path_factory: pytest.TempPathFactory, location: str
) -> None:
    host = redirecting(307, location)
    what = sample(tmp_path_factory.getbasetemp())

    async def upload() -> None:
        try:
            await host.take(form(), what)
        except UploadError:
            await asyncio.sleep(0)

    run_virtually(upload())
    assert {request.url.scheme for request in host.requests} == {"https"}
