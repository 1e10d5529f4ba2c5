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


class Seaweed:
    """A server with an empty bucket, which may be killed and started again: it keeps what it has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "data").mkdir()
        credentials = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
        user = {"name": "test", "credentials": [credentials], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [user]}))
        ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        self.url = f"http://127.0.0.1:{ports['s3.port']}"
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
        program = str(Path(sys.executable).with_name("weed"))
        self._command = [program, "mini", *(f"-{name}={value}" for name, value in options.items())]
        config = Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=REGION,
            config=config,
        )
        """boto3, with the rights of the only user."""
        self.environ = {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
        }
        """The same, as variables of AWS's tools."""

    def start(self) -> None:
        """Start it; returns when it serves."""
        with (self._folder / "log").open("ab") as log:
            home = {"HOME": str(self._folder)}
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=self._folder, env=home)
        deadline = time.monotonic() + READY_WITHIN
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                self.client.head_bucket(Bucket=BUCKET)
            except (BotoCoreError, ClientError):
                time.sleep(0.05)
            else:
                return
        said = (self._folder / "log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"SeaweedFS did not start:\n{said}")

    def kill(self) -> None:
        """End it at once, by its pid."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """One server for the session."""
    server = Seaweed(tmp_path_factory.mktemp("seaweed"))
    try:
        server.start()
        yield server
    finally:
        server.kill()  # what it keeps is thrown away; a clean stop would take two seconds


def _free_ports(count: int) -> list[int]:
    """Hold all of them at once, so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [held.getsockname()[1] for held in sockets]
