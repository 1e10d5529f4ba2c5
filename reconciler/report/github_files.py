"""The two files by which a step of GitHub Actions speaks: its outputs, and its part of the run's page."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from reconciler.apply.events import Outcome, Step
from reconciler.apply.validation import Validated
from reconciler.errors import Severity
from reconciler.plan.approval import approval_of
from reconciler.plan.change import Action, Plan

OUTPUT, SUMMARY = "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"
SUMMARY_BYTES = 1024 * 1024
"""A step's summary that is larger is dropped as a whole."""
_WIDEST = 4
"""Bytes of a character, at most."""

Outputs = Mapping[str, str]


def fill(environ: Mapping[str, str], outputs: Outputs, summary: Callable[[int], str]) -> list[str]:
    """Append to the files that the environment names; returns what could not be written, and why.

    `summary` gets the number of characters that it may have.
    """
    writers: dict[str, Callable[[Path], None]] = {
        OUTPUT: lambda path: _write_outputs(path, outputs),
        SUMMARY: lambda path: _write_summary(path, summary),
    }
    complaints = []
    for variable, write in writers.items():
        if environ.get(variable):
            try:
                write(Path(environ[variable]))
            except OSError as error:
                complaints.append(f"cannot write to the file of {variable}: {error.strerror or error}")
    return complaints


def plan_outputs(plan: Plan, *, exit_code: int) -> Outputs:
    """Return the outputs of a plan: a number for each action, and what a workflow decides by."""
    severities = Counter(d.severity for d in plan.diagnostics)
    return {
        "has_changes": _flag(not plan.empty),
        **{action.value: str(plan.count(action)) for action in Action},
        "destructive": str(sum(change.destructive for change in plan.changes)),
        "drift": str(len(plan.drift)),
        "errors": str(severities[Severity.ERROR]),
        "warnings": str(severities[Severity.WARNING]),
        "digest": approval_of(plan).digest,
        "exit": str(exit_code),
    }


def validate_outputs(validated: Validated, *, exit_code: int) -> Outputs:
    """Return the outputs of validate."""
    return {
        "voices": str(validated.voices),
        "errors": str(validated.errors),
        "warnings": str(validated.warnings),
        "exit": str(exit_code),
    }


def apply_outputs(outcomes: Sequence[Outcome], *, serial: int, exit_code: int) -> Outputs:
    """Return the outputs of an apply: how many changes ended how, and how many of each action were done."""
    ended = Counter(outcome.step for outcome in outcomes)
    done = Counter(outcome.change.action for outcome in outcomes if outcome.step is Step.DONE)
    return {
        **{step.value: str(ended[step]) for step in Step if step.final},
        **{action.value: str(done[action]) for action in Action if action is not Action.UNCHANGED},
        "state_serial": str(serial),
        "exit": str(exit_code),
    }


def failed_outputs(*, exit_code: int) -> Outputs:
    """Return the outputs of a command that did not come to its end: nothing is claimed but the exit code."""
    return {"exit": str(exit_code)}


def _write_outputs(path: Path, outputs: Outputs) -> None:
    """Write each value between two lines that no text can foresee, so that none can set another output."""
    end = f"voicectl_{secrets.token_hex(16)}"
    text = "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in outputs.items())
    _append(path, text)


def _write_summary(path: Path, summary: Callable[[int], str]) -> None:
    taken = path.stat().st_size if path.exists() else 0
    text = summary(max(0, SUMMARY_BYTES - taken) // _WIDEST)
    if taken + len(text.encode()) > SUMMARY_BYTES:
        raise OSError("it has no room left; GitHub drops summaries of more than 1 MiB")
    _append(path, text)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


def _flag(value: bool) -> str:
    return "true" if value else "false"
