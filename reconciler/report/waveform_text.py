"""A sample as a picture for a terminal: its waveform, and where its findings are."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.errors import Severity
from reconciler.report.marks import clock, in_order, spans_of
from reconciler.report.paint import Paint, printable
from reconciler.samples.finding import Finding
from reconciler.samples.measurement import Measurement, Span, Waveform

_GUTTER = 8
"""Characters before the picture, for its labels."""
_ROWS = 5
"""Lines of the waveform; silence runs through the middle of the third."""
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
"""Seconds between two labels of the axis."""


def render_waveform(
    measurement: Measurement, findings: Sequence[Finding], *, paint: Paint, width: int = 80, encoding: str = "utf-8"
) -> str:
    """Return the picture in lines of at most `width` characters, in ASCII where the encoding is not a Unicode one.

    Findings that have a place are marked under it, each with its number, severity, rule and times.
    """
    columns = max(width - _GUTTER, 16)
    duration = max(measurement.probe.duration, 0.001)
    unicode = encoding.lower().startswith("utf")
    bar, mark = ("\u2501", "\u25b2") if unicode else ("-", "^")
    rows = _braille(measurement.waveform, columns) if unicode else _ascii(measurement.waveform, columns)
    lines = [_labelled("level" if index == _ROWS // 2 else "", row) for index, row in enumerate(rows)]
    if measurement.speech:
        lines.append(paint(_labelled("speech", _row(measurement.speech, duration, columns, bar)), "dim"))
    placed = [(finding, spans) for finding in in_order(findings) if (spans := spans_of(finding, measurement))]
    legend = []
    for number, (finding, spans) in enumerate(placed, 1):
        marks = paint(_row(spans, duration, columns, mark), _COLOURS[finding.severity])
        lines.append(_labelled(str(number), marks))
        legend.append(_entry(number, finding, spans, paint, width))
    return "\n".join([*lines, _axis(duration, columns), *legend]) + "\n"


def _braille(waveform: Waveform, columns: int) -> list[str]:
    """Return the waveform in cells of two by four dots (Unicode, 2800 to 28FF)."""
    height = 4 * _ROWS
    reach = _reach(waveform, 2 * columns, height)
    bits = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
    lines = []
    for row in range(_ROWS):
        cells = [
            sum(
                bits[side][dot]
                for side, (top, foot) in enumerate(pair)
                for dot in range(4)
                if top <= 4 * row + dot <= foot
            )
            for pair in zip(reach[::2], reach[1::2], strict=True)
        ]
        lines.append("".join(chr(0x2800 + cell) if cell else " " for cell in cells))
    return lines


def _ascii(waveform: Waveform, columns: int) -> list[str]:
    """Return the waveform in cells of two halves, one upon the other."""
    reach = _reach(waveform, columns, 2 * _ROWS)
    shapes = {(False, False): " ", (True, False): "'", (False, True): ".", (True, True): "|"}
    return [
        "".join(shapes[top <= 2 * row <= foot, top <= 2 * row + 1 <= foot] for top, foot in reach)
        for row in range(_ROWS)
    ]


def _reach(waveform: Waveform, columns: int, height: int) -> list[tuple[int, int]]:
    """Return for each column its first and its last dot from the top, of `height` dots from +1 to -1."""
    given = len(waveform.low)
    if given == 0:
        return [(height // 2, height // 2)] * columns
    reach = []
    for column in range(columns):
        start = given * column // columns
        end = max(start + 1, given * (column + 1) // columns)
        high, low = max(waveform.high[start:end]), min(waveform.low[start:end])
        reach.append((_dot(high, height), _dot(low, height)))
    return reach


def _dot(value: int, height: int) -> int:
    return min(max(int((127 - value) / 254 * height), 0), height - 1)


def _row(spans: Sequence[Span], duration: float, columns: int, sign: str) -> str:
    """Return a line that has the sign wherever there is a span, however short it is."""
    cells = [" "] * columns
    for span in spans:
        first = min(max(round(span.start / duration * columns), 0), columns - 1)
        last = min(max(round(span.end / duration * columns) - 1, first), columns - 1)
        cells[first : last + 1] = sign * (last + 1 - first)
    return "".join(cells).rstrip()


def _axis(duration: float, columns: int) -> str:
    step = next((s for s in _STEPS if duration / s * 8 <= columns), _STEPS[-1])
    line = ""
    for at in range(0, int(duration) + 1, step):
        label, place = clock(at)[:-2], int(at / duration * columns)
        if len(line) <= place and place + len(label) <= columns:
            line = line.ljust(place) + label
    return _labelled("", line)


def _entry(number: int, finding: Finding, spans: Sequence[Span], paint: Paint, width: int) -> str:
    word = "note" if finding.severity is Severity.INFO else finding.severity.value
    rule = printable(finding.rule)
    times = ""
    for index, span in enumerate(spans):
        longer = f"{times}{', ' if index else ''}{clock(span.start)}-{clock(span.end)}"
        more = f" and {len(spans) - index} more"
        if index and _GUTTER + len(word) + 1 + len(rule) + 1 + len(longer) + len(more) > width:
            times += more
            break
        times = longer
    return _labelled(str(number), f"{paint(word, _COLOURS[finding.severity], 'bold')} {rule} {times}")


def _labelled(label: str, row: str) -> str:
    return f"{label:>{_GUTTER - 1}} {row}".rstrip()
