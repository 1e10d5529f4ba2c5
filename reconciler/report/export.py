"""Voice ids for the products that use them: the same bytes for the same state."""

from __future__ import annotations

import json
import keyword
import re
import shlex
from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from reconciler.errors import VoicectlError


class Form(StrEnum):
    """Who reads the export."""

    JSON = "json"
    ENV = "env"
    PYTHON = "python"
    TYPESCRIPT = "typescript"


def render_export(voices: Mapping[str, str], form: Form) -> str:
    """Return the export of key -> voice id. Raises VoicectlError when two keys get one name."""
    match form:
        case Form.JSON:
            return json.dumps(dict(voices), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        case Form.ENV:
            return "".join(f"VOICE_{name}={shlex.quote(voice_id)}\n" for name, voice_id in _names(voices).items())
        case Form.PYTHON:
            return _python(voices)
        case Form.TYPESCRIPT:
            lines = "".join(f"  {_quoted(key)}: {_quoted(voice_id)},\n" for key, voice_id in sorted(voices.items()))
            return (
                "// Made by `voicectl export`; do not edit.\n"
                f"export const voices = {{\n{lines}}} as const;\n\n"
                "export type VoiceKey = keyof typeof voices;\n"
            )
        case _:
            assert_never(form)


def _python(voices: Mapping[str, str]) -> str:
    constants = "".join(f"{name}: Final = {_quoted(voice_id)}\n" for name, voice_id in _names(voices).items())
    entries = "".join(f"    {_quoted(key)}: {_quoted(voice_id)},\n" for key, voice_id in sorted(voices.items()))
    mapping = (
        f"VOICES: Final[dict[str, str]] = {{\n{entries}}}\n" if entries else "VOICES: Final[dict[str, str]] = {}\n"
    )
    gap = "\n" if constants else ""
    head = '"""Voice ids. Made by `voicectl export`; do not edit."""\n\nfrom typing import Final\n\n'
    return head + constants + gap + mapping


def _names(voices: Mapping[str, str]) -> dict[str, str]:
    """Return constant names: `support/anna` is SUPPORT_ANNA, in Python and in the shell."""
    names: dict[str, str] = {}
    keys: dict[str, str] = {}
    for key, voice_id in sorted(voices.items()):
        name = re.sub(r"[^A-Za-z0-9]+", "_", key).strip("_").upper()
        name = f"V_{name}" if not name or name[0].isdigit() or keyword.iskeyword(name) or name == "VOICES" else name
        if name in keys:
            raise VoicectlError(
                f"The keys {keys[name]!r} and {key!r} would both be called {name}",
                fix="rename one of them, or use --format json, which keeps keys as they are",
            )
        keys[name] = key
        names[name] = voice_id
    return names


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
