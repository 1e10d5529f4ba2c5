"""The whole exception tree, and the diagnostic that errors in files are made of.

VoicectlError                     exit 1
+-- UsageError                    exit 64: the command line cannot be understood
+-- RepositoryError               files or samples are wrong; carries every diagnostic at once
+-- SampleError                   one sample's bytes cannot be read as audio
+-- CredentialsError              no usable credentials
+-- ApiError                      the API was asked and something went wrong
|   +-- ApiRefusedError           a definite "no": nothing was changed by this request
|   +-- ApiUnreachableError       the request was certainly not carried out
|   +-- ApiUnknownError           the answer was lost: the request may or may not have been carried out
+-- UploadError                   the upload host refused the sample, or could not be reached
+-- StateError                    the state document or the journal cannot be trusted
|   +-- AccountError              the credentials open another account than the one that state belongs to
+-- RefusedError                  exit 4: a safety limit, a stale plan, a missing confirmation
+-- LockedError                   exit 5: somebody else is applying
+-- InterruptedRunError           exit 130 or 143: stopped cleanly by a signal

Every error says what happened, where, why, and what to do next. The command line alone catches
VoicectlError; any other exception is a bug of ours and shows as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a diagnostic or a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    """Worth a line in the plan; nothing to do."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text file."""

    line: int
    """1-based."""
    column: int
    """1-based, in characters."""


@dataclass(frozen=True, slots=True)
class Range:
    """Where in the repository something is."""

    filename: str
    """Relative to the project's root, with forward slashes."""
    start: Position

    def __str__(self) -> str:
        """Return file:line:col, which terminals and editors open on a click."""
        return f"{self.filename}:{self.start.line}:{self.start.column}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on a sample, and against what."""

    value: float
    threshold: float | None
    unit: str | None
    start: float | None = None
    """Seconds; where in the sample it begins, if it has a place."""
    end: float | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to know about the repository, a sample or a plan."""

    severity: Severity
    rule: str
    """A stable id, such as `yaml.duplicate-key` or `sample.duration`."""
    summary: str
    """What is wrong, on one line."""
    detail: str = ""
    """Why it matters and what to do next."""
    key: str | None = None
    """The voice it is about."""
    range: Range | None = None
    measured: Measured | None = None
    """For a finding about a sample."""


class VoicectlError(Exception):
    """Something a person can act on. Never a bug."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        """file:line:col, or the request and its id."""
        self.why = why
        self.fix = fix
        """What to do next."""


class UsageError(VoicectlError):
    """The command line cannot be understood."""

    exit_code = 64


class RepositoryError(VoicectlError):
    """Files or samples are wrong. All problems of all files come together."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        errors = sum(d.severity is Severity.ERROR for d in diagnostics)
        super().__init__(f"{errors} error{'s' if errors != 1 else ''} in the repository")
        self.diagnostics = diagnostics


class SampleError(VoicectlError):
    """One sample's bytes cannot be read as audio."""

    def __init__(self, rule: str, what: str, *, where: str = "", why: str = "", fix: str = "") -> None:
        super().__init__(what, where=where, why=why, fix=fix)
        self.rule = rule
        """`sample.unreadable`, `sample.no-audio`, `sample.format` ..."""


class CredentialsError(VoicectlError):
    """No usable credentials in the environment."""


class ApiError(VoicectlError):
    """The API was asked and something went wrong."""

    def __init__(
        self,
        what: str,
        *,
        request: str,
        status: int | None = None,
        why: str = "",
        fix: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        where = request if request_id is None else f"{request} (request id {request_id})"
        super().__init__(what, where=where, why=why, fix=fix)
        self.status = status
        self.retry_after = retry_after
        """Seconds, as the server asked."""


class ApiRefusedError(ApiError):
    """A definite "no" of the server: nothing was changed by this request."""


class ApiUnreachableError(ApiError):
    """The request never left this machine, so it was certainly not carried out."""


class ApiUnknownError(ApiError):
    """The answer was lost or makes no sense: the request may or may not have been carried out."""


class UploadError(VoicectlError):
    """The upload host refused the sample, or could not be reached."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        why: str = "",
        fix: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        retryable: bool = False,
        expired: bool = False,
    ) -> None:
        super().__init__(what, where=where, why=why, fix=fix)
        self.status = status
        self.retry_after = retry_after
        self.retryable = retryable
        """The same form may be sent again."""
        self.expired = expired
        """The form is too old; only a new voice brings a new one."""


class StateError(VoicectlError):
    """The state document or the journal cannot be trusted, read or written."""


class AccountError(StateError):
    """The credentials open another account than the one that state belongs to."""


class RefusedError(VoicectlError):
    """Something could be done, but must not be without a person's word."""

    exit_code = 4


class LockedError(VoicectlError):
    """Somebody else is applying to the same state document."""

    exit_code = 5


class InterruptedRunError(VoicectlError):
    """A signal ended the run cleanly."""

    def __init__(self, what: str, *, exit_code: int, fix: str = "") -> None:
        super().__init__(what, fix=fix)
        self.exit_code = exit_code
