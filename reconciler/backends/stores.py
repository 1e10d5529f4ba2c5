"""From an address to a store of obstore, with the settings that the cloud's own tools would use.

obstore reads most variables of the clouds itself, those for encryption at rest among them. Here is what it does not
read: the profiles of AWS, the names of Azure's command line, and federated identities of Google.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.backends.aws import aws_settings
from reconciler.errors import StateError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

CONNECT: Final = timedelta(seconds=5)
ANSWER: Final = timedelta(seconds=10)
_ONCE: Final[RetryConfig] = {"max_retries": 0}
_FEDERATED: Final = ("external_account", "external_account_authorized_user", "impersonated_service_account")
_AZURE_KEYS: Final = (
    *("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN"),
    *("AZURE_STORAGE_TOKEN", "AZURE_CLIENT_ID", "AZURE_STORAGE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"),
    *("AZURE_USE_AZURE_CLI", "IDENTITY_ENDPOINT", "MSI_ENDPOINT"),
)
"""Variables with which obstore knows by itself who asks."""


def open_store(address: str, environ: Mapping[str, str]) -> tuple[ObjectStore, str]:
    """Return the store of an address and the key in it; nothing is asked yet. Raises StateError."""
    from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

    scheme, _, rest = address.partition("://")
    bucket, _, key = rest.partition("/")
    _check_variables(_PREFIX[scheme], environ, address)
    opened = {"s3": _s3, "gs": _gcs, "az": _azure}[scheme]
    try:
        return opened(bucket, environ, address), key
    except (BaseError, ValueError):
        # Their text may have a key in it: it shows the settings.
        raise StateError(
            "The settings of the object store make no sense",
            where=address,
            fix=f"look at the variables {_PREFIX[scheme]}_*: docs/teams.md names those that are needed",
        ) from None


_PREFIX: Final = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}


def _check_variables(prefix: str, environ: Mapping[str, str], address: str) -> None:
    """Raise StateError for what can stand in no header: obstore would end the process with it."""
    for name, value in environ.items():
        if name.startswith(f"{prefix}_") and not value.isprintable():
            raise StateError(
                f"{name} has a line break or another control character in it",
                where=address,
                fix="set it anew: a secret of a CI service is often pasted with the end of its line",
            )


def _s3(bucket: str, environ: Mapping[str, str], address: str) -> ObjectStore:
    from obstore.store import S3Store  # noqa: PLC0415 - an extra

    settings = aws_settings(environ, address)
    config: Any = settings.config
    return S3Store(
        bucket,
        config=config,
        client_options=_client(config.get("endpoint"), "AWS_ENDPOINT_URL, or endpoint_url of the profile,", address),
        retry_config=_ONCE,
        credential_provider=settings.provider,
    )


def _gcs(bucket: str, environ: Mapping[str, str], address: str) -> ObjectStore:
    from obstore.store import GCSStore  # noqa: PLC0415 - an extra

    provider = None
    if not environ.get("STORAGE_EMULATOR_HOST") and _is_federated(environ, address):
        try:
            from obstore.auth.google import GoogleCredentialProvider  # noqa: PLC0415 - an extra of an extra
        except ImportError as error:
            why = "the credentials are of another identity provider, or of somebody who stands in for another"
            raise StateError(
                "These Google credentials need a further package",
                where=address,
                why=why,
                fix="pip install google-auth requests aiohttp",
            ) from error
        provider = GoogleCredentialProvider()
    config: Any = {}
    named, endpoint = "GOOGLE_BASE_URL", environ.get("GOOGLE_BASE_URL")
    if emulator := environ.get("STORAGE_EMULATOR_HOST"):
        named, endpoint = "STORAGE_EMULATOR_HOST", emulator if "://" in emulator else f"http://{emulator}"
        config = {"base_url": endpoint, "bearer_token": "emulator"}  # without a token obstore looks for a real one
    options = _client(endpoint, named, address)
    return GCSStore(bucket, config=config, client_options=options, retry_config=_ONCE, credential_provider=provider)


def _is_federated(environ: Mapping[str, str], address: str) -> bool:
    named = environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    try:
        written = json.loads(Path(named).read_text(encoding="utf-8")) if named else {}
    except (OSError, ValueError) as error:
        raise StateError(
            "The file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read",
            where=address,
            why=str(error.strerror) if isinstance(error, OSError) else "it is not JSON",
            fix="name the key file of a service account, or unset it and `gcloud auth application-default login`",
        ) from None  # what is written there is secret
    return isinstance(written, dict) and written.get("type") in _FEDERATED


def _azure(container: str, environ: Mapping[str, str], address: str) -> ObjectStore:
    from obstore.store import AzureStore  # noqa: PLC0415 - an extra

    config: Any = _azure_config(environ)
    if "account_name" not in config and not environ.get("AZURE_STORAGE_ACCOUNT_NAME"):
        raise StateError(
            "No storage account is named",
            where=address,
            fix="set AZURE_STORAGE_ACCOUNT, and say who asks: docs/teams.md",
        )
    named = "BlobEndpoint of AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ENDPOINT,"
    options = _client(config.get("endpoint"), named, address)
    return AzureStore(container, config=config, client_options=options, retry_config=_ONCE)


def _azure_config(environ: Mapping[str, str]) -> dict[str, str | bool]:
    """Return what Azure's own command line would take from the environment."""
    parts = (part.partition("=") for part in environ.get("AZURE_STORAGE_CONNECTION_STRING", "").split(";"))
    connection = {name.strip(): value.strip() for name, _, value in parts}
    written = {
        "account_name": connection.get("AccountName") or environ.get("AZURE_STORAGE_ACCOUNT"),
        "account_key": connection.get("AccountKey") or environ.get("AZURE_STORAGE_KEY"),
        "sas_key": connection.get("SharedAccessSignature"),
        "endpoint": connection.get("BlobEndpoint") or environ.get("AZURE_STORAGE_ENDPOINT"),
    }
    config: dict[str, str | bool] = {name: value for name, value in written.items() if value}
    known = {"account_key", "sas_key"} & config.keys() or any(environ.get(name) for name in _AZURE_KEYS)
    if not known and shutil.which("az", path=environ.get("PATH")):
        config["use_azure_cli"] = True
    return config


def _client(endpoint: str | None, named: str, address: str) -> ClientConfig:
    """Return the options of the HTTP client. Without TLS it speaks only where the endpoint says so itself.

    Raises StateError for an endpoint that is none; `named` says what it was taken from.
    """
    if endpoint and not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s?#]*)?", endpoint):
        raise StateError(
            f"{named} is not a plain http(s) address",
            where=address,
            why="the value is not shown: it may hold a password",
            fix="write scheme, host and port, such as https://s3.example:9000",
        )
    plain = (endpoint or "").startswith("http://")
    return {"allow_http": plain, "connect_timeout": CONNECT, "timeout": ANSWER}
