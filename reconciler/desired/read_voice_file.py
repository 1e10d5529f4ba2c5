"""Reading voice files: bytes, YAML, and what the model says of them.

Whoever imports this pays for pydantic and PyYAML, 100 ms, so load.py does when there is a file to read.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reconciler.desired.checked_file import checked, read_bytes
from reconciler.desired.load import FIRST, ReadVoice, VoicePath, error_at, unreadable
from reconciler.desired.overlay import overlay
from reconciler.desired.source import Source
from reconciler.desired.voice import LANG_CODES, unfit_for_key
from reconciler.desired.voice_file import VoiceFile
from reconciler.desired.yaml_source import parse
from reconciler.errors import Diagnostic, Range, RepositoryError, Severity


def read_voice(file: VoicePath) -> ReadVoice:
    """Read one voice file: what it declares, None for a broken one, and what there is to say about it."""
    key, filename, path = file.key, file.filename, file.path
    first = Range(filename, FIRST)
    found = []
    if (wrong := unfit_for_key(key)) is not None:
        summary = f"the key `{ascii(key)[1:-1]}` has the character U+{ord(wrong):04X}"
        detail = "Rename the file or its folder: `[`, `]`, spaces and control characters cannot stand in a key."
        found.append(error_at("voice.key", summary, detail, key, first))
    try:
        raw = read_bytes(Path(path))
        value = parse(raw, filename)
        if value is None:
            detail = "Write at least `name` and `samples`, or remove it."
            return None, [*found, error_at("voice.empty", "the file is empty", detail, key, first)]
        if file.overrides:
            value = overlay(value, file.overrides)
        written = checked(VoiceFile, value, raw, filename, key)
    except OSError as error:
        return None, [*found, replace(unreadable("voice.unreadable", filename, error), key=key)]
    except RepositoryError as error:
        return None, [*found, *(replace(diagnostic, key=key) for diagnostic in error.diagnostics)]
    if found:
        return None, found
    overlays = tuple(override.part for override in file.overrides)
    spec = written.spec(key, Source(filename, path, raw, overlays))
    if spec.sample.file is not None and spec.sample.lang_code not in LANG_CODES:
        summary = f'`samples[0].lang_code` is "{spec.sample.lang_code}", which Palabra\'s documentation does not name'
        detail = "It is sent as it is; the API decides."
        where = spec.source.at("samples", 0, "lang_code")
        found.append(Diagnostic(Severity.WARNING, "voice.lang-code", summary, detail, key, where))
    return spec, found
