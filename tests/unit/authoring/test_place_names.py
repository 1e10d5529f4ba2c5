"""The name under which a recording is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.authoring.place import _fit


@pytest.mark.parametrize(
    ("name", "kept"), [("take.MP3", "take.mp3"), ("Take 3.Wav", "Take 3.wav"), ("take", "take"), (".mp3", "recording")]
)
def test_its_ending_is_one_that_gitattributes_knows(name: str, kept: str) -> None:
    """Rules for Git LFS are written in lower case, and git reads them so."""
    assert Path(_fit(name)).name == kept
