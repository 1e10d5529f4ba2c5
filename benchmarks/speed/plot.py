"""Cost against the number of voices, as a picture that needs no other file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

WIDTH: Final = 760
HEIGHT: Final = 420
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 20, 44
CURVES: Final = {
    "plan": ("voicectl plan, nothing changed", "#0b6e4f", ""),
    "plan, one file changed": ("... one file changed", "#0b6e4f", "6 3"),
    "plan, cold": ("... cold caches", "#0b6e4f", "2 3"),
    "git status": ("git status", "#555555", ""),
    "sha256sum, 1 at a time": ("sha256sum, 1 core", "#555555", "6 3"),
    "octodns-sync": ("octoDNS plan", "#1d4e89", ""),
    "terraform plan": ("Terraform plan", "#b5442c", ""),
}
"""Command -> its name in the picture, its colour, its dashes."""


def plot(files: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the SVG. Both axes are logarithmic: a straight line that climbs one decade in one is linear."""
    sizes = sorted(map(int, files))
    times = [at[name]["wall"] for at in files.values() for name in CURVES if name in at]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def x(size: int) -> float:
        first, last = math.log10(sizes[0]), math.log10(sizes[-1])
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(size) - first) / ((last - first) or 1)

    def y(seconds: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(seconds) - low) / (high - low)

    parts = [_grid(x, y, sizes, range(low, high + 1))]
    ends: list[tuple[float, str, str]] = []
    for name, (label, colour, dashes) in CURVES.items():
        points = [(x(size), y(files[str(size)][name]["wall"])) for size in sizes if name in files[str(size)]]
        if points:
            path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
            style = f'stroke-dasharray="{dashes}"' if dashes else ""
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" {style}/>')
            parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="2.5" fill="{colour}"/>' for px, py in points]
            ends.append((points[-1][1], label, colour))
    parts += [
        f'<text x="{WIDTH - RIGHT + 10}" y="{place:.1f}" fill="{colour}">{label}</text>'
        for place, label, colour in _apart(ends)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="Seconds against the number of voices">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _grid(x: Any, y: Any, sizes: list[int], decades: range) -> str:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    lines = [
        f'<line x1="{LEFT}" x2="{right}" y1="{y(10.0**d):.1f}" y2="{y(10.0**d):.1f}" stroke="#dddddd"/>'
        f'<text x="{LEFT - 8}" y="{y(10.0**d) + 4:.1f}" text-anchor="end" fill="#333333">{10.0**d:g} s</text>'
        for d in decades
    ]
    lines += [
        f'<line x1="{x(size):.1f}" x2="{x(size):.1f}" y1="{TOP}" y2="{bottom}" stroke="#eeeeee"/>'
        f'<text x="{x(size):.1f}" y="{bottom + 18}" text-anchor="middle" fill="#333333">{size:,}</text>'
        for size in sizes
    ]
    middle = (LEFT + right) / 2
    return "".join(lines) + f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle" fill="#333333">voices</text>'


def _apart(ends: list[tuple[float, str, str]]) -> list[tuple[float, str, str]]:
    """Return labels with room between them."""
    placed: list[tuple[float, str, str]] = []
    for place, label, colour in sorted(ends):
        lowest = placed[-1][0] + 15 if placed else 0.0
        placed.append((max(place + 4, lowest), label, colour))
    return placed
