"""Presigned POST forms: made by the API, checked by the upload host.

Section 7 of the API page; the rules of checking are Amazon's (SigV4 POST policy).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from reconciler.emulator.s3_error import S3Error, access_denied, invalid_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

BUCKET = "palabra-emulator-cdn"
REGION = "eu-central-1"
INTENT = "instant_voice_clone_upload_input_sample"
VALID_FOR = timedelta(minutes=15)
SIZE_RANGE = (10_485, 33_554_432)
"""Bytes, both ends allowed."""
UNSIGNED = frozenset({"policy", "x-amz-signature", "file"})
"""Fields that no condition can name; x-ignore-* are the others."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A throwaway key pair, made for one data folder."""

    access_key: str
    secret_key: str

    def sign(self, policy: str, scope: Sequence[str]) -> str:
        """Return the hex signature of a base64 policy; the scope is date, region, service, aws4_request."""
        key = ("AWS4" + self.secret_key).encode()
        for part in scope:
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a form is made for."""

    user_id: str
    voice_id: str
    blob_id: str
    filename: str
    mime_type: str
    created: datetime


def make_form(reservation: Reservation, key: SigningKey) -> dict[str, str]:
    """Return the 15 fields in the API's order. The form is valid for 15 minutes."""
    suffix = PurePosixPath(reservation.filename).suffix
    created = reservation.created.astimezone(UTC)
    scope = [f"{created:%Y%m%d}", REGION, "s3", "aws4_request"]
    fields = {
        "acl": "private",
        "bucket": BUCKET,
        "key": f"blob/author/{INTENT}/{reservation.user_id}/{reservation.blob_id}{suffix}",
        "x-amz-meta-blob-id": reservation.blob_id,
        "x-amz-meta-filename": reservation.filename,
        "Content-Type": reservation.mime_type,
        "x-amz-meta-user-id": reservation.user_id,
        "x-amz-meta-intent": INTENT,
        "x-amz-meta-voice-id": reservation.voice_id,
        "x-amz-meta-upload-id": reservation.voice_id,
    }
    signing = {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "/".join([key.access_key, *scope]),
        "x-amz-date": f"{created:%Y%m%dT%H%M%SZ}",
    }
    conditions: list[Any] = [
        *({name: value} for name, value in fields.items()),
        ["content-length-range", *SIZE_RANGE],
        {"bucket": BUCKET},  # said twice by the real service too
        {"key": fields["key"]},
        *({name: value} for name, value in signing.items()),
    ]
    expiration = f"{created + VALID_FOR:%Y-%m-%dT%H:%M:%SZ}"
    document = json.dumps({"expiration": expiration, "conditions": conditions}, ensure_ascii=False)
    policy = base64.b64encode(document.encode()).decode()
    return {**fields, **signing, "policy": policy, "x-amz-signature": key.sign(policy, scope)}


def check_form(fields: Sequence[tuple[str, str]], *, bucket: str, key: SigningKey, now: datetime) -> tuple[int, int]:
    """Check everything but the file, and return the allowed size range in bytes.

    Names are compared without case. Of a field sent twice, every value must satisfy the policy.
    Raises S3Error.
    """
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value)
    if not any(values.get("key", [])):
        raise invalid_argument("Bucket POST must contain a field named 'key'.")
    _check_signature(values, key)
    expiration, conditions = _read_policy(values.get("policy", [""])[0])
    if expiration <= now:
        raise access_denied("Invalid according to Policy: Policy expired.")
    return _check_conditions(values, conditions, bucket)


def _check_signature(values: dict[str, list[str]], key: SigningKey) -> None:
    def first(name: str) -> str:
        return values.get(name, [""])[0]

    access_key, *scope = first("x-amz-credential").split("/")
    if len(scope) != 4 or scope[-1] != "aws4_request":
        message = "The X-Amz-Credential field must read <KEY>/YYYYMMDD/REGION/SERVICE/aws4_request."
        raise S3Error(400, "AuthorizationQueryParametersError", message)
    if access_key != key.access_key:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise S3Error(403, "InvalidAccessKeyId", message)
    expected = key.sign(first("policy"), scope)
    if not hmac.compare_digest(expected.encode(), first("x-amz-signature").encode()):
        message = "The request signature we calculated does not match the signature you provided."
        raise S3Error(403, "SignatureDoesNotMatch", message)


def _read_policy(policy: str) -> tuple[datetime, list[Any]]:
    try:
        document = json.loads(base64.b64decode(policy, validate=True))
        return datetime.fromisoformat(document["expiration"]), list(document["conditions"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise S3Error(400, "InvalidPolicyDocument", f"Invalid Policy: {error!r}") from error


def _check_conditions(values: dict[str, list[str]], conditions: list[Any], bucket: str) -> tuple[int, int]:
    size_range = (0, 5 * 1024**3)  # what S3 takes in one POST
    named = set()
    for condition in conditions:
        match condition:
            case ["content-length-range", int(low), int(high)]:
                size_range = (low, high)
            case dict(pairs) if all(isinstance(value, str) for value in pairs.values()):
                for field, expected in pairs.items():
                    name = field.lower()
                    named.add(name)
                    sent = values.get(name, [])
                    if name == "bucket":
                        sent = [bucket, *sent]
                    if set(sent) != {expected}:
                        failed = json.dumps(["eq", f"${field}", expected])
                        raise access_denied(f"Invalid according to Policy: Policy Condition failed: {failed}")
            case _:
                raise S3Error(400, "InvalidPolicyDocument", f"Invalid Policy: condition {condition!r}")
    extra = [n for n in values if n not in named | UNSIGNED and not n.startswith("x-ignore-")]
    if extra:
        raise access_denied(f"Invalid according to Policy: Extra input fields: {', '.join(extra)}")
    return size_range
