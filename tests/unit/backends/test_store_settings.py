"""Who asks a store, and where it is: as the clouds' own tools read it. Nothing is asked here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.backends import stores
from reconciler.backends.aws import aws_settings
from reconciler.backends.location import open_backend
from reconciler.errors import StateError

ADDRESS = "s3://bucket/a/key.json"
SECRET = "a-secret-that-nobody-may-see"
KEYS = {"access_key_id": "AK", "secret_access_key": SECRET}
STATIC = f"aws_access_key_id = AK\naws_secret_access_key = {SECRET}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".aws").mkdir()
    return tmp_path


def open_store(address: str, environ: dict[str, str]) -> tuple[Any, str]:
    return stores.open_store(address, environ)


def settings(home: Path, credentials: str = "", config: str = "", **environ: str) -> Any:
    (home / ".aws" / "credentials").write_text(credentials)
    (home / ".aws" / "config").write_text(config)
    return aws_settings({"HOME": str(home), **environ}, ADDRESS)


def test_variables_are_left_to_obstore(home: Path) -> None:
    pair = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": SECRET}

    found = settings(home, f"[default]\n{STATIC}", AWS_REGION="eu-west-1", **pair)

    assert (dict(found.config), found.provider) == ({"region": "eu-west-1"}, None)


def test_the_default_profile_is_taken_where_no_variable_says_otherwise(home: Path) -> None:
    found = settings(home, f"[default]\n{STATIC}", "[default]\nregion = eu-west-1\n")

    assert dict(found.config) == {"region": "eu-west-1", **KEYS}


def test_a_named_profile_is_taken_from_both_files(home: Path) -> None:
    config = "[profile prod]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9000\n"

    found = settings(home, f"[prod]\n{STATIC}aws_session_token = T%0\n", config, AWS_PROFILE="prod")

    endpoint = {"endpoint": "http://127.0.0.1:9000", "region": "eu-west-1"}
    assert dict(found.config) == {**endpoint, **KEYS, "session_token": "T%0"}


def test_other_files_can_be_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(f"[default]\nregion = x\n{STATIC}")

    found = settings(home, AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "elsewhere"))

    assert dict(found.config) == {"region": "x", **KEYS}


def test_the_endpoint_of_s3_alone_comes_first(home: Path) -> None:
    found = settings(home, AWS_ENDPOINT_URL="http://a", AWS_ENDPOINT_URL_S3="http://b")

    assert found.config["endpoint"] == "http://b"


def test_credentials_that_have_to_be_fetched_are_fetched_by_boto3(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = f'{sys.executable} -c "print(\'{{\\"Version\\": 1, \\"AccessKeyId\\": \\"AK\\", '
    process += '\\"SecretAccessKey\\": \\"S\\"}\')"'
    config = f"[profile p]\nregion = eu-west-1\ncredential_process = {process}\n"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / ".aws" / "config"))

    found = settings(home, "", config, AWS_PROFILE="p")

    assert found.provider is not None
    assert found.provider()["access_key_id"] == "AK"


def test_a_profile_that_cannot_be_fetched_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = "[profile p]\nregion = eu-west-1\ncredential_process = /bin/false\n"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / ".aws" / "config"))

    with pytest.raises(StateError, match="'p' cannot be fetched"):
        settings(home, "", config, AWS_PROFILE="p")


@pytest.mark.parametrize(
    ("credentials", "environ", "what"),
    [
        ("", {"AWS_PROFILE": "nobody", "AWS_REGION": "x"}, "no profile 'nobody'"),
        (f"[default]\n{STATIC}", {}, "region of the bucket is not named"),
        ("", {"AWS_REGION": "x", "AWS_EC2_METADATA_DISABLED": "true"}, "no credentials"),
        ("garbage", {"AWS_REGION": "x"}, "cannot be read"),
        ("", {"AWS_REGION": "x", "AWS_ACCESS_KEY_ID": "AK"}, "AWS_SECRET_ACCESS_KEY is not"),
        (
            "",
            {"AWS_REGION": "x", "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": ""},
            "AWS_SECRET_ACCESS_KEY is not",
        ),
        ("", {"AWS_REGION": "x", "AWS_SECRET_ACCESS_KEY": SECRET}, "AWS_ACCESS_KEY_ID is not"),
    ],
)
def test_what_is_missing_is_named(home: Path, credentials: str, environ: dict[str, str], what: str) -> None:
    with pytest.raises(StateError, match=what) as caught:
        settings(home, credentials, **environ)

    assert SECRET not in str(vars(caught.value))


@pytest.mark.parametrize(
    ("address", "environ"),
    [
        (ADDRESS, {"AWS_REGION": "x", "AWS_ACCESS_KEY_ID": f"{SECRET}\n"}),
        (ADDRESS, {"AWS_ENDPOINT_URL": SECRET}),
        (ADDRESS, {"AWS_ENDPOINT_URL": f"http://u:{SECRET}@host"}),
        ("az://container/key", {"AZURE_STORAGE_ACCOUNT": f"{SECRET}\n"}),
        ("az://container/key", {"AZURE_STORAGE_KEY": SECRET}),
        ("az://container/key", {"AZURE_STORAGE_ACCOUNT": "a", "AZURE_STORAGE_KEY": f"{SECRET}!"}),
    ],
)
def test_settings_that_make_no_sense_are_an_error_without_their_values(address: str, environ: dict[str, str]) -> None:
    with pytest.raises(StateError) as caught:
        open_store(address, environ)

    assert caught.value.where == address
    assert caught.value.fix
    assert SECRET not in str(vars(caught.value))


@pytest.mark.parametrize(
    ("address", "environ"),
    [
        (ADDRESS, {"AWS_ENDPOINT_URL": "s3.example:9000"}),
        ("gs://bucket/key", {"GOOGLE_BASE_URL": "localhost:4443"}),
        ("gs://bucket/key", {"STORAGE_EMULATOR_HOST": "ftp://localhost"}),
        ("az://container/key", {"AZURE_STORAGE_ACCOUNT": "a", "AZURE_STORAGE_ENDPOINT": "localhost:10000"}),
    ],
)
def test_an_endpoint_that_is_none_is_told_by_its_variable(address: str, environ: dict[str, str]) -> None:
    with pytest.raises(StateError, match=list(environ)[-1]):
        open_store(address, environ)


def test_only_an_address_that_says_so_is_spoken_to_without_tls() -> None:
    plain, key = open_store(ADDRESS, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"})
    usual, _ = open_store(ADDRESS, {"AWS_REGION": "eu-west-1"})

    assert key == "a/key.json"
    assert (plain.client_options or {})["allow_http"] in (True, "true")
    assert (usual.client_options or {})["allow_http"] in (False, "false")


def test_a_bucket_of_google() -> None:
    store, key = open_store("gs://bucket/a/b.json", {})

    assert (store.config["bucket"], key) == ("bucket", "a/b.json")


@pytest.mark.parametrize("named", ["127.0.0.1:4443", "http://127.0.0.1:4443"])
def test_an_emulator_of_google_s_storage_is_named_as_google_s_own_libraries_have_it(named: str) -> None:
    store, _ = open_store("gs://bucket/key", {"STORAGE_EMULATOR_HOST": named})

    assert store.config["base_url"] == "http://127.0.0.1:4443"
    assert (store.client_options or {})["allow_http"] in (True, "true")


def test_federated_credentials_of_google_need_its_own_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials.json").write_text(json.dumps({"type": "external_account"}))
    monkeypatch.setitem(sys.modules, "google.auth", None)

    with pytest.raises(StateError, match="further package"):
        open_store("gs://bucket/key", {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "credentials.json")})


@pytest.mark.parametrize(("written", "why"), [(None, "No such file"), (f"not JSON {SECRET}", "it is not JSON")])
def test_a_file_of_google_credentials_that_cannot_be_read(tmp_path: Path, written: str | None, why: str) -> None:
    named = tmp_path / "credentials.json"
    if written:
        named.write_text(written)

    with pytest.raises(StateError, match="GOOGLE_APPLICATION_CREDENTIALS") as caught:
        open_store("gs://bucket/key", {"GOOGLE_APPLICATION_CREDENTIALS": str(named)})

    assert why in caught.value.why
    assert SECRET not in str(vars(caught.value))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"AZURE_STORAGE_ACCOUNT": "acct", "AZURE_STORAGE_KEY": "Zm9v"},
            {"account_name": "acct", "account_key": "Zm9v"},
        ),
        (
            {
                "AZURE_STORAGE_CONNECTION_STRING": "AccountName=acct;AccountKey=Zm9vYg==;BlobEndpoint=http://127.0.0.1:1/acct"
            },
            {"account_name": "acct", "account_key": "Zm9vYg==", "endpoint": "http://127.0.0.1:1/acct"},
        ),
    ],
)
def test_a_container_of_azure(environ: dict[str, str], expected: dict[str, str]) -> None:
    store, key = open_store("az://container/key", environ)

    assert key == "key"
    assert {name: store.config[name] for name in expected} == expected


def test_azure_needs_an_account() -> None:
    with pytest.raises(StateError, match="No storage account"):
        open_store("az://container/key", {})


def test_without_obstore_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(StateError) as caught:
        open_backend(ADDRESS, {}).read()

    assert caught.value.fix == "pip install 'voicectl[state]'"
