"""voicectl completion."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli.settings import Settings, voice_command

SCRIPTS = Path(__file__).parent / "completions"


@voice_command("Print a script that completes command lines.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(settings: Settings, *, shell: str) -> None:
    """Print a script that completes command lines in bash, zsh or fish.

    Commands, options, keys of voices, environments and rules, from the files
    of the project; nothing is asked over the network.

    \b
    Examples:
      source <(voicectl completion bash)     in ~/.bashrc
      source <(voicectl completion zsh)      in ~/.zshrc
      voicectl completion fish | source      in ~/.config/fish/config.fish
    """
    del settings
    sys.stdout.write((SCRIPTS / f"voicectl.{shell}").read_text(encoding="utf-8"))
