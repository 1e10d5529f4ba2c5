"""voicectl import."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import Prepared, Wishes, ask, carry_out
from reconciler.cli.duration import Duration
from reconciler.cli.failures import tell
from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from reconciler.apply.workspace import Workspace
    from reconciler.authoring.unmanaged import NewFile
    from reconciler.plan.change import Plan


@voice_command("Adopt voices that exist.")
@click.argument("key", required=False)
@click.argument("voice_id", required=False)
@option("--all", "everything", is_flag=True, help="Adopt all voices that nobody manages.")
@option("--name", "names", metavar="PATTERN", help="With --all: only voices with such a name.")
@option("--dry-run", is_flag=True, help="Only say what would be done.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@option("--parallelism", type=click.IntRange(1, 100), help="Voices at a time. Default: 8, or voicectl.yaml's.")
@option("--timeout", type=Duration(), default="30m", help="How long the run may take. Default: 30m.")
@option("--lock-timeout", type=Duration(), default="0s", help="How long to wait for a lock. Default: 0s.")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="One event a line on stdout.")
def command(
    settings: Settings,
    *,
    key: str | None,
    voice_id: str | None,
    everything: bool,
    names: str | None,
    dry_run: bool,
    yes: bool,
    parallelism: int | None,
    timeout: float,
    lock_timeout: float,
    as_json: bool,
) -> int:
    """Adopt the voice VOICE_ID for KEY; nothing is cloned.

    Where KEY has no voice file, one is written from what the account shows;
    --all writes one for each voice that nobody manages. The recordings stay
    unknown: such voices are managed in name, description and labels until a
    recording is added. Files that are there are never touched.

    \b
    Examples:
      voicectl import narrator 0b1f7a52-6c9e-4d0c-9f6e-3a8d27c41b05
      voicectl import --all --dry-run
      voicectl import --all --name 'Support*' --yes
    """
    wishes = Wishes(
        yes=yes,
        parallelism=parallelism,
        wait=True,
        timeout=timeout,
        lock_timeout=lock_timeout,
        allowed=(),
        keep_going=False,
        commit=False,
        push=False,
        as_json=as_json,
    )
    importing = _Importing(settings, wishes, dry_run=dry_run)

    def prepare(workspace: Workspace) -> Prepared | None:
        if everything:
            if key is not None:
                raise UsageError("--all takes neither KEY nor VOICE_ID", fix="leave one of them out")
            return importing.all(workspace, names or "*")
        if key is None or voice_id is None:
            raise UsageError("KEY and VOICE_ID are needed, or --all", fix="`voicectl status` lists the voices")
        if names is not None:
            raise UsageError("--name needs --all", fix="add --all")
        return importing.one(workspace, key, _checked(voice_id))

    return carry_out(settings, wishes, prepare, name="import")


def _checked(text: str) -> str:
    from reconciler.desired.voice_file import voice_id

    try:
        return voice_id(text)
    except ValueError as error:
        what, fix = error.args
        raise UsageError(f"{text!r} {what}", fix=fix) from error


def _approved(plan: Plan) -> None:
    """Ask nothing: what is planned is checked to be no more than what was shown and approved."""
    del plan


class _Importing:
    """What is shown and asked before anything is written, and the plan that is made then."""

    def __init__(self, settings: Settings, wishes: Wishes, *, dry_run: bool) -> None:
        self._settings = settings
        self._wishes = wishes
        self._dry_run = dry_run

    def one(self, workspace: Workspace, key: str, voice_id: str) -> Prepared | None:
        """Prepare the adoption of one voice; None where there is nothing (left) to do."""
        from reconciler.apply.planning import PlanRequest, read_sides
        from reconciler.authoring.place import checked_key
        from reconciler.authoring.unmanaged import file_for, read_all, require_free
        from reconciler.report.imported import file_text

        loaded = workspace.store.load()
        desired = read_sides(workspace, loaded).voices
        has_file = key in desired
        key = key if has_file else checked_key(key)
        if not require_free(loaded, desired, key, voice_id):
            sys.stderr.write(f"{key} has the voice {voice_id} already.\n")
            return None
        if not has_file:
            file = file_for(workspace, asyncio.run(read_all(workspace, wanted=[voice_id])), key, voice_id)
            if not self._wishes.as_json:
                sys.stdout.write(file_text(file, workspace.root, self._settings.paint, dry_run=self._dry_run))
            if not self._write([file], "Write this file and adopt the voice"):
                return None
        request = PlanRequest(targets=(key,), imports={key: voice_id})
        return Prepared(request, None if has_file else _approved, dry_run=self._dry_run)

    def all(self, workspace: Workspace, names: str) -> Prepared | None:
        """Prepare the adoption of all voices that nobody manages; None where there is nothing (left) to do."""
        from reconciler.apply.clock import system_clock
        from reconciler.apply.planning import PlanRequest
        from reconciler.authoring.unmanaged import find_unmanaged, read_all
        from reconciler.report.imported import skipped_notes, unmanaged_line, unmanaged_text

        found = find_unmanaged(workspace, asyncio.run(read_all(workspace)), system_clock, names=names)
        if self._wishes.as_json:
            sys.stdout.write(unmanaged_line(found, workspace.root, dry_run=self._dry_run))
        elif found.imports:
            marks, paint = workspace.project.ownership_mark, self._settings.paint
            text = unmanaged_text(found, workspace.root, paint, marks=marks, dry_run=self._dry_run)
            sys.stdout.write(text)
        else:
            sys.stdout.write("Nothing to import: every voice that could be is managed.\n")
        tell(skipped_notes(found))
        if not found.imports or not self._write(found.files, "Write these files and adopt the voices"):
            return None
        request = PlanRequest(targets=tuple(sorted(found.imports)), imports=found.imports)
        return Prepared(request, _approved, shown=True)

    def _write(self, files: Sequence[NewFile], question: str) -> bool:
        """Ask, and write the files. Return False for a dry run, which does neither."""
        from reconciler.authoring.unmanaged import write_file

        if self._dry_run:
            return False
        sys.stdout.flush()
        if not self._wishes.yes:
            if self._wishes.as_json:
                raise RefusedError("--json asks nothing, so it needs --yes", fix="add --yes")
            ask(self._settings, f"{question} in the environment {self._settings.environment!r}?", to="this import")
        for file in files:
            write_file(file)
        return True
