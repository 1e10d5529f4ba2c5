"""A saved plan: the approval of one exact plan, and nothing else (design/cli.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from reconciler.errors import RefusedError, UsageError
from reconciler.plan.approval import Approval, approval_of, from_json, moved, text_of, witnesses
from reconciler.plan.change import Plan
from reconciler.plan.document import FORMAT_VERSION, plan_to_json

PLAN_AGAIN = "plan again, and have the new plan approved"


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What was approved."""

    approval: Approval
    digest: str
    """As the file has it: another one than the approval's means that somebody altered the file."""
    witnesses: tuple[str, ...]
    """Voices that the account had: an account that has none of them is another one."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The keys that the plan was narrowed to."""
        return self.approval.targets

    @property
    def replace(self) -> tuple[str, ...]:
        """The keys that were to be cloned anew."""
        return self.approval.replace

    def check(self, plan: Plan) -> None:
        """Raise RefusedError, naming what moved, unless `plan` is the plan that was approved."""
        now = approval_of(plan)
        if self.witnesses and not set(self.witnesses) & set(plan.living):
            raise RefusedError(
                "The saved plan is stale",
                why=f"none of the voices that it saw is in this account any more ({', '.join(self.witnesses)}): "
                "these may be the credentials of another account",
                fix=f"use the credentials that the plan was made with, or {PLAN_AGAIN}",
            )
        if now.digest == self.digest and now == self.approval:
            return
        said = moved(self.approval, now) or ["the file was altered since it was saved"]
        raise RefusedError("The saved plan is stale", why="; ".join(said), fix=PLAN_AGAIN)


def render_saved(plan: Plan) -> str:
    """Return the text of a saved plan: the plan as JSON, and what its approval covers."""
    options = {"targets": list(plan.options.targets), "replace": list(plan.options.replace)}
    document = {
        **plan_to_json(plan),
        "account": plan.recorded.account,
        "options": options,
        "approval": asdict(approval_of(plan)),
        "witnesses": list(witnesses(plan)),
    }
    return json.dumps(sealed(document), indent=2, ensure_ascii=False) + "\n"


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with a checksum of all that it says: what people read in it is part of what they approved."""
    said = {name: value for name, value in document.items() if name != "checksum"}
    text = json.dumps(said, sort_keys=True)
    return {**said, "checksum": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"}


def parse_saved(text: str, *, filename: str, environment: str) -> SavedPlan:
    """Read a saved plan. Raises UsageError for a file that is none, RefusedError for one of elsewhere."""
    try:
        plain = json.loads(text)
        major = text_of(plain["format_version"]).partition(".")[0]
        if major == FORMAT_VERSION.partition(".")[0]:
            seen = tuple(text_of(voice_id) for voice_id in plain["witnesses"])
            saved = SavedPlan(from_json(plain["approval"]), text_of(plain["digest"]), seen)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{filename} is not a saved plan", fix="make one with `voicectl plan --out FILE`") from error
    if major != FORMAT_VERSION.partition(".")[0]:
        raise RefusedError(f"{filename} was made by another version of voicectl", fix=PLAN_AGAIN)
    if saved.approval.environment != environment:
        raise RefusedError(
            f"{filename} is a plan for the environment {saved.approval.environment!r}, not {environment!r}",
            fix=f"apply it with --env {saved.approval.environment}",
        )
    if plain != sealed(plain):
        raise RefusedError(f"{filename} was altered since it was saved", fix=PLAN_AGAIN)
    return saved
