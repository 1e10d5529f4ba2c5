"""The upload host: takes presigned POST forms as strictly as S3 does."""

from __future__ import annotations

import asyncio
import hashlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.emulator.multipart import FormReader
from reconciler.emulator.post_policy import check_form
from reconciler.emulator.s3_error import (
    S3Error,
    access_denied,
    entity_too_large,
    entity_too_small,
    invalid_argument,
    malformed_post,
)

if TYPE_CHECKING:
    from reconciler.emulator.processing import Processing
    from reconciler.emulator.settings import EmulatorSettings
    from reconciler.emulator.store import Store

CREDENTIAL_HEADERS = ("Authorization", "ClientId", "ClientSecret", "Cookie")
METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]


class UploadHost:
    """One route: POST /BUCKET/. Bytes go to disk as they come."""

    def __init__(self, settings: EmulatorSettings, store: Store, processing: Processing) -> None:
        self._settings = settings
        self._store = store
        self._processing = processing
        self._key = store.signing_key()

    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=METHODS)])

    async def _answer(self, request: Request) -> Response:
        try:
            etag = await self._receive(request)
        except S3Error as error:
            return error.response(request.url.path)  # uvicorn reads the rest, so that the client hears it
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        return Response(status_code=204, headers={"ETag": f'"{etag}"', "x-amz-request-id": uuid4().hex[:16]})

    async def _receive(self, request: Request) -> str:
        bucket = self._check_head(request)
        partial = self._store.uploads / f"{uuid4()}.part"
        with partial.open("wb") as file:
            try:
                upload = _Upload(file)
                reader = FormReader(
                    request.headers.get("content-type", ""),
                    on_file=lambda: upload.limit_to(
                        check_form(reader.fields, bucket=bucket, key=self._key, now=datetime.now(UTC))
                    ),
                    on_bytes=upload.write,
                )
                async for chunk in request.stream():
                    reader.feed(chunk)
                _check_shape(reader)
                upload.check_size()
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
                blob_id = next(value for name, value in reader.fields if name.lower() == "x-amz-meta-blob-id")
                if self._store.by_blob(blob_id):  # else deleted since; S3 would not know, and take it
                    partial.replace(self._store.uploads / blob_id)
                    voice = self._store.uploaded(blob_id, self._settings.processing_time)
                    if voice:
                        self._processing.start(voice)
            finally:
                partial.unlink(missing_ok=True)
        return upload.etag()

    def _check_head(self, request: Request) -> str:
        """Check what is known before the body, and return the bucket."""
        if request.method != "POST":
            raise access_denied()
        bucket, _, rest = request.path_params["path"].partition("/")
        if not bucket or rest:
            raise S3Error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if self._settings.strict:
            leaked = [name for name in CREDENTIAL_HEADERS if name in request.headers]
            if leaked:
                raise access_denied(f"The upload host must not be sent {', '.join(leaked)}")
        if "content-length" not in request.headers:
            message = "You must provide the Content-Length HTTP header."
            raise S3Error(411, "MissingContentLength", message)
        return str(bucket)


class _Upload:
    """The file part on its way to disk; bytes above the limit are counted, not kept."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = 0
        self._minimum = self._maximum = 0
        self._md5 = hashlib.md5(usedforsecurity=False)

    def limit_to(self, size_range: tuple[int, int]) -> None:
        self._minimum, self._maximum = size_range

    def write(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size <= self._maximum:
            self._file.write(chunk)
            self._md5.update(chunk)

    def check_size(self) -> None:
        if self._size < self._minimum:
            raise entity_too_small(self._size, self._minimum)
        if self._size > self._maximum:
            raise entity_too_large(self._size, self._maximum)

    def etag(self) -> str:
        return self._md5.hexdigest()


def _check_shape(reader: FormReader) -> None:
    if not reader.complete:
        raise malformed_post()
    if reader.files != 1 or reader.parts_after_file:
        raise invalid_argument("POST requires exactly one file upload per request, as the last field.")
