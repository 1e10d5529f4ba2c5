"""Who asks, and where: AWS's variables and profiles, in the order in which AWS's own tools look.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.errors import StateError

if TYPE_CHECKING:
    from obstore.store import S3CredentialProvider

_OF_THEIR_OWN: Final = (
    *("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SKIP_SIGNATURE"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
)
"""Variables with which obstore knows by itself who asks."""
_STATIC: Final = {
    "access_key_id": "aws_access_key_id",
    "secret_access_key": "aws_secret_access_key",
    "session_token": "aws_session_token",
}
"""obstore's name -> the profile's."""
_FETCHED: Final = ("role_arn", "sso_session", "sso_start_url", "credential_process", "login_session")
"""What a profile has whose credentials have to be fetched."""


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """What obstore is told beyond what it reads itself."""

    config: Mapping[str, str]
    provider: S3CredentialProvider | None = None
    """Fetches credentials, where they have to be."""


def aws_settings(environ: Mapping[str, str], address: str) -> AwsSettings:
    """Return the settings for S3. Raises StateError for a profile that there is not, and where no region is named."""
    name = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    profile = _read_profile(environ, name or "default")
    if profile is None and name:
        fix = "`aws configure list-profiles` lists them"
        raise StateError(f"There is no profile {name!r} in the files of AWS", where=address, fix=fix)
    profile = profile or {}
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or environ.get("AWS_ENDPOINT")
    endpoint = endpoint or profile.get("endpoint_url")
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or profile.get("region")
    if region is None and endpoint is None:
        fix = "set AWS_REGION, such as eu-central-1, or `region` in the profile"
        raise StateError("The region of the bucket is not named", where=address, fix=fix)
    config = {"endpoint": endpoint, "region": region or "us-east-1"}
    provider = None
    _check_pair(environ, profile, address)
    if not any(environ.get(variable) for variable in _OF_THEIR_OWN):
        if "aws_access_key_id" in profile:
            config |= {ours: profile.get(theirs) for ours, theirs in _STATIC.items()}
        elif any(field in profile for field in _FETCHED):
            provider = _fetching(name or "default", address)
        elif environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            raise StateError(
                "There are no credentials for the object store",
                where=address,
                fix="set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            )
    return AwsSettings({key: value for key, value in config.items() if value}, provider)


def _check_pair(environ: Mapping[str, str], profile: Mapping[str, str], address: str) -> None:
    """Raise StateError where one half of the keys is set: a secret that a CI service does not hand out is empty."""
    key, secret = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
    given, missing = (key, secret) if environ.get(key) else (secret, key)
    if environ.get(given) and not environ.get(missing) and (given == key or "aws_access_key_id" not in profile):
        raise StateError(
            f"{given} is set, and {missing} is not",
            where=address,
            why="the object store wants both, or neither: then AWS_PROFILE and what else AWS's own tools know count",
            fix=f"set {missing}, or unset {given}",
        )


def _read_profile(environ: Mapping[str, str], name: str) -> dict[str, str] | None:
    """Return what both files say about a profile; the credentials file comes first. None where neither has it."""
    home = Path(environ.get("HOME") or "~").expanduser() / ".aws"
    config = _read(environ.get("AWS_CONFIG_FILE"), home / "config")
    credentials = _read(environ.get("AWS_SHARED_CREDENTIALS_FILE"), home / "credentials")
    sections = [config.get("default" if name == "default" else f"profile {name}"), credentials.get(name)]
    found = [section for section in sections if section is not None]
    return {field: value for section in found for field, value in section.items()} if found else None


def _read(named: str | None, default: Path) -> dict[str, dict[str, str]]:
    path = Path(named).expanduser() if named else default
    parser = configparser.ConfigParser(default_section="\0", interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}
    except configparser.Error as error:
        raise StateError("The file of AWS profiles cannot be read", where=str(path)) from error
    return {name: dict(parser[name]) for name in parser.sections()}


def _fetching(profile: str, address: str) -> S3CredentialProvider:
    try:
        import boto3  # noqa: PLC0415 - taken if it is there
        from obstore.auth.boto3 import Boto3CredentialProvider  # noqa: PLC0415
    except ImportError as error:
        raise StateError(
            f"The credentials of the AWS profile {profile!r} have to be fetched, by SSO or as a role",
            where=address,
            why="that needs boto3, which is not installed",
            fix=f'pip install boto3, or eval "$(aws configure export-credentials --profile {profile} --format env)"',
        ) from error
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    try:
        return Boto3CredentialProvider(boto3.Session(profile_name=profile))
    except (BotoCoreError, ValueError) as error:
        raise StateError(
            f"The credentials of the AWS profile {profile!r} cannot be fetched", where=address, fix="`aws sso login`?"
        ) from error
