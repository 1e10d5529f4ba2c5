"""voicectl promote."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import Prepared, Wishes, applying_options, carry_out
from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.apply.workspace import Workspace


@voice_command("Carry over to one environment what is ready in another.")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@option("--from", "source", required=True, metavar="NAME", help="The environment in which voices are ready.")
@option("--to", "target", required=True, metavar="NAME", help="The environment to bring to the same.")
@option("--dry-run", is_flag=True, help="Show what would be done, and end.")
@applying_options
def command(
    settings: Settings, *, wishes: Wishes, keys: tuple[str, ...], source: str, target: str, dry_run: bool
) -> int:
    """Apply to one environment what another has shown to work.

    A voice is carried over when --from has it ready, made of exactly what the
    files say now. Everything else is listed with the reason, and left out; a
    KEY given by name that is not ready is refused. --from is read from its
    state document, so only the credentials of --to are needed. Nothing is
    ever deleted for a file that is gone.

    \b
    Examples:
      voicectl promote --from staging --to prod --dry-run
      voicectl promote --from staging --to prod
      voicectl promote --from staging --to prod narrator --yes
    """
    if source == target:
        raise UsageError(f"--from and --to are both {source!r}", fix="name two environments")

    def prepare(_: Workspace) -> Prepared | None:
        from reconciler.apply.clock import system_clock
        from reconciler.apply.planning import PlanRequest
        from reconciler.apply.promotion import find_promotable
        from reconciler.report.promotion import promotion_line, promotion_text

        promotion = find_promotable(replace(settings, environment=source).workspace(), keys, system_clock)
        sys.stdout.write(
            promotion_line(promotion, target) if wishes.as_json else promotion_text(promotion, settings.paint)
        )
        if not promotion.ready:
            return None
        request = PlanRequest(targets=promotion.targets, allow_findings=wishes.allowed)
        return Prepared(request, dry_run=dry_run)

    return carry_out(replace(settings, environment=target), wishes, prepare, name="promote")
