"""The figures: how often a rule speaks up where it should, and where it should not, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import sqrt
from typing import Final

from benchmarks.hearing.catalogue import Voice
from benchmarks.hearing.evaluate import Verdict
from reconciler.errors import Severity

SOUND_RULES: Final = (
    "audio.noise",
    "audio.clipping",
    "audio.speakers",
    "audio.silence",
    "audio.level",
    "audio.offset",
    "audio.hum",
    "audio.clicks",
    "audio.music",
)
FILE_RULES: Final = ("sample.*",)
GOOD: Final = ("clean", "encoding", "change")
"""Groups of good recordings: what is found in them is a false alarm."""


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927), which holds for shares near 0 and 1 too."""
    if count == 0:
        return 0.0, 1.0
    z = 1.959964
    share, square = hits / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = z / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(hits: int, count: int) -> str:
    """Return a share as a table says it: `97 % (58/60, 89-99)`."""
    if count == 0:
        return "-"
    low, high = wilson(hits, count)
    return f"{100 * hits / count:.1f} % ({hits}/{count}; {100 * low:.0f}-{100 * high:.0f})"


def goals(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """Return the rows of the table of goals: goal, asked, reached, kept."""
    clean = _of(verdicts, "clean", "encoding")
    noisy = [v for v in _of(verdicts, "noise") if _number(v) <= 10]
    faint = [v for v in _of(verdicts, "noise") if _number(v) == 20]
    second = [v for v in _of(verdicts, "speakers") if v.case.kind != "overlap"]
    clipped = [v for v in _of(verdicts, "clipping") if _number(v) >= 0.5]
    rows = (
        ("clean recordings with a false error", "<= 1 %", clean, lambda v: v.worst is Severity.ERROR, 0.01, False),
        ("noise at 10 dB and less flagged", ">= 99 %", noisy, _expected, 0.99, True),
        ("noise at 20 dB flagged", ">= 90 %", faint, _expected, 0.90, True),
        ("second speaker for 5 s of 40 and more flagged", ">= 95 %", second, _expected, 0.95, True),
        ("clipping of 0.5 % of samples and more flagged", "100 %", clipped, _expected, 1.0, True),
        ("broken files that are an error", "100 %", _of(verdicts, "broken"), _caught, 1.0, True),
    )
    return [_goal(*row) for row in rows]


def detection(verdicts: Sequence[Verdict], group: str) -> list[list[str]]:
    """Return a row for each kind, level and relation: how often any expected rule warned, and gave an error."""
    keys = dict.fromkeys((v.case.kind, v.case.level, v.case.relation) for v in _of(verdicts, group))
    rows = []
    for kind, level, relation in sorted(keys, key=_order):
        some = [
            v for v in _of(verdicts, group) if (v.case.kind, v.case.level, v.case.relation) == (kind, level, relation)
        ]
        rows.append([kind, level, relation, *_flagged(some)])
    return rows


def by_level(verdicts: Sequence[Verdict], group: str) -> list[list[str]]:
    """Return a row for each level, all kinds together."""
    levels = sorted({v.case.level for v in _of(verdicts, group)}, key=_first_number)
    return [[level, *_flagged([v for v in _of(verdicts, group) if v.case.level == level])] for level in levels]


def sources(voices: Sequence[Voice]) -> list[list[str]]:
    """Return a row for each package: its licence, and who speaks in it in which part."""
    rows = []
    for package in sorted({package for voice in voices for package in voice.packages}):
        some = [voice for voice in voices if package in voice.packages]
        parts = [
            ", ".join(f"{v.speaker} ({v.sex}, {' '.join(v.languages)})" for v in some if v.split == split) or "-"
            for split in ("tune", "test")
        ]
        rows.append([f"`{package}`", ", ".join(dict.fromkeys(v.licences[0] for v in some)), *parts])
    return rows


def false_alarms(verdicts: Sequence[Verdict], groups: Sequence[str] = GOOD) -> list[list[str]]:
    """Return a row for each rule: how often it warned, and gave an error, where all is well."""
    some = _of(verdicts, *groups)
    rows = []
    for rule in (*SOUND_RULES, *FILE_RULES):
        looked = [v for v in some if rule != "audio.speakers" or v.case.group not in ("noise", "music", "clipping")]
        warned = sum(_has(v, rule, Severity.WARNING) for v in looked)
        refused = sum(_has(v, rule, Severity.ERROR) for v in looked)
        rows.append([f"`{rule}`", share(warned, len(looked)), share(refused, len(looked))])
    return rows


def confusion(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """Return a row for each group and level: per rule, the per cent of files with a finding, and with an error."""
    keys = dict.fromkeys((v.case.group, _shown(v)) for v in verdicts)
    rows = []
    for group, shown in keys:
        some = [v for v in verdicts if v.case.group == group and _shown(v) == shown]
        cells = []
        for rule in (*SOUND_RULES, *FILE_RULES):
            found = sum(_has(v, rule, Severity.WARNING) or _has(v, rule, Severity.ERROR) for v in some)
            refused = sum(_has(v, rule, Severity.ERROR) for v in some)
            cells.append("." if not found else f"{100 * found / len(some):.0f}/{100 * refused / len(some):.0f}")
        rows.append([f"{group} {shown}".strip(), str(len(some)), *cells])
    return rows


def misses(verdicts: Sequence[Verdict]) -> list[list[str]]:
    """Return the files that break a goal, by name."""
    rows = []
    for verdict in verdicts:
        case = verdict.case
        if case.group in (*GOOD, "home") and verdict.worst is Severity.ERROR:
            rows.append([case.name, "false error", ", ".join(sorted(verdict.severities))])
        elif _must_be_caught(verdict) and not _caught(verdict):
            rows.append([case.name, "missed", ", ".join(sorted(verdict.severities)) or "-"])
    return rows


def as_markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _goal(
    name: str,
    asked: str,
    some: Sequence[Verdict],
    counts: Callable[[Verdict], bool],
    bound: float,
    at_least: bool,
) -> list[str]:
    hits = sum(map(counts, some))
    reached = hits / len(some) if some else 0.0
    kept = reached >= bound if at_least else reached <= bound
    return [name, asked, share(hits, len(some)), "yes" if kept else "**no**"]


def _must_be_caught(verdict: Verdict) -> bool:
    """Say whether a goal is about this file."""
    match verdict.case.group:
        case "noise":
            return _number(verdict) <= 20
        case "clipping":
            return _number(verdict) >= 0.5
        case "speakers":
            return verdict.case.kind != "overlap"
        case group:
            return group == "broken"


def _caught(verdict: Verdict) -> bool:
    return verdict.worst is Severity.ERROR if verdict.case.group == "broken" else _expected(verdict)


def _expected(verdict: Verdict) -> bool:
    return verdict.found(verdict.case.expected)


def _flagged(some: Sequence[Verdict]) -> list[str]:
    refused = sum(v.found(v.case.expected, Severity.ERROR) for v in some)
    return [share(sum(map(_expected, some)), len(some)), share(refused, len(some))]


def _has(verdict: Verdict, rule: str, severity: Severity) -> bool:
    if rule.endswith("*"):
        return any(
            name.startswith(rule[:-1]) and found is severity and name != "sample.size"
            for name, found in verdict.severities.items()
        )
    return verdict.severities.get(rule) is severity


def _of(verdicts: Sequence[Verdict], *groups: str) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.case.group in groups]


def _shown(verdict: Verdict) -> str:
    case = verdict.case
    match case.group:
        case "noise" | "music" | "clipping":
            return case.level
        case "speakers" | "change":
            return f"{case.kind} {case.level}".strip()
        case _:
            return ""


def _number(verdict: Verdict) -> float:
    return _first_number(verdict.case.level)


def _first_number(level: str) -> float:
    return float(level.split(maxsplit=1)[0]) if level else 0.0


def _order(key: tuple[str, str, str]) -> tuple[str, float, str]:
    kind, level, relation = key
    return kind, -_first_number(level), relation
