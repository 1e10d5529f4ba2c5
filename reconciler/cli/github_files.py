"""Where a command runs as a step of GitHub Actions, it tells the step's files how it ended.

A file that cannot be written is a warning on stderr and no more: the command itself did its work.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.cli.settings import Settings
from reconciler.errors import VoicectlError
from reconciler.report.json_text import json_text
from reconciler.report.paint import printable

if TYPE_CHECKING:
    from reconciler.apply.run import Applied
    from reconciler.apply.validation import Validated
    from reconciler.plan.change import Plan
    from reconciler.report.github_files import Outputs


def tell_plan(settings: Settings, plan: Plan, *, exit_code: int) -> None:
    """Tell what the plan does."""
    if _in_step():
        from reconciler.report.github_files import plan_outputs
        from reconciler.report.markdown import render_plan

        _tell(settings, plan_outputs(plan, exit_code=exit_code), lambda limit: render_plan(plan, limit=limit))


def tell_validated(settings: Settings, validated: Validated, *, exit_code: int) -> None:
    """Tell what validate found."""
    if _in_step():
        from reconciler.report.github_files import validate_outputs
        from reconciler.report.step_summary import render_validated

        outputs = validate_outputs(validated, exit_code=exit_code)
        _tell(settings, outputs, lambda limit: render_validated(validated, limit=limit))


def tell_applied(settings: Settings, applied: Applied) -> None:
    """Tell how an apply ended."""
    if _in_step():
        from reconciler.report.github_files import apply_outputs
        from reconciler.report.step_summary import render_applied

        outputs = apply_outputs(applied.outcomes, serial=applied.serial, exit_code=applied.exit_code)
        environment, waited = settings.environment, applied.waited
        _tell(
            settings, outputs, lambda limit: render_applied(environment, applied.outcomes, waited=waited, limit=limit)
        )


def tell_failed(settings: Settings, command: str, error: VoicectlError) -> None:
    """Tell why a command did not come to its end."""
    if _in_step():
        from reconciler.report.github_files import failed_outputs
        from reconciler.report.step_summary import render_failed

        outputs = failed_outputs(exit_code=error.exit_code)
        _tell(settings, outputs, lambda limit: render_failed(command, error, limit=limit))


def _in_step() -> bool:
    return bool(os.environ.get("GITHUB_OUTPUT") or os.environ.get("GITHUB_STEP_SUMMARY"))


def _tell(settings: Settings, outputs: Outputs, summary: Callable[[int], str]) -> None:
    from reconciler.report.github_files import fill

    for complaint in fill(os.environ, outputs, summary):
        if settings.log_json:
            line = json_text({"severity": "warning", "summary": complaint})
        else:
            line = f"{settings.paint_errors('warning', 'yellow', 'bold')}: {printable(complaint)}\n"
        sys.stderr.write(line)
