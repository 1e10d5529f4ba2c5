"""What the upload host refuses before it reads a form; the forms are in test_upload_host_like_s3."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


@pytest.mark.parametrize("header", ["Authorization", "ClientId", "ClientSecret", "Cookie"])
def test_leaked_credentials_are_refused(account: Any, speech: bytes, header: str) -> None:
    sample = account.create()["samples"][0]
    post = {"url": sample["url"], "data": sample["form_data"], "files": {"file": ("a", speech)}}
    with httpx.Client(trust_env=False) as anybody:
        leaking = anybody.post(**post, headers={header: "x"})
        clean = anybody.post(**post)

    assert leaking.status_code == 403
    assert f"<Message>The upload host must not be sent {header}</Message>" in leaking.text
    assert (clean.status_code, clean.content) == (204, b"")


def test_without_strict_a_leak_is_overlooked(start: Any, open_account: Any, speech: bytes) -> None:
    account = open_account(start(strict=False))
    sample = account.create()["samples"][0]
    answer = account.http.post(sample["url"], data=sample["form_data"], files={"file": ("a", speech)})

    assert answer.status_code == 204


def test_the_sender_of_a_long_file_hears_why_it_was_refused(account: Any) -> None:
    voice = account.create()
    voice["samples"][0]["form_data"]["acl"] = "public-read"

    assert account.upload(voice, bytes(30_000_000)).status_code == 403


def test_a_client_that_goes_away_leaves_nothing(account: Any, tmp_path: Any) -> None:
    sample = account.create()["samples"][0]

    def broken_off() -> Any:
        yield b'--edge\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
        raise ConnectionAbortedError

    headers = {"Content-Type": "multipart/form-data; boundary=edge", "Content-Length": "100000"}
    with httpx.Client(trust_env=False) as anybody, pytest.raises(ConnectionAbortedError):
        anybody.post(sample["url"], content=broken_off(), headers=headers)

    account.server.__exit__()  # waits for the request to end
    assert list((tmp_path / "data" / "uploads").iterdir()) == []


def test_nothing_but_a_post_to_the_bucket_is_served(account: Any) -> None:
    host = account.server.upload_url
    with httpx.Client(trust_env=False) as anybody:
        assert anybody.get(f"{host}/bucket/").status_code == 403
        assert anybody.post(f"{host}/").status_code == 405
        assert anybody.post(f"{host}/bucket/key").status_code == 405
