"""What is new between two views, as lines: plain ones for people who read logs, JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reconciler.apply.clock import Clock, stamp
from reconciler.apply.events import Event, Step
from reconciler.apply.run import Applied
from reconciler.errors import Diagnostic, RepositoryError, Severity, VoicectlError
from reconciler.plan.change import Action
from reconciler.plan.document import diagnostic_to_json
from reconciler.report.json_text import json_text
from reconciler.report.paint import printable
from reconciler.report.progress import SAYS
from reconciler.report.text import WORDS, summary_line
from reconciler.watch.carrying_out import Selection
from reconciler.watch.view import Declared, Heard, Row, View

MOST = 50
"""Voices that one view has lines for: a checkout of a thousand is told by its sum."""
Write = Callable[[str], object]


def words_of(row: Row) -> str:
    """Return what happens to a voice, in a few words."""
    match row.declared:
        case Declared.SAVING:
            return "its recording is still being saved"
        case Declared.BROKEN:
            return "left as it is until its file is mended"
        case _ if row.action is Action.UNCHANGED:
            return "as declared"
        case _ if row.action is Action.MOVE:
            return f"{WORDS[row.action]} from {row.previous_key}"
        case _ if row.action is Action.UPDATE:
            return f"{WORDS[row.action]}: {', '.join(field.path for field in row.fields)}"
        case _:
            return f"{WORDS[row.action]}: {row.reason}"


def problem_line(problem: Diagnostic) -> str:
    """Return where, what and which rule, in one line."""
    where = f"{problem.range}: " if problem.range else ""
    word = "note" if problem.severity is Severity.INFO else problem.severity.value
    return f"{where}{word}: {problem.summary} [{problem.rule}]"


def describe(error: VoicectlError) -> str:
    """Return an error in one line."""
    if isinstance(error, RepositoryError):
        return "; ".join(
            f"{d.range}: {d.summary}" if d.range else d.summary
            for d in error.diagnostics
            if d.severity is Severity.ERROR
        )
    where = f" [{error.where}]" if error.where else ""
    return f"{error.what}{': ' if error.why else ''}{error.why}{where}"


class Lines:
    """One line an event."""

    def __init__(self, write: Write, clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._said: dict[str, str] = {}
        """What was last said of voices of which there is something to say."""
        self._general: dict[str, str] = {}

    def view(self, view: View) -> None:
        """Write what is new."""
        lines = list(self._rows(view))
        for line in lines[:MOST]:
            self._line(line)
        if len(lines) > MOST:
            self._line(f"... and {len(lines) - MOST:,} more lines")
        self._once("trouble", f"cannot plan: {describe(view.trouble)}" if view.trouble else "", "can plan again")
        for problem in view.problems:
            self._once(problem_line(problem), problem_line(problem))
        self._general = {
            name: said
            for name, said in self._general.items()
            if name in ("trouble", "plan", "account", "lock") or name in {problem_line(p) for p in view.problems}
        }
        holder = f"somebody else is applying: {view.holder}" if view.holder else ""
        self._once("lock", holder, "nobody else is applying any more")
        self._once("account", f"cannot read the account: {describe(view.seen.error)}" if view.seen.error else "",
                   "the account can be read again")  # fmt: skip
        if view.plan is not None:
            self._once("plan", plan_line(view))

    def applying(self, selection: Selection) -> None:
        """Write what will be done."""
        self._line(f"apply: {counted(selection)}")

    def step(self, event: Event) -> None:
        """Write a step; of an upload its end only."""
        if event.step is Step.UPLOADING and event.sent != event.total:
            return
        why = f": {event.message}" if event.message else ""
        word = "uploaded" if event.step is Step.UPLOADING else SAYS[event.step]
        self._line(f"{event.change.key}: {event.change.action.value}: {word}{why}")

    def applied(self, applied: Applied | VoicectlError) -> None:
        """Write how it ended."""
        self._line(ending(applied))

    def left(self, selection: Selection) -> None:
        """Write what is not done by watch."""
        if selection.left:
            keys = sorted({change.key for change in selection.left})
            self._line(f"apply: left as it is: {', '.join(keys[:10])}{', ...' if len(keys) > 10 else ''}")

    def say(self, message: str) -> None:
        """Write a word."""
        self._line(message)

    def _rows(self, view: View) -> Iterator[str]:
        for key in view.moved:
            row = view.rows.get(key)
            now = "\n".join(_row_lines(row)) if row is not None and not row.quiet else ""
            before = self._said.pop(key, "")
            if now:
                self._said[key] = now
            if now != before:
                yield from now.split("\n") if now else [f"{key}: {'as declared' if row else 'gone'}"]

    def _once(self, name: str, said: str, otherwise: str = "") -> None:
        before = self._general.get(name, "")
        if said:
            self._general[name] = said
        else:
            self._general.pop(name, None)
        if said != before and (said or otherwise):
            self._line(said or otherwise)

    def _line(self, text: str) -> None:
        self._write(f"{stamp(self._clock())} {printable(text)}\n")


class JsonLines:
    """One JSON object an event."""

    def __init__(self, write: Write, clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._general: dict[str, Any] = {}

    def view(self, view: View) -> None:
        """Write each voice that is another one than before, and the plan if it is."""
        for key in view.moved:
            row = view.rows.get(key)
            self._object("voice", row_to_json(row) if row else {"key": key, "declared": None})
        self._once("plan", None if view.plan is None else {"summary": {a.value: n for a, n in view.counts.items()}})
        self._once("problems", {"diagnostics": [dict(diagnostic_to_json(p)) for p in view.problems]})
        self._once("trouble", {"what": describe(view.trouble) if view.trouble else None})
        error = describe(view.seen.error) if view.seen.error else None
        self._once("account", {"known": view.seen.at is not None, "error": error})
        self._once("lock", {"holder": str(view.holder) if view.holder else None})

    def applying(self, selection: Selection) -> None:
        """Write what will be done."""
        self._object("applying", {"summary": {action.value: n for action, n in selection.counts.items()}})

    def step(self, event: Event) -> None:
        """Write a step."""
        facts = {"key": event.change.key, "action": event.change.action.value, "step": event.step.value}
        self._object("step", {**facts, "voice_id": event.voice_id, "message": event.message})

    def applied(self, applied: Applied | VoicectlError) -> None:
        """Write how it ended."""
        code = applied.exit_code
        self._object("applied", {"exit_code": code, "message": ending(applied)})

    def left(self, selection: Selection) -> None:
        """Write what is not done by watch."""
        self._object("left", {"keys": sorted({change.key for change in selection.left})})

    def say(self, message: str) -> None:
        """Write a word."""
        self._object("message", {"message": message})

    def _once(self, kind: str, content: dict[str, Any] | None) -> None:
        if content != self._general.get(kind):
            self._general[kind] = content
            if content is not None:
                self._object(kind, content)

    def _object(self, kind: str, content: dict[str, Any]) -> None:
        said = {"type": kind, "at": stamp(self._clock()), **content}
        self._write(json_text(said))


def plan_line(view: View) -> str:
    """Return the plan in one line, with what of the account it is based on."""
    assert view.plan is not None
    if view.plan.empty:
        return f"No changes; {view.plan.unchanged} unchanged. Environment: {view.environment}."
    return f"{summary_line(view.plan)} Environment: {view.environment}."


def counted(selection: Selection) -> str:
    """Return how many changes of each kind: 1 to create, 2 to update."""
    return ", ".join(f"{count} to {action.value}" for action, count in selection.counts.items()) or "nothing"


def ending(applied: Applied | VoicectlError) -> str:
    """Return how an apply ended, in one line."""
    if isinstance(applied, VoicectlError):
        return f"apply: not done: {describe(applied)}"
    if applied.interrupted is not None:
        return "apply: stopped; what was done is in state"
    failed = [outcome for outcome in applied.outcomes if outcome.step in (Step.FAILED, Step.SKIPPED)]
    return f"apply: finished in part, {len(failed)} failed" if failed else "apply: complete"


def row_to_json(row: Row) -> dict[str, Any]:
    """Return a row as plain JSON."""
    return {
        "key": row.key,
        "declared": row.declared.value,
        "action": row.action.value,
        "reason": row.reason,
        "fields": [field.path for field in row.fields],
        "sample": row.heard.value,
        "remote": row.remote,
        "drifted": row.drifted,
        "diagnostics": [dict(diagnostic_to_json(problem)) for problem in (*row.problems, *row.findings)],
    }


def _row_lines(row: Row) -> list[str]:
    """Return what there is to say about a voice: what happens to it, and each problem."""
    sample = f" (sample: {row.heard.value})" if row.heard is not Heard.UNKNOWN else ""
    drift = " (changed on the server)" if row.drifted else ""
    problems = (*row.problems, *(row.findings if row.uploads else ()))
    return [f"{row.key}: {words_of(row)}{sample}{drift}", *(f"{row.key}: {problem_line(p)}" for p in problems)]
