"""The review page of what is watched, written when somebody asks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reconciler.apply.planning import Planned
from reconciler.apply.workspace import Workspace

REVIEW: Final = "review.html"


def write_review(workspace: Workspace, planned: Planned, path: Path) -> None:
    """Write the page. Samples that nobody has measured are measured now. Raises VoicectlError."""
    from reconciler.report.html.gather import Audio, Review, gather  # noqa: PLC0415 - jinja and numpy, for this alone
    from reconciler.report.html.page import render_page  # noqa: PLC0415 - as above
    from reconciler.state.files import write_atomically  # noqa: PLC0415 - as above

    write_atomically(path, render_page(gather(workspace, planned, Review(path, Audio.LINK))))
