"""Measures the files of one part as voicectl does, and judges what was measured."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import reconciler.samples
from benchmarks.hearing.build import read_list
from benchmarks.hearing.cases import Case
from benchmarks.hearing.catalogue import Split
from reconciler.errors import SampleError, Severity
from reconciler.samples.cache import MeasurementCache
from reconciler.samples.measurement import Measurement
from reconciler.samples.rules import judge
from reconciler.samples.workers import WORKER, Measurer

WITHOUT_MODELS: Final = ("noise", "music", "clipping")
"""Groups in which voices are not compared: this takes most of the time, and has groups of its own."""

NO_SPEAKERS: Final = (
    "-c",
    """
from functools import partial
from reconciler.samples.measure import measure
from reconciler.samples.worker import serve
serve(partial(measure, speakers=False))
""",
)

JUDGING: Final = ("audio_rules.py", "hard_rules.py", "rules.py", "settings.py", "finding.py", "cache.py", "workers.py")
"""Modules that may change without a file having to be measured again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What voicectl says about a file whose truth is known."""

    case: Case
    severities: dict[str, Severity]
    """Of each broken rule, the worst."""
    values: dict[str, float]
    """What was measured, by rule, where it is a number and the rule is broken."""
    measurement: Measurement | None
    """None: the file cannot be read as audio."""

    def found(self, rules: Sequence[str], severity: Severity = Severity.WARNING) -> bool:
        """Say whether one of the rules is broken at least so badly."""
        enough = (Severity.ERROR,) if severity is Severity.ERROR else (Severity.ERROR, Severity.WARNING)
        return any(self.severities.get(rule) in enough for rule in rules)

    @property
    def worst(self) -> Severity | None:
        """Of all findings."""
        if Severity.ERROR in self.severities.values():
            return Severity.ERROR
        return Severity.WARNING if self.severities else None


def evaluate(data: Path, split: Split, workers: int, groups: Sequence[str] = ()) -> list[Verdict]:
    """Measure what is not known yet, and judge all with the limits that are built in."""
    files = [(path, case) for path, case in read_list(data, split) if not groups or case.group in groups]
    verdicts = []
    for program, kind in ((WORKER, "full"), (NO_SPEAKERS, "quick")):
        some = [(path, case) for path, case in files if (case.group in WITHOUT_MODELS) == (kind == "quick")]
        cache = MeasurementCache(data / "measured" / f"{kind}-{_checks_digest()}")
        samples = [(path, hashlib.sha256(path.read_bytes()).hexdigest()) for path, _ in some]
        with Measurer(cache, workers=workers, program=program) as measurer:
            results = measurer.measure_all(samples, _progress(kind, len(samples)))
        verdicts += [_judge(case, result) for (_, case), result in zip(some, results, strict=True)]
    return verdicts


def _judge(case: Case, result: Measurement | SampleError) -> Verdict:
    if isinstance(result, SampleError):
        return Verdict(case, {result.rule: Severity.ERROR}, {}, None)
    severities: dict[str, Severity] = {}
    values: dict[str, float] = {}
    for finding in judge(result, {}):
        if severities.get(finding.rule) is not Severity.ERROR:
            severities[finding.rule] = finding.severity
        if finding.value is not None:
            values[finding.rule] = finding.value
    return Verdict(case, severities, values, result)


def _checks_digest() -> str:
    """Return a name for the code and the weights that measure."""
    folder = Path(reconciler.samples.__file__).parent
    sources = [path for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".npz")]
    digest = hashlib.sha256()
    for path in sources:
        if path.name not in JUDGING:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _progress(kind: str, count: int):  # type: ignore[no-untyped-def] # noqa: ANN202
    def tell(done: int) -> None:
        if done % 50 == 0 or done == count:
            print(f"{kind}: {done} of {count} measured", flush=True)

    return tell
