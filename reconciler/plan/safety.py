"""What a plan must not do without a person's word."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reconciler.desired.project import Safety
from reconciler.errors import Diagnostic, Severity
from reconciler.plan.change import Action, Change, Plan


def refusals(plan: Plan, safety: Safety, *, declared: int, allow_deletes: bool) -> tuple[Diagnostic, ...]:
    """Return why apply would refuse this plan; nothing when it would not.

    `declared` is the number of voice files. Limits come from `safety` in voicectl.yaml.
    """
    found = [*_protected(plan), *_quota(plan)]
    if not allow_deletes:
        found += _deletes(plan, safety, declared)
    return tuple(found)


def _protected(plan: Plan) -> list[Diagnostic]:
    """prevent_destroy: what the file says now, or what state remembers when the file is gone."""
    found = []
    for change in plan.changes:
        protected = (
            change.desired.spec.lifecycle.prevent_destroy
            if change.desired is not None
            else change.record is not None and change.record.prevent_destroy
        )
        if (change.destructive or change.brings_back) and protected:
            voice_id = change.actual.voice_id if change.actual is not None else change.voice_id
            what = "delete" if change.action is Action.DELETE else "replace"
            way_out = (
                "Set prevent_destroy: false in its voice file first"
                if change.desired is not None
                else "Restore its voice file with prevent_destroy: false, apply, and then remove it"
            )
            found.append(
                Diagnostic(
                    Severity.ERROR,
                    "safety.prevent-destroy",
                    f"Would {what} {change.key!r} ({voice_id}), which has prevent_destroy",
                    f"{way_out}, or leave the voice as it is. Reason of the {what}: {change.reason}.",
                    change.key,
                    change.desired.spec.source.at("lifecycle", "prevent_destroy") if change.desired else None,
                )
            )
    return found


def _deletes(plan: Plan, safety: Safety, declared: int) -> list[Diagnostic]:
    deleted = [c for c in plan.changes if c.action is Action.DELETE]
    unrecorded = sum(c.record is None for c in deleted)
    managed = unrecorded + sum(r.voice_id is not None for r in plan.recorded.voices.values())
    if not deleted:
        return []
    if declared == 0:
        return [
            _refusal(
                "safety.empty",
                f"There is no voice file at all, which would delete all {len(deleted)} voices",
                "An empty folder is more often a mistake (a wrong folder, a failed checkout) than a wish.",
            )
        ]
    found = []
    limit = Fraction(repr(safety.max_deletes))  # as it is written: 29 of 100 voices are not more than 29%
    if managed >= safety.min_voices and len(deleted) > limit * managed:
        found.append(
            _refusal(
                "safety.max-deletes",
                f"Too many deletes: {len(deleted)} of {managed} voices ({len(deleted) / managed:.1%}) "
                f"is over {float(limit * 100):.8g}%",
                "The limit is safety.max_deletes in voicectl.yaml.",
            )
        )
    if len(deleted) > safety.max_deletes_absolute:
        found.append(
            _refusal(
                "safety.max-deletes-absolute",
                f"Too many deletes: {len(deleted)} voices is over {safety.max_deletes_absolute}",
                "The limit is safety.max_deletes_absolute in voicectl.yaml.",
            )
        )
    return found


def _refusal(rule: str, summary: str, why: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, rule, summary, f"{why} If it is meant, apply with --allow-deletes.")


def peak(changes: Sequence[Change]) -> int:
    """Return how many more voices than now the account holds at the plan's worst moment.

    Half-made voices are cleaned first, so their slots are free; deletes come last, so theirs are not. An old voice
    lives on until its replacement is ready, except with `replace: destroy_first`.
    """
    made = sum(c.action is Action.CREATE or (c.action is Action.REPLACE and not c.destroy_first) for c in changes)
    return made - sum(c.action is Action.CLEAN for c in changes)


def _quota(plan: Plan) -> list[Diagnostic]:
    makers = [c for c in plan.changes if c.uploads]
    if plan.quota is None or plan.quota.remaining is None or not makers:
        return []
    needed, room = peak(plan.changes), max(0, plan.quota.remaining)
    if needed <= room:
        return []
    replaced = [c.key for c in makers if c.action is Action.REPLACE and not c.destroy_first]
    ways = [f"--target some of: {', '.join(c.key for c in makers)}"]
    if replaced:
        ways.append(f"`replace: destroy_first` in: {', '.join(replaced)} (no voice while the new one is made)")
    if any(c.action is Action.DELETE for c in plan.changes):
        ways.append("delete first: apply with --target the deleted keys")
    return [
        Diagnostic(
            Severity.ERROR,
            "safety.quota",
            f"The quota has room for {room} more of {plan.quota.limit} voices, this plan needs {needed} at its peak",
            "What would fit: " + "; or ".join(ways) + ".",
        )
    ]
