"""voicectl new."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import UsageError, VoicectlError

if TYPE_CHECKING:
    from reconciler.authoring.draft import Draft
    from reconciler.authoring.new_voice import Looked, NewVoice

LABELS = {
    "gender": ("male", "female"),
    "age_group": ("kid", "adult", "senior"),
    "mood": ("neutral", "happy", "angry", "sad"),
}


@voice_command("Make a voice from a recording.")
@click.argument("key", required=False)
@click.argument("sample", required=False, type=click.Path(path_type=Path))
@option("--from", "table", metavar="FILE", type=click.Path(path_type=Path), help="Make a voice for each row of a CSV.")
@option("--lang", metavar="CODE", help="The language spoken, such as en or pt-br.")
@option("--name", metavar="TEXT", help="The voice's name. Default: made from KEY.")
@option("--description", metavar="TEXT", help="What the voice is like.")
@option("--gender", type=click.Choice(LABELS["gender"]), help="A label.")
@option("--age-group", type=click.Choice(LABELS["age_group"]), help="A label.")
@option("--mood", type=click.Choice(LABELS["mood"]), help="A label.")
@option("--denoise/--no-denoise", default=None, help="Let Palabra remove background noise.")
@option("--dry-run", is_flag=True, help="Only say what would be made.")
def command(
    settings: Settings,
    *,
    key: str | None,
    sample: Path | None,
    table: Path | None,
    lang: str | None,
    name: str | None,
    description: str | None,
    gender: str | None,
    age_group: str | None,
    mood: str | None,
    denoise: bool | None,
    dry_run: bool,
) -> None:
    """Make the voice KEY from the recording SAMPLE, and say what it is like.

    The voice file is written beside the recording: one from elsewhere is
    copied to voices/KEY/. Nothing is overwritten. Asks only at a terminal.

    With --from, each row of a CSV file is a voice: key, sample, lang_code,
    name, description, gender, age_group, mood, denoise. Recordings are named
    relative to the table. If one row is wrong, nothing is written.

    \b
    Examples:
      voicectl new anna ~/Downloads/anna.mp3 --lang en
      voicectl new support/anna take3.wav --lang pt-br --gender female
      voicectl new --from voices.csv --dry-run
    """
    from reconciler.authoring.draft import Draft
    from reconciler.authoring.new_voice import write_voices
    from reconciler.report.authored import made_text

    said = Draft(name, lang, description, gender, age_group, mood, denoise)
    if table is not None:
        voices = _of_table(settings, key, table, said)
    elif key is None or sample is None:
        missing = "KEY and SAMPLE" if key is None else "SAMPLE"
        raise UsageError(f"{missing} are missing" if key is None else f"{missing} is missing", fix=_EXAMPLE)
    else:
        voices = [_of_recording(settings, key, sample, said)]
    if not dry_run:
        write_voices(voices)
    sys.stdout.write(made_text(voices, settings.root, settings.paint, dry_run=dry_run, next_steps=not settings.quiet))


_EXAMPLE = "name both, as in `voicectl new anna ~/anna.mp3 --lang en`, or a table with --from"


def _of_table(settings: Settings, key: str | None, table: Path, said: Draft) -> list[NewVoice]:
    from reconciler.authoring.new_voices import voices_of
    from reconciler.authoring.table import read_table

    if key is not None:
        raise UsageError("--from takes its voices from the table alone", fix="leave out KEY and SAMPLE, or --from")
    if said.name is not None:
        raise UsageError("--name cannot name every voice of a table", fix="give the table a column `name`")
    read = read_table(settings.directory / table, str(table))
    with settings.sample_progress() as progress:
        return voices_of(settings.workspace(), read, said, progress)


def _of_recording(settings: Settings, key: str, sample: Path, said: Draft) -> NewVoice:
    from reconciler.authoring.new_voice import Looked, Wanted, drafted, look

    path = settings.directory / sample
    if not path.exists() and (settings.directory / key).is_file():
        raise UsageError(f"{sample}: there is no such file", fix=f"KEY comes first: `voicectl new {sample} {key}`")
    workspace = settings.workspace()
    with settings.sample_progress() as progress:
        (looked,) = look(workspace, [Wanted(key, path)], progress)
    if not isinstance(looked, Looked):
        raise looked
    if _asks(settings):
        said = _ask(settings, looked, said)
    return drafted(workspace.root, looked, said)


def _asks(settings: Settings) -> bool:
    return not settings.no_input and sys.stdin.isatty() and sys.stderr.isatty()


def _ask(settings: Settings, looked: Looked, said: Draft) -> Draft:
    """Ask for what no option says; Enter takes what is proposed."""
    from reconciler.authoring.draft import propose_name
    from reconciler.authoring.language import ASSUMED, of_locale, of_recording
    from reconciler.report.authored import sample_text

    name = looked.place.source.name
    sys.stderr.write(f"{sample_text(looked.inspected, name, settings.paint_errors)}\n")
    if said.name is None:
        proposed = propose_name(looked.place.key)
        said = replace(said, name=click.prompt("Name", default=proposed, err=True, value_proc=_fit_for("name")))
    if said.lang_code is None:
        try:
            language = of_recording(looked.place.source) or of_locale(os.environ) or ASSUMED
        except VoicectlError as error:
            sys.stderr.write(f"{error.why}\n")
            language = None
        default = language.code if language else None
        code = click.prompt("Language spoken", default=default, err=True, value_proc=_fit_for("lang_code"))
        said = replace(said, lang_code=code)
    for label, choices in LABELS.items():
        if getattr(said, label) is None:
            words = f"{label.replace('_', ' ').capitalize()} ({', '.join(choices)}; Enter: not said)"
            answer = click.prompt(words, default="", show_default=False, err=True, value_proc=_one_of(choices))
            answered: dict[str, Any] = {label: answer or None}
            said = replace(said, **answered)
    return said


def _fit_for(field: str) -> Callable[[str], str]:
    def check(answer: str) -> str:
        from reconciler.authoring.draft import Draft, faults

        answered: dict[str, Any] = {field: answer.lower() if field == "lang_code" else answer}
        for fault in faults(Draft(**answered)):
            raise click.BadParameter(f"{fault.summary}. {fault.detail}")
        return answer

    return check


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def check(answer: str) -> str:
        if answer and answer not in choices:
            raise click.BadParameter(f"write one of {', '.join(choices)}, or press Enter")
        return answer

    return check
