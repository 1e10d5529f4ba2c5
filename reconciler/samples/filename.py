"""The name under which a sample is uploaded."""

from __future__ import annotations

import re
import unicodedata

MAX_FILENAME = 255
"""Characters."""

_NOT_IN_FILENAME = re.compile(r"""[^\w\-. '"()]""")
_MEDIA_SUFFIX = re.compile(r"\.(mp3|mp2|wav|wave|flac|webm|mp4|mpeg|mpg|m4a)\Z", re.IGNORECASE)


def acceptable_filename(name: str, suffix: str) -> str:
    r"""Return `name` as the API accepts it: 3 to 255 characters, ^[\w\-. '"()]+$, NFC, ending in `suffix`.

    `suffix` is the content's, with its dot; a media ending in `name` gives way to it. A name that is
    acceptable and ends in `suffix` already is returned as it is.
    """
    stem = _NOT_IN_FILENAME.sub("_", unicodedata.normalize("NFC", name))
    stem = _MEDIA_SUFFIX.sub("", stem)[: MAX_FILENAME - len(suffix)]
    return (stem or "sample") + suffix
