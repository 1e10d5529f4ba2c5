"""The lines of the promise, held against what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One promise."""

    what: str
    asked: str
    measured: str
    ratio: float
    """Measured by asked: at most 1 where the line is met."""

    @property
    def verdict(self) -> str:
        """Met, or by how much not."""
        return "met" if self.ratio <= 1 else f"**missed by {self.ratio - 1:.0%}**"


def lines(results: Mapping[str, Any]) -> Iterator[Line]:
    """Yield every line that the results say something about."""
    if {"files", "bulk"} <= results.keys():
        yield from _files(by_size(results))
    if "account" in results:
        plan, bare = (results["account"][name]["wall"] for name in ("plan", "paged GETs"))
        yield _times("`plan` that reads the account, 20 ms a call", plan, 1.1, bare, "the bare paged GETs")
    if "applying" in results:
        yield from _applying(results["applying"])
    if "memory" in results:
        mem = results["memory"]
        what = f"memory of `apply --parallelism {mem['parallelism']}` with 10 MB recordings"
        yield _most(what, mem["memory"], 150, "MB")
    if "start" in results:
        yield from _start(results["start"])
    if "samples" in results:
        first = results["samples"]["first"]
        share = first["cpu"] / first["wall"] / results["samples"]["cores"]
        what = f"`validate` of {results['samples']['samples']} new recordings: cores busy"
        yield Line(what, "all cores (90 %)", f"{share:.0%} of {results['samples']['cores']} cores", 0.9 / share)
    if "watching" in results:
        yield _most("`watch`: a save, until its plan is on the screen", results["watching"]["a saved description"], 0.3)


def by_size(results: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what every command costs that was run on repositories of several sizes."""
    files, bulk = results["files"], results["bulk"]
    return {size: files.get(size, {}) | bulk.get(size, {}) for size in sorted({*files, *bulk}, key=int)}


def _files(files: Mapping[str, Any]) -> Iterator[Line]:
    sizes = sorted(map(int, files))
    large = max(size for size in sizes if size <= 10_000)
    at = files[str(large)]
    plan, git = at["plan"]["wall"], at["git status"]["wall"]
    name = f"`plan --no-refresh` of {large:,} voices, nothing changed"
    yield _most(name, plan, 0.5)
    yield _times(name, plan, 15, git, "`git status`")
    yield _most(f"{name}: memory", at["plan"]["memory"], 150, "MB")
    changed = at["plan, one file changed"]["wall"] - plan
    yield _most("one voice file changed: more than that", max(changed, 0), 0.1)
    hashing = min((n for n in at if n.startswith("sha256sum")), key=lambda n: at[n]["wall"])
    yield _times("the same with cold caches", at["plan, cold"]["wall"], 1.3, at[hashing]["wall"], f"`{hashing}`")
    if 2 * large in sizes:
        twice = files[str(2 * large)]["plan"]["wall"]
        yield _times(f"{2 * large:,} voices instead of {large:,}", twice, 2.2, plan, f"{large:,}")


def _applying(applying: Mapping[str, Any]) -> Iterator[Line]:
    size = applying["voices"]
    for parallelism in (key for key in applying if key != "voices"):
        at = applying[parallelism]
        ours, bare, client = at["voicectl apply"], at["httpx over aiohttp"], at["palabra-ai"]
        name = f"`apply` of {size:,} voices, 50 ms a call, {parallelism} at a time"
        yield _times(f"{name}: the writing", ours["writing"], 1.05, ours["ideal writing"], "the ideal schedule")
        yield _times(f"{name}: all of it", ours["wall"], 1.05, ours["ideal"], "the ideal schedule")
        yield _times(name, ours["wall"], 1.0, client["wall"], "the `palabra-ai` script")
        calls = sum(ours["calls"].values())
        own = max(0.0, ours["cpu"] - bare["cpu"] * calls / sum(bare["calls"].values())) / calls * 1e3
        yield _most(f"{name}: CPU per call besides httpx and aiohttp", own, 1.0, "ms")


def _start(start: Mapping[str, Any]) -> Iterator[Line]:
    bare = start["python -c pass"]["wall"]
    for name in ("voicectl --version", "voicectl --help", "completion of a key"):
        yield _times(f"`{name}`", start[name]["wall"], 3, bare, "`python -c pass`")
    for name in ("voicectl get KEY", "voicectl export"):
        yield _most(f"`{name}` with 10,000 voices", start[name]["wall"], 0.2)


def _most(what: str, measured: float, limit: float, unit: str = "s") -> Line:
    return Line(what, f"at most {limit:g} {unit}", _shown(measured, unit), measured / limit)


def _times(what: str, measured: float, factor: float, other: float, name: str) -> Line:
    ratio = measured / other
    return Line(what, f"at most {factor:g} x {name}", f"{ratio:.2f} x ({_shown(measured)})", ratio / factor)


def _shown(value: float, unit: str = "s") -> str:
    return f"{value:.0f} {unit}" if unit == "MB" else f"{value:.3g} {unit}" if value < 10 else f"{value:.1f} {unit}"
