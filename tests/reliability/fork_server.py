"""A process with the whole program loaded, from which each run of voicectl is forked: 20 ms instead of a second.

It reads one order a line from stdin and answers each with one line, both JSON. It has one thread and no event loop,
so that forking is safe; the emulator is another process. Each child is a process of its own in every respect that
matters here: its own pid, environment, folder and locks, and a SIGKILL ends it as it ends any other.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stamina

from reconciler.apply import lost_creates
from reconciler.apply.processing import Processing
from reconciler.cli.app import run
from reconciler.crash_points import crash_point
from reconciler.palabra import http
from reconciler.state.document import StateDocument, render
from reconciler.state.reading import parse

LOADED = (
    *("anyio._backends._asyncio", "av", "deepdiff", "httpcore", "httpx._transports.default"),
    *("reconciler.apply.planning", "reconciler.apply.run"),
    *("reconciler.cli.apply", "reconciler.cli.export", "reconciler.cli.get", "reconciler.cli.plan"),
    *("reconciler.report.apply_view", "reconciler.report.outcome", "reconciler.report.progress"),
    "reconciler.report.text",
)
"""Modules that runs load when they need them: loaded here once, so that no child has to."""
WATCHDOG = 120
"""Seconds after which a run that hangs is ended by SIGALRM, so that no failure looks like patience."""


@dataclass(frozen=True, slots=True)
class Order:
    """One run."""

    commands: list[list[str]]
    """Command lines, one after another; the first that does not exit with 0 is the last."""
    directory: str
    environ: dict[str, str]
    output: str
    """The file for stdout; stderr goes beside it, as `.err`."""
    crash_at: int = 0
    crash_log: str | None = None
    settle: float = 0.2
    """Seconds within which a lost create is looked for: the emulator's lists lag behind only if a fault says so."""
    first_pause: float = 0.02
    """Seconds before the processing is first looked at: the emulator takes no longer."""
    hurry: bool = False
    """Whether pauses between tries are a tenth of what they are, and connecting may take half a second only."""


def warm_up() -> None:
    """Load what is loaded and build what is built on first use, once."""
    modules = {name: importlib.import_module(name) for name in LOADED}
    transports: Any = modules["httpx._transports.default"]
    transports.create_ssl_context = functools.cache(transports.create_ssl_context)  # 40 ms; nothing here speaks TLS
    transports.create_ssl_context(verify=True, cert=None, trust_env=True)
    parse(render(StateDocument.new("default")), filename="warm-up")
    gc.collect()
    gc.freeze()  # no page is written to merely because a child collects garbage


def become(order: Order) -> int:
    """Be voicectl; returns its exit code. In the child."""
    for handled in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(handled, signal.default_int_handler if handled == signal.SIGINT else signal.SIG_DFL)
    signal.alarm(WATCHDOG)
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order.output + ".err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        handle = os.open(path, flags, 0o644)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout, sys.stderr = (open(n, mode, encoding="utf-8") for n, mode in ((0, "r"), (1, "w"), (2, "w")))  # noqa: SIM115, PTH123 - the process's own, until it ends
    os.environ.clear()
    os.environ.update(order.environ)
    os.chdir(order.directory)
    os.environ.setdefault("VOICECTL_SETTLE", str(order.settle))
    defaults: Any = Processing.__init__.__kwdefaults__
    defaults["first_pause"] = order.first_pause
    if order.hurry:
        hurry()
    crash_point.at, crash_point.log = order.crash_at, order.crash_log
    code = 0
    for command in order.commands:
        sys.argv = ["voicectl", *command]
        code = run(command)
        if code:
            break
    return code


def hurry() -> None:
    """Shorten the pauses, not the number of tries."""
    patient: Any = stamina.retry_context
    waits = {"wait_initial": 0.03, "wait_max": 0.3, "wait_jitter": 0.05}
    shortened: dict[Any, dict[str, Any]] = {
        stamina: {"retry_context": lambda **given: patient(**{**given, **waits})},
        lost_creates: {"PAUSES": (0.05, 0.1)},
        http: {"CONNECT_TIMEOUT": 0.5},
    }
    for module, values in shortened.items():
        for name, value in values.items():
            setattr(module, name, value)


def fork(order: Order) -> int:
    """Start a run; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        code = become(order)
        sys.stdout.flush()
        sys.stderr.flush()
    except SystemExit as stopped:
        code = stopped.code if isinstance(stopped.code, int) else 1
    except BaseException:  # noqa: BLE001 - what is not caught ends here, as it would in an interpreter
        import traceback  # noqa: PLC0415

        traceback.print_exc()
        sys.stderr.flush()
        code = 70
    finally:
        os._exit(code)


def main() -> None:
    """Serve until stdin ends."""
    warm_up()
    answer({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            answer({"code": os.waitstatus_to_exitcode(status)})
        else:
            answer({"pid": fork(Order(**asked))})


def answer(message: dict[str, Any]) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main()
