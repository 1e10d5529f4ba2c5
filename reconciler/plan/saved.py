"""A saved plan: the approval of one exact plan, and nothing else (design/cli.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import RefusedError, UsageError
from reconciler.plan.change import Plan
from reconciler.plan.document import FORMAT_VERSION, plan_to_json

PLAN_AGAIN = "plan again, and have the new plan approved"


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What was approved."""

    environment: str
    account: str | None
    state_serial: int
    digest: str
    targets: tuple[str, ...]
    replace: tuple[str, ...]
    changes: Mapping[str, Any]
    """By key and voice id, as JSON."""

    def check(self, plan: Plan) -> None:
        """Raise RefusedError, naming what moved, unless `plan` is the plan that was approved."""
        now = plan_to_json(plan)
        if now["digest"] == self.digest:
            return
        moved = [
            f"{name[0]}: {_reason(self.changes.get(name))} -> {_reason(current.get(name))}"
            for current in [_by_name(now["changes"])]
            for name in sorted({*self.changes, *current}, key=str)
            if self.changes.get(name) != current.get(name)
        ]
        if self.account is not None and plan.recorded.account not in (None, self.account):
            moved.insert(0, f"the account is {plan.recorded.account}, the plan was made for {self.account}")
        if not moved:
            moved = [f"state has the serial {plan.recorded.serial}, the plan was made with {self.state_serial}"]
        raise RefusedError("The saved plan is stale", why="; ".join(moved), fix=PLAN_AGAIN)


def render_saved(plan: Plan) -> str:
    """Return the text of a saved plan: the plan as JSON, and what it was asked with."""
    options = {"targets": list(plan.options.targets), "replace": list(plan.options.replace)}
    document = {**plan_to_json(plan), "account": plan.recorded.account, "options": options}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def parse_saved(text: str, *, filename: str, environment: str) -> SavedPlan:
    """Read a saved plan. Raises UsageError for a file that is none, RefusedError for one of elsewhere."""
    try:
        plain = json.loads(text)
        saved = SavedPlan(
            environment=plain["environment"],
            account=plain["account"],
            state_serial=plain["state_serial"],
            digest=plain["digest"],
            targets=tuple(plain["options"]["targets"]),
            replace=tuple(plain["options"]["replace"]),
            changes=_by_name(plain["changes"]),
        )
        major = plain["format_version"].partition(".")[0]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{filename} is not a saved plan", fix="make one with `voicectl plan --out FILE`") from error
    if major != FORMAT_VERSION.partition(".")[0]:
        raise RefusedError(f"{filename} was made by another version of voicectl", fix=PLAN_AGAIN)
    if saved.environment != environment:
        raise RefusedError(
            f"{filename} is a plan for the environment {saved.environment!r}, not {environment!r}",
            fix=f"apply it with --env {saved.environment}",
        )
    return saved


def _by_name(changes: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {(c["key"], c["action"] == "clean", c["voice_id"] or ""): c for c in changes}


def _reason(change: Any) -> str:
    return f"{change['action']} ({change['reason']})" if change else "no change"
