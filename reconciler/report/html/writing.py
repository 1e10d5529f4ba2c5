"""How numbers and foreign text are written on the page."""

from __future__ import annotations

from reconciler.report.paint import printable


def visible(value: object) -> object:
    """Return what a template is about to write, with control and bidirectional characters made visible.

    Text that is markup already (a macro's) passes: it went through here when it was made.
    """
    if not isinstance(value, str) or hasattr(value, "__html__") or value.isprintable():
        return value
    return printable(value)


def kilohertz(hertz: int) -> str:
    """Return a sample rate: 44.1 kHz."""
    return f"{hertz / 1000:g} kHz"


def size(count: int) -> str:
    """Return bytes as people compare them to a limit: 480 kB, 9.8 MB."""
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{max(1, round(count / 1000))} kB"


def number(value: float, digits: int) -> str:
    """Return a measured value with so many decimals, and a minus that reads as one."""
    text = f"{value:.{digits}f}"
    return f"\u2212{text[1:]}" if text.startswith("-") and float(text) else text.removeprefix("-")


def plain(value: float) -> str:
    """Return a limit as somebody would set it: 0.1, 12, 10.49."""
    return number(value, 2).rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """Return a horizontal place as SVG wants it, to a hundredth of a percent."""
    return f"{round(100 * share, 2):g}%"


def count(amount: int, noun: str) -> str:
    """Return `1 warning`, `3 warnings`."""
    return f"{amount} {noun}" if amount == 1 else f"{amount:,} {noun}s"
