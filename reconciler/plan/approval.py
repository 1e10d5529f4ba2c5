"""What an approval covers: everything that a plan was made from, in parts, so that whatever moves can be named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

from msgspec import structs

from reconciler.desired.voice import VoiceSpec
from reconciler.plan.change import Action, Change, Plan
from reconciler.plan.diff import drifted

WITNESSES = 5
"""How many voices a saved plan remembers to know the account by."""

Name = tuple[str, str]
"""Key, and for a voice that is cleaned up its id: a key may have such a change beside another one."""


@dataclass(frozen=True, slots=True)
class Part:
    """One change of an approved plan. The hashes are hex, of what is compared and never shown."""

    key: str
    action: str
    reason: str
    voice_id: str | None
    file: str
    """Of what the voice file says."""
    sample: str
    """The sample's sha256; empty where there is none."""
    server: str
    """Of how the voice differs on the server from what state says."""
    fields: str
    """Of the differences that the plan shows."""

    @property
    def name(self) -> Name:
        """Return what tells this change from the plan's other ones."""
        return self.key, (self.voice_id or "") if self.action == Action.CLEAN else ""


@dataclass(frozen=True, slots=True)
class Approval:
    """What was approved, or what would have to be."""

    environment: str
    account: str | None
    lineage: str | None
    """None before the first apply: a document that does not exist yet has no fixed one."""
    serial: int
    scope: str
    targets: tuple[str, ...]
    replace: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def digest(self) -> str:
        """Return one hash over everything."""
        return f"sha256:{_hash(asdict(self), 64)}"


def approval_of(plan: Plan) -> Approval:
    """Return what approving this plan means."""
    return Approval(
        environment=plan.recorded.environment,
        account=plan.recorded.account,
        lineage=plan.recorded.lineage if plan.recorded.serial else None,
        serial=plan.recorded.serial,
        scope=plan.options.scope,
        targets=plan.options.targets,
        replace=plan.options.replace,
        parts=tuple(_part(change, plan.options.scope) for change in plan.changes),
    )


def _part(change: Change, scope: str) -> Part:
    drift = drifted(change.record, change.actual, scope) if change.record and _is_of(change) and change.actual else ()
    return Part(
        key=change.key,
        action=change.action.value,
        reason=change.reason,
        voice_id=change.voice_id,
        file=_hash(_plain(change.desired.spec), 16) if change.desired else "",
        sample=change.desired.sample.sha256 if change.desired and change.desired.sample else "",
        server=_hash([asdict(field) for field in drift], 16),
        fields=_hash([asdict(field) for field in change.fields], 16),
    )


def _is_of(change: Change) -> bool:
    """Whether the change is about the voice that its record is of, and not about one that was replaced."""
    return change.record is not None and change.actual is not None and change.record.voice_id == change.actual.voice_id


def _plain(spec: VoiceSpec) -> dict[str, Any]:
    """Return what a voice file says, whatever it looks like."""
    said = structs.asdict(spec)
    del said["source"]
    said |= {"labels": dict(spec.labels), "sample": structs.asdict(spec.sample)}
    said |= {"lifecycle": structs.asdict(spec.lifecycle)}
    return said | {"checks": {rule: structs.asdict(check) for rule, check in spec.checks.items()}}


def _hash(value: Any, length: int) -> str:
    def seconds(other: object) -> float:
        assert isinstance(other, timedelta)
        return other.total_seconds()

    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=seconds)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


def moved(approved: Approval, now: Approval) -> list[str]:
    """Return what is not as it was approved, in words; empty if all is."""
    said = []
    if approved.account is not None and now.account != approved.account:
        said.append(f"the account is {now.account or 'another one'}, the plan was made for {approved.account}")
    if approved.lineage != now.lineage:
        said.append("state is another document: its lineage differs")
    elif approved.serial != now.serial:
        said.append(f"state has the serial {now.serial}, the plan was made with {approved.serial}")
    if approved.scope != now.scope:
        said.append(f"the project is {now.scope!r}, the plan was made for {approved.scope!r}")
    before, after = ({part.name: part for part in side.parts} for side in (approved, now))
    for name in sorted(before.keys() | after.keys()):
        why = _why(before.get(name), after.get(name))
        said += [f"{name[0]}: {why}"] if why else []
    if not said and approved != now:
        said.append("it was asked for other voices, or altered since")
    return said


def _why(before: Part | None, now: Part | None) -> str:
    if now is None:
        assert before is not None
        return f"there is nothing to {before.action} any more"
    if before is None:
        return f"{now.action} ({now.reason}) was not approved"
    if before == now:
        return ""
    from deepdiff import DeepDiff  # noqa: PLC0415 - 0.2 s, so only for a plan that has become stale

    changed = set(DeepDiff(asdict(before), asdict(now)).affected_root_keys)
    words = {"file": "its voice file changed", "sample": "its sample changed"}
    why = [word for part, word in words.items() if part in changed]
    if changed & {"action", "reason"}:
        why.insert(0, f"{before.action} ({before.reason}) -> {now.action} ({now.reason})")
    elif "voice_id" in changed:
        why.append(f"the voice is {now.voice_id or 'gone'}, it was {before.voice_id or 'none'}")
    elif "server" in changed or not why:
        why.append("the voice was changed on the server")
    return ", ".join(why)


def witnesses(plan: Plan) -> tuple[str, ...]:
    """Return ids of managed voices that the account had when the plan was made."""
    return plan.living[:WITNESSES]


def from_json(plain: Mapping[str, Any]) -> Approval:
    """Read an approval that a plan was saved with. Raises ValueError, KeyError or TypeError for anything else."""
    known = {field.name for field in fields(Part)}
    parts = []
    for part in _listed(plain["parts"]):
        if not isinstance(part, dict) or part.keys() != known:
            raise ValueError("a part of the approval has other fields")
        texts = {name: text_of(part[name]) for name in known - {"voice_id"}}
        parts.append(Part(**texts, voice_id=_text_or_none(part["voice_id"])))
    serial = plain["serial"]
    if type(serial) is not int:
        raise TypeError("a serial is a number")
    return Approval(
        environment=text_of(plain["environment"]),
        account=_text_or_none(plain["account"]),
        lineage=_text_or_none(plain["lineage"]),
        serial=serial,
        scope=text_of(plain["scope"]),
        targets=tuple(text_of(key) for key in _listed(plain["targets"])),
        replace=tuple(text_of(key) for key in _listed(plain["replace"])),
        parts=tuple(parts),
    )


def text_of(value: object) -> str:
    """Return the value, which must be text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError("text is wanted")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else text_of(value)


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("a list is wanted")
    return value
