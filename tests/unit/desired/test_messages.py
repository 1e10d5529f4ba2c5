"""What people read when a file is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from reconciler.desired.load import load_project, load_voices
from reconciler.errors import Diagnostic

SAMPLE = "samples: [{file: a.mp3, lang_code: en}]\n"
GALLERY = {
    "everything at once": """\
# a voice by somebody in a hurry
name: 123
lables: {}
labels: {gender: Male, moood: happy, age_group: old}
samples:
  - fil: anna.mp3
    lang_code: english
    denoise: yes
lifecycle:
  keep_replaced: 7 days
  replace: destroy-first
  prevent_destroy: 1
previously: old-key
import: a/b
""",
    "emoji in the name": "name: Anna 😀\n" + SAMPLE,
    "decomposed name": "name: Zoe\u0308\n" + SAMPLE,
    "short name": "name: Al\n" + SAMPLE,
    "no fields": "{}\n",
    "empty": "# nothing yet\n",
    "a list": "- name: Anna\n",
    "null name": "name:\n" + SAMPLE,
    "no sample": "name: Anna\nsamples: []\n",
    "two samples": "name: Anna\nsamples:\n  - {file: a.mp3, lang_code: en}\n  - {file: b.mp3, lang_code: en}\n",
    "sample not a list": "name: Anna\nsamples: {file: a.mp3, lang_code: en}\n",
    "absolute sample": "name: Anna\nsamples: [{file: /tmp/a.mp3, lang_code: en}]\n",
    "undocumented language": "name: Anna\nsamples: [{file: a.mp3, lang_code: no}]\n",
    "duplicate keys": "name: Anna\nname: Bella\n" + SAMPLE,
    "tab": "name: Anna\nlabels:\n\tmood: happy\n",
    "colon in text": "name: Anna\ndescription: Calm: and warm\n" + SAMPLE,
    "at sign": "name: @anna\n",
    "quote not closed": 'name: "Anna\n' + SAMPLE,
    "bracket not closed": "name: Anna\nsamples: [{file: a.mp3, lang_code: en}\n",
    "bad indentation": "name: Anna\n  description: x\n samples: []\n",
    "alias": "name: *anna\n",
    "tag": "name: !!python/object/apply:os.system [x]\n",
    "merge key": "name: Anna\n<<: {description: x}\n" + SAMPLE,
    "two documents": "name: Anna\n---\nname: Bella\n",
}
PROJECT = """\
projct: my-voices
safety: {max_deletes: 1, min_voices: few}
environments:
  local: {api_url: "http://127.0.0.1:8080"}
  staging: {api_key_env: plbr_0123456789, api_url: api.palabra.ai}
checks: {audio.noise: of, noise: off, audio.level: {limit: 3}}
parallelism: 1000
"""


def told(problems: tuple[Diagnostic, ...]) -> str:
    return "\n".join(f"{p.severity} {p.range} [{p.rule}]\n  {p.summary}\n  {p.detail}" for p in problems)


@pytest.mark.parametrize("name", GALLERY)
def test_messages_about_a_voice_file(tmp_path: Path, name: str, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices/anna.yaml").write_text(GALLERY[name], encoding="utf-8")

    assert snapshot == told(load_voices(load_project(tmp_path)[0]).diagnostics)


def test_messages_about_the_project_file(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "voicectl.yaml").write_text(PROJECT)

    assert snapshot == told(load_project(tmp_path)[1])


def test_messages_about_files_together(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    voices = tmp_path / "voices"
    (voices / "anna").mkdir(parents=True)
    good = "name: Anna\n" + SAMPLE
    (voices / "anna.yaml").write_text(good)
    (voices / "anna/voice.yaml").write_text(good)
    (voices / "Bob.yaml").write_text(good + "import: v1\npreviously: [anna, gone]\n")
    (voices / "bob.yaml").write_text(good + "import: v1\npreviously: [gone]\n")
    (voices / "a [1].yaml").write_text(good)
    (voices / "gone-link.yaml").symlink_to("nowhere.yaml")

    assert snapshot == told(load_voices(load_project(tmp_path)[0]).diagnostics)
