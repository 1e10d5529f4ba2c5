"""What is wrong with a store, in words of ours.

An error of obstore has the whole request in its text, and an address may have a signature in it (SAS of Azure). So
nothing is passed on but what is known to be harmless: the status, and the code and message of the answer's body.
"""

from __future__ import annotations

import re
from typing import Final

_STATUS: Final = re.compile(r"status code: (\d{3})")
_CODE: Final = re.compile(r"<Code>([A-Za-z]{1,80})</Code>")
_MESSAGE: Final = re.compile(r"<Message>([^<]{1,300})</Message>")
_METADATA: Final = re.compile(r"169\.254\.\d|metadata\.google|token request|instance metadata", re.IGNORECASE)
_NO_BUCKET: Final = ("NoSuchBucket", "ContainerNotFound", "bucket does not exist")

SLOW_DOWN: Final = (408, 409, 429)
"""Statuses below 500 after which the same request may work: too slow, too many at once, too many."""

BUCKET: Final = "make the bucket first, or mend `state` in voicectl.yaml"
CREDENTIALS: Final = "give credentials as to the cloud's own tools; docs/teams.md says what they must be allowed to do"
LOGIN: Final = "log in again with the cloud's own tool, such as `aws sso login`"
CLOCK: Final = "set the clock of this machine"
REGION: Final = "set AWS_REGION to the bucket's region"
ENDPOINT: Final = "check the network and the address of the store, and run again: nothing that was done is lost"

_KNOWN: Final = {
    "NoSuchBucket": ("there is no such bucket", BUCKET),
    "ContainerNotFound": ("there is no such container", BUCKET),
    "InvalidAccessKeyId": ("the store does not know the access key", CREDENTIALS),
    "SignatureDoesNotMatch": ("the store refuses the signature: the secret key is another one", CREDENTIALS),
    "AuthenticationFailed": ("the store refuses the credentials", CREDENTIALS),
    "ExpiredToken": ("the credentials have expired", CREDENTIALS),
    "InvalidToken": ("the store refuses the session token", CREDENTIALS),
    "RequestTimeTooSkewed": ("the clock of this machine is wrong", CLOCK),
    "PermanentRedirect": ("the bucket is in another region", REGION),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", REGION),
    "IllegalLocationConstraintException": ("the bucket is in another region", REGION),
}
"""By the code in the body: why, and what to do."""


class Trouble(Exception):  # noqa: N818 - becomes a StateError once nobody tries again
    """A request to a store that did not work."""

    def __init__(self, why: str, fix: str = "", *, passing: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.fix = fix
        self.passing = passing
        """Whether the same request may work in a moment."""


def names_bucket(error: Exception) -> bool:
    """Whether it is the bucket that is missing, not the object."""
    return any(word in str(error) for word in _NO_BUCKET)


def trouble_of(error: Exception) -> Trouble:
    """Return what an error of obstore means."""
    said, _, details = str(error).partition("\n\nDebug source:")
    code, status = _first(_CODE, said), int(_first(_STATUS, said) or 0)
    if names_bucket(error):
        code = "NoSuchBucket"
    elif "redirect" in said.lower():
        code = "PermanentRedirect"
    if "credential provider" in said:
        return Trouble("the credentials could not be fetched: a session may have expired", LOGIN)
    if _METADATA.search(said):
        return Trouble("there are no credentials in the environment, and no service here gives any", CREDENTIALS)
    if code in _KNOWN:
        return Trouble(*_KNOWN[code])
    if status:
        return _answered(status, code, _first(_MESSAGE, said))
    return _unreachable(f"{said}\n{details}".lower())


def _answered(status: int, code: str, message: str) -> Trouble:
    why = f"the store answers {status}{f' {code}' if code else ''}{f': {message}' if message else ''}"
    passing = status >= 500 or status in SLOW_DOWN
    return Trouble(why, CREDENTIALS if status in (401, 403) else "", passing=passing)


def _unreachable(text: str) -> Trouble:
    """Say how a connection failed; each of these may pass."""
    for word, why in (
        ("builder error", "its address is none"),
        ("connection refused", "it refuses the connection"),
        ("dns error", "its name is not known"),
        ("certificate", "its certificate is not trusted"),
        ("timedout", "it did not answer in time"),
        ("timed out", "it did not answer in time"),
        ("kind: timeout", "it did not answer in time"),  # the word alone is a setting, in every error
        ("http error", "the connection broke, or what answers is no such store"),
    ):
        if word in text:
            return Trouble(
                f"the store cannot be reached: {why}", ENDPOINT, passing=word not in ("builder error", "certificate")
            )
    return Trouble("the store cannot be used with these settings", CREDENTIALS)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return " ".join(found[1].split()) if found else ""
