"""Where the time of a command goes: what its main thread is busy with, added up by part of the program."""

from __future__ import annotations

import marshal
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from benchmarks.speed.applying import DELAY, PROCESSING, fresh
from benchmarks.speed.bench import PYTHON, ROOT, Bench, as_on, palabra
from benchmarks.speed.cached_checks import remember_checks
from benchmarks.speed.files import editing
from benchmarks.speed.timing import Command, run

NAMED = 7
"""Parts of each command that are named."""
WAITING = re.compile(r"'poll' of 'select|'acquire' of '_thread")
LOADING = re.compile(
    r"importlib|built-in method (builtins\.(compile|exec|__build_class__)|marshal\.|_imp\.)|dataclasses"
)
FOLDERS = re.compile(r"built-in method posix\.(l?stat|scandir)")
PLACE = re.compile(r"site-packages/([^/.]+)|/python3\.\d+/(?!site-packages)(\w+)")

Shares = dict[str, float]
"""Part -> share of the busy time, the largest first."""


def measure(bench: Bench) -> dict[str, Shares]:
    """Return the shares of each command."""
    large = bench.repository(bench.large)
    new = bench.repository(100 if bench.quick else 1000, applied=0)
    remember_checks(new, bench.data / "cache")
    plan = bench.voicectl(large, "plan", "--no-refresh")
    edit = editing(large)
    run(plan)
    found = {"plan": _profiled(bench, plan), "plan, one file changed": _profiled(bench, replace(plan, prepare=edit))}
    edit(back=True)
    forget = replace(plan, prepare=lambda: shutil.rmtree(large.work, ignore_errors=True))
    found["plan, cold"] = _profiled(bench, forget)
    with palabra(large, delay=0.02) as server:
        found["plan that reads the account"] = _profiled(bench, as_on(server, bench.voicectl(large, "plan")))
    with palabra(new, delay=DELAY, processing=PROCESSING) as server:
        apply = as_on(server, bench.voicectl(new, "apply", "--yes", "--quiet"))
        found["apply, 8 at a time"] = _profiled(bench, replace(apply, prepare=fresh(new, server)))
    return found


def _profiled(bench: Bench, command: Command) -> Shares:
    kept = bench.data / "profile"
    run(replace(command, line=[PYTHON, "-m", "cProfile", "-o", str(kept), *command.line]))
    return _shares(kept)


def _shares(kept: Path) -> Shares:
    spent: Counter[str] = Counter()
    for (file, _, name), (_, _, seconds, _, _) in marshal.loads(kept.read_bytes()).items():
        if not WAITING.search(name):
            spent[_part(file, name)] += seconds
    total = sum(spent.values())
    return {part: seconds / total for part, seconds in spent.most_common(NAMED)}


def _part(file: str, name: str) -> str:
    if LOADING.search(file) or LOADING.search(name):
        return "loading modules"
    if FOLDERS.search(name):
        return "stat and scandir"
    if file.startswith(f"{ROOT}/reconciler/"):
        return f"`{Path(file).relative_to(ROOT / 'reconciler').parts[0].removesuffix('.py')}`"
    if found := PLACE.search(file):
        return found[1] or found[2]
    return "functions in C"
