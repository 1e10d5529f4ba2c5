"""A remembered voice file is exactly what reading it gives, whatever was done to the files."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from reconciler.desired.load import ReadVoice, VoicePath, Voices, load_project, load_voices
from reconciler.desired.voice import VoiceSpec
from reconciler.desired.voice_cache import VoiceCache, basis_of

FULL = """\
name: Anna
description: Warm.
labels: {gender: female, mood: null}
samples:
  - file: anna.mp3
    lang_code: pt-BR
    denoise: true
    speech_normalization: false
    display_name: Take 3
    description: In the studio.
lifecycle: {prevent_destroy: true, replace: destroy_first, keep_replaced: 7d, on_remove: forget}
previously: [old, older]
import: 0a1b
manage: observe
checks: {audio.noise: {severity: warning, threshold: 12}, audio.music: "off"}
"""
PLAIN = "name: {name}\nsamples: [{{file: a.mp3, lang_code: {lang}}}]\n"
LONG_AGO = 1_600_000_000
"""Seconds since 1970."""


class Reader:
    """Reads voices with a cache, and counts the files that were really read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.read: list[str] = []
        self.ahead = 10_000_000_000
        """Nanoseconds by which its clock is ahead: as if the files had been written so long ago."""

    @property
    def path(self) -> Path:
        return self.root / ".voicectl" / "voices.json"

    def load(self, environment: str = "default") -> Voices:
        project, _ = load_project(self.root)
        cache = _Counting(self.path, basis_of(project, environment), lambda: time.time_ns() + self.ahead)
        voices = load_voices(project, environment, cache)
        self.read = cache.asked
        return voices


class _Counting(VoiceCache):
    def read(self, file: VoicePath, fresh: Callable[[VoicePath], ReadVoice]) -> ReadVoice:
        def noted(asked: VoicePath) -> ReadVoice:
            self.asked.append(asked.key)
            return fresh(asked)

        return super().read(file, noted)

    def __init__(self, path: Path, basis: bytes, clock: Callable[[], int]) -> None:
        super().__init__(path, basis, clock)
        self.asked: list[str] = []


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voicectl.yaml").write_text("project: x\n")
    return Reader(tmp_path)


def write(reader: Reader, name: str, text: str) -> Path:
    path = reader.root / "voices" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def plain(name: str, lang: str = "en") -> str:
    return PLAIN.format(name=name, lang=lang)


def let_the_clock_tick(path: Path, before: os.stat_result) -> None:
    """Give an edit another ctime, as it has wherever the cache is right in believing that long has passed."""
    status = path.stat()
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_file_with_everything_in_it_is_remembered_to_the_last_field(reader: Reader) -> None:
    write(reader, "anna", FULL)
    write(reader, "bert", plain("Bert"))
    fresh = reader.load()
    remembered = reader.load()

    assert reader.read == []
    assert remembered == fresh
    unlike_defaults = fresh.specs["anna"], fresh.specs["bert"]
    assert all(getattr(unlike_defaults[0], f) != getattr(unlike_defaults[1], f) for f in VoiceSpec.__struct_fields__)


def test_places_are_found_in_a_file_that_was_not_read(reader: Reader) -> None:
    write(reader, "anna", FULL)
    fresh, remembered = reader.load(), reader.load()

    for path in (("name",), ("samples", 0, "file"), ("checks", "audio.noise")):
        assert remembered.specs["anna"].source.at(*path) == fresh.specs["anna"].source.at(*path)


def test_a_file_that_is_gone_meanwhile_has_its_first_line_as_its_place(reader: Reader) -> None:
    path = write(reader, "anna", FULL)
    reader.load()
    remembered = reader.load().specs["anna"]
    path.unlink()

    assert str(remembered.source.at("name")) == "voices/anna.yaml:1:1"


@pytest.mark.parametrize("text", ["name: [", "", plain("An"), plain("Anna", "xx")])
def test_what_there_is_to_say_of_a_file_is_said_every_time(reader: Reader, text: str) -> None:
    write(reader, "anna", text)
    first, second = reader.load(), reader.load()

    assert first.diagnostics
    assert second == first
    assert reader.read == ["anna"]


def test_a_file_written_a_moment_ago_is_not_believed(reader: Reader) -> None:
    reader.ahead = 0
    write(reader, "anna", FULL)
    reader.load()
    reader.load()

    assert reader.read == ["anna"]
    assert not reader.path.parent.exists()


def test_only_the_changed_file_is_read_again(reader: Reader) -> None:
    for name in ("anna", "bert", "cleo"):
        write(reader, name, plain(name.title()))
    reader.load()
    write(reader, "bert", plain("Berta"))

    assert reader.load().specs["bert"].name == "Berta"
    assert reader.read == ["bert"]


def test_an_edit_that_keeps_size_and_mtime_is_seen(reader: Reader) -> None:
    path = write(reader, "anna", plain("Anna"))
    reader.load()
    before = path.stat()
    path.write_text(plain("Bert"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    let_the_clock_tick(path, before)

    assert reader.load().specs["anna"].name == "Bert"


def test_nothing_is_written_when_nothing_has_changed(reader: Reader) -> None:
    write(reader, "anna", FULL)
    reader.load()
    before = reader.path.stat()
    reader.load()

    assert reader.path.stat() == before


def test_a_removed_file_is_forgotten(reader: Reader) -> None:
    path = write(reader, "anna", FULL)
    write(reader, "bert", plain("Bert"))
    reader.load()
    path.unlink()
    reader.load()

    assert "anna" not in reader.path.read_text()


def test_an_edit_of_a_moment_ago_does_not_have_all_others_written_again(reader: Reader) -> None:
    write(reader, "anna", plain("Anna"))
    write(reader, "bert", plain("Bert"))
    reader.load()
    kept = reader.path.stat().st_ino
    write(reader, "anna", plain("Hanna"))
    reader.ahead = 0

    assert [reader.load().specs["anna"].name, reader.load().specs["anna"].name] == ["Hanna", "Hanna"]
    assert reader.read == ["anna"]
    assert reader.path.stat().st_ino == kept


def test_what_voicectl_yaml_writes_over_it_is_not_missed(reader: Reader) -> None:
    write(reader, "anna", plain("Anna"))
    overridden = "environments: {prod: {overrides: {anna: {name: Hanna}}}}\n"
    reader.load("default")
    (reader.root / "voicectl.yaml").write_text(overridden)

    assert reader.load("prod").specs["anna"].name == "Hanna"
    assert reader.load("prod").specs["anna"].source.at("name").filename == "voicectl.yaml"
    (reader.root / "voicectl.yaml").write_text(overridden.replace("Hanna", "Johanna"))
    assert reader.load("prod").specs["anna"].name == "Johanna"
    assert reader.load("default").specs["anna"].name == "Anna"


def test_another_program_starts_anew(reader: Reader) -> None:
    write(reader, "anna", plain("Anna"))
    reader.load()
    digest, _, body = reader.path.read_bytes().partition(b"\n")
    reader.path.write_bytes(hashlib.sha256(b"an older voicectl\0" + body).hexdigest().encode() + b"\n" + body)
    reader.load()

    assert reader.read == ["anna"]
    assert reader.path.read_bytes().startswith(digest)


def test_a_folder_that_cannot_be_written_costs_time_only(reader: Reader) -> None:
    write(reader, "anna", plain("Anna"))
    (reader.root / ".voicectl").write_text("in the way")

    assert reader.load().specs["anna"].name == "Anna"
    assert list(reader.root.glob("**/*.tmp")) == []


def test_a_link_that_leads_elsewhere_now_is_followed(reader: Reader) -> None:
    for name in ("one", "two"):
        (reader.root / name).write_text(plain(name.title()))
    link = reader.root / "voices" / "anna.yaml"
    link.symlink_to("../one")
    reader.load()
    link.unlink()
    link.symlink_to("../two")

    assert reader.load().specs["anna"].name == "Two"


KEYS = st.sampled_from(["anna", "bert", "team/voice", "team/cleo"])
TEXTS = st.sampled_from(
    [plain("Anna"), plain("Bert"), plain("Cleo"), plain("Anna", "xx"), plain("An"), FULL, "name: [", ""]
)
OVERRIDES = st.sampled_from(["", "environments: {prod: {overrides: {'*': {description: Here.}}}}\n"])


class EditHistory(RuleBasedStateMachine):
    """Edits of every kind, with loads in between."""

    @initialize()
    def begin(self) -> None:
        self.reader = Reader(Path(tempfile.mkdtemp()))
        (self.reader.root / "voices").mkdir()
        self.overrides("")

    def teardown(self) -> None:
        shutil.rmtree(self.reader.root)

    @rule(overrides=OVERRIDES)
    def overrides(self, overrides: str) -> None:
        (self.reader.root / "voicectl.yaml").write_text(
            f"project: x\nenvironments: {{prod: {{}}}}\n{overrides}" if not overrides else f"project: x\n{overrides}"
        )

    @rule(key=KEYS, text=TEXTS, old=st.booleans())
    def edit(self, key: str, text: str, old: bool) -> None:
        """Write a file, in place; `old`: and put the time of its last change back, as some editors do."""
        path = self.reader.root / "voices" / f"{key}.yaml"
        before = path.stat() if path.exists() else None
        write(self.reader, key, text)
        if old and before is not None:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        if before is not None and self.reader.ahead:
            let_the_clock_tick(path, before)

    @rule(key=KEYS, text=TEXTS, seconds=st.integers(LONG_AGO, LONG_AGO + 1))
    def check_out(self, key: str, text: str, seconds: int) -> None:
        """Replace a file by another one, with any mtime."""
        path = write(self.reader, f"{key}.new", text)
        os.utime(path, (seconds, seconds))
        path.replace(self.reader.root / "voices" / f"{key}.yaml")

    @rule(one=KEYS, other=KEYS)
    def rename(self, one: str, other: str) -> None:
        voices = self.reader.root / "voices"
        if (voices / f"{one}.yaml").exists():
            (voices / other).parent.mkdir(exist_ok=True)
            (voices / f"{one}.yaml").replace(voices / f"{other}.yaml")

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        (self.reader.root / "voices" / f"{key}.yaml").unlink(missing_ok=True)

    @rule(content=st.sampled_from([b"", b"{}", b"\xff\n{}", None]), at=st.integers(0, 400))
    def damage(self, content: bytes | None, at: int) -> None:
        """Put something else in place of the cache, or flip a byte of it."""
        path = self.reader.path
        if content is not None:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        elif path.exists() and (raw := bytearray(path.read_bytes())):
            raw[at % len(raw)] ^= 1
            path.write_bytes(raw)

    @rule(soon=st.booleans(), environment=st.sampled_from(["default", "prod"]))
    def load(self, soon: bool, environment: str) -> None:
        """Reading with the cache gives what reading without it gives."""
        self.reader.ahead = 0 if soon else 10_000_000_000
        project, _ = load_project(self.reader.root)
        fresh = load_voices(project, environment)
        cached = self.reader.load(environment)

        assert cached == fresh
        for key, spec in fresh.specs.items():
            assert cached.specs[key].source.at("name") == spec.source.at("name")


TestEditHistory = EditHistory.TestCase
TestEditHistory.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
