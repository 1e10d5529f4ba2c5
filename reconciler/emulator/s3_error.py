"""Refusals of the upload host, in the codes and the XML of S3."""

from __future__ import annotations

from uuid import uuid4
from xml.sax.saxutils import escape

from starlette.responses import Response


class S3Error(Exception):
    """The upload is refused."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self, resource: str) -> Response:
        """Return the answer S3 would give."""
        request_id = uuid4().hex[:16].upper()
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message>"
            f"<Resource>{escape(resource)}</Resource><RequestId>{request_id}</RequestId></Error>"
        )
        return Response(xml, self.status, headers={"x-amz-request-id": request_id}, media_type="application/xml")


def access_denied(message: str = "Access Denied") -> S3Error:
    """Return 403: the policy, or the lack of one, forbids it."""
    return S3Error(403, "AccessDenied", message)


def invalid_argument(message: str) -> S3Error:
    """Return 400: a field is missing, or there are too many."""
    return S3Error(400, "InvalidArgument", message)


def malformed_post() -> S3Error:
    """Return 400: not a whole multipart form."""
    message = "The body of your POST request is not well-formed multipart/form-data."
    return S3Error(400, "MalformedPOSTRequest", message)


def entity_too_small(size: int, minimum: int) -> S3Error:
    """Return 400: sizes in bytes."""
    message = f"Your proposed upload is smaller than the minimum allowed size ({size} < {minimum})"
    return S3Error(400, "EntityTooSmall", message)


def entity_too_large(size: int, maximum: int) -> S3Error:
    """Return 400: sizes in bytes."""
    message = f"Your proposed upload exceeds the maximum allowed size ({size} > {maximum})"
    return S3Error(400, "EntityTooLarge", message)
