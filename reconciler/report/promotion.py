"""What is ready to be carried over to another environment, and what is not: for people and for programs."""

from __future__ import annotations

from reconciler.apply.promotion import Promotion
from reconciler.report.json_text import json_text
from reconciler.report.paint import Paint, printable


def promotion_text(promotion: Promotion, paint: Paint) -> str:
    """Return what is left out, with reasons, and how many voices are ready."""
    ready, source = len(promotion.ready), printable(promotion.source)
    lines = []
    if promotion.held:
        lines.append(paint(f"Not ready in {source}, so left out:", "bold"))
        lines += [f"  {paint('!', 'yellow')} {printable(key)}: {printable(why)}" for key, why in promotion.held.items()]
        lines.append("")
    what = f"{ready} voice is" if ready == 1 else f"{ready} voices are" if ready else "Nothing to promote: no voice is"
    lines.append(f"{what} ready in {source}.")
    return "\n".join(lines) + "\n" + ("\n" if ready else "")


def promotion_line(promotion: Promotion, target: str) -> str:
    """Return the same as the first event of a run."""
    plain = {
        "type": "promotion",
        "from": promotion.source,
        "to": target,
        "ready": list(promotion.ready),
        "held": [{"key": key, "reason": why} for key, why in promotion.held.items()],
    }
    return json_text(plain)
