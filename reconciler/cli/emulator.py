"""voicectl emulator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.duration import Duration
from reconciler.cli.settings import Settings, option, voice_command
from reconciler.errors import VoicectlError

if TYPE_CHECKING:
    from reconciler.emulator.server import EmulatorServer


@voice_command("Serve the Palabra API on this machine.")
@option("--host", default="127.0.0.1", help="Default: 127.0.0.1.")
@option("--port", type=click.IntRange(0, 65535), default=8080, help="Default: 8080; 0 takes any free one.")
@option("--upload-port", type=click.IntRange(0, 65535), default=0, help="Of the upload host. Default: any free one.")
@option("--data", type=click.Path(path_type=Path, file_okay=False), help="Default: .voicectl/emulator.")
@option("--processing-time", type=Duration(), default="2s", help="From upload to verdict. Default: 2s.")
@option("--api-key", metavar="KEY", help="Let in only this key. Default: any.")
@option("--strict/--no-strict", default=True, help="Refuse credentials on the upload host, and unknown languages.")
@option("--limit", type=click.IntRange(0), default=50, help="Voices per account. Default: 50.")
@option("--bare", is_flag=True, help="Speak the guide's unwrapped bodies.")
@option("--faults", type=click.Path(path_type=Path, dir_okay=False), help="Misbehave as this file says.")
def command(
    settings: Settings,
    *,
    host: str,
    port: int,
    upload_port: int,
    data: Path | None,
    processing_time: float,
    api_key: str | None,
    strict: bool,
    limit: int,
    bare: bool,
    faults: Path | None,
) -> None:
    """Serve a faithful Palabra on this machine until Ctrl-C.

    Its address is printed on stdout. Voices survive a restart, and kill -9.

    \b
    Examples:
      voicectl emulator --port 8080 --data /tmp/palabra
      PALABRA_API_URL=http://127.0.0.1:8080 PALABRA_API_KEY=any voicectl apply
    """
    import sqlite3

    from reconciler.emulator.server import serve
    from reconciler.emulator.settings import EmulatorSettings

    def ready(server: EmulatorServer) -> None:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        if not settings.quiet:
            click.echo(f"uploads go to {server.upload_url}; Ctrl-C ends it", err=True)

    emulator = EmulatorSettings(
        data=settings.directory / (data or Path(".voicectl/emulator")),
        host=host,
        port=port,
        upload_port=upload_port,
        processing_time=processing_time,
        api_key=api_key,
        strict=strict,
        limit=limit,
        bare=bare,
        faults=settings.directory / faults if faults else None,
    )
    try:
        serve(emulator, ready)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise VoicectlError("The emulator cannot keep its data", where=str(emulator.data), why=why) from error
