"""voicectl apply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import Prepared, Wishes, applying_options, carry_out
from reconciler.cli.outputs import checked_outputs
from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.apply.workspace import Workspace
    from reconciler.plan.saved import SavedPlan


@voice_command("Bring the account to where the files say.")
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path, dir_okay=False))
@option("--allow-deletes", is_flag=True, help="Delete more than the safety limits let pass.")
@option("--target", "targets", multiple=True, metavar="KEY", help="Only this voice (or pattern); repeatable.")
@option("--replace", "replaced", multiple=True, metavar="KEY", help="Clone this voice anew; repeatable.")
@option(
    "--outputs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Export to this file once every voice is ready; repeatable.",
)
@applying_options
def command(
    settings: Settings,
    *,
    wishes: Wishes,
    plan_file: Path | None,
    allow_deletes: bool,
    targets: tuple[str, ...],
    replaced: tuple[str, ...],
    outputs: tuple[Path, ...],
) -> int:
    """Bring the account to where the files say, exactly once.

    Without PLAN the plan is made now, shown, and asked about. A saved PLAN is
    the approval: it is carried out if nothing has changed since.

    \b
    Examples:
      voicectl apply
      voicectl --env local apply --yes
      voicectl apply --target narrator --timeout 5m
      voicectl apply voices.plan
      voicectl apply --yes --commit --push
      voicectl apply --yes --outputs src/voices.ts
    """
    from reconciler.apply.planning import PlanRequest

    def prepare(workspace: Workspace) -> Prepared:
        saved = _load(settings, plan_file) if plan_file else None
        if saved is not None and (targets or replaced):
            raise UsageError("A saved plan has its own --target and --replace", fix="plan again with other ones")
        request = PlanRequest(
            targets=saved.targets if saved else targets,
            replace=saved.replace if saved else replaced,
            allow_deletes=allow_deletes,
            allow_findings=wishes.allowed,
            outputs=checked_outputs(settings, workspace, outputs),
        )
        return Prepared(request, saved.check if saved else None)

    return carry_out(settings, wishes, prepare, name="apply")


def _load(settings: Settings, path: Path) -> SavedPlan:
    from reconciler.plan.saved import parse_saved

    try:
        text = (settings.directory / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read {path}", why=str(error)) from error
    return parse_saved(text, filename=str(path), environment=settings.environment)
