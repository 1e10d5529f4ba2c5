from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.multipart import FIELDS_LIMIT, FormReader
from reconciler.emulator.s3_error import S3Error

TYPE = 'multipart/form-data; boundary="edge"'


def encode(*parts: tuple[str, bytes]) -> bytes:
    """Write parts; those called file get a file name and a type."""
    body = b""
    for name, value in parts:
        extra = '; filename="a.mp3"\r\nContent-Type: audio/mpeg' if name == "file" else ""
        body += f'--edge\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + value + b"\r\n"
    return body + b"--edge--\r\n"


def read(body: bytes, *cuts: int) -> tuple[FormReader, bytes]:
    kept = bytearray()
    reader = FormReader(TYPE, on_file=lambda: None, on_bytes=kept.extend)
    start = 0
    for cut in [*sorted(cuts), len(body)]:
        if cut > start:
            reader.feed(body[start:cut])
            start = cut
    return reader, bytes(kept)


@given(st.binary(max_size=200), st.lists(st.integers(0, 400), max_size=8))
def test_the_cut_of_the_chunks_changes_nothing(content: bytes, cuts: list[int]) -> None:
    content = content.replace(b"--edge", b"")
    reader, kept = read(encode(("acl", b"private"), ("n\u00e4me", "\u00e9".encode()), ("file", content)), *cuts)

    assert reader.fields == [("acl", "private"), ("n\u00e4me", "\u00e9")]
    assert kept == content
    assert (reader.files, reader.parts_after_file, reader.complete) == (1, 0, True)


def test_order_and_duplicates_are_seen() -> None:
    reader, kept = read(encode(("a", b"1"), ("a", b"2"), ("file", b"x"), ("b", b"3"), ("file", b"y")))

    assert reader.fields == [("a", "1"), ("a", "2"), ("b", "3")]
    assert (reader.files, reader.parts_after_file) == (2, 2)
    assert kept == b"x"


def test_a_body_that_stops_early_is_not_complete() -> None:
    reader, _ = read(encode(("file", b"x"))[:-6])

    assert not reader.complete


@pytest.mark.parametrize("kind", ["", "application/json", "application/x-www-form-urlencoded"])
def test_another_content_type_is_refused(kind: str) -> None:
    with pytest.raises(S3Error) as refused:
        FormReader(kind, on_file=lambda: None, on_bytes=bytearray().extend)

    assert refused.value.status == 412


@pytest.mark.parametrize("kind", ["multipart/form-data", f"multipart/form-data; boundary={'x' * 300}"])
def test_a_form_without_a_usable_boundary_is_malformed(kind: str) -> None:
    with pytest.raises(S3Error, match="well-formed"):
        FormReader(kind, on_file=lambda: None, on_bytes=bytearray().extend)


def test_fields_may_hold_20_kilobytes_in_all() -> None:
    half = b"x" * (FIELDS_LIMIT // 2)
    read(encode(("a", half), ("b", half)))

    with pytest.raises(S3Error) as refused:
        read(encode(("a", half), ("b", half + b"x")))
    assert refused.value.code == "MaxPostPreDataLengthExceeded"
