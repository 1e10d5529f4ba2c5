"""Voice ids for the products that use them: the same bytes for the same state."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import assert_never

from reconciler.errors import VoicectlError
from reconciler.state.exported import EXPORT_MARK


class Form(StrEnum):
    """Who reads the export."""

    JSON = "json"
    ENV = "env"
    PYTHON = "python"
    TYPESCRIPT = "typescript"


ENDINGS = {".json": Form.JSON, ".env": Form.ENV, ".py": Form.PYTHON, ".ts": Form.TYPESCRIPT}
"""Which form a file is written in, where its name alone says it."""


def render_export(voices: Mapping[str, str], form: Form) -> str:
    """Return the export of key -> voice id. Raises VoicectlError when two keys get one name."""
    match form:
        case Form.JSON:
            return _json(voices)
        case Form.ENV:
            return "".join(f"VOICE_{name}={shlex.quote(voices[key])}\n" for key, name in _names(voices).items())
        case Form.PYTHON:
            return _python(voices)
        case Form.TYPESCRIPT:
            return _typescript(voices)
        case _:
            assert_never(form)


def form_of(filename: str) -> Form | None:
    """Return the form that a file's ending asks for."""
    return next((form for ending, form in ENDINGS.items() if filename.endswith(ending)), None)


def _json(voices: Mapping[str, str]) -> str:
    if not voices:
        return "{}\n"
    # what `indent=2` gives, of which Python has no fast encoder
    text = json.dumps(dict(voices), separators=(",\n  ", ": "), sort_keys=True, ensure_ascii=False)
    return f"{{\n  {text[1:-1]}\n}}\n"


def _python(voices: Mapping[str, str]) -> str:
    names = _names(voices)
    constants = "".join(f"{name}: Final = {_quoted(voices[key])}\n" for key, name in names.items())
    entries = "".join(f"    {_quoted(key)}: {name},\n" for key, name in names.items())
    mapping = (
        f"VOICES: Final[dict[str, str]] = {{\n{entries}}}\n" if entries else "VOICES: Final[dict[str, str]] = {}\n"
    )
    gap = "\n" if constants else ""
    head = f'"""Voice ids. {EXPORT_MARK}"""\n\nfrom typing import Final\n\n'
    return head + constants + gap + mapping


def _typescript(voices: Mapping[str, str]) -> str:
    lines = "".join(f"  {_property(key)}: {_quoted(voice_id)},\n" for key, voice_id in sorted(voices.items()))
    return (
        f"// {EXPORT_MARK}\n"
        f"export const voices = {{\n{lines}}} as const;\n\n"
        "export type VoiceKey = keyof typeof voices;\n"
    )


def _property(key: str) -> str:
    """Return the name of a property; written plainly, this one name would set the prototype (ECMA-262, B.3.1)."""
    return f"[{_quoted(key)}]" if key == "__proto__" else _quoted(key)


def _names(voices: Mapping[str, str]) -> dict[str, str]:
    """Return the constant of each key: `support/anna` is SUPPORT_ANNA, in Python and in the shell."""
    names: dict[str, str] = {}
    keys: dict[str, str] = {}
    for key in sorted(voices):
        name = re.sub(r"[^A-Z0-9]+", "_", "".join(map(_in_ascii, key.upper()))).strip("_")
        name = f"V_{name}" if not name or name[0].isdigit() or name == "VOICES" else name
        if name in keys:
            raise VoicectlError(
                f"The keys {keys[name]!r} and {key!r} would both be called {name}",
                fix="rename one of them, or use --format json, which keeps keys as they are",
            )
        keys[name] = key
        names[key] = name
    return names


def _in_ascii(character: str) -> str:
    """Return a character as names of shell variables can have it: without its accent, or by its number."""
    if character.isascii():
        return character
    base = unicodedata.normalize("NFKD", character)[0]
    return base if base.isascii() and base.isalnum() else f"U{ord(character):04X}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
