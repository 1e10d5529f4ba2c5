"""voicectl.yaml as it is written, checked by pydantic; it is the source of schemas/project.schema.json."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from reconciler.desired.check_file import Check, Rule, check_specs
from reconciler.desired.model import STRICT
from reconciler.desired.overlay_file import Overlay
from reconciler.desired.project import Environment, Project, Safety, fit_name
from reconciler.desired.root import DEFAULT, FILENAME, LOCAL
from reconciler.desired.source import Source
from reconciler.desired.state_address import checked_path, checked_state

_PROJECT: Final = re.compile(r"[\w\-.]{1,64}")
_ENVIRONMENT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%")

# Checks raise ValueError(what is wrong, what to do): both are shown, after the field's name.


def _project(value: str) -> str:
    if not _PROJECT.fullmatch(value):
        raise ValueError(f'is "{value[:80]}"', "1 to 64 letters, digits, `_`, `-` and `.` are wanted.")
    return value


def _environment(value: str) -> str:
    if not _ENVIRONMENT.fullmatch(value):
        raise ValueError(
            "is not a name for an environment", "Use ASCII letters, digits, `_`, `-` and `.`: it names a file."
        )
    return value


def _variable(value: str) -> str:
    # The value is never shown: people paste the key itself here.
    if value.startswith("plbr_") or not _VARIABLE.fullmatch(value):
        fix = "Write for example `PALABRA_API_KEY_STAGING`. Keys do not belong in files: if this was one, revoke it."
        raise ValueError("is not the name of an environment variable", fix)
    return value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", value)
        _ = parts.port  # raises ValueError when it is no number
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("is not an http(s) address", "Write for example `https://api.palabra.ai`.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("has more than scheme, host and path", "Credentials come from environment variables.")
    return value


def fraction(value: object) -> float:
    """Return the share that `30%` or `0.3` means. Raises ValueError(what is wrong, what to do)."""
    share = math.nan
    if isinstance(value, str) and (percent := _PERCENT.fullmatch(value)):
        share = float(Fraction(percent[1]) / 100)  # 33.3 / 100 is not the float 0.333
    elif isinstance(value, float) or (type(value) is int and value == 0):
        share = float(value)
    if not 0 <= share <= 1:
        raise ValueError("is not a share", "Write a percentage such as `30%`, or a decimal number from 0.0 to 1.0.")
    return share


def _fraction(value: object) -> object:
    fraction(value)
    return value


class EnvironmentEntry(BaseModel):
    """One account, or one server, with its own state document."""

    model_config = STRICT

    api_key_env: Annotated[str, AfterValidator(_variable)] | None = Field(
        default=None,
        title="API key variable",
        description="The name of the environment variable that holds the API key. Never the key itself.",
        examples=["PALABRA_API_KEY_STAGING"],
    )
    api_url: Annotated[str, AfterValidator(_url)] | None = Field(
        default=None,
        title="API address",
        description="The base address of the API, where it is not Palabra's own.",
        examples=["https://api.palabra.ai"],
    )
    state: Annotated[str, AfterValidator(checked_state)] | None = Field(
        default=None,
        description="The state document: a file, relative to this one, or an address: `s3://bucket/key`, "
        "`gs://bucket/key`, `az://container/key`, `https://host/path`.",
        examples=["voices.staging.state.json", "s3://my-company-voices/staging.state.json"],
    )
    overrides: dict[str, Overlay | None] | None = Field(
        default=None,
        title="Overrides",
        description="Fields of voices that are different in this environment, by the voice's key or a pattern such as "
        "`support/*`. Patterns hold in their order, and a voice's own key goes before them.",
        examples=[{"narrator": {"name": "Narrator Staging"}, "*": {"lifecycle": {"prevent_destroy": False}}}],
    )


class SafetyEntry(BaseModel):
    """Plans that delete more than this are refused unless `--allow-deletes` is given."""

    model_config = STRICT

    max_deletes: Annotated[
        Any,
        AfterValidator(_fraction),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "number", "minimum": 0, "maximum": 1},
                    {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,6})? ?%$"},
                ]
            }
        ),
    ] = Field(
        default="30%",
        description="The largest share of the managed voices that one plan may delete.",
        examples=["30%", 0.3],
    )
    min_voices: int = Field(
        default=10, ge=0, description="With fewer managed voices than this the share is not asked.", examples=[10]
    )
    max_deletes_absolute: int = Field(
        default=20, ge=0, description="The largest number of voices that one plan may delete.", examples=[20]
    )
    references: list[Annotated[str, AfterValidator(checked_path)]] = Field(
        default=[],
        description="Files that use voices, as patterns: a plan that takes away a voice id or a key that one of them "
        "names is refused. `*` stands for any name, `**` for any folders.",
        examples=[["src/**", "config/*.json"]],
    )


class ProjectFile(BaseModel):
    """The settings of a project. Every one has a default."""

    model_config = {**STRICT, "title": "Project"}

    schema_: str | None = Field(
        default=None,
        alias="$schema",
        title="Schema",
        description="Where the JSON Schema of this file is, for editors.",
        examples=["schemas/project.schema.json"],
    )
    project: Annotated[str, AfterValidator(_project)] | None = Field(
        default=None,
        description="The project's name, part of the mark on the voices it owns. Default: the folder's name.",
        examples=["my-voices"],
    )
    voices: Annotated[str, AfterValidator(checked_path)] = Field(
        default="voices", description="The folder of the voice files, relative to this file.", examples=["voices"]
    )
    environments: dict[Annotated[str, AfterValidator(_environment)], EnvironmentEntry | None] | None = Field(
        default=None,
        description="Accounts or servers, each with its own state. `default` and `local` always exist.",
        examples=[{"staging": {"api_key_env": "PALABRA_API_KEY_STAGING"}}],
    )
    safety: SafetyEntry | None = Field(
        default=None,
        title="Safety",
        description="How many voices one plan may delete before somebody must say so.",
        examples=[{"max_deletes": "30%", "min_voices": 10, "max_deletes_absolute": 20}],
    )
    parallelism: int = Field(
        default=8, ge=1, le=100, description="How many voices are worked on side by side.", examples=[8]
    )
    ownership_mark: bool = Field(
        default=True,
        description="Mark voices as ours with a short suffix of their description, so that a lost answer or a lost "
        "state document costs nothing.",
        examples=[True],
    )
    checks: dict[Rule, Check] | None = Field(
        default=None,
        description="Sample checks by rule id: a severity (error, warning, off), or a severity and a threshold.",
        examples=[{"audio.music": "off", "audio.noise": {"severity": "warning", "threshold": 12}}],
    )

    def settings(self, root: Path, raw: bytes = b"") -> Project:
        """Return the project below `root`; `raw` is the file's content."""
        environments = {name: Environment(name) for name in (DEFAULT, LOCAL)}
        for name, entry in (self.environments or {}).items():
            written = entry or EnvironmentEntry()
            overrides = {pattern: overlay for pattern, overlay in (written.overrides or {}).items() if overlay}
            environments[name] = Environment(
                name, written.api_key_env, written.api_url, written.state, MappingProxyType(overrides)
            )
        safety = self.safety or SafetyEntry()
        return Project(
            root=root,
            name=self.project or fit_name(root.name),
            name_is_explicit=self.project is not None,
            voices_dir=self.voices,
            environments=MappingProxyType(environments),
            safety=Safety(
                fraction(safety.max_deletes),
                safety.min_voices,
                safety.max_deletes_absolute,
                tuple(safety.references),
            ),
            parallelism=self.parallelism,
            ownership_mark=self.ownership_mark,
            checks=check_specs(self.checks),
            source=Source(FILENAME, str(root / FILENAME), raw),
        )
