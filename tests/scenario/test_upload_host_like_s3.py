"""The emulator's upload host and SeaweedFS answer the same to the same good and bad presigned POSTs.

Each case starts from a good form of each peer (the emulator's own from a create; boto3's for SeaweedFS, with the
same fields and conditions) and changes it in the same way. Where SeaweedFS is known to be laxer than Amazon, or to
use another code, the case says so, and the emulator is held to Amazon's answer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from reconciler.emulator.server import EmulatorServer
from reconciler.emulator.settings import EmulatorSettings
from reconciler.emulator.store import Store

if TYPE_CHECKING:
    from seaweed import Seaweed  # pytest imports it, to rewrite its asserts

pytest_plugins = ("seaweed",)
pytestmark = pytest.mark.xdist_group("seaweed")

SMALLEST, LARGEST = 10_485, 33_554_432


@dataclass(frozen=True)
class Post:
    """One upload, before it is written as bytes. Its last part is the file."""

    url: str
    secret: str
    """Of the signing key, for cases that sign anew."""
    parts: tuple[tuple[str, bytes], ...]
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "multipart/form-data; boundary=edge"),)
    cut: int = 0
    """Bytes missing at the end."""
    chunked: bool = False

    def __getitem__(self, field: str) -> str:
        return dict(self.parts)[field].decode()

    def body(self) -> bytes:
        body = b""
        for name, value in self.parts:
            kind = '; filename="a.mp3"\r\nContent-Type: audio/mpeg' if name.startswith("file") else ""
            body += f'--edge\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'.encode() + value + b"\r\n"
        body += b"--edge--\r\n"
        return body[: len(body) - self.cut]


Peer = Callable[[], Post]
Change = Callable[[Post], Post]
Answer = tuple[int, str]


def set_part(name: str, value: str | bytes, post: Post) -> Post:
    content = value.encode() if isinstance(value, str) else value
    return replace(post, parts=tuple((n, content if n == name else v) for n, v in post.parts))


def drop(name: str, post: Post) -> Post:
    return replace(post, parts=tuple(part for part in post.parts if part[0] != name))


def first(name: str, value: str, post: Post) -> Post:
    return replace(post, parts=((name, value.encode()), *post.parts))


def last(name: str, value: str, post: Post) -> Post:
    return replace(post, parts=(*post.parts, (name, value.encode())))


def header(name: str, value: str, post: Post) -> Post:
    return replace(post, headers=(*(h for h in post.headers if h[0] != name), (name, value)))


def file_of(size: int, post: Post) -> Post:
    return set_part("file", bytes(size), post)


def repeat(name: str, post: Post) -> Post:
    return first(name, post[name], post)


def spoil(name: str, post: Post) -> Post:
    return set_part(name, post[name] + "x", post)


def sign(policy: bytes, post: Post, secret: str | None = None) -> Post:
    """Put in another policy, rightly signed unless the secret is another one."""
    encoded = base64.b64encode(policy).decode()
    key = ("AWS4" + (secret or post.secret)).encode()
    for scope in post["x-amz-credential"].split("/")[1:]:
        key = hmac.digest(key, scope.encode(), "sha256")
    signature = hmac.new(key, encoded.encode(), hashlib.sha256).hexdigest()
    return set_part("x-amz-signature", signature, set_part("policy", encoded, post))


def expire(post: Post) -> Post:
    policy = json.loads(base64.b64decode(post["policy"]))
    return sign(json.dumps({**policy, "expiration": "2020-01-01T00:00:00Z"}).encode(), post)


def wrong_secret(post: Post) -> Post:
    return sign(base64.b64decode(post["policy"]), post, secret="another")


def other_policy(post: Post) -> Post:
    policy = json.loads(base64.b64decode(post["policy"]))
    later = json.dumps({**policy, "expiration": "2099-01-01T00:00:00Z"}).encode()
    return set_part("policy", base64.b64encode(later), post)


def unknown_key(post: Post) -> Post:
    _, scope = post["x-amz-credential"].split("/", 1)
    return set_part("x-amz-credential", f"AKNOBODY/{scope}", post)


def other_region(post: Post) -> Post:
    return set_part("x-amz-credential", post["x-amz-credential"].replace("eu-central-1", "us-east-1"), post)


def upper_case(post: Post) -> Post:
    return replace(post, parts=tuple((n if n == "file" else n.upper(), v) for n, v in post.parts))


def other_bucket(post: Post) -> Post:
    return replace(post, url=re.sub("/[^/]+/?$", "/elsewhere/", post.url))


def file_first(post: Post) -> Post:
    return replace(post, parts=(post.parts[-1], *post.parts[:-1]))


def rename_file(post: Post) -> Post:
    return replace(post, parts=(*post.parts[:-1], ("file2", post.parts[-1][1])))


GOOD: Answer = (204, "")
CONDITION = DENIED = (403, "AccessDenied")
MISMATCH = (403, "SignatureDoesNotMatch")
MALFORMED = (400, "MalformedPOSTRequest")

SAME: dict[str, tuple[Change, Answer]] = {
    "as it was made": (lambda post: post, GOOD),
    "the smallest size": (partial(file_of, SMALLEST), GOOD),
    "the largest size": (partial(file_of, LARGEST), GOOD),
    "a byte too few": (partial(file_of, SMALLEST - 1), (400, "EntityTooSmall")),
    "an empty file": (partial(file_of, 0), (400, "EntityTooSmall")),
    "a byte too many": (partial(file_of, LARGEST + 1), (400, "EntityTooLarge")),
    "names in capitals": (upper_case, GOOD),
    "a field to ignore": (partial(first, "x-ignore-me", "x"), GOOD),
    "a field twice": (partial(repeat, "acl"), GOOD),
    "a field twice, first another": (partial(first, "acl", "public-read"), CONDITION),
    "no acl": (partial(drop, "acl"), CONDITION),
    "another acl": (partial(set_part, "acl", "public-read"), CONDITION),
    "another key": (partial(spoil, "key"), CONDITION),
    "another Content-Type": (partial(set_part, "Content-Type", "audio/wav"), CONDITION),
    "no Content-Type": (partial(drop, "Content-Type"), CONDITION),
    "another voice id": (partial(spoil, "x-amz-meta-voice-id"), CONDITION),
    "no blob id": (partial(drop, "x-amz-meta-blob-id"), CONDITION),
    "an empty user id": (partial(set_part, "x-amz-meta-user-id", ""), CONDITION),
    "metadata of our own": (partial(first, "x-amz-meta-mine", "x"), DENIED),
    "another algorithm": (partial(spoil, "x-amz-algorithm"), CONDITION),
    "another date": (partial(spoil, "x-amz-date"), CONDITION),
    "another bucket in the URL": (other_bucket, CONDITION),
    "an expired policy": (expire, DENIED),
    "a policy signed with another secret": (wrong_secret, MISMATCH),
    "a policy changed after signing": (other_policy, MISMATCH),
    "no policy": (partial(drop, "policy"), MISMATCH),
    "a changed signature": (partial(set_part, "x-amz-signature", "0" * 64), MISMATCH),
    "no signature": (partial(drop, "x-amz-signature"), MISMATCH),
    "a credential of another region": (other_region, MISMATCH),
    "an unknown access key": (unknown_key, (403, "InvalidAccessKeyId")),
    "no credential": (partial(drop, "x-amz-credential"), (400, "AuthorizationQueryParametersError")),
    "a bearer token": (partial(header, "Authorization", "Bearer x"), DENIED),
    "a file of another name": (rename_file, (400, "InvalidArgument")),
    "another boundary": (partial(header, "Content-Type", "multipart/form-data; boundary=rim"), MALFORMED),
    "no boundary": (partial(header, "Content-Type", "multipart/form-data"), MALFORMED),
    "a form without its end": (lambda post: replace(post, cut=12), MALFORMED),
    "an empty form": (lambda post: replace(post, cut=len(post.body())), MALFORMED),
}

DIFFERENT: dict[str, tuple[Change, Answer, Answer]] = {
    # case: (change, the emulator's answer, SeaweedFS's answer)
    # SeaweedFS lets pass what Amazon refuses:
    "a field after the file": (partial(last, "x-ignore-me", "x"), (400, "InvalidArgument"), GOOD),
    "the file first": (file_first, (400, "InvalidArgument"), GOOD),
    "two files": (partial(last, "file", "x"), (400, "InvalidArgument"), GOOD),
    "a field that no condition names": (partial(first, "mine", "x"), DENIED, GOOD),
    "a status of our own": (partial(first, "success_action_status", "201"), DENIED, (201, "")),
    "more than 20 KB of fields": (
        partial(first, "x-ignore-me", "x" * 21_000),
        (400, "MaxPostPreDataLengthExceeded"),
        GOOD,
    ),
    "no Content-Length": (lambda post: replace(post, chunked=True), (411, "MissingContentLength"), GOOD),
    "another bucket in the form": (partial(spoil, "bucket"), CONDITION, GOOD),
    # refused by the emulator alone, to catch leaks:
    "a client pair": (partial(header, "ClientSecret", "x"), DENIED, GOOD),
    "a cookie": (partial(header, "Cookie", "a=b"), DENIED, GOOD),
    # refused by both, by other names; the emulator has Amazon's:
    "no key": (partial(drop, "key"), (400, "InvalidArgument"), (400, "InvalidRequest")),
    "no file": (partial(drop, "file"), (400, "InvalidArgument"), (400, "EntityTooSmall")),
    "a policy that is not JSON": (
        partial(sign, b"not JSON"),
        (400, "InvalidPolicyDocument"),
        (403, "PostPolicyInvalidKeyName"),
    ),
    "not a form": (
        partial(header, "Content-Type", "application/json"),
        (412, "PreconditionFailed"),
        (405, "MethodNotAllowed"),
    ),
}


@pytest.fixture(scope="session")
def emulator_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    data = tmp_path_factory.mktemp("emulator")
    with EmulatorServer(EmulatorSettings(data, limit=10_000)) as server:
        yield partial(emulator_post, server, data)


def emulator_post(server: EmulatorServer, data: Path) -> Post:
    sample = {"filename": "a.mp3", "mime_type": "audio/mpeg", "lang_code": "en"}
    answer = httpx.post(
        f"{server.url}/saas/voice/clone",
        json={"data": {"name": "A voice", "samples": [sample]}},
        headers={"Authorization": "Bearer key"},
        trust_env=False,
    )
    made = answer.json()["data"]["samples"][0]
    store = Store(data)
    secret = store.signing_key().secret_key
    store.close()
    return good_post(made["url"], made["form_data"], secret)


@pytest.fixture(scope="session")
def seaweed_peer(seaweed: Seaweed) -> Peer:
    return partial(seaweed_post, seaweed)


def seaweed_post(seaweed: Seaweed) -> Post:
    from seaweed import BUCKET, SECRET_KEY  # noqa: PLC0415 - see above

    fields = {
        "acl": "private",
        "bucket": BUCKET,
        "key": "blob/author/u/b.mp3",
        "x-amz-meta-blob-id": "b",
        "x-amz-meta-filename": "a.mp3",
        "Content-Type": "audio/mpeg",
        "x-amz-meta-user-id": "u",
        "x-amz-meta-intent": "i",
        "x-amz-meta-voice-id": "v",
        "x-amz-meta-upload-id": "v",
    }
    conditions: list[Any] = [{name: value} for name, value in fields.items()]
    conditions.append(["content-length-range", SMALLEST, LARGEST])
    form = seaweed.client.generate_presigned_post(BUCKET, fields["key"], fields, conditions, ExpiresIn=900)
    return good_post(form["url"], form["fields"], SECRET_KEY)


def good_post(url: str, form: dict[str, str], secret: str) -> Post:
    parts = [(name, value.encode()) for name, value in form.items()]
    return Post(url, secret, (*parts, ("file", bytes(12_000))))


def send(post: Post) -> Answer:
    """Send exactly these bytes, and return the status and S3's error code."""
    parts = urlsplit(post.url)
    body = post.body()
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(
            "POST", parts.path, iter([body]) if post.chunked else body, dict(post.headers), encode_chunked=post.chunked
        )
        response = connection.getresponse()
        code = re.search("<Code>(.*?)</Code>", response.read().decode())
        return response.status, code[1] if code else ""
    finally:
        connection.close()


@pytest.mark.parametrize(("change", "expected"), SAME.values(), ids=SAME)
def test_both_answer_alike(emulator_peer: Peer, seaweed_peer: Peer, change: Change, expected: Answer) -> None:
    assert send(change(seaweed_peer())) == expected
    assert send(change(emulator_peer())) == expected


@pytest.mark.parametrize(("change", "expected", "laxer"), DIFFERENT.values(), ids=DIFFERENT)
def test_where_seaweedfs_differs_the_emulator_does_as_amazon(
    emulator_peer: Peer, seaweed_peer: Peer, change: Change, expected: Answer, laxer: Answer
) -> None:
    assert send(change(seaweed_peer())) == laxer
    assert send(change(emulator_peer())) == expected
