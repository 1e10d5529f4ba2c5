"""apply --outputs: exports that follow the apply, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.failures import tell
from reconciler.cli.settings import Settings
from reconciler.errors import Diagnostic, Severity, UsageError

if TYPE_CHECKING:
    from reconciler.apply.run import Applied
    from reconciler.apply.workspace import Workspace

SHOWN = 5
"""How many reasons are told."""


def checked_outputs(settings: Settings, workspace: Workspace, files: Sequence[Path]) -> tuple[Path, ...]:
    """Return absolute paths. Raises UsageError for one that is not a place for an export."""
    from reconciler.report.export import ENDINGS, form_of

    for file in files:
        if form_of(file.name) is None:
            *others, last = ENDINGS
            raise UsageError(
                f"--outputs {file}: the ending does not say which format",
                fix=f"name a file that ends in {', '.join(others)} or {last}; for another name there is "
                "`voicectl export --out FILE` with a --format",
            )
        if (settings.directory / file).resolve() in {path.resolve() for path in workspace.project.state_files}:
            raise UsageError(f"--outputs {file} is a state document", fix="name another file")
    return tuple(dict.fromkeys(settings.directory / file for file in files))


def write_outputs(settings: Settings, workspace: Workspace, files: Sequence[Path], applied: Applied) -> None:
    """Write the exports if all is ready, and say what was done. Raises VoicectlError where one cannot be written."""
    from reconciler.apply.outputs import unready
    from reconciler.report.export import form_of, render_export
    from reconciler.state.exported import exported
    from reconciler.state.files import write_atomically

    voices = workspace.store.load().voices
    why = unready(applied, voices)
    if why:
        names = ", ".join(file.name for file in files)
        reasons = "; ".join([*why[:SHOWN], *([f"and {len(why) - SHOWN} more"] if len(why) > SHOWN else [])])
        how = "What was there stays as it is, until an apply ends with every voice ready."
        tell([Diagnostic(Severity.WARNING, "outputs.not-ready", f"Not written: {names} ({reasons})", how)])
        return
    texts = {file: render_export(exported(voices), form) for file in files if (form := form_of(file.name))}
    for file, text in texts.items():
        fresh = _is(file, text)
        if not fresh:
            write_atomically(file, text)
        if not settings.quiet:
            what = f"{file.name} is up to date" if fresh else f"Wrote {file.name}"
            tell([Diagnostic(Severity.INFO, "outputs.written", what)])


def _is(file: Path, text: str) -> bool:
    """Whether a file has this content already: what is built from it need not be built again."""
    try:
        return file.read_bytes() == text.encode()
    except OSError:
        return False
