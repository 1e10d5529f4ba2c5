"""A SeaweedFS server: a strict S3 of other people's making. `pytest_plugins = ("seaweed",)` brings the fixture.

All its ports are free ones, so each xdist worker may have its own; `xdist_group("seaweed")` spares the memory.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCESS_KEY = "AKTEST"
SECRET_KEY = "SKTESTSECRET"
REGION = "eu-central-1"
BUCKET = "uploads"
PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
    "s3.port", "s3.port.grpc", "admin.port", "admin.port.grpc",
)  # fmt: skip
READY_WITHIN = 60.0
"""Seconds; it takes one or two."""


@dataclass(frozen=True, slots=True)
class Seaweed:
    """A server that is up, with an empty bucket."""

    url: str
    client: Any
    """boto3, with the rights of the only user."""


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """One server for the session, ended by its pid."""
    folder = tmp_path_factory.mktemp("seaweed")
    (folder / "data").mkdir()
    credentials = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
    user = {"name": "test", "credentials": [credentials], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [user]}))
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    options = {
        "dir": folder / "data",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "s3.config": folder / "s3.json",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "admin.ui": "false",
        "webdav": "false",
        "master.telemetry": "false",
        "bucket": BUCKET,
        **ports,
    }
    command = [
        str(Path(sys.executable).with_name("weed")),
        "mini",
        *(f"-{name}={value}" for name, value in options.items()),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env={"HOME": str(folder)})
        try:
            yield _ready(process, f"http://127.0.0.1:{ports['s3.port']}", folder / "log")
        finally:
            process.kill()  # what it keeps is thrown away; a clean stop would take two seconds
            process.wait()


def _ready(process: subprocess.Popen[bytes], url: str, log: Path) -> Seaweed:
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=REGION,
        config=config,
    )
    deadline = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            client.head_bucket(Bucket=BUCKET)
        except (BotoCoreError, ClientError):
            time.sleep(0.05)
        else:
            return Seaweed(url, client)
    raise RuntimeError(f"SeaweedFS did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _free_ports(count: int) -> list[int]:
    """Hold all of them at once, so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [held.getsockname()[1] for held in sockets]
