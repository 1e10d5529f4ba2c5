"""docs/speed.md: its figures stand between markers and come from the results, with date and commit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.speed.bench import ROOT
from benchmarks.speed.plot import plot
from benchmarks.speed.verdicts import by_size, lines

PAGE: Final = ROOT / "docs" / "speed.md"
PICTURE: Final = PAGE.with_name("speed.svg")


def write(results: Mapping[str, Any], page: Path = PAGE, picture: Path = PICTURE) -> None:
    """Put the figures into the page, and draw the picture."""
    text = page.read_text(encoding="utf-8")
    for name, table in tables(results).items():
        place = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        text, found = place.subn(lambda match, table=table: f"{match[1]}\n{table}\n\n{match[2]}", text)
        if found != 1:
            raise ValueError(f"{page.name} has {found} places for the table {name!r}")
    page.write_text(text, encoding="utf-8")
    picture.write_text(plot(by_size(results)), encoding="utf-8")


def tables(results: Mapping[str, Any]) -> dict[str, str]:
    """Return each table of the page by the name of its place."""
    return {
        "measured": _measured(results),
        "lines": markdown(
            ["what", "asked", "measured", ""],
            [[line.what, line.asked, line.measured, line.verdict] for line in lines(results)],
        ),
        "sizes": _sizes(by_size(results)),
        "start": markdown(
            ["command", "seconds", "of CPU"],
            [[f"`{name}`", f"{at['wall']:.3f}", f"{at['cpu']:.3f}"] for name, at in results["start"].items()],
        ),
        "apply": _apply(results["applying"]),
        "profiles": markdown(
            ["command", "share of the busy time of its main thread"],
            [
                [f"`{name}`", ", ".join(f"{part} {share:.0%}" for part, share in shares.items())]
                for name, shares in results["profiles"].items()
            ],
        ),
    }


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _measured(results: Mapping[str, Any]) -> str:
    where, when = results["machine"], results["moment"]
    peers = ", ".join(f"{name} {version}" for name, version in sorted(results["peers"].items()))
    return (
        f"{when['date']}, commit {when['commit']}; {where['cpu']}, {where['cores']} cores, {where['memory']}, "
        f"{where['system']}, Python {where['python']}; load average at the start {when['load']}. Peers: {peers}."
    )


def _sizes(files: Mapping[str, Any]) -> str:
    sizes = sorted(files, key=int)
    names = list(dict.fromkeys(name for size in sizes for name in files[size]))

    def shown(name: str, size: str) -> str:
        return f"{files[size][name]['wall']:.2f}" if name in files[size] else ""

    return markdown(
        ["seconds", *(f"{int(size):,} voices" for size in sizes)],
        [[name, *(shown(name, size) for size in sizes)] for name in names],
    )


def _apply(applying: Mapping[str, Any]) -> str:
    rows = []
    for parallelism in (key for key in applying if key != "voices"):
        for name, at in applying[parallelism].items():
            calls = sum(at["calls"].values())
            figures = [f"{at['wall']:.2f}", f"{at['writing']:.2f}", f"{at['ideal writing']:.2f}"]
            cpu = f"{at['cpu'] / calls * 1e3:.2f}"
            rows.append([parallelism, name, *figures, str(calls), cpu, f"{at['memory']:.0f}"])
    head = ["at a time", "program", "seconds", "of them writing", "ideal", "calls", "ms of CPU a call", "MB"]
    return markdown(head, rows)
