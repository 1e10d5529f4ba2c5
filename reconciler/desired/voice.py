"""VoiceSpec: a voice as the rest of the program knows it. voice_file.py has the file as it is written.

Names and bounds are the API's own (palabra_api.md, sections 5 and 8), so that its documentation applies.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from reconciler.desired.checks import CheckSpec
from reconciler.desired.source import Source

LANG_CODES: Final = frozenset({
    "az", "en", "en-gb", "en-us", "fr", "de", "tr", "ar", "it", "ru", "uk", "es", "es-mx",
    "pt", "pt-br", "sv", "pl", "id", "nl", "fi", "hu", "el", "cs", "sk", "da", "bg",
    "ro", "he", "hi", "zh", "ja", "yue", "ko", "en-gpt", "en-zh", "en-parler", "en-palabra-llm", "en-zns", "fr-zns",
    "en-f5", "en-orpheus",
})  # fmt: skip
"""The languages that Palabra's documentation names (section 8). The list may be incomplete."""


class ReplaceOrder(StrEnum):
    """Which comes first when a voice is made anew."""

    CREATE_FIRST = "create_first"
    DESTROY_FIRST = "destroy_first"


class OnRemove(StrEnum):
    """What happens to the voice on the server when its file is removed."""

    DELETE = "delete"
    FORGET = "forget"


class Manage(StrEnum):
    """How far a voice is managed."""

    FULL = "full"
    OBSERVE = "observe"
    """Looked at only: nothing is ever written to it."""


class Lifecycle(Struct, frozen=True, array_like=True, gc=False):
    """How a voice comes and goes."""

    prevent_destroy: bool = False
    replace: ReplaceOrder = ReplaceOrder.CREATE_FIRST
    keep_replaced: timedelta = timedelta(0)
    """How long a replaced voice stays usable."""
    on_remove: OnRemove = OnRemove.DELETE


class SampleSpec(Struct, frozen=True, array_like=True, gc=False):
    """The recording a voice is cloned from."""

    file: str | None
    """As written: relative to the voice file. None: the recording is not in the repository."""
    lang_code: str
    """Lowercase."""
    denoise: bool = False
    speech_normalization: bool = True
    display_name: str | None = None
    """Sent at creation only."""
    description: str | None = None
    """Sent at creation only."""


class VoiceSpec(Struct, frozen=True, array_like=True, gc=False):
    """A voice as the repository declares it.

    A Struct, as there are ten thousand of them, kept from run to run; and the garbage collector need not look through
    them, as nothing in them leads back.
    """

    key: str
    """Its path below voices/, without the ending: the alias that consumers use."""
    name: str
    description: str | None
    """None: not declared, so not compared. Empty: declared to be empty."""
    labels: Mapping[str, str | None]
    """Declared labels only."""
    sample: SampleSpec
    lifecycle: Lifecycle
    previously: tuple[str, ...]
    """Keys under which this voice used to be declared."""
    import_id: str | None
    """The id of an existing voice to adopt."""
    source: Source
    manage: Manage = Manage.FULL
    checks: Mapping[str, CheckSpec] = {}
    """By rule id; they go before the project's."""


def unfit_for_key(key: str) -> str | None:
    """Return the first character that cannot stand in a key, or None.

    A key is part of the ownership mark `[voicectl PROJECT/KEY FP]`, which must be found again in a description.
    It also begins lines of output, where a CI runner would read `::word::` as a command.
    """
    unfit = (c for c in key if c in "[]:" or c.isspace() or unicodedata.category(c) in {"Cc", "Cs"})
    return next(unfit, None)
