"""voicectl history."""

from __future__ import annotations

import os
import sys
from itertools import islice
from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import UsageError, VoicectlError
from reconciler.report.json_text import json_text

if TYPE_CHECKING:
    from reconciler.git.history import History
    from reconciler.report.history import Trail


@voice_command("Show from git what became of each voice.")
@click.argument("key", required=False)
@option("--voice-id", metavar="ID", help="Which recording made this voice?")
@option("--limit", type=click.IntRange(1), help="Only so many changes, the newest.")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="As JSON.")
def command(settings: Settings, *, key: str | None, voice_id: str | None, limit: int | None, as_json: bool) -> None:
    """Show every change of every voice, from git: who, when, which recording.

    With KEY only those of one voice, also under the keys it had before. With
    --voice-id those of one id, and which recording made it.

    \b
    Examples:
      voicectl history narrator
      voicectl history --voice-id 0b1f7a52-6c9e-4d0c-9f6e-3a8d27c41b05
    """
    from reconciler.report.history import history_json, history_text

    if key is not None and voice_id is not None:
        raise UsageError("KEY and --voice-id are two questions", fix="ask one of them")
    try:
        trail = _trail(settings, key, voice_id, limit)
    except VoicectlError as error:
        if as_json:
            from reconciler.plan.document import diagnostic_to_json, diagnostics_of

            errored = {"format_version": "1.0", "environment": settings.environment, "errored": True, "changes": []}
            errored["diagnostics"] = [diagnostic_to_json(d) for d in diagnostics_of(error)]
            click.echo(json_text(errored, indent=2), nl=False)
        raise
    if not as_json:
        for warning in trail.warnings:
            click.echo(f"{settings.paint_errors('warning', 'yellow', 'bold')}: {warning}", err=True)
    sys.stdout.write(history_json(trail) if as_json else history_text(trail, settings.paint))


def _trail(settings: Settings, key: str | None, voice_id: str | None, limit: int | None) -> Trail:
    from reconciler.git.history import of_key, open_history, origin_of
    from reconciler.git.recordings import find_recordings
    from reconciler.report.history import Trail, samples_of

    store = settings.store()
    if store.file is None:
        raise VoicectlError(
            f"The state document of the environment {settings.environment!r} is not in git",
            where=store.name,
            why="its history is what the store keeps of old versions",
        )
    with open_history(settings.root, store.file, settings.environment, os.environ) as history:
        origin = None
        if voice_id is not None:
            entries = [entry for entry in history.entries() if voice_id in entry.voice_ids]
            origin = origin_of(voice_id, entries)
            entries = entries[:limit]
        else:
            found = history.entries() if key is None else of_key(history.entries(), key)
            entries = list(islice(found, limit))
        if not entries and (key is not None or voice_id is not None):
            raise _unknown(history, key, voice_id)
        wanted = samples_of([*entries, *([origin.entry] if origin else [])])
        return Trail(
            environment=settings.environment,
            state=history.path,
            entries=entries,
            kept=find_recordings(history.repository, wanted),
            complete=history.complete,
            warnings=history.warnings,
            now=history.now,
            origin=origin,
        )


def _unknown(history: History, key: str | None, voice_id: str | None) -> VoicectlError:
    from reconciler.suggest import suggest

    what = f"the key {key!r}" if key is not None else f"the voice id {voice_id!r}"
    near = suggest(key, history.now.voices) if key is not None and history.now is not None else None
    return VoicectlError(
        f"The history knows nothing of {what}",
        where=history.path,
        why="; ".join(history.warnings),
        fix=f"did you mean {near!r}?" if near else "`voicectl history` shows all there is",
    )
