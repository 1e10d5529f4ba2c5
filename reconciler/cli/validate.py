"""voicectl validate."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click

from reconciler.cli.formats import chosen, format_options
from reconciler.cli.github_files import tell_failed, tell_validated
from reconciler.cli.settings import Settings, voice_command
from reconciler.errors import VoicectlError

if TYPE_CHECKING:
    from reconciler.apply.validation import Validated


class Form(StrEnum):
    """Who reads the result."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


@voice_command("Check voice files and samples, offline.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@format_options(Form)
def command(settings: Settings, *, paths: tuple[Path, ...], form: str | None, as_json: bool) -> int:
    """Check every voice file and every sample, or only those at PATH.

    Needs no network and no credentials. All problems of all files are shown at
    once; the exit code is 1 if one of them is an error.

    \b
    Examples:
      voicectl validate
      voicectl validate voices/support --json
      voicectl validate --format sarif > voices.sarif
    """
    from reconciler.apply.validation import Validated, validate
    from reconciler.plan.document import diagnostics_of

    wanted = chosen(Form, form, as_json=as_json)
    try:
        with settings.sample_progress() as progress:
            result = validate(settings.workspace(), [settings.directory / path for path in paths], progress)
    except VoicectlError as error:
        if wanted is not Form.TEXT:
            sys.stdout.write(_rendered(settings, wanted, Validated((), diagnostics_of(error))))
        tell_failed(settings, "validate", error)
        raise
    code = 1 if result.errors else 0
    sys.stdout.write(_rendered(settings, wanted, result))
    tell_validated(settings, result, exit_code=code)
    return code


def _rendered(settings: Settings, form: Form, result: Validated) -> str:
    from reconciler.report.places import Places

    match form:
        case Form.TEXT:
            from reconciler.report.validated import validated_text

            return validated_text(result, settings.paint)
        case Form.JSON:
            from reconciler.report.validated import validated_json

            return validated_json(result)
        case Form.GITHUB:
            from reconciler.report.github import render_annotations

            return render_annotations(result.diagnostics, Places.of(settings.root), see="voicectl validate")
        case Form.SARIF:
            from reconciler.report.sarif import render_sarif

            return render_sarif(result.diagnostics, Places.of(settings.root))
        case Form.JUNIT:
            from reconciler.report.junit import render_junit

            return render_junit(result.diagnostics, result.keys)
        case _:
            assert_never(form)
