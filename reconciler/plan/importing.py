"""Adopting voices by command: as if their files said `import`, and nothing else at the same time."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.errors import Diagnostic, Severity
from reconciler.plan.change import Action, Plan
from reconciler.plan.sides import DesiredVoice


def with_imports(desired: Mapping[str, DesiredVoice], imports: Mapping[str, str]) -> dict[str, DesiredVoice]:
    """Return the voice files with these voice ids, by key, under `import`."""
    named = {key: desired[key] for key in imports if key in desired}
    return {
        **desired,
        **{key: replace(voice, spec=replace(voice.spec, import_id=imports[key])) for key, voice in named.items()},
    }


def not_adopting(plan: Plan, imports: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Return why apply would refuse a plan that was to adopt these voices and to do nothing else."""
    if not imports:
        return ()
    found = []
    broken = {note.key for note in plan.diagnostics if note.severity is Severity.ERROR}
    adopted = {change.key: change.voice_id for change in plan.changes if change.action is Action.ADOPT}
    for key in sorted(imports.keys() - broken):
        record = plan.recorded.voices.get(key)
        if adopted.get(key) != imports[key] and (record is None or record.voice_id != imports[key]):
            other = adopted.get(key) or (record and record.voice_id)
            why = f"it has the voice {other}" if other else "its voice file asks for something else"
            found.append(_refusal(key, f"cannot adopt the voice {imports[key]}: {why}"))
    for change in plan.changes:
        if change.action is not Action.ADOPT and change.key not in broken:
            what = f"has more to do than to adopt a voice: {change.action.value} ({change.reason})"
            found.append(_refusal(change.key, what))
    return tuple(found)


def _refusal(key: str, summary: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, "import.refused", summary, "`voicectl plan` shows what apply would do.", key)
