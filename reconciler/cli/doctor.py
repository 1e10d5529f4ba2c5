"""voicectl doctor."""

from __future__ import annotations

import asyncio
import os
import sys

import click

from reconciler.cli.settings import Settings, option, voice_command


@voice_command("Say what keeps voicectl from working here.")
@option("--offline", is_flag=True, help="Do not ask the API.")
@click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="As JSON.")
def command(settings: Settings, *, offline: bool, as_json: bool) -> int:
    """Look at credentials, API, clock, quota, git, state and disk.

    Each line is ok, a warning or a problem, with what to do about it; the exit
    code is 1 if there is a problem. Nothing is changed, here or on the server.

    \b
    Examples:
      voicectl doctor
      voicectl doctor --offline --json
    """
    from reconciler.apply.clock import system_clock
    from reconciler.doctor.examine import examine
    from reconciler.report.doctor import doctor_json, doctor_text, is_healthy

    run = examine(settings.root, settings.environment, os.environ, system_clock, offline=offline)
    checks = asyncio.run(run)
    sys.stdout.write(doctor_json(checks, settings.environment) if as_json else doctor_text(checks, settings.paint))
    return 0 if is_healthy(checks) else 1
