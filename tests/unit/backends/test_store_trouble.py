"""What an error of a store means; its text may have a signature in it, so none of it is passed on unread."""

from __future__ import annotations

import pytest

from reconciler.backends.store_trouble import trouble_of

SIGNED = "https://a.blob.core.windows.net/c/k?sv=1&sig=THESIGNATURE"


def failed(rest: str) -> Exception:
    return OSError(f"Generic S3 error: Error performing PUT {SIGNED} in 1ms - {rest}\n\nDebug source:\nuri: {SIGNED}")


def answered(status: int, code: str = "", message: str = "") -> Exception:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>" if code else ""
    return failed(f"Server returned non-2xx status code: {status} Some Words: {body}")


@pytest.mark.parametrize(
    ("error", "why", "passing"),
    [
        (answered(503, "SlowDown", "Please reduce your request rate."), "503 SlowDown: Please reduce", True),
        (answered(500), "answers 500", True),
        (answered(429), "answers 429", True),
        (answered(409, "ConditionalRequestConflict", "again"), "answers 409", True),
        (answered(403, "AccessDenied", "User x may not s3:PutObject"), "403 AccessDenied: User x may not", False),
        (answered(400), "answers 400", False),
        (answered(403, "ExpiredToken"), "expired", False),
        (answered(403, "RequestTimeTooSkewed"), "clock", False),
        (answered(301, "PermanentRedirect"), "another region", False),
        (failed("Received redirect without LOCATION, this normally indicates a wrong region"), "another region", False),
        (answered(404, "NoSuchBucket"), "no such bucket", False),
        (answered(404, "ContainerNotFound"), "no such bucket", False),
        (failed("HTTP error: error sending request: tcp connect error: Connection refused"), "refuses", True),
        (failed("HTTP error: error sending request: dns error"), "name is not known", True),
        (failed("HTTP error: operation timed out"), "in time", True),
        (failed("HTTP error: invalid peer certificate"), "certificate", False),
        (failed("HTTP error: connection reset"), "connection broke", True),
        (
            failed("HTTP error: error sending request\n\nDebug source:\nretry_timeout: 180s, kind: Interrupted"),
            "broke",
            True,
        ),
        (
            failed("HTTP error: error sending request\n\nDebug source:\nretry_timeout: 180s, kind: Timeout"),
            "time",
            True,
        ),
        (failed("HTTP error: builder error"), "address is none", False),
        (
            OSError("Error performing PUT http://169.254.169.254/latest/api/token in 1s - HTTP error"),
            "credentials",
            False,
        ),
        (OSError("no authentication for path External AWS credential provider: RuntimeError"), "session", False),
        (ValueError("something else"), "these settings", False),
    ],
)
def test_what_an_error_means(error: Exception, why: str, passing: bool) -> None:
    trouble = trouble_of(error)

    assert why in trouble.why
    assert trouble.passing is passing
    assert "THESIGNATURE" not in f"{trouble.why} {trouble.fix}"
