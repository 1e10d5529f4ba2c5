"""A multipart form read as it comes: text fields are kept, file bytes are handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from reconciler.emulator.s3_error import S3Error, malformed_post

if TYPE_CHECKING:
    from collections.abc import Callable

FIELDS_LIMIT = 20 * 1024
"""Bytes of form data beside the file that S3 takes in one POST."""


class FormReader:
    """Feeds on chunks of a multipart body, in any cut."""

    def __init__(self, content_type: str, *, on_file: Callable[[], None], on_bytes: Callable[[bytes], None]) -> None:
        """`on_file` is called at the start of the first file, `on_bytes` with its content. Raises S3Error."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data":
            message = "Bucket POST must be of the enclosure-type multipart/form-data"
            raise S3Error(412, "PreconditionFailed", message)
        if b"boundary" not in options:
            raise malformed_post()
        self.fields: list[tuple[str, str]] = []
        self.files = 0
        self.parts_after_file = 0
        self.complete = False
        """The closing boundary was seen."""
        self._on_file = on_file
        self._on_bytes = on_bytes
        self._header_name = b""
        self._header_value = b""
        self._disposition = b""
        self._name = ""
        self._value = bytearray()
        self._field_bytes = 0
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._read_header_name,
                    "on_header_value": self._read_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._read_part,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise malformed_post() from error

    def feed(self, chunk: bytes) -> None:
        """Read on. Raises S3Error, also those that `on_file` raises."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise malformed_post() from error

    def _begin_part(self) -> None:
        self._disposition = b""
        self._value.clear()

    def _read_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _read_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self.files:
            self.parts_after_file += 1
        if self._name.lower() == "file":
            self.files += 1
            if self.files == 1:
                self._on_file()

    def _read_part(self, data: bytes, start: int, end: int) -> None:
        if self._name.lower() == "file":
            if self.files == 1:
                self._on_bytes(data[start:end])
            return
        self._field_bytes += end - start
        if self._field_bytes > FIELDS_LIMIT:
            message = "Your POST request fields preceding the upload file were too large."
            raise S3Error(400, "MaxPostPreDataLengthExceeded", message)
        self._value += data[start:end]

    def _end_part(self) -> None:
        if self._name.lower() != "file":
            self.fields.append((self._name, self._value.decode("utf-8", "replace")))

    def _end(self) -> None:
        self.complete = True
