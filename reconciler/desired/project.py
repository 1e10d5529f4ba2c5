"""voicectl.yaml: the settings of a project.

ProjectFile is the file as it is written, checked by pydantic; it is the source of schemas/project.schema.json.
Project is what the rest of the program works with.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from reconciler.desired.root import DEFAULT, FILENAME, LOCAL, default_state_path
from reconciler.desired.voice import STRICT, nullable
from reconciler.errors import UsageError
from reconciler.suggest import suggest

_PROJECT: Final = re.compile(r"[\w\-.]{1,64}")
_ENVIRONMENT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%")
_RULE: Final = re.compile(r"(sample|audio)\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Environment:
    """One account, or one server, with its own state."""

    name: str
    api_key_env: str | None = None
    """The name of the variable that holds the key; never the key."""
    api_url: str | None = None
    state: str | None = None
    """The state document, relative to the root."""


@dataclass(frozen=True, slots=True)
class Safety:
    """How many voices one plan may delete before somebody must say so."""

    max_deletes: float = 0.3
    """A share of the managed voices, 0 to 1."""
    min_voices: int = 10
    """Below this many voices the share means nothing and is not asked."""
    max_deletes_absolute: int = 20


@dataclass(frozen=True, slots=True)
class Project:
    """A repository of voices and its settings."""

    root: Path
    name: str
    """Part of the ownership mark."""
    name_is_explicit: bool
    """False: made from the folder's name, which differs from clone to clone."""
    voices_dir: str
    """Relative to the root, with forward slashes."""
    environments: Mapping[str, Environment]
    """Always with `default` and `local`."""
    safety: Safety
    parallelism: int
    ownership_mark: bool
    checks: Mapping[str, object]
    """As written: rule id to a severity, or to a mapping of `severity` and `threshold`."""

    def state_path(self, environment: str) -> Path:
        """Return where the state document of an environment is. Raises UsageError for an unknown one."""
        known = self.environments.get(environment)
        if known is None:
            near = suggest(environment, self.environments)
            fix = f"Did you mean `{near}`?" if near else f"Known: {', '.join(sorted(self.environments))}."
            raise UsageError(f"there is no environment `{environment}`", where=FILENAME, fix=fix)
        if known.state is not None and environment != LOCAL:
            return self.root / known.state
        return default_state_path(self.root, environment)


def fit_name(folder: str) -> str:
    """Return a project name made from a folder's name."""
    return re.sub(r"[^\w\-.]+", "-", folder).strip("-")[:64] or "voices"


# Checks raise ValueError(what is wrong, what to do): both are shown, after the field's name.


def _project(value: str) -> str:
    if not _PROJECT.fullmatch(value):
        raise ValueError(f'is "{value[:80]}"', "1 to 64 letters, digits, `_`, `-` and `.` are wanted.")
    return value


def _inside(value: str) -> str:
    path = PurePosixPath(value)
    if value != value.strip() or not value.isprintable() or path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError("is not a path below the project's folder", "Write a relative path without `..`.")
    return str(path)


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
        share = float(percent[1]) / 100
    elif isinstance(value, float) or (type(value) is int and value == 0):
        share = float(value)
    if not 0 <= share <= 1:
        raise ValueError("is not a share", "Write a percentage such as `30%`, or a decimal number from 0.0 to 1.0.")
    return share


def _fraction(value: object) -> object:
    fraction(value)
    return value


def _rule(value: str) -> str:
    if not _RULE.fullmatch(value):
        raise ValueError("is not a rule id", "Write for example `audio.noise` or `sample.duration`.")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("is not a number to compare with", "Write a finite number.")
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
    state: Annotated[str, AfterValidator(_inside)] | None = Field(
        default=None,
        description="The state document, relative to this file.",
        examples=["voices.staging.state.json"],
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


def _severities(schema: dict[str, Any]) -> None:
    nullable(schema)
    schema["enumDescriptions"] = ["Stops apply.", "Is reported.", "Is not checked.", "As built in."]


class CheckEntry(BaseModel):
    """How one sample check is applied. A severity alone may be written in its place."""

    model_config = STRICT

    severity: Literal["error", "warning", "off"] | None = Field(
        default=None,
        description="How much a finding matters.",
        examples=["warning"],
        json_schema_extra=_severities,
    )
    threshold: Annotated[float, AfterValidator(_finite)] | None = Field(
        default=None, description="The limit, in the unit that the rule's findings are reported in.", examples=[15]
    )


def _check(value: object) -> object:
    return {"severity": value} if isinstance(value, str) else value


Rule = Annotated[str, AfterValidator(_rule)]
Check = Annotated[
    CheckEntry, BeforeValidator(_check, json_schema_input_type=CheckEntry | Literal["error", "warning", "off"])
]


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
    voices: Annotated[str, AfterValidator(_inside)] = Field(
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

    def settings(self, root: Path, checks: Mapping[str, object]) -> Project:
        """Return the project below `root`. `checks` are as written."""
        environments = {name: Environment(name) for name in (DEFAULT, LOCAL)}
        for name, entry in (self.environments or {}).items():
            written = entry or EnvironmentEntry()
            environments[name] = Environment(name, written.api_key_env, written.api_url, written.state)
        safety = self.safety or SafetyEntry()
        return Project(
            root=root,
            name=self.project or fit_name(root.name),
            name_is_explicit=self.project is not None,
            voices_dir=self.voices,
            environments=MappingProxyType(environments),
            safety=Safety(fraction(safety.max_deletes), safety.min_voices, safety.max_deletes_absolute),
            parallelism=self.parallelism,
            ownership_mark=self.ownership_mark,
            checks=MappingProxyType(dict(checks)),
        )
