"""The `voicectl` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. `--help` and `--version` are answered without loading it: they are asked all day."""
    arguments = sys.argv[1:]
    if arguments in ([], ["--help"], ["-h"]):
        from pathlib import Path  # noqa: PLC0415

        sys.stdout.write((Path(__file__).parent / "cli" / "help.txt").read_text(encoding="utf-8"))
        return
    if arguments == ["--version"]:
        from reconciler import __version__  # noqa: PLC0415

        sys.stdout.write(f"voicectl {__version__}\n")
        return
    from reconciler.cli.app import run  # noqa: PLC0415

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
