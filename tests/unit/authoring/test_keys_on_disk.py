"""The quick look for voice files, for completion, sees what the loader sees."""

from __future__ import annotations

from pathlib import Path

from reconciler.authoring.keys import voice_files
from reconciler.desired.load import find_voices, load_project

NAMES = (
    "anna.yaml", "bea/voice.yaml", "voice.yaml", "deep/er/voice.yml", "deep/er.YAML", ".hidden.yaml", ".folder/x.yaml", "notes.txt",
    "e\u0301te\u0301.yaml", "a.b.yaml", "voices/voice/voice.yaml",
)  # fmt: skip


def test_both_find_the_same(tmp_path: Path) -> None:
    for name in NAMES:
        path = tmp_path / "voices" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    found = [(file.key, file.filename) for file in find_voices(load_project(tmp_path)[0]).files]

    assert sorted((key, f"voices/{path}") for key, path in voice_files(str(tmp_path / "voices"))) == sorted(found)
    assert len(found) == 8


def test_no_folder_has_no_files(tmp_path: Path) -> None:
    assert list(voice_files(str(tmp_path / "voices"))) == []


def test_below_a_folder_only_that_folder_is_read(tmp_path: Path) -> None:
    """Completion asks for it: of ten thousand voices, the hundred that may be meant."""
    for name in ("a.yaml", "support/voice.yaml", "support/b.yaml", "support/deep/c.yaml", "other/d.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    found = {key for key, _ in voice_files(str(tmp_path), "support/")}

    assert found == {"support", "support/b", "support/deep/c"}
