"""State documents out of git, thousands of them: only what differs between two is read."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors import StateError
from reconciler.git.objects import Objects
from reconciler.state.document import VoiceRecord, to_plain
from reconciler.state.reading import parse, read_record

AHEAD = 32
"""Documents read at a time."""
KEPT = 128
"""Documents held at a time: so many branches can be walked side by side without reading one twice."""
_HEAD = re.compile(rb'\{\n  "account": .*\n(?:  "[a-z]+": .*\n){4}  "voices": \{')
_TAIL = b"\n    }\n  }\n}\n"

Records = Mapping[str, VoiceRecord]


@dataclass(slots=True)
class Documents:
    """Reads versions of one state document."""

    objects: Objects
    order: Sequence[str]
    """The versions as they will be asked for, more or less: those that are near are read together."""
    _position: int = 0
    _blocks: OrderedDict[str, dict[bytes, None] | StateError] = field(default_factory=OrderedDict)

    def difference(self, before: str | None, after: str | None) -> tuple[Records, Records]:
        """Return the records that differ between two blobs, by key on each side. Raises StateError for a broken one."""
        left, right = (self._load(blob) if blob else {} for blob in (before, after))
        gone = [block for block in left if block not in right]
        come = [block for block in right if block not in left]
        try:
            return _records(gone), _records(come)
        except ValueError as error:  # it only looked like ours
            raise StateError("The state document is corrupt", why=str(error)) from error

    def is_readable(self, blob: str) -> bool:
        """Whether a version is a state document from its first byte to its last."""
        try:
            parse((self.objects.read(blob) or b"").decode("utf-8"), filename=blob)
        except (StateError, UnicodeDecodeError):
            return False
        return True

    def _load(self, blob: str) -> dict[bytes, None]:
        if blob not in self._blocks:
            self._read_on(blob)
        self._blocks.move_to_end(blob)
        found = self._blocks[blob]
        if isinstance(found, StateError):
            raise found
        return found

    def _read_on(self, blob: str) -> None:
        """Read a version that is needed now, and those that follow in the order."""
        following = self.order[self._position : self._position + AHEAD]
        self._position += len(following)
        wanted = dict.fromkeys([*(name for name in following if name not in self._blocks), blob])
        for name, raw in self.objects.read_all(wanted):
            try:
                self._blocks[name] = _split(raw or b"")
            except StateError as error:
                self._blocks[name] = error
        while len(self._blocks) > KEPT:
            self._blocks.popitem(last=False)


def _split(raw: bytes) -> dict[bytes, None]:
    """Return the text of each voice, `KEY": {...}`. Raises StateError.

    What our renderer wrote has a voice wherever a line is indented by four; other texts are read and rendered first.
    """
    head, *blocks = raw.split(b'\n    "')
    if not blocks or not raw.endswith(_TAIL) or _HEAD.fullmatch(head) is None:
        try:
            document = parse(raw.decode("utf-8"), filename="")
        except UnicodeDecodeError as error:
            raise StateError("The state document is corrupt", why=str(error)) from error
        return {_block(key, record): None for key, record in document.voices.items()}
    blocks[-1] = blocks[-1].removesuffix(_TAIL) + b"\n    }"
    return dict.fromkeys([*(block.removesuffix(b",") for block in blocks[:-1]), blocks[-1]])


def _block(key: str, record: VoiceRecord) -> bytes:
    text = json.dumps({key: to_plain(record)}, indent=2, sort_keys=True, ensure_ascii=False)
    return text[4:-2].replace("\n", "\n  ").removeprefix('"').encode("utf-8", "surrogatepass")


def _records(blocks: list[bytes]) -> Records:
    found: dict[str, VoiceRecord] = {}
    for block in blocks:
        ((key, plain),) = json.loads(b'{"' + block + b"}").items()
        found[key] = read_record(plain)
    return found
