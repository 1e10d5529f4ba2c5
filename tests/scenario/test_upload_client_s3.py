"""Our upload client against a real S3 server (SeaweedFS), with forms that boto3 signs: good ones and each bad kind."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from audio import make_audio

from reconciler.errors import UploadError
from reconciler.palabra.http import new_http_client
from reconciler.palabra.limiter import Limiter
from reconciler.palabra.upload import Sample, Uploader
from reconciler.palabra.wire import UploadForm

if TYPE_CHECKING:
    from seaweed import Seaweed  # pytest imports it, to rewrite its asserts

pytest_plugins = ("seaweed",)
pytestmark = pytest.mark.xdist_group("seaweed")

BUCKET = "uploads"
SMALLEST, LARGEST = 10_485, 33_554_432


@pytest.fixture(scope="module")
def anna(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    path = make_audio(tmp_path_factory.mktemp("samples") / "anna.mp3", container="mp3", seconds=31)
    return Sample(path, "anna.mp3", "audio/mpeg", path.stat().st_size)


def sized(folder: Path, size: int) -> Sample:
    path = folder / "sized.mp3"
    with path.open("wb") as file:
        file.truncate(size)
    return Sample(path, "sized.mp3", "audio/mpeg", size)


def signed_form(seaweed: Seaweed, *, seconds: int = 900) -> UploadForm:
    """Return a form with fields and conditions as Palabra's, for an object of its own."""
    key = f"blob/author/input_sample/{uuid.uuid4()}.mp3"
    fields = {
        "acl": "private",
        "x-amz-meta-filename": "anna.mp3",
        "Content-Type": "audio/mpeg",
        "x-amz-meta-voice-id": str(uuid.uuid4()),
    }
    conditions: list[object] = [{name: value} for name, value in fields.items()]
    conditions.append(["content-length-range", SMALLEST, LARGEST])
    post = seaweed.client.generate_presigned_post(
        BUCKET, key, Fields=dict(fields), Conditions=conditions, ExpiresIn=seconds
    )
    return UploadForm(post["url"], dict(post["fields"]))


def with_fields(form: UploadForm, fields: Mapping[str, str]) -> UploadForm:
    return replace(form, fields={**form.fields, **fields})


def upload(form: UploadForm, sample: Sample, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> list[int]:
    """Upload with the client of a run; return what it told of its progress."""
    told: list[int] = []

    async def run() -> None:
        async with new_http_client(30, connections=2) as http:
            await Uploader(http, Limiter(2), seconds=30).upload(form, sample, now=now, progress=told.append)

    asyncio.run(run())
    return told


def stored(seaweed: Seaweed, form: UploadForm) -> bytes | None:
    """Return the object that the form was for."""
    key = form.fields["key"]
    if not seaweed.client.list_objects_v2(Bucket=BUCKET, Prefix=key).get("Contents"):
        return None
    content: bytes = seaweed.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return content


def test_a_sample_arrives_byte_for_byte(seaweed: Seaweed, anna: Sample) -> None:
    form = signed_form(seaweed)

    told = upload(form, anna)

    assert stored(seaweed, form) == anna.path.read_bytes()
    head = seaweed.client.head_object(Bucket=BUCKET, Key=form.fields["key"])
    assert head["ContentType"] == "audio/mpeg"
    assert head["Metadata"]["voice-id"] == form.fields["x-amz-meta-voice-id"]
    assert told[-1] == anna.size


def test_a_form_may_be_used_twice(seaweed: Seaweed, anna: Sample) -> None:
    """Which is why a lost answer may be tried again."""
    form = signed_form(seaweed)
    upload(form, anna)
    upload(form, anna)
    assert stored(seaweed, form) == anna.path.read_bytes()


def test_odd_file_names_do_not_break_the_form(seaweed: Seaweed, anna: Sample) -> None:
    form = signed_form(seaweed)
    upload(form, replace(anna, filename='Anna\'s "best" (1) \u00e4\u00df.mp3'))
    assert stored(seaweed, form) == anna.path.read_bytes()


def test_a_large_sample_arrives_whole(seaweed: Seaweed, tmp_path: Path) -> None:
    form = signed_form(seaweed)
    upload(form, sized(tmp_path, LARGEST))
    assert seaweed.client.head_object(Bucket=BUCKET, Key=form.fields["key"])["ContentLength"] == LARGEST


@pytest.mark.parametrize("size", [SMALLEST - 1, LARGEST + 1])
def test_we_and_the_server_agree_on_sizes(seaweed: Seaweed, size: int, tmp_path: Path) -> None:
    """We refuse before sending; when the policy hides from us, the server refuses by name."""
    form, sample = signed_form(seaweed), sized(tmp_path, size)
    with pytest.raises(UploadError, match=f"{size} bytes") as ours:
        upload(form, sample)
    with pytest.raises(UploadError, match=r"EntityTooSmall|EntityTooLarge") as theirs:
        upload(form, replace(sample, size=100_000))

    assert ours.value.status is None
    assert (theirs.value.status, theirs.value.retryable) == (400, False)
    assert stored(seaweed, form) is None


def test_an_expired_form_is_refused_by_us_and_by_the_server(seaweed: Seaweed, anna: Sample) -> None:
    form = signed_form(seaweed, seconds=-60)
    with pytest.raises(UploadError) as ours:
        upload(form, anna)
    with pytest.raises(UploadError) as theirs:
        upload(form, anna, now=lambda: datetime.now(UTC) - timedelta(hours=1))

    assert (ours.value.expired, ours.value.status) == (True, None)
    assert (theirs.value.expired, theirs.value.status) == (True, 403)
    assert stored(seaweed, form) is None


BAD_FORMS = {
    "wrong signature": {"x-amz-signature": "0" * 64},
    "another's key id": {"x-amz-credential": "AKNOBODY/20250619/eu-central-1/s3/aws4_request"},
    "a field that no condition allows": {"x-amz-meta-extra": "1"},
    "another Content-Type": {"Content-Type": "text/html"},
    "another key": {"key": "somewhere/else.mp3"},
    "a policy of somebody else": {
        "policy": base64.b64encode(
            json.dumps({"expiration": "2099-01-01T00:00:00Z", "conditions": []}).encode()
        ).decode()
    },
    "a policy that is none": {"policy": "bm9uZQ=="},
}


@pytest.mark.parametrize("fields", BAD_FORMS.values(), ids=BAD_FORMS)
def test_a_spoilt_form_is_a_final_refusal(seaweed: Seaweed, anna: Sample, fields: dict[str, str]) -> None:
    form = with_fields(signed_form(seaweed), fields)
    with pytest.raises(UploadError) as refused:
        upload(form, anna)

    error = refused.value
    assert error.status in (400, 403)
    assert not error.retryable
    assert not error.expired
    assert "(40" in error.what
    assert form.fields["x-amz-signature"] not in f"{error.what} {error.where} {error.why} {error.fix}"
    assert stored(seaweed, form) is None


def test_a_bucket_that_is_not_there_is_named(seaweed: Seaweed, anna: Sample) -> None:
    form = signed_form(seaweed)
    elsewhere = replace(form, url=form.url.replace(f"/{BUCKET}", "/no-such-bucket"))
    with pytest.raises(UploadError) as refused:
        upload(elsewhere, anna)
    assert "/no-such-bucket" in refused.value.where
