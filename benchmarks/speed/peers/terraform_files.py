"""A Terraform folder with one resource for each sample of a repository, as it is after an apply."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from benchmarks.speed.repository import Repository, sample_hashes

BLOCK = """\
resource "terraform_data" "{name}" {{
  triggers_replace = filesha256("{voices}/{key}.mp3")
}}
"""
"""One for each, as people write them by hand: with for_each, Terraform needs twenty times as long."""


def write(folder: Path, repository: Repository, *, applied: bool) -> None:
    """Write configuration, and (if applied) the state that an apply leaves."""
    folder.mkdir(parents=True, exist_ok=True)
    voices = repository.root / "voices"
    hashes = sample_hashes(repository)
    blocks = (BLOCK.format(name=_name(key), key=key, voices=voices) for key in hashes)
    (folder / "main.tf").write_text("\n".join(blocks))
    (folder / "terraform.tfstate.backup").unlink(missing_ok=True)
    if not applied:
        (folder / "terraform.tfstate").unlink(missing_ok=True)
        return
    resources = [_resource(key, sha256) for key, sha256 in hashes.items()]
    state = {
        "version": 4, "terraform_version": "1.15.5", "serial": 1, "lineage": str(uuid.uuid5(uuid.NAMESPACE_OID, "x")),
        "outputs": {}, "resources": resources, "check_results": None,
    }  # fmt: skip
    (folder / "terraform.tfstate").write_text(json.dumps(state, indent=2))


def _name(key: str) -> str:
    return key.replace("/", "_")


def _resource(key: str, sha256: str) -> dict[str, object]:
    attributes = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, key)),
        "input": None,
        "output": None,
        "triggers_replace": {"value": sha256, "type": "string"},
    }
    instance = {
        "schema_version": 0, "attributes": attributes, "sensitive_attributes": [], "identity_schema_version": 0,
    }  # fmt: skip
    return {
        "mode": "managed", "type": "terraform_data", "name": _name(key),
        "provider": 'provider["terraform.io/builtin/terraform"]', "instances": [instance],
    }  # fmt: skip
