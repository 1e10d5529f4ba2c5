"""The `voicectl` command."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line. `--help` and `--version` are answered without loading it: they are asked all day."""
    _mend_streams()
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


def _mend_streams() -> None:
    """Have three streams that take any text: a caller may have closed one, or set an encoding of the last century."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - until the end
        elif mode == "w" and stream.encoding.lower().replace("-", "") != "utf8":
            encoding = stream.encoding if stream.isatty() else "utf-8"  # files and programs get what they can parse
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


if __name__ == "__main__":
    main()
