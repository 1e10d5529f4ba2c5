"""A large document read at a glance: ten thousand records cannot be asked for their fields one by one."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from reconciler.state.document import VERSION, StateDocument, VoiceRecord

LARGE: Final = 100_000
"""Characters. Below this, loading what reads so fast takes longer than reading carefully."""
_USUAL_IDS: Final = re.compile("[0-9A-Za-z_-]*")


def usual_document(text: str) -> StateDocument | None:
    """Return what a document says; None for one that is left to the careful reader, who also says what is wrong."""
    import msgspec  # noqa: PLC0415 - 10 ms that a small document is not worth

    try:
        document = _decoder().decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    ids = [voice_id for record in document.voices.values() for voice_id in record.voice_ids]
    if document.version != VERSION or not all(ids) or not _USUAL_IDS.fullmatch("".join(ids)):
        return None
    return StateDocument(document.environment, document.lineage, document.serial, document.account, document.voices)


@cache
def _decoder() -> Any:
    import msgspec  # noqa: PLC0415 - as above

    fields = [
        ("version", int),
        ("environment", str),
        ("lineage", str),
        ("serial", int),
        ("account", str | None),
        ("voices", dict[str, VoiceRecord]),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Document", fields))
