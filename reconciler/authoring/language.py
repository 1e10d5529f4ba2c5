"""Which language a recording is probably in: proposals, each with where it comes from. Nothing listens to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.desired.voice import LANG_CODES
from reconciler.errors import SampleError, UsageError
from reconciler.samples.container import open_container

_THREE_LETTERS: Final = {
    "aze": "az", "eng": "en", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "tur": "tr", "ara": "ar",
    "ita": "it", "rus": "ru", "ukr": "uk", "spa": "es", "por": "pt", "swe": "sv", "pol": "pl", "ind": "id",
    "nld": "nl", "dut": "nl", "fin": "fi", "hun": "hu", "ell": "el", "gre": "el", "ces": "cs", "cze": "cs",
    "slk": "sk", "slo": "sk", "dan": "da", "bul": "bg", "ron": "ro", "rum": "ro", "heb": "he", "hin": "hi",
    "zho": "zh", "chi": "zh", "jpn": "ja", "kor": "ko",
}  # fmt: skip
"""ISO 639-2, which containers use, in both its forms, for the languages of LANG_CODES."""

_REGIONS: Final = frozenset({"en-gb", "en-us", "es-mx", "pt-br"})
_CODES: Final = frozenset(code for code in LANG_CODES if "-" not in code) | _REGIONS
"""Languages. What else LANG_CODES has, such as `en-gpt`, is a choice of engine that no file name makes."""

_ENDS: Final = tuple(
    re.compile(rf"(?:^|[._-])({code})$", re.IGNORECASE) for code in ("[a-z]{2}[-_][a-z]{2}", "[a-z]{2}|yue")
)
"""How a file's name may end in a language; with a region first, as that says more."""
_MEDIA: Final = re.compile(r"\.(mp3|mp2|wav|wave|flac|webm|mp4|mpeg|mpg|m4a)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Language:
    """A language that something points to."""

    code: str
    """Lowercase, as a voice file has it."""
    said_by: str
    """What points to it, for people; empty where the author said so, or nothing does."""
    assumed: bool = False
    """Nothing points to it."""


ASSUMED: Final = Language("en", "", assumed=True)
"""What is proposed where nothing points to a language."""


def of_recording(path: Path) -> Language | None:
    """Return what the file's name or its tags say, such as `anna.fr.mp3`; None where they say nothing.

    Raises UsageError where they say different things.
    """
    named, tagged = of_name(path.name), _of_tags(path)
    if named is None or tagged is None:
        return named or tagged
    if named.code.partition("-")[0] != tagged.code.partition("-")[0]:
        raise UsageError(
            f"It is not clear which language is spoken in {path.name}",
            why=f"{named.said_by} says {named.code}, {tagged.said_by} says {tagged.code}",
            fix=f"say it with --lang, such as `--lang {named.code}`",
        )
    return max(named, tagged, key=lambda language: len(language.code))  # a region says more


def of_name(name: str) -> Language | None:
    """Return the language that a file's name ends in: `anna.fr.mp3`, `anna_de.wav`, `anna-pt-br.mp3`."""
    stem = _MEDIA.sub("", name)
    found = (_known(end[1]) for pattern in _ENDS if (end := pattern.search(stem)))
    code = next(filter(None, found), None)
    return Language(code, "the file's name") if code else None


def of_locale(environ: Mapping[str, str]) -> Language | None:
    """Return the language of the person at the terminal, who may well speak it in the recording."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        written = environ.get(variable, "").partition(".")[0].partition("@")[0]
        if written:
            code = _known(written) or _known(written.partition("_")[0])
            return Language(code, variable) if code else None
    return None


def _of_tags(path: Path) -> Language | None:
    """Return the language in the container's tags. Only for a file that was measured: a hostile one is none."""
    try:
        with open_container(path) as (container, _):
            written = [s.metadata.get("language", "") for s in container.streams.audio[:1]]
            written.append(container.metadata.get("language", ""))
    except SampleError:
        return None
    code = next(filter(None, map(_known, written)), None)
    return Language(code, "the file's language tag") if code else None


def _known(written: str) -> str | None:
    code = written.lower().replace("_", "-")
    code = _THREE_LETTERS.get(code, code)
    return code if code in _CODES else None
