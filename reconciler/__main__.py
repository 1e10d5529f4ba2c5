"""The `voicectl` command."""

from __future__ import annotations

import gc
import os
import sys

BETWEEN_COLLECTIONS = 200_000
"""Objects. Ten thousand voices are a million, and looking through them all again and again is a quarter of the time."""


def main() -> None:
    """Run the command line. What is asked all day is answered without loading it."""
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
    if arguments[:1] == ["__complete"]:  # asked at every press of Tab
        from reconciler.cli import complete  # noqa: PLC0415

        complete.main(arguments[1:])
        return
    gc.set_threshold(BETWEEN_COLLECTIONS)
    from reconciler.cli.app import run  # noqa: PLC0415

    sys.exit(run(arguments))


def _mend_streams() -> None:
    r"""Have three streams that take any text.

    A caller may have closed one, or set an encoding of the last century; and a file's name may hold bytes that are no
    text, which are written as `\udcff`: that is JSON as well.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - until the end
        elif mode == "w":
            encoding = stream.encoding if stream.isatty() else "utf-8"  # files and programs get what they can parse
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


if __name__ == "__main__":
    main()
